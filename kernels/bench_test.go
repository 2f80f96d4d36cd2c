package kernels

import (
	"fmt"
	"testing"

	"shiftmill/kernels/internal/simd"
)

// BenchmarkPeak is the rate of fused multiply-adds on one core with everything in the first-level cache: what the other
// rates are a share of.
func BenchmarkPeak(b *testing.B) {
	const k = 128
	be := backend()
	a, src, c := make([]float32, 6*k), make([]float32, k*simd.Lanes), make([]float32, 6*simd.Lanes)
	off := make([]int, k)
	for i := range off {
		off[i] = i * simd.Lanes
	}
	for b.Loop() {
		for range 100 {
			be.Tile(6, k, a, src, off, simd.Group, c, simd.Group, simd.Lanes, false)
		}
	}
	b.ReportMetric(100*2*6*k*simd.Lanes*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

func BenchmarkConv2D(b *testing.B) {
	for _, s := range []ConvShape{
		{N: 16, Ci: 64, H: 56, W: 56, Co: 64, KH: 3, KW: 3, PadH: 1, PadW: 1},
		{N: 32, Ci: 16, H: 32, W: 32, Co: 16, KH: 3, KW: 3, PadH: 1, PadW: 1},
		{N: 32, Ci: 16, H: 32, W: 32, Co: 32, KH: 3, KW: 3, PadH: 1, PadW: 1, StrideH: 2, StrideW: 2},
		{N: 32, Ci: 64, H: 32, W: 32, Co: 64, KH: 3, KW: 3, PadH: 1, PadW: 1},
		{N: 32, Ci: 128, H: 16, W: 16, Co: 128, KH: 3, KW: 3, PadH: 1, PadW: 1},
		{N: 32, Ci: 256, H: 8, W: 8, Co: 256, KH: 3, KW: 3, PadH: 1, PadW: 1},
		{N: 32, Ci: 512, H: 4, W: 4, Co: 512, KH: 3, KW: 3, PadH: 1, PadW: 1},
		{N: 4, Ci: 256, H: 56, W: 56, Co: 64, KH: 1, KW: 1},
		{N: 4, Ci: 512, H: 7, W: 7, Co: 512, KH: 3, KW: 3, PadH: 1, PadW: 1},
	} {
		f := s.filled()
		x := testValues("x", s.N*s.Ci*s.H*s.W, false)
		w := testValues("w", s.Co*s.Ci*s.KH*s.KW, false)
		y := testValues("y", s.N*s.Co*s.OutH()*s.OutW(), false)
		dx, dw := make([]float32, len(x)), make([]float32, len(w))
		flop := 2 * float64(len(y)) * float64(s.Ci*s.KH*s.KW)
		for _, op := range []struct {
			name string
			f    func()
		}{
			{"forward", func() { Conv2D(y, x, w, nil, s, nil) }},
			{"data", func() { Conv2DBackData(dx, y, w, s, nil) }},
			{"weight", func() { Conv2DBackWeight(dw, y, x, s, nil) }},
		} {
			b.Run(fmt.Sprintf("%s/%dx%dx%dx%d-%d-k%ds%d", op.name, s.N, s.Ci, s.H, s.W, s.Co, s.KH, f.StrideH), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					op.f()
				}
				b.ReportMetric(flop*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
