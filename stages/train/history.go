package train

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// A line is what is known at the end of an epoch.
type line struct {
	epoch, step, images int
	rate                float32 // of the epoch's last step
	loss                float64 // mean over the epoch's steps
	valError            float64
}

// A history is the lines so far.
type history []line

// csv writes the history with a heading; numbers read back exactly.
func (h history) csv(val bool) []byte {
	var b bytes.Buffer
	b.WriteString("epoch,step,images,learning_rate,train_loss")
	if val {
		b.WriteString(",val_error")
	}
	b.WriteString("\n")
	for _, l := range h {
		fmt.Fprintf(&b, "%d,%d,%d,%s,%s", l.epoch, l.step, l.images,
			strconv.FormatFloat(float64(l.rate), 'g', -1, 32), strconv.FormatFloat(l.loss, 'g', -1, 64))
		if val {
			b.WriteString("," + strconv.FormatFloat(l.valError, 'g', -1, 64))
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}

// parseHistory reads what csv wrote with validation errors.
func parseHistory(text string) (history, error) {
	var h history
	rows := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(rows) < 1 {
		return nil, fmt.Errorf("it has no heading")
	}
	for i, row := range rows[1:] {
		var l line
		var rate float64
		f := strings.Split(row, ",")
		if len(f) != 6 {
			return nil, fmt.Errorf("line %d has %d fields", i+1, len(f))
		}
		for j, into := range []any{&l.epoch, &l.step, &l.images, &rate, &l.loss, &l.valError} {
			var err error
			switch into := into.(type) {
			case *int:
				*into, err = strconv.Atoi(f[j])
			case *float64:
				*into, err = strconv.ParseFloat(f[j], 64)
			}
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
		}
		l.rate = float32(rate)
		h = append(h, l)
	}
	return h, nil
}
