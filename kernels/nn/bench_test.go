package nn

import (
	"fmt"
	"testing"

	"shiftmill/kernels"
)

// BenchmarkStep measures training steps on one worker.
func BenchmarkStep(b *testing.B) {
	for _, bm := range []struct {
		arch  Arch
		batch int
	}{
		{Arch{Name: "convnet", Classes: 20, Size: 32}, 32},
		{Arch{Name: "resnet8", Classes: 20, Size: 32}, 32},
		{Arch{Name: "resnet18", Classes: 20, Size: 32}, 4},
	} {
		b.Run(fmt.Sprintf("arch=%s/batch=%d/backend=%s", bm.arch.Name, bm.batch, kernels.Active()), func(b *testing.B) {
			t := newTrainer(b, newNet(b, bm.arch), Settings{Batch: bm.batch, Momentum: 0.9})
			fillBatch(t, 0)
			b.ReportAllocs()
			for b.Loop() {
				t.Step(nil, 0.01)
			}
			b.ReportMetric(float64(b.N*bm.batch)/b.Elapsed().Seconds(), "img/s")
		})
	}
}

// BenchmarkPredict measures scoring on one worker.
func BenchmarkPredict(b *testing.B) {
	const batch = 32
	net := newNet(b, Arch{Name: "convnet", Classes: 20, Size: 32})
	p, err := NewPredictor(net, batch)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p.Logits(nil)
	}
	b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "img/s")
}
