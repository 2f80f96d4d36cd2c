package opencl

import (
	"fmt"
	"os"
	"testing"

	"shiftmill/kernels"
)

// placed puts operands of an operation on the device.
func placed(tb testing.TB, d *Device, sizes []int) []kernels.Span {
	tb.Helper()
	var list []kernels.Span
	for i, n := range sizes {
		v := make([]float32, n)
		kernels.NewKey("opencl-test", 1, 1, "values", uint64(i)).Row("").Ranges(v, 0, -1, 1)
		m, err := d.Alloc(n)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(m.Free)
		at := kernels.Span{Memory: m, Size: n}
		if err := d.Write(at, v); err != nil {
			tb.Fatal(err)
		}
		list = append(list, at)
	}
	return list
}

// noiseOp is Noise2Net on n images, each with a structure of its own.
func noiseOp(n, h, w int) kernels.Noise2NetOp {
	key := kernels.NewKey("opencl-test", 1, 1, "noise2net", 0)
	o := kernels.Noise2NetOp{H: h, W: w, Epsilon: []float32{0.5}}
	for i := range n {
		o.Structures = append(o.Structures, kernels.DrawNoise2NetStructure(key.Row(fmt.Sprint("structure ", i))))
		o.Weights = append(o.Weights, key.Row(fmt.Sprint("weights ", i)))
	}
	return o
}

// TestNoise2NetDraws compares many draws of Noise2Net with the processor's:
// 1,000 at 32x32 and one at 224x224 under CI=true or with SHIFTMILL_SWEEP=1.
func TestNoise2NetDraws(t *testing.T) {
	d := testDevice(t)
	draws, large := 20, 64
	if os.Getenv("CI") == "true" || os.Getenv("SHIFTMILL_SWEEP") != "" {
		draws, large = 1000, 224
	}
	for _, o := range []kernels.Noise2NetOp{noiseOp(draws, 32, 32), noiseOp(1, large, large)} {
		t.Run(fmt.Sprintf("%d of %dx%d", len(o.Weights), o.H, o.W), func(t *testing.T) {
			if err := (kernels.Sample{Name: "Noise2Net", Op: o}).Compare(d); err != nil {
				t.Error(err)
			}
		})
	}
}

// BenchmarkOperation measures what training and augmenting spend their time
// on, data lying on the device.
func BenchmarkOperation(b *testing.B) {
	d := testDevice(b)
	n := 8
	if d.GPU() {
		n = 64
	}
	shape := kernels.ConvShape{N: n, Ci: 64, H: 56, W: 56, Co: 64, KH: 3, KW: 3, PadH: 1, PadW: 1}
	flop := 2 * float64(n) * 64 * 64 * 9 * 56 * 56
	for _, tt := range []struct {
		name string
		op   kernels.Op
		work float64
		unit string
	}{
		{"conv", kernels.ConvOp{ConvShape: shape}, flop, "FLOP/s"},
		{"conv-data", kernels.ConvBackDataOp{ConvShape: shape}, flop, "FLOP/s"},
		{"conv-weight", kernels.ConvBackWeightOp{ConvShape: shape}, flop, "FLOP/s"},
		{"product", kernels.MatMulOp{M: 512, N: 512, K: 512}, 2 * 512 * 512 * 512, "FLOP/s"},
		{"norm", kernels.NormOp{N: n, C: 64, Plane: 56 * 56, Eps: 1e-5}, 4 * float64(n) * 64 * 56 * 56, "B/s"},
		{"noise2net-32", noiseOp(16*n, 32, 32), float64(16 * n), "img/s"},
		{"noise2net-224", noiseOp(n, 224, 224), float64(n), "img/s"},
	} {
		b.Run(tt.name, func(b *testing.B) {
			r, s := tt.op.Operands()
			results, sources := placed(b, d, r), placed(b, d, s)
			for b.Loop() {
				if err := d.Do(tt.op, results, sources); err != nil {
					b.Fatal(err)
				}
				if err := d.Read(make([]float32, 1), results[0]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(tt.work*float64(b.N)/b.Elapsed().Seconds(), tt.unit)
		})
	}
}
