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
