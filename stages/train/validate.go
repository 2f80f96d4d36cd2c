package train

import (
	"context"

	"shiftmill/stages/model"
)

// validate is the error on the validation rows now: the share of rows that the
// network gets wrong, or, for rows with several labels, 1 minus the mean over
// the classes of the average precision.
func (t *training) validate(ctx context.Context) (float64, error) {
	const piece = 256
	k := len(t.classifier.Classes)
	var wrong int
	var all []float32 // scores by row, for several labels
	several := t.c.Loss == "bce"
	rows := make([]int, 0, piece)
	for lo := 0; lo < len(t.val.ids); lo += piece {
		rows = rows[:0]
		for r := lo; r < min(lo+piece, len(t.val.ids)); r++ {
			rows = append(rows, r)
		}
		pics, err := t.val.pictures(ctx, t.pool, rows)
		if err != nil {
			return 0, err
		}
		scores, err := t.classifier.Predict(t.pool, pics)
		if err != nil {
			return 0, err
		}
		if several {
			all = append(all, scores...)
			continue
		}
		for i, r := range rows {
			if model.Best(scores[i*k:(i+1)*k]) != t.val.class[r][0] {
				wrong++
			}
		}
	}
	if !several {
		return float64(wrong) / float64(max(len(t.val.ids), 1)), nil
	}
	sum, count := 0.0, 0
	column, positive := make([]float32, len(t.val.ids)), make([]bool, len(t.val.ids))
	for c := range k {
		for r := range column {
			column[r], positive[r] = all[r*k+c], false
			for _, had := range t.val.class[r] {
				positive[r] = positive[r] || had == c
			}
		}
		if ap, ok := model.AveragePrecision(column, positive); ok {
			sum += ap
			count++
		}
	}
	return 1 - sum/float64(max(count, 1)), nil
}

// A best is the weights of the epoch with the lowest error on val so far; of
// equal errors the first counts.
type best struct {
	epoch  int // from 1; 0 for none yet
	error  float64
	values [][]float32 // of the network's state; nil where they are not kept
}

// consider looks at the epoch that has just ended.
func (t *training) consider(l line) {
	if t.best.epoch > 0 && l.valError >= t.best.error {
		return
	}
	t.best.epoch, t.best.error = l.epoch, l.valError
	if t.c.Keep != "best" {
		return
	}
	state := t.classifier.Net.State
	if t.best.values == nil {
		t.best.values = make([][]float32, len(state))
	}
	for i, s := range state {
		t.best.values[i] = append(t.best.values[i][:0], s.Data...)
	}
}

// enough says whether training stops early.
func (t *training) enough(l line) bool {
	return t.c.Patience > 0 && l.epoch-t.best.epoch >= t.c.Patience
}
