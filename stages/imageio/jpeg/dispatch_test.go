package jpeg

import (
	"bytes"
	"testing"
)

// guarded returns a slice of n bytes between guards, and a function that says whether the guards are whole.
func guarded(n int) ([]byte, func() bool) {
	all := bytes.Repeat([]byte{0xa5}, n+128)
	return all[64 : 64+n : 64+n], func() bool {
		return bytes.Count(all[:64], []byte{0xa5}) == 64 && bytes.Count(all[64+n:], []byte{0xa5}) == 64
	}
}

// TestInnerLoops compares what this build uses with the plain Go loops, which define the results.
func TestInnerLoops(t *testing.T) {
	seed := uint32(1)
	random := func() uint32 {
		seed = seed*1664525 + 1013904223
		return seed >> 8
	}
	row := func(n int) []byte {
		b := make([]byte, n)
		extreme := random()%2 == 0
		for i := range b {
			b[i] = byte(random())
			if extreme {
				b[i] = byte(int8(b[i]) >> 7) // 0 or 255
			}
		}
		return b
	}
	compare := func(name string, n int, out int, got, want func(out []byte)) {
		t.Helper()
		g, whole := guarded(out)
		w := bytes.Clone(g)
		got(g)
		want(w)
		if !bytes.Equal(g, w) {
			t.Errorf("%s of %d differs", name, n)
		}
		if !whole() {
			t.Errorf("%s of %d writes outside", name, n)
		}
	}
	for n := 1; n < 140; n++ {
		for offset := range 3 {
			a, b, c := row(n + offset)[offset:], row(n), row(n)
			compare("yccToRGB", n, 3*n, func(o []byte) { yccToRGB(o, a, b, c) }, func(o []byte) { yccToRGBGeneric(o, a, b, c) })
			if n > 2 {
				compare("smoothBoth", n, 2*n, func(o []byte) { smoothBoth(o, a, b) }, func(o []byte) { smoothBothGeneric(o, a, b) })
				compare("smoothAcross", n, 2*n, func(o []byte) { smoothAcross(o, a) }, func(o []byte) { smoothAcrossGeneric(o, a) })
			}
		}
	}
	for n := 1; n < 140; n++ {
		pix, a, b := row(3*n), row(2*n), row(2*n)
		compare("rgbToYCC", n, 3*n, func(o []byte) { rgbToYCC(o[:n], o[n:2*n], o[2*n:], pix) }, func(o []byte) { rgbToYCCGeneric(o[:n], o[n:2*n], o[2*n:], pix) })
		compare("average22", n, n, func(o []byte) { average22(o, a, b) }, func(o []byte) { average22Generic(o, a, b) })
	}
	for quality := 1; quality <= 100; quality++ {
		d := newDivisors(scaledQuant(quality%2, quality))
		for range 100 {
			const stride = 24
			in := row(7*stride + 8)
			var got, want [64]int16
			forward(&got, in, stride, d)
			forwardGeneric(&want, in, stride, d)
			if got != want {
				t.Errorf("forward at quality %d:\n got %d\nwant %d", quality, got, want)
			}
		}
	}
	for i := range 20000 {
		var block [64]int16
		bits := random() % 17
		for k := range block {
			if random()%64 < uint32(i%65) {
				block[k] = int16(random()) >> (16 - bits)
			}
		}
		const stride = 24
		compare("inverse", i, 7*stride+8, func(o []byte) { inverse(o, stride, &block) }, func(o []byte) { inverseGeneric(o, stride, &block) })
	}
}

// TestFloatQuotients goes through every step and dividend: the assembly's division must be the exact one.
func TestFloatQuotients(t *testing.T) {
	for q := 1; q <= 255; q++ {
		step := int32(q) * 8
		half, reciprocal := float32(step/2)+0.5, 1/float32(step)
		for v := int32(0); v < 1<<15; v++ {
			if got, want := int32(float32((float32(v)+half)*reciprocal)), (v+step/2)/step; got != want {
				t.Fatalf("%d over %d: got %d, want %d", v, step, got, want)
			}
		}
	}
}
