package nn

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
)

// TestLossesAgainstPyTorch takes three steps of Adam on each loss; see
// testdata/losses.py.
func TestLossesAgainstPyTorch(t *testing.T) {
	for file, s := range map[string]Settings{
		"testdata/loss-bce.vec": {Loss: BinaryCrossEntropy},
		"testdata/loss-jsd.vec": {Views: 3, Consistency: 12},
	} {
		t.Run(file, func(t *testing.T) {
			v := readVector(t, file)
			from := v.Settings
			s.Batch, s.Optimizer, s.WeightDecay = from.Batch, Adam, from.WeightDecay
			net := newNet(t, Arch{Name: from.Arch, Width: from.Width, Classes: from.Classes, Size: from.Size})
			for _, name := range v.order {
				if n, ok := strings.CutPrefix(name, "state/"); ok {
					if err := net.SetTensor(n, v.shapes[name], v.values[name]); err != nil {
						t.Fatal(err)
					}
				}
			}
			tr := newTrainer(t, net, s)
			x, targets := v.values["x"], v.values["t"]
			var losses []float32
			for range v.values["losses"] {
				x = x[copy(tr.Images, x):]
				targets = targets[copy(tr.Targets, targets):]
				losses = append(losses, tr.Step(nil, from.LR))
			}
			near(t, "losses", losses, v.values["losses"], 1e-5)
			for _, x := range net.State {
				near(t, x.Name+" after the steps", x.Data, v.values["after/"+x.Name], 1e-3)
			}
		})
	}
}

// TestAdamResumes stops between steps and goes on in another trainer.
func TestAdamResumes(t *testing.T) {
	run := func(stop bool) []Tensor {
		net := newNet(t, Arch{Name: "convnet", Width: 4, Classes: 3, Size: 8})
		s := Settings{Batch: 4, Optimizer: Adam, WeightDecay: 1e-3}
		tr := newTrainer(t, net, s)
		for step := range 4 {
			if stop && step == 2 {
				was := tr.Velocities()
				tr = newTrainer(t, net, s)
				for i, v := range tr.Velocities() {
					if v.Name != was[i].Name {
						t.Fatalf("tensor %d is %s and was %s", i, v.Name, was[i].Name)
					}
					copy(v.Data, was[i].Data)
				}
				tr.Resume(step)
			}
			fillBatch(tr, step)
			tr.Step(nil, 0.01)
		}
		return net.State
	}
	want := run(false)
	for i, got := range run(true) {
		for j, b := range bitsOf(got.Data) {
			if b != bitsOf(want[i].Data)[j] {
				t.Fatalf("%s differs after resuming", got.Name)
			}
		}
	}
}

// lossSlopes are the losses behind small layers.
func lossSlopes() []layerTest {
	return []layerTest{
		{"views", []int{6, 4}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			return b.add(b.crossEntropy(b.firstRows(x, 2), b.input("targets", []float32{0.5, 0, 0.5, 0, 0, 0.25, 0, 0.75}, 2, 4)), b.jensenShannon(x, 3, 12))
		}},
		{"binary", []int{3, 2}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			return b.binaryCrossEntropy(x, b.input("targets", []float32{0, 1, 0.5, 1, 1, 0}, 3, 2))
		}},
	}
}
