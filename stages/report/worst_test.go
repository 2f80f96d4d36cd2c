package report

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"shiftmill/stages/report/stats"
)

// The interval of the worst group's error holds the largest true error in at least
// 95 % of draws, less what 2,000 draws may be off, also where all groups err alike
// and the worst is mere luck.
func TestWorstCoverage(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 6))
	for _, rates := range [][]float64{
		{0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3},
		{0.1, 0.2, 0.3, 0.35},
		{0.05, 0.5},
	} {
		truth := 0.0
		for _, p := range rates {
			truth = max(truth, p)
		}
		const draws = 2000
		held, naive := 0, 0
		for range draws {
			g := groups{by: "town", within: inAll}
			for i, p := range rates {
				cluster, wrong := make([]int32, 60), make([]int8, 60)
				for k := range cluster {
					cluster[k] = int32(k)
					if r.Float64() < p {
						wrong[k] = 1
					}
				}
				g.add(fmt.Sprint(i), len(wrong), stats.Linear([]stats.Term{{Weight: 1, Set: stats.NewSet(cluster), Values: stats.Values{wrong}}}))
			}
			w, ok := g.worst()
			if !ok {
				t.Fatal("no worst group")
			}
			if *w.Error.Low <= 100*truth && 100*truth <= *w.Error.High {
				held++
			}
			for _, x := range g.all {
				if x.name == w.Group {
					if low, high := x.error.RateInterval(); low <= truth && truth <= high {
						naive++
					}
				}
			}
		}
		t.Logf("%v: %.3f; of the picked group's own interval %.3f", rates, float64(held)/draws, float64(naive)/draws)
		if float64(held)/draws < 0.94 {
			t.Errorf("%v: coverage %.3f", rates, float64(held)/draws)
		}
	}
}
