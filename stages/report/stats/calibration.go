package stats

import (
	"math"
	"slices"
)

// eceBins is how many bins of equal width the expected calibration error has.
const eceBins = 15

// A Calibration measures how far confidence is from accuracy on one set under
// one seed.
type Calibration struct {
	rows []judged // by confidence
}

// judged is one row.
type judged struct {
	confidence float64
	right      float64 // 1 or 0
	cluster    int32
	bin        int32 // of equal width, open below and closed above
}

// NewCalibration takes for each row the confidence in [0, 1] and whether the
// prediction was wrong.
func NewCalibration(set *Set, confidence []float32, wrong []int8) *Calibration {
	c := &Calibration{make([]judged, len(confidence))}
	for i, p := range confidence {
		bin := int32(math.Ceil(float64(float64(p)*eceBins))) - 1
		c.rows[i] = judged{float64(p), float64(1 - wrong[i]), set.Cluster[i], min(max(bin, 0), eceBins-1)}
	}
	slices.SortStableFunc(c.rows, func(a, b judged) int {
		switch {
		case a.confidence < b.confidence:
			return -1
		case a.confidence > b.confidence:
			return 1
		}
		return 0
	})
	return c
}

// bin gathers rows: their weight and the sum of right minus confidence.
type bin struct{ weight, excess float64 }

func (b *bin) add(weight float64, r *judged) {
	b.weight += weight
	b.excess += float64(weight * (r.right - r.confidence))
}

// square is the squared distance of accuracy and confidence times the weight.
func (b *bin) square() float64 {
	if b.weight == 0 {
		return 0
	}
	return float64(b.excess*b.excess) / b.weight
}

// weight of a row: that of its cluster.
func (r *judged) weight(weights []uint8) float64 {
	if weights == nil {
		return 1
	}
	return float64(weights[r.cluster])
}

// A Reliability gathers rows of several sets and seeds in the bins of the expected
// calibration error.
type Reliability [eceBins]ReliabilityBin

// A ReliabilityBin is a number of rows, and the sums over them of confidence and
// of being right.
type ReliabilityBin struct {
	Rows              int
	Confidence, Right float64
}

// Reliability adds the rows to r.
func (c *Calibration) Reliability(r *Reliability) {
	for i := range c.rows {
		b := &r[c.rows[i].bin]
		b.Rows++
		b.Confidence += c.rows[i].confidence
		b.Right += c.rows[i].right
	}
}

// ECE is the expected calibration error: the mean distance of accuracy and
// confidence over 15 bins of equal width, weighted by their rows. Weights are by
// cluster; nil counts each row once.
// Source: Guo et al., ICML 2017.
func (c *Calibration) ECE(weights []uint8) float64 {
	var bins [eceBins]bin
	for i := range c.rows {
		r := &c.rows[i]
		bins[r.bin].add(r.weight(weights), r)
	}
	var sum, total float64
	for _, b := range bins {
		sum += math.Abs(b.excess)
		total += b.weight
	}
	return sum / max(total, 1)
}

// RMS is the root mean square calibration error over bins of 100 rows in the
// order of confidence, the last one with what is left over too.
// Source: Hendrycks et al., ICLR 2019.
func (c *Calibration) RMS(weights []uint8) float64 {
	closed, last, total := c.squares(weights)
	return math.Sqrt((closed + last) / max(total, 1))
}

// ReferenceRMS is RMS as the code of ImageNet-R computes it, whose loop passes over
// the last bin but divides by all rows: the most confident 100 to 199 rows do
// not count. It is 0 over fewer than 200 rows, which make one bin.
// Source: hendrycks/imagenet-r, eval.py.
func (c *Calibration) ReferenceRMS(weights []uint8) float64 {
	closed, _, total := c.squares(weights)
	return math.Sqrt(closed / max(total, 1))
}

// squares sums the weighted squared distances of accuracy and confidence over the
// bins of RMS: those of all bins but the last, and that of the last.
func (c *Calibration) squares(weights []uint8) (closed, last, total float64) {
	const size = 100
	for i := range c.rows {
		total += c.rows[i].weight(weights)
	}
	bins := max(math.Floor(total/size), 1)
	var now bin
	var done, before float64 // bins closed, weight before the row
	for i := range c.rows {
		if before >= float64(size*(done+1)) && done+1 < bins {
			closed += now.square()
			now, done = bin{}, done+1
		}
		w := c.rows[i].weight(weights)
		now.add(w, &c.rows[i])
		before += w
	}
	return closed, now.square(), total
}

// AURRA is the area under the response rate accuracy curve: the mean over k of the
// accuracy on the k most confident rows. Rows of equal confidence stand in no
// order, so the mean over their orders is taken. A row of weight n counts as n.
// Source: Hendrycks et al., ICLR 2019, and the code of ImageNet-R.
func (c *Calibration) AURRA(weights []uint8) float64 {
	var sum, seen, right float64
	for end := len(c.rows); end > 0; {
		first := end
		var tied, hits float64
		for first > 0 && c.rows[first-1].confidence == c.rows[end-1].confidence {
			first--
			w := c.rows[first].weight(weights)
			tied += w
			hits += float64(w * c.rows[first].right)
		}
		for k := 1.0; k <= tied; k++ {
			sum += (right + float64(k*hits)/tied) / (seen + k)
		}
		seen, right, end = seen+tied, right+hits, first
	}
	return sum / max(seen, 1)
}
