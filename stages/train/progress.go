package train

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"shiftmill/stages/model"
)

// limits are what a training may use of the machine; they change no result.
type limits struct {
	keep  int64         // bytes of prepared pictures in memory; others are decoded again in each epoch
	every time.Duration // between checkpoints within an epoch
}

// A progress is where training stands.
type progress struct {
	step    int
	history history
	total   float64 // of the losses of the epoch's steps so far
	count   int     // of these steps
}

// save keeps a checkpoint.
func (t *training) save(at *progress) error {
	state, err := t.checkpoint(at)
	if err == nil {
		err = t.out.Checkpoint(state)
	}
	if err != nil {
		return fmt.Errorf("keep checkpoint of step %d: %w", at.step, err)
	}
	t.saved = time.Now()
	return nil
}

// checkpoint is the state of training between two steps: the network, what
// the optimizer keeps, the best weights, the history.
func (t *training) checkpoint(at *progress) ([]byte, error) {
	t.trainer.Sync()
	var tensors []model.Tensor
	for i, s := range t.classifier.Net.State {
		tensors = append(tensors, model.F32("net."+s.Name, s.Shape, s.Data))
		if t.best.values != nil {
			tensors = append(tensors, model.F32("best."+s.Name, s.Shape, t.best.values[i]))
		}
	}
	for _, v := range t.trainer.Velocities() {
		tensors = append(tensors, model.F32("velocity."+v.Name, v.Shape, v.Data))
	}
	return model.Encode(map[string]string{
		"history": string(at.history.csv(true)), "step": strconv.Itoa(at.step), "count": strconv.Itoa(at.count),
		"total": strconv.FormatFloat(at.total, 'g', -1, 64),
		"best":  strconv.Itoa(t.best.epoch), "best error": strconv.FormatFloat(t.best.error, 'g', -1, 64),
	}, tensors)
}

// restore goes back to the last checkpoint, if there is one.
func (t *training) restore() (*progress, error) {
	at := &progress{}
	if t.resume == nil {
		return at, nil
	}
	meta, tensors, err := model.Decode(t.resume)
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	if at.history, err = parseHistory(meta["history"]); err != nil {
		return nil, fmt.Errorf("read checkpoint: history: %w", err)
	}
	for _, f := range []struct {
		key  string
		into any
	}{{"step", &at.step}, {"count", &at.count}, {"total", &at.total}, {"best", &t.best.epoch}, {"best error", &t.best.error}} {
		if err := json.Unmarshal([]byte(meta[f.key]), f.into); err != nil {
			return nil, fmt.Errorf("read checkpoint: %s: %w", f.key, err)
		}
	}
	if err := t.restoreTensors(tensors); err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	t.trainer.Resume(at.step)
	t.out.Note("going on after step %d of %d", at.step, t.steps)
	return at, nil
}

func (t *training) restoreTensors(tensors []model.Tensor) error {
	into := map[string][]float32{}
	if t.c.Keep == "best" && t.best.epoch > 0 {
		t.best.values = make([][]float32, len(t.classifier.Net.State))
	}
	for i, s := range t.classifier.Net.State {
		into["net."+s.Name] = s.Data
		if t.best.values != nil {
			t.best.values[i] = make([]float32, len(s.Data))
			into["best."+s.Name] = t.best.values[i]
		}
	}
	for _, v := range t.trainer.Velocities() {
		into["velocity."+v.Name] = v.Data
	}
	if len(tensors) != len(into) {
		return fmt.Errorf("it has %d tensors, want %d", len(tensors), len(into))
	}
	for _, s := range tensors {
		values, err := s.Float32s()
		if err != nil {
			return err
		}
		to, ok := into[s.Name]
		if !ok || len(to) != len(values) {
			what, _, _ := strings.Cut(s.Name, ".")
			return fmt.Errorf("%s tensor %q of %d values, want %d", what, s.Name, len(values), len(to))
		}
		copy(to, values)
	}
	return nil
}
