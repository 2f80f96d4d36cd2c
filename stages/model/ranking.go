package model

import "sort"

// AveragePrecision is the area below precision over recall, by steps: the mean,
// over the positive rows, of the precision at that row's score. Rows of equal
// scores come together. It is NaN-free: ok is false where no row is positive.
//
// It equals scikit-learn's average_precision_score.
func AveragePrecision(scores []float32, positive []bool) (ap float64, ok bool) {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return scores[order[i]] > scores[order[j]] })
	hits, had, sum := 0, 0, 0.0
	for i, row := range order {
		if positive[row] {
			hits++
		}
		if i+1 < len(order) && scores[order[i+1]] == scores[row] {
			continue
		}
		sum += float64(float64(hits-had) * float64(hits) / float64(i+1))
		had = hits
	}
	if hits == 0 {
		return 0, false
	}
	return sum / float64(hits), true
}
