//go:build unix

package nn

import (
	"fmt"
	"testing"
)

// timed reports the images a second and the processor time of an operation.
func timed(b *testing.B, images int, f func()) {
	f() // fills the buffers that later calls reuse
	b.ReportAllocs()
	start := cpuSeconds()
	for b.Loop() {
		f()
	}
	cpu := cpuSeconds() - start
	b.ReportMetric(cpu*1e3/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(b.N*images)/b.Elapsed().Seconds(), "img/s")
}

// BenchmarkStep measures training steps on one worker.
func BenchmarkStep(b *testing.B) {
	for _, bm := range []struct {
		arch  Arch
		batch int
	}{
		{Arch{Name: "convnet", Classes: 20, Size: 32}, 32},
		{Arch{Name: "resnet8", Classes: 20, Size: 32}, 32},
		{Arch{Name: "resnet18", Classes: 10, Size: 32}, 128},
		{Arch{Name: "resnet50", Classes: 1000, Size: 224, Stem: "imagenet"}, 8},
	} {
		b.Run(fmt.Sprintf("%s/batch=%d", bm.arch.Name, bm.batch), func(b *testing.B) {
			t := newTrainer(b, newNet(b, bm.arch), Settings{Batch: bm.batch, Momentum: 0.9})
			fillBatch(t, 0)
			timed(b, bm.batch, func() { t.Step(nil, 0.01) })
		})
	}
}

// BenchmarkPredict measures scoring on one worker.
func BenchmarkPredict(b *testing.B) {
	for _, bm := range []struct {
		arch  Arch
		batch int
	}{
		{Arch{Name: "convnet", Classes: 20, Size: 32}, 32},
		{Arch{Name: "resnet50", Classes: 1000, Size: 224, Stem: "imagenet"}, 1},
		{Arch{Name: "resnet50", Classes: 1000, Size: 224, Stem: "imagenet"}, 8},
	} {
		b.Run(fmt.Sprintf("%s/batch=%d", bm.arch.Name, bm.batch), func(b *testing.B) {
			p, err := NewPredictor(newNet(b, bm.arch), bm.batch)
			if err != nil {
				b.Fatal(err)
			}
			testKey("images").Row("bench").Normals(p.Images, 0)
			timed(b, bm.batch, func() { p.Logits(nil) })
		})
	}
}
