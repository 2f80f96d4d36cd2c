package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"shiftmill/stages/report/stats"
)

// simulated is a benchmark with known rates of error: latent normal difficulty of
// images, luck of each method, seed and image, and the seed's own skill.
func simulated(r *rand.Rand, rows, seeds int, ood int, rates map[string][2]float64, methods []string) *benchmark {
	b := &benchmark{name: "simulated", classes: make([]string, 1000)}
	for _, m := range methods {
		x := &model{method: m, cells: map[cellKey]*predictions{}}
		for s := range seeds {
			x.seeds = append(x.seeds, fmt.Sprint(s))
		}
		b.models = append(b.models, x)
	}
	const image, skill = 0.7, 0.0004
	skills := map[string]float64{}
	for _, m := range b.models {
		for _, seed := range m.seeds {
			skills[m.method+seed] = r.NormFloat64() * math.Sqrt(skill)
		}
	}
	next := int32(0)
	for k := range ood + 1 {
		s := &testSet{name: fmt.Sprintf("shift=%d", k), iid: k == 0, chance: 0.999}
		cluster, hard := make([]int32, rows), make([]float64, rows)
		for i := range cluster {
			cluster[i], hard[i] = next, r.NormFloat64()*math.Sqrt(image)
			next++
		}
		s.rows = stats.NewSet(cluster)
		for _, m := range b.models {
			rate := rates[m.method][min(k, 1)]
			cut := -math.Sqrt2 * math.Erfinv(1-2*rate)
			for _, seed := range m.seeds {
				p := &predictions{wrong: make([]int8, rows)}
				for i := range p.wrong {
					if hard[i]+skills[m.method+seed]+math.Sqrt(1-image-skill)*r.NormFloat64() < cut {
						p.wrong[i] = 1
					}
				}
				m.cells[cellKey{seed, s.name}] = p
			}
		}
		b.sets = append(b.sets, s)
	}
	return b
}

// Known effects give the verdicts that they must: without an effect on the gap
// hardly ever a "+", with a large one nearly always. SHIFTMILL_SIMULATE draws more.
func TestVerdictRates(t *testing.T) {
	draws := 30
	if os.Getenv("SHIFTMILL_SIMULATE") != "" {
		draws = 600
	}
	c := defaults
	c.Baseline = "none"
	tests := []struct {
		name  string
		rows  int
		rates map[string][2]float64
		plus  func(share, slack float64) bool
	}{
		{"A=5 G=4, 10,000 images a set", 10000, map[string][2]float64{"none": {0.3, 0.5}, "other": {0.29, 0.45}}, func(x, slack float64) bool { return x >= 0.9-slack }},
		{"A=2 G=0, 2,000 images a set", 2000, map[string][2]float64{"none": {0.3, 0.5}, "other": {0.28, 0.48}}, func(x, slack float64) bool { return x <= 0.025+slack }},
		{"no effect, 500 images a set", 500, map[string][2]float64{"none": {0.3, 0.5}, "other": {0.3, 0.5}}, func(x, slack float64) bool { return x <= 0.025+slack }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 5))
			count := map[string]int{}
			for range draws {
				b := simulated(r, tt.rows, 3, 2, tt.rates, []string{"none", "other"})
				models := []modelResult{{}}
				models[0].Against, _ = b.compare(nil, b.ood(), b.models[0], b.models[1])
				judgeModels(c.Margins, models)
				count[models[0].Against.Verdict]++
			}
			t.Logf("of %d: %d +, %d 0, %d -", draws, count["+"], count["0"], count["-"])
			share := float64(count["+"]) / float64(draws)
			if !tt.plus(share, 3*math.Sqrt(0.025*0.975/float64(draws))) {
				t.Errorf("%.3f of verdicts are +", share)
			}
		})
	}
}
