package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// special are the values that break a kernel that is almost right.
var special = []float32{0, float32(math.Copysign(0, -1)), inf32, -inf32, nan32, 0x1p-149, -0x1p-140, 0x1p-126, 0x1.fffffep127, 1, -1}

// testValues returns n values: ordinary ones, and special ones among them if asked for.
func testValues(name string, n int, specials bool) []float32 {
	s := NewKey("test", 1, 1, name, 0).Row("")
	v := make([]float32, n)
	s.Ranges(v, 0, -1, 1)
	if specials {
		for i := range v {
			if w := s.Uint32x4(uint32(i), 1); w[0]%61 == 0 {
				v[i] = special[w[1]%uint32(len(special))]
			}
		}
	}
	return v
}

// guarded returns a slice of n elements between guards, and a function that checks that the guards are whole.
func guarded(n int) ([]float32, func(t *testing.T, what string)) {
	const guard = 40
	b := make([]float32, n+2*guard)
	for i := range b {
		b[i] = 12345
	}
	return b[guard : guard+n : guard+n], func(t *testing.T, what string) {
		t.Helper()
		for i, v := range b {
			if (i < guard || i >= guard+n) && v != 12345 {
				t.Fatalf("%s wrote outside its slice, at %d of %d", what, i-guard, n)
			}
		}
	}
}

// sameBits fails at the first element whose bits differ, NaNs being equal.
func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %d elements, want %d", what, len(got), len(want))
	}
	for i := range got {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) && (got[i] == got[i] || want[i] == want[i]) {
			t.Fatalf("%s: element %d: got %x (%g), want %x (%g)", what, i, math.Float32bits(got[i]), got[i], math.Float32bits(want[i]), want[i])
		}
	}
}

// eachBackend runs f on every backend with one and with three workers.
func eachBackend(t *testing.T, f func(t *testing.T, p *Pool)) {
	defer Use(Active())
	for _, name := range Backends() {
		for _, workers := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s/%d", name, workers), func(t *testing.T) {
				if err := Use(name); err != nil {
					t.Fatal(err)
				}
				f(t, NewPool(workers))
			})
		}
	}
}

var convShapes = []ConvShape{
	{N: 1, Ci: 1, H: 1, W: 1, Co: 1, KH: 1, KW: 1},
	{N: 2, Ci: 3, H: 9, W: 11, Co: 7, KH: 3, KW: 3, PadH: 1, PadW: 1},
	{N: 3, Ci: 4, H: 8, W: 8, Co: 16, KH: 3, KW: 3, PadH: 1, PadW: 1, StrideH: 2, StrideW: 2},
	{N: 2, Ci: 6, H: 12, W: 10, Co: 4, KH: 3, KW: 2, PadH: 2, PadW: 1, DilH: 2, DilW: 3, Groups: 2},
	{N: 2, Ci: 5, H: 7, W: 9, Co: 3, KH: 1, KW: 1},
	{N: 2, Ci: 20, H: 16, W: 16, Co: 13, KH: 1, KW: 1},
	{N: 2, Ci: 5, H: 7, W: 9, Co: 3, KH: 1, KW: 1, StrideH: 2, StrideW: 3},
	{N: 9, Ci: 45, H: 4, W: 4, Co: 17, KH: 3, KW: 3, PadH: 1, PadW: 1},
	{N: 2, Ci: 45, H: 10, W: 9, Co: 6, KH: 3, KW: 3, PadH: 1, PadW: 1},
	{N: 5, Ci: 3, H: 2, W: 3, Co: 2, KH: 2, KW: 2, PadH: 2, PadW: 2, StrideH: 3, StrideW: 2},
	{N: 1, Ci: 2, H: 40, W: 37, Co: 5, KH: 7, KW: 7, PadH: 3, PadW: 3, StrideH: 2, StrideW: 2},
	{N: 2, Ci: 8, H: 12, W: 12, Co: 8, KH: 3, KW: 3, PadH: 1, PadW: 1, Groups: 8},
	{N: 1, Ci: 2, H: 6, W: 20, Co: 2, KH: 1, KW: 5, PadH: 1, PadW: 6, StrideW: 4},
	{N: 0, Ci: 2, H: 6, W: 20, Co: 2, KH: 1, KW: 5},
}

