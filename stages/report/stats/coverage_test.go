package stats

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// draws is how many experiments a simulation makes: few in the ordinary check,
// many with SHIFTMILL_SIMULATE set.
func draws(few, many int) int {
	if os.Getenv("SHIFTMILL_SIMULATE") != "" {
		return many
	}
	return few
}

// A world draws errors of two methods on an IID and two shifted sets. An image is
// missed when a latent sum of standard normals falls below the quantile of the
// rate; the shares say how much of the sum's variance is the cluster's, the
// image's and the seed's, so that the rates are exactly the truth.
type world struct {
	name                 string
	rows, perCluster     int
	seeds                int
	cluster, image, seed float64
	base, method         [3]float64 // error rates on IID and the two shifted sets
}

var worlds = []world{
	{"3 seeds, seeds alike", 1000, 1, 3, 0, 0.7, 0.0001, [3]float64{0.25, 0.5, 0.4}, [3]float64{0.24, 0.45, 0.35}},
	{"3 seeds, seeds differ", 1000, 1, 3, 0, 0.7, 0.003, [3]float64{0.25, 0.5, 0.4}, [3]float64{0.24, 0.45, 0.35}},
	{"5 seeds, seeds differ", 1000, 1, 5, 0, 0.7, 0.003, [3]float64{0.25, 0.5, 0.4}, [3]float64{0.24, 0.45, 0.35}},
	{"3 seeds, clusters of 5", 1000, 5, 3, 0.3, 0.4, 0.001, [3]float64{0.25, 0.5, 0.4}, [3]float64{0.24, 0.45, 0.35}},
	{"5 seeds, clusters of 5, few rows", 200, 5, 5, 0.3, 0.4, 0.003, [3]float64{0.25, 0.5, 0.4}, [3]float64{0.25, 0.5, 0.4}},
	{"3 seeds, rare errors", 400, 1, 3, 0, 0.7, 0.002, [3]float64{0.02, 0.05, 0.04}, [3]float64{0.02, 0.03, 0.03}},
	{"1 seed", 1000, 1, 1, 0, 0.7, 0, [3]float64{0.25, 0.5, 0.4}, [3]float64{0.24, 0.45, 0.35}},
	{"1 seed, rare errors, few rows", 72, 1, 1, 0, 0.7, 0, [3]float64{0.03, 0.05, 0.04}, [3]float64{0.03, 0.05, 0.04}},
}

// draw makes one experiment: values by method and set.
func (w *world) draw(r *rand.Rand) (sets [3]*Set, values [2][3]Values) {
	noise := math.Sqrt(1 - w.cluster - w.image - w.seed)
	next := int32(0)
	effect := [2][]float64{make([]float64, w.seeds), make([]float64, w.seeds)}
	for m := range effect {
		for s := range effect[m] {
			effect[m][s] = r.NormFloat64() * math.Sqrt(w.seed)
		}
	}
	for k := range sets {
		cluster := make([]int32, w.rows)
		for m := range values {
			values[m][k] = NewValues(w.rows, w.seeds)
		}
		var shared float64
		for i := range cluster {
			if i%w.perCluster == 0 {
				shared = r.NormFloat64() * math.Sqrt(w.cluster)
				next++
			}
			cluster[i] = next - 1
			own := shared + r.NormFloat64()*math.Sqrt(w.image)
			for m, rates := range [2][3]float64{w.base, w.method} {
				cut := -math.Sqrt2 * math.Erfinv(1-2*rates[k])
				for s := range w.seeds {
					if own+effect[m][s]+noise*r.NormFloat64() < cut {
						values[m][k][s][i] = 1
					}
				}
			}
		}
		sets[k] = NewSet(cluster)
	}
	return sets, values
}

func minus(a, b Values) Values {
	v := NewValues(len(a[0]), len(a))
	for s := range v {
		for i := range v[s] {
			v[s][i] = a[s][i] - b[s][i]
		}
	}
	return v
}

// Intervals of a rate, a mean of rates, a gap, A and G hold the truth as often as
// they say.
func TestCoverage(t *testing.T) {
	n := draws(120, 4000)
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 11))
			hits := map[string]int{}
			count := func(what string, low, high, truth float64) {
				if low <= truth && truth <= high {
					hits[what]++
				}
			}
			var gains [3]float64
			for k := range gains {
				gains[k] = w.base[k] - w.method[k]
			}
			for range n {
				sets, v := w.draw(r)
				one := func(k int, weight float64, values Values) Term { return Term{weight, sets[k], values} }
				low, high := Linear([]Term{one(0, 1, v[0][0])}).RateInterval()
				count("rate", low, high, w.base[0])
				out := []Term{one(1, 0.5, v[0][1]), one(2, 0.5, v[0][2])}
				low, high = Linear(out).RateInterval()
				count("mean of rates", low, high, (w.base[1]+w.base[2])/2)
				low, high = Linear(append(out, one(0, -1, v[0][0]))).Interval()
				count("gap", low, high, (w.base[1]+w.base[2])/2-w.base[0])
				gain := []Term{one(1, 0.5, minus(v[0][1], v[1][1])), one(2, 0.5, minus(v[0][2], v[1][2]))}
				low, high = Linear(gain).Interval()
				count("A", low, high, (gains[1]+gains[2])/2)
				low, high = Linear(append(gain, one(0, -1, minus(v[0][0], v[1][0])))).Interval()
				count("G", low, high, (gains[1]+gains[2])/2-gains[0])
			}
			for _, what := range []string{"rate", "mean of rates", "gap", "A", "G"} {
				c := float64(hits[what]) / float64(n)
				t.Logf("%-14s covered %.3f", what, c)
				// The bounds asked for, and three standard errors of the simulation.
				if c < 0.91-3*math.Sqrt(0.91*0.09/float64(n)) || c > 0.99+3*math.Sqrt(0.99*0.01/float64(n)) {
					t.Errorf("%s covered %.3f of %d times, want 0.91 to 0.99", what, c, n)
				}
			}
		})
	}
}
