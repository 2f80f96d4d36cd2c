package nn

import (
	"testing"

	"shiftmill/kernels"
)

func testKey(purpose string) kernels.Key { return kernels.NewKey("nn-test", 1, 1, purpose, 0) }

// fillBatch gives a trainer random images and labels.
func fillBatch(t *Trainer, step int) {
	testKey("images").Row(string(rune('a'+step))).Normals(t.Images, 0)
	for i := range t.settings.Batch {
		t.SetLabel(i, testKey("labels").Row(string(rune('a'+step))).IntN(uint32(i), t.net.Arch.Classes))
	}
}

func newNet(tb testing.TB, a Arch) *Network {
	tb.Helper()
	n, err := New(a)
	if err != nil {
		tb.Fatal(err)
	}
	n.Init(testKey("init"))
	return n
}

func newTrainer(tb testing.TB, n *Network, s Settings) *Trainer {
	tb.Helper()
	t, err := NewTrainer(n, s)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// gradient is the last step's gradient of a parameter.
func gradient(t *Trainer, name string) []float32 {
	for _, u := range t.updates {
		if t.net.State[u.tensor].Name == name {
			return u.gradient
		}
	}
	return nil
}

// TestMemorises trains on one batch, which a network must learn by heart.
func TestMemorises(t *testing.T) {
	for _, name := range []string{"convnet", "resnet8"} {
		t.Run(name, func(t *testing.T) {
			net := newNet(t, Arch{Name: name, Width: 8, Classes: 3, Size: 8})
			tr := newTrainer(t, net, Settings{Batch: 6, Momentum: 0.9, Nesterov: true, WeightDecay: 1e-4})
			fillBatch(tr, 0)
			first := tr.Step(nil, 0.05)
			last := first
			for range 40 {
				last = tr.Step(nil, 0.05)
			}
			if !(first > 0.8) || !(last < 0.1) {
				t.Errorf("loss fell from %v to %v", first, last)
			}
		})
	}
}