// deepShapes have so many channels that some rows are laid out at a time, and the last so many images that workers share them and
// that a weight gradient takes several steps.
var deepShapes = []ConvShape{
	{N: 2, Ci: 320, H: 13, W: 17, Co: 16, KH: 2, KW: 2, PadH: 1, PadW: 1},
	{N: 1, Ci: 160, H: 29, W: 27, Co: 16, KH: 3, KW: 2, PadH: 1, PadW: 1, StrideH: 2, StrideW: 2},
	{N: 24, Ci: 10, H: 12, W: 13, Co: 64, KH: 3, KW: 3, PadH: 1, PadW: 1},
}

func TestConv2D(t *testing.T) {
	for i, s := range slices.Concat(convShapes, deepShapes) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			f := s.filled()
			x := testValues("x", s.N*s.Ci*s.H*s.W, i%2 == 1)
			w := testValues("w", s.Co*s.Ci/f.Groups*s.KH*s.KW, i%3 == 1)
			b := testValues("b", s.Co, false)
			dy := testValues("dy", s.N*s.Co*s.OutH()*s.OutW(), i%2 == 1)
			y, dx, dw := oracleConv(x, w, b, s), oracleBackData(dy, w, s), oracleBackWeight(dy, x, s)
			eachBackend(t, func(t *testing.T, p *Pool) {
				got, check := guarded(len(y))
				Conv2D(got, x, w, b, s, p)
				check(t, "Conv2D")
				sameBits(t, "Conv2D", got, y)
				got, check = guarded(len(dx))
				Conv2DBackData(got, dy, w, s, p)
				check(t, "Conv2DBackData")
				sameBits(t, "Conv2DBackData", got, dx)
				got, check = guarded(len(dw))
				Conv2DBackWeight(got, dy, x, s, p)
				check(t, "Conv2DBackWeight")
				sameBits(t, "Conv2DBackWeight", got, dw)
			})
		})
	}
}

// FuzzConv2D compares random shapes, forward and backward, with the definition.
func FuzzConv2D(f *testing.F) {
	f.Add([]byte{1, 2, 8, 9, 3, 2, 2, 1, 1, 1, 1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 14 {
			return
		}
		field := func(i, n int) int { return int(b[i]) % n }
		g := 1 + field(13, 3)
		s := ConvShape{N: field(0, 4), Ci: g * (1 + field(1, 4)), H: 1 + field(2, 18), W: 1 + field(3, 20), Co: g * (1 + field(4, 9)),
			KH: 1 + field(5, 4), KW: 1 + field(6, 4), StrideH: 1 + field(7, 3), StrideW: 1 + field(8, 3),
			PadH: field(9, 4), PadW: field(10, 4), DilH: 1 + field(11, 3), DilW: 1 + field(12, 3), Groups: g}
		if s.Validate() != nil {
			return
		}
		specials := b[0]&64 != 0
		x := testValues("x", s.N*s.Ci*s.H*s.W, specials)
		w := testValues("w", s.Co*s.Ci/g*s.KH*s.KW, specials)
		dy := testValues("dy", s.N*s.Co*s.OutH()*s.OutW(), specials)
		y, dx, dw := make([]float32, len(dy)), make([]float32, len(x)), make([]float32, len(w))
		Conv2D(y, x, w, nil, s, NewPool(2))
		sameBits(t, fmt.Sprintf("Conv2D %+v", s), y, oracleConv(x, w, nil, s))
		Conv2DBackData(dx, dy, w, s, NewPool(2))
		sameBits(t, fmt.Sprintf("Conv2DBackData %+v", s), dx, oracleBackData(dy, w, s))
		Conv2DBackWeight(dw, dy, x, s, NewPool(2))
		sameBits(t, fmt.Sprintf("Conv2DBackWeight %+v", s), dw, oracleBackWeight(dy, x, s))
	})
}
