package stats

import "math"

// Wilson returns the score interval of a rate p observed on n trials, for the
// quantile z. n may be an effective number. With n <= 0 it is all of [0, 1].
// Source: Wilson, JASA 22 (1927).
func Wilson(p, n, z float64) (low, high float64) {
	if !(n > 0) || math.IsInf(z, 1) {
		return 0, 1
	}
	zz := float64(z*z) / n
	mid := p + zz/2
	half := float64(z * math.Sqrt(float64(float64(p*(1-p))/n)+float64(zz/float64(4*n))))
	low = float64(mid-half) / (1 + zz)
	high = float64(mid+half) / (1 + zz)
	// Exact at the ends, where rounding could leave the interval past the rate.
	if low < 0 || p == 0 {
		low = 0
	}
	if high > 1 || p == 1 {
		high = 1
	}
	return low, high
}

// An Estimate is a statistic with what is known of its error. Values carry no
// unit; a rate lies in [0, 1].
type Estimate struct {
	Value float64
	// Images is the variance over draws of clusters, Seeds that over seeds of
	// the mean (0 for one seed).
	Images, Seeds float64
	// Unseen is the variance that one more row, wrong under every seed, would
	// add to each set. It keeps a difference from being certain where no row
	// happened to differ, and fades with the square of the rows.
	Unseen float64
	DF     float64 // degrees of freedom; 0 where a variance cannot be known
	Rows   int     // rows it was taken over
	Simple bool    // one rate of one seed, rows independent: trials, so that Wilson's interval holds as it is
}

// SE is the standard error of a difference.
func (e Estimate) SE() float64 { return math.Sqrt(e.Images + e.Seeds + e.Unseen) }

// Known says whether an interval can be given.
func (e Estimate) Known() bool { return e.DF > 0 }

// Interval is the symmetric 95 % interval; infinite where nothing is known.
func (e Estimate) Interval() (low, high float64) {
	if !e.Known() {
		return math.Inf(-1), math.Inf(1)
	}
	h := float64(Quantile(0.025, e.DF) * e.SE())
	return e.Value - h, e.Value + h
}

// RateInterval is the 95 % interval of a rate or a mean of rates: Wilson's, over
// as many independent trials as would have the estimate's variance, with
// Student's quantile. It never leaves [0, 1].
func (e Estimate) RateInterval() (low, high float64) {
	if e.trials() {
		return Wilson(e.Value, float64(e.Rows), Normal975)
	}
	return e.rateInterval(0.025)
}

// RateBound is the lower end of such an interval that lies above the truth with
// the given chance.
func (e Estimate) RateBound(chance float64) float64 {
	if e.trials() {
		low, _ := Wilson(e.Value, float64(e.Rows), Quantile(chance, math.MaxFloat64))
		return low
	}
	low, _ := e.rateInterval(chance)
	return low
}

// trials says whether rows are as good as independent trials.
func (e Estimate) trials() bool {
	return e.Simple || e.Images+e.Seeds == 0 && e.Known() // no row differs from another: as many trials as rows
}

func (e Estimate) rateInterval(tail float64) (low, high float64) {
	if !e.Known() {
		return 0, 1
	}
	return Wilson(e.Value, float64(e.Value*(1-e.Value))/(e.Images+e.Seeds), Quantile(tail, e.DF))
}

// Above is the one-sided p value against "the truth is at most zero"; 1 where
// nothing is known.
func (e Estimate) Above() float64 {
	switch se := e.SE(); {
	case !e.Known():
		return 1
	case se == 0 && e.Value > 0:
		return 0
	case se == 0:
		return 1
	default:
		return Tail(e.Value/se, e.DF)
	}
}

// Holm adjusts p values for being one family: rejecting those below a level
// keeps the chance of any false rejection below it. The order is kept.
// Source: Holm, Scand. J. Statist. 6 (1979).
func Holm(p []float64) []float64 {
	adj := make([]float64, len(p))
	done := make([]bool, len(p))
	worst := 0.0
	for k := range p {
		best := -1
		for i := range p {
			if !done[i] && (best < 0 || p[i] < p[best]) {
				best = i
			}
		}
		q := float64(float64(len(p)-k) * p[best])
		if q > 1 {
			q = 1
		}
		if q > worst {
			worst = q
		}
		adj[best], done[best] = worst, true
	}
	return adj
}
