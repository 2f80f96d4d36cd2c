package stats

import "shiftmill/kernels"

// Replicates is how many times a bootstrap draws. The standard error of its
// variance is then 10 % of it, less than that of the variance between seeds.
const Replicates = 200

// poisson1 holds P(X <= k) of a Poisson number with mean 1, in units of 2^-32.
var poisson1 = [...]uint32{
	0x5e2d58d8, 0xbc5ab1b1, 0xeb715e1d, 0xfb239797, 0xff1025f5, 0xffd90f3b, 0xfffa8b71, 0xffff540c, 0xffffed1f, 0xfffffe21, 0xffffffd4,
}

// A Bootstrap redraws clusters. The draw of a cluster depends on its key alone,
// not on other clusters or on order, and is a Poisson number with mean 1, which
// stands for drawing as many clusters as there are with replacement. It must not
// be used concurrently.
type Bootstrap struct {
	keys    []uint64
	weights [][]uint8 // by replicate, by cluster; made when first needed
}

// NewBootstrap makes a bootstrap over clusters with the given keys, such as
// hashes of their names.
func NewBootstrap(keys []uint64) *Bootstrap { return &Bootstrap{keys: keys} }

// draw makes the weights: four replicates from each block of random words.
func (b *Bootstrap) draw() {
	if b.weights != nil {
		return
	}
	b.weights = make([][]uint8, Replicates)
	for r := range b.weights {
		b.weights[r] = make([]uint8, len(b.keys))
	}
	key := kernels.NewKey("report/robustness", 1, 0, "bootstrap", 0)
	for i, row := range b.keys {
		source := key.Hash(row)
		for r := 0; r < Replicates; r += 4 {
			for k, w := range source.Uint32x4(uint32(r/4), 0) {
				n := uint8(0)
				for int(n) < len(poisson1) && w > poisson1[n] {
					n++
				}
				b.weights[r+k][i] = n
			}
		}
	}
}

// A Statistic is a number of weighted sets under one seed: weights are by
// cluster; nil weighs each row once.
type Statistic func(seed int, weights []uint8) float64

// Estimate is the mean over the seeds of a statistic of the sets, with the
// bootstrap's variance over clusters of that mean and the variance between seeds,
// joined as in [Linear].
func (b *Bootstrap) Estimate(sets []*Set, seeds int, f Statistic) Estimate {
	per := make([]float64, seeds)
	var e Estimate
	least := sets[0].used
	for _, s := range sets {
		e.Rows += s.Rows()
		least = min(least, s.used)
	}
	for s := range per {
		per[s] = f(s, nil)
		e.Value += per[s]
	}
	e.Value /= float64(seeds)
	if least < 2 {
		return e
	}
	b.draw()
	means, singles := make([]float64, Replicates), make([][]float64, seeds)
	for r, weights := range b.weights {
		for s := range seeds {
			x := f(s, weights)
			singles[s] = append(singles[s], x)
			means[r] += x / float64(seeds)
		}
	}
	_, images := moments(means)
	var single float64
	for s := range singles {
		_, v := moments(singles[s])
		single += v / float64(seeds)
	}
	e.join(images, single, float64(least-1), per)
	return e
}
