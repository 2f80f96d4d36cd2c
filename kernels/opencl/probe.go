package opencl

import (
	"fmt"
	"math"

	"shiftmill/kernels"
)

// A formula is one of those that probe.cl computes, with what a device lacks
// that gets it wrong.
type formula struct {
	name, lack string
	want       func(a, b, c float32) float32
}

var formulas = []formula{
	{"a*b + c", "it fuses multiplications with additions although the program forbids it", func(a, b, c float32) float32 { return float32(a*b) + c }},
	{"fma", "its fused multiply-add is rounded twice or loses subnormals", kernels.FMA32},
	{"a/b", "its division is not correctly rounded", func(a, b, _ float32) float32 { return a / b }},
	{"sqrt", "its square root is not correctly rounded", func(a, _, _ float32) float32 { return kernels.Sqrt(a) }},
	{"a*b", "it flushes subnormal numbers to zero", func(a, b, _ float32) float32 { return a * b }},
	{"rint", "it does not round halves to even", func(a, _, _ float32) float32 { return float32(math.RoundToEven(float64(a))) }},
}

// probe computes cases that tell devices apart, and some thousand random ones,
// and says what is wrong with the answers.
func (d *Device) probe() (lacks []string, err error) {
	a := []float32{1 + 0x1p-12, 0x1p-126, -1e-30, 0x1p-149, 1, 2.5, 3.5, -0.5, 0x1.fffffep127, 0}
	b := []float32{1 + 0x1p-12, 0.5, 1e-30, 1, 3, 7, 0x1p-140, 0x1.fffffep-1, 2, 0}
	c := []float32{-(1 + 0x1p-11), 0, 0, 0, -1, 0x1p-149, 1, -0x1p-126, 1, 1}
	const random = 4096
	words := kernels.NewKey("opencl probe", 1, 0, "operands", 0).Row("")
	for i := range uint32(random) {
		w := words.Uint32x4(i, 0)
		a, b, c = append(a, math.Float32frombits(w[0])), append(b, math.Float32frombits(w[1])), append(c, math.Float32frombits(w[2]))
	}
	n := len(a)
	got := make([]float32, len(formulas)*n)
	if err := d.computeProbe(got, a, b, c); err != nil {
		return nil, err
	}
	for f, formula := range formulas {
		for i := range n {
			if g, w := got[f*n+i], formula.want(a[i], b[i], c[i]); !same(g, w) {
				lacks = append(lacks, fmt.Sprintf("%s (%s of %g, %g, %g is %g, should be %g)", formula.lack, formula.name, a[i], b[i], c[i], g, w))
				break
			}
		}
	}
	return lacks, nil
}

func (d *Device) computeProbe(got, a, b, c []float32) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := len(a)
	m, err := d.alloc(3*n + len(got))
	if err != nil {
		return err
	}
	defer m.Free()
	at := func(i, size int) kernels.Span { return kernels.Span{Memory: m, Offset: i, Size: size} }
	for i, v := range [][]float32{a, b, c} {
		if err := d.Write(at(i*n, n), v); err != nil {
			return err
		}
	}
	if err := d.launch("probe", groups(n), 1, 1, at(3*n, len(got)), at(0, n), at(n, n), at(2*n, n), n); err != nil {
		return err
	}
	return d.Read(got, at(3*n, len(got)))
}

// same compares bits, all NaNs being one.
func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}
