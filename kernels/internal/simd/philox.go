package simd

import "math/bits"

// Philox returns the block of Philox4x32-10 for a counter and a key.
//
// Source: Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
func Philox(c [4]uint32, k0, k1 uint32) [4]uint32 {
	for range 10 {
		hi0, lo0 := bits.Mul32(0xD2511F53, c[0])
		hi1, lo1 := bits.Mul32(0xCD9E8D57, c[2])
		c = [4]uint32{hi1 ^ c[1] ^ k0, lo1, hi0 ^ c[3] ^ k1, lo0}
		k0 += 0x9E3779B9
		k1 += 0xBB67AE85
	}
	return c
}

// Ranges stores fma(d, u, lo) in dst, where u is the word's upper 24 bits times 2^-24 and value i takes word i%4 of the
// counter (first+i/4, 0, row). The key's first word is its lower half.
func (b Backend) Ranges(dst []float32, first uint32, row, key uint64, d, lo float32) {
	n := 0
	if b >= AVX2 {
		n = len(dst) &^ 63
		for i := 0; i < n; i += piece {
			b.rangesLoop(min(piece, n-i), &dst[i], int(first)+i/4, int(row), int(key), d, lo)
		}
	}
	for i := n; i < len(dst); i += 4 {
		w := Philox([4]uint32{first + uint32(i/4), 0, uint32(row), uint32(row >> 32)}, uint32(key), uint32(key>>32))
		for j := range min(4, len(dst)-i) {
			dst[i+j] = FMA32(d, float32(w[j]>>8)*0x1p-24, lo)
		}
	}
}

// UniformOpen maps a word to an odd multiple of 2^-24 in (0, 1). With 24 bits, the half would round up to 1.
func UniformOpen(w uint32) float32 { return (float32(w>>9) + 0.5) * 0x1p-23 }

// BoxMuller returns two independent normal numbers from two words. The largest magnitude is 5.77.
func BoxMuller(w0, w1 uint32) (float32, float32) {
	const tau = 0x1.921fb6p+2
	r := sqrt(-2 * Log(UniformOpen(w0)))
	sin, cos := sinCos(tau * (float32(w1>>8) * 0x1p-24))
	return r * cos, r * sin
}

// Normals stores normal numbers in dst: values i and i+1 are BoxMuller's of words i%4 and i%4+1 of the counter
// (first+i/4, 0, row), i even.
func (b Backend) Normals(dst []float32, first uint32, row, key uint64) {
	n := 0
	if b >= AVX2 {
		n = len(dst) &^ 63
		for i := 0; i < n; i += piece {
			m := min(piece, n-i)
			b.wordsLoop(m, &dst[i], int(first)+i/4, int(row), int(key))
			b.boxMullerLoop(m, &dst[i])
		}
	}
	for i := n; i < len(dst); i += 4 {
		w := Philox([4]uint32{first + uint32(i/4), 0, uint32(row), uint32(row >> 32)}, uint32(key), uint32(key>>32))
		var z [4]float32
		z[0], z[1] = BoxMuller(w[0], w[1])
		z[2], z[3] = BoxMuller(w[2], w[3])
		copy(dst[i:], z[:])
	}
}
