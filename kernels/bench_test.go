//go:build linux || darwin

package kernels

import (
	"fmt"
	"runtime"
	"testing"
)

// The rates below are also given as a share of the peak; see meter.

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
			f    func(*Pool)
		}{
			{"forward", func(p *Pool) { Conv2D(y, x, w, nil, s, p) }},
			{"data", func(p *Pool) { Conv2DBackData(dx, y, w, s, p) }},
			{"weight", func(p *Pool) { Conv2DBackWeight(dw, y, x, s, p) }},
		} {
			b.Run(fmt.Sprintf("%s/%dx%dx%dx%d-%d-k%ds%d", op.name, s.N, s.Ci, s.H, s.W, s.Co, s.KH, f.StrideH), func(b *testing.B) {
				m := newMeter(b)
				for b.Loop() {
					m.run(op.f)
				}
				m.report(flop)
			})
		}
	}
}

// BenchmarkBandConv measures layers of the CAE and of EDSR in bands of eight rows, directly and by Winograd, whose rate is that
// of the direct one's arithmetic.
func BenchmarkBandConv(b *testing.B) {
	const rows, bands = 8, 6
	for _, s := range []struct{ ci, co, width int }{{128, 128, 342}, {128, 128, 171}, {64, 64, 170}, {64, 256, 170}, {128, 32, 342}, {256, 16, 682}} {
		for _, winograd := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d-%dx%d/winograd=%t", s.ci, s.co, s.width, winograd), func(b *testing.B) {
				l := BandLayer{Ci: s.ci, Co: s.co, Size: 3, Stride: 1, Cells: 1, Weights: testValues("w", s.co*s.ci*9, false), Winograd: winograd}
				src, dst := Band{Step: s.ci, Pitch: (s.width + 2) * s.ci}, Band{Step: s.co, Pitch: (s.width + 2) * s.co}
				x, y := testValues("x", (bands*rows+2)*src.Pitch, false), make([]float32, bands*rows*dst.Pitch)
				conv := NewBandConv(l, nil)
				defer conv.Release()
				all := func(p *Pool) {
					for i := range bands {
						src.V, dst.V = x[i*rows*src.Pitch:], y[i*rows*dst.Pitch:]
						conv.Rows(dst, src, nil, rows, s.width, p)
					}
				}
				m := newMeter(b)
				for b.Loop() {
					m.run(all)
				}
				m.report(2 * float64(rows*bands*s.width*s.ci*s.co*9))
			})
		}
	}
}

func BenchmarkMatMul(b *testing.B) {
	for _, n := range []int{256, 1000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			x, y, z := testValues("a", n*n, false), testValues("b", n*n, false), make([]float32, n*n)
			product := func(p *Pool) { MatMul(z, x, y, n, n, n, false, false, p) }
			m := newMeter(b)
			for b.Loop() {
				m.run(product)
			}
			m.report(2 * float64(n) * float64(n) * float64(n))
		})
	}
}

func BenchmarkNoise2Net(b *testing.B) {
	// Six 3x3 convolutions of twelve, the expected number.
	st := Noise2NetStructure{}
	for i := range 12 {
		st[i/3][i%3] = SliceConv{K: 1 + 2*(i%2), D: 1 + i/2%3}
	}
	for _, size := range []int{32, 224} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			x := testValues("image", 3*size*size, false)
			dst := make([]float32, len(x))
			var scratch Scratch
			net := new(Noise2NetNet)
			m := newMeter(b)
			for i := uint64(0); b.Loop(); i++ {
				m.run(func(*Pool) {
					net.Draw(st, NewKey("noise2net", 1, 3, "weights", 0).Hash(i))
					Noise2Net(dst, x, size, size, net, 0.5, &scratch)
				})
			}
			b.ReportMetric(float64(b.N)/m.seconds(), "img/cpu-s")
			m.report(2 * 16896 * float64(size*size))
		})
	}
}

// BenchmarkNoiseBatch measures a batch on two workers; times are those of one image.
func BenchmarkNoiseBatch(b *testing.B) {
	st := Noise2NetStructure{}
	for i := range 12 {
		st[i/3][i%3] = SliceConv{K: 1 + 2*(i%2), D: 1 + i/2%3}
	}
	for _, bm := range []struct{ size, images int }{{32, 32}, {224, 4}} {
		b.Run(fmt.Sprintf("size=%d", bm.size), func(b *testing.B) {
			procs := runtime.GOMAXPROCS(2)
			defer runtime.GOMAXPROCS(procs)
			op := Noise2NetOp{H: bm.size, W: bm.size, Structures: []Noise2NetStructure{st}, Epsilon: []float32{0.5}}
			for i := range bm.images {
				op.Weights = append(op.Weights, NewKey("noise2net", 1, 3, "weights", 0).Hash(uint64(i)))
			}
			images, pool := testValues("image", bm.images*3*bm.size*bm.size, false), NewPool(2)
			run := func() {
				if err := op.Apply(pool, images); err != nil {
					b.Fatal(err)
				}
			}
			run() // fills the buffers that later calls reuse
			b.ReportAllocs()
			start := cpuSeconds()
			for b.Loop() {
				run()
			}
			n := float64(b.N * bm.images)
			b.ReportMetric((cpuSeconds()-start)*1e3/n, "cpu-ms/op")
			b.ReportMetric(b.Elapsed().Seconds()*1e3/n, "wall-ms/op")
		})
	}
}

func BenchmarkBatchNorm(b *testing.B) {
	const n, c, plane = 32, 64, 1024
	x, dy, y := testValues("x", n*c*plane, false), testValues("dy", n*c*plane, false), make([]float32, n*c*plane)
	gamma, mean, variance := testValues("g", c, false), make([]float32, c), make([]float32, c)
	db, dg := make([]float32, c), make([]float32, c)
	for name, f := range map[string]func(*Pool){
		"forward": func(p *Pool) { BatchNorm(y, x, gamma, gamma, mean, variance, n, c, plane, 1e-5, p) },
		"back":    func(p *Pool) { BatchNormBack(y, dg, db, dy, x, gamma, mean, variance, n, c, plane, 1e-5, p) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(4 * n * c * plane)
			m := newMeter(b)
			for b.Loop() {
				m.run(f)
			}
			b.ReportMetric(m.seconds()*1e9/float64(b.N)/(n*c*plane), "cpu-ns/elem")
		})
	}
}

func BenchmarkRanges(b *testing.B) {
	v := make([]float32, 1<<14)
	s := NewKey("bench", 1, 0, "", 0).Row("")
	m := newMeter(b)
	for b.Loop() {
		m.run(func(*Pool) { s.Ranges(v, 0, -1, 1) })
	}
	b.ReportMetric(m.seconds()*1e9/float64(b.N)/float64(len(v)), "cpu-ns/value")
}
