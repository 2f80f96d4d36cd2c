package stats

import "slices"

// A Ranking holds for each class the rows of a multi-label set by falling score.
type Ranking struct {
	set     *Set
	classes []ranked
	form    Precision
}

// A ranked class has its rows in order; ends marks the last row of each run of
// equal scores, where a threshold can stand.
type ranked struct {
	rows     []int32
	positive []bool
	ends     []bool
}

// Precision is a way to make one number of precision and recall.
type Precision int

const (
	// Macro is the mean over classes of average precision, the sum of precision
	// times the growth of recall; classes without positives are left out.
	Macro Precision = iota
	// Reference is that of the code of DeepFashion Remixed: the area under the
	// precision-recall curve by the trapezoid rule, classes weighted by their
	// share of the positive labels.
	Reference
)

// NewRanking takes the scores, row by row, and the positive labels in the same
// layout; it keeps neither.
func NewRanking(set *Set, scores []float32, positive []bool, classes int, form Precision) *Ranking {
	r := &Ranking{set: set, classes: make([]ranked, classes), form: form}
	for c := range r.classes {
		k := ranked{rows: make([]int32, set.Rows())}
		for i := range k.rows {
			k.rows[i] = int32(i)
		}
		score := func(row int32) float32 { return scores[int(row)*classes+c] }
		slices.SortStableFunc(k.rows, func(a, b int32) int {
			switch x, y := score(a), score(b); {
			case x > y:
				return -1
			case x < y:
				return 1
			}
			return 0
		})
		for i, row := range k.rows {
			k.positive = append(k.positive, positive[int(row)*classes+c])
			k.ends = append(k.ends, i+1 == len(k.rows) || score(k.rows[i+1]) != score(row))
		}
		r.classes[c] = k
	}
	return r
}

// Slice ranks only some rows, given by their numbers in rising order, for the same
// clusters. Thresholds stay where scores differ.
func (r *Ranking) Slice(at []int) *Ranking {
	kept := make([]bool, r.set.Rows())
	cluster := make([]int32, len(at))
	number := make([]int32, r.set.Rows())
	for k, row := range at {
		kept[row], number[row], cluster[k] = true, int32(k), r.set.Cluster[row]
	}
	s := &Ranking{set: NewSet(cluster), classes: make([]ranked, len(r.classes)), form: r.form}
	for c := range r.classes {
		all, k := &r.classes[c], &s.classes[c]
		for i, row := range all.rows {
			if kept[row] {
				k.rows, k.positive, k.ends = append(k.rows, number[row]), append(k.positive, all.positive[i]), append(k.ends, false)
			}
			if all.ends[i] && len(k.ends) > 0 {
				k.ends[len(k.ends)-1] = true
			}
		}
	}
	return s
}

// Set is the rows that are ranked.
func (r *Ranking) Set() *Set { return r.set }

// Precision is the average precision of one class in the ranking's form, and 0 for
// a class without positives.
func (r *Ranking) Precision(class int, weights []uint8) float64 {
	precision, _ := r.class(&r.classes[class], weights)
	return precision
}

// Positives is how many rows have the class as a label.
func (r *Ranking) Positives(class int) int {
	n := 0
	for _, p := range r.classes[class].positive {
		if p {
			n++
		}
	}
	return n
}

// MeanPrecision is mAP in the ranking's form. Weights are by cluster; nil counts
// each row once.
func (r *Ranking) MeanPrecision(weights []uint8) float64 {
	var sum, total float64
	for c := range r.classes {
		precision, positives := r.class(&r.classes[c], weights)
		switch {
		case positives == 0:
		case r.form == Reference:
			sum += float64(positives * precision)
			total += positives
		default:
			sum += precision
			total++
		}
	}
	return sum / max(total, 1)
}

// Chance is what a ranking without any knowledge has: the share of positives, in
// the ranking's form.
func (r *Ranking) Chance() float64 {
	var sum, total float64
	for c := range r.classes {
		var positives float64
		for _, p := range r.classes[c].positive {
			if p {
				positives++
			}
		}
		share := positives / float64(max(len(r.classes[c].rows), 1))
		switch {
		case positives == 0:
		case r.form == Reference:
			sum += float64(share * share)
			total += share
		default:
			sum += share
			total++
		}
	}
	if total == 0 {
		return 0
	}
	return sum / total
}

// class walks down the ranking: at each threshold precision and recall.
func (r *Ranking) class(k *ranked, weights []uint8) (precision, positives float64) {
	weight := func(row int32) float64 {
		if weights == nil {
			return 1
		}
		return float64(weights[r.set.Cluster[row]])
	}
	for i, row := range k.rows {
		if k.positive[i] {
			positives += weight(row)
		}
	}
	if positives == 0 {
		return 0, 0
	}
	var hits, seen, area float64
	lastHits, lastPrecision := 0.0, 1.0 // the curve starts at recall 0, precision 1
	for i, row := range k.rows {
		w := weight(row)
		seen += w
		if k.positive[i] {
			hits += w
		}
		if !k.ends[i] || hits == lastHits && r.form == Macro || seen == 0 {
			continue
		}
		now := hits / seen
		height := now
		if r.form == Reference {
			height = (now + lastPrecision) / 2
		}
		area += float64((hits - lastHits) * height)
		lastHits, lastPrecision = hits, now
	}
	return area / positives, positives
}

// Mean is the mean of values over the rows, with weights by cluster; nil counts
// each row once.
func (s *Set) Mean(values []int8, weights []uint8) float64 {
	var sum, total int64
	for i, v := range values {
		w := int64(1)
		if weights != nil {
			w = int64(weights[s.Cluster[i]])
		}
		sum += w * int64(v)
		total += w
	}
	return float64(sum) / float64(max(total, 1))
}
