package train

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"shiftmill/stages/model"
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
	if len(rows) < 2 {
		return nil, fmt.Errorf("it has no epochs")
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

// checkpoint is the state of training between two epochs: the network, the
// velocities, the history.
func (t *training) checkpoint(h history) ([]byte, error) {
	var tensors []model.Tensor
	for _, s := range t.classifier.Net.State {
		tensors = append(tensors, model.F32("net."+s.Name, s.Shape, s.Data))
	}
	for _, v := range t.trainer.Velocities() {
		tensors = append(tensors, model.F32("velocity."+v.Name, v.Shape, v.Data))
	}
	return model.Encode(map[string]string{"history": string(h.csv(true))}, tensors)
}

// restore goes back to the last checkpoint, if there is one.
func (t *training) restore() (step int, h history, err error) {
	if t.resume == nil {
		return 0, nil, nil
	}
	meta, tensors, err := model.Decode(t.resume)
	if err != nil {
		return 0, nil, fmt.Errorf("read checkpoint: %w", err)
	}
	if h, err = parseHistory(meta["history"]); err != nil {
		return 0, nil, fmt.Errorf("read checkpoint: history: %w", err)
	}
	velocity := map[string][]float32{}
	for _, v := range t.trainer.Velocities() {
		velocity[v.Name] = v.Data
	}
	if want := len(t.classifier.Net.State) + len(velocity); len(tensors) != want {
		return 0, nil, fmt.Errorf("read checkpoint: it has %d tensors, want %d", len(tensors), want)
	}
	for _, s := range tensors {
		values, err := s.Float32s()
		if err != nil {
			return 0, nil, fmt.Errorf("read checkpoint: %w", err)
		}
		if name, ok := strings.CutPrefix(s.Name, "velocity."); ok {
			if len(velocity[name]) != len(values) {
				return 0, nil, fmt.Errorf("read checkpoint: velocity of %q has %d values, want %d", name, len(values), len(velocity[name]))
			}
			copy(velocity[name], values)
		} else if err := t.classifier.Net.SetTensor(strings.TrimPrefix(s.Name, "net."), s.Shape, values); err != nil {
			return 0, nil, fmt.Errorf("read checkpoint: %w", err)
		}
	}
	last := h[len(h)-1]
	t.out.Note("going on after epoch %d, step %d of %d", last.epoch, last.step, t.steps)
	return last.step, h, nil
}
