package nn

import (
	"runtime/debug"
	"testing"

	"shiftmill/kernels"
)

// TestStepAllocations checks that a training step, and a prediction, allocates the same for many images as for few.
func TestStepAllocations(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection takes back buffers that wait to be used again
	defer kernels.Use(kernels.Active())
	a := Arch{Name: "resnet8", Width: 4, Classes: 3, Size: 16}
	for _, backend := range kernels.Backends()[max(0, len(kernels.Backends())-2):] {
		if err := kernels.Use(backend); err != nil {
			t.Fatal(err)
		}
		step := func(batch int) float64 {
			tr := newTrainer(t, newNet(t, a), Settings{Batch: batch, Momentum: 0.9})
			fillBatch(tr, 0)
			return testing.AllocsPerRun(2, func() { tr.Step(nil, 0.01) })
		}
		predict := func(batch int) float64 {
			p, err := NewPredictor(newNet(t, a), batch)
			if err != nil {
				t.Fatal(err)
			}
			return testing.AllocsPerRun(2, func() { p.Logits(nil) })
		}
		for name, f := range map[string]func(int) float64{"training step": step, "prediction": predict} {
			few, many := f(16), f(48)
			t.Logf("%s: a %s with 16 images allocates %g times, with 48 images %g times", backend, name, few, many)
			// The counter is the process's, in which others allocate now and then; 32
			// images more would show in 32.
			if many >= few+32 {
				t.Errorf("%s: a %s allocates %g times with 16 images and %g times with 48", backend, name, few, many)
			}
		}
	}
}
