package kernels

import (
	"math/bits"

	"shiftmill/kernels/internal/simd"
)

// uniform24 maps a word to a multiple of 2^-24 in [0, 1).
func uniform24(w uint32) float32 { return float32(w>>8) * 0x1p-24 }

// Uniform returns a multiple of 2^-24 in [0, 1).
func (s Source) Uniform(element uint32) float32 {
	return uniform24(s.Uint32x4(element, 0)[0])
}

// UniformOpen returns a number in (0, 1), for logarithms and divisions.
func (s Source) UniformOpen(element uint32) float32 {
	return simd.UniformOpen(s.Uint32x4(element, 0)[0])
}

// Range returns fma(hi-lo, Uniform, lo): a number from lo to hi, both possible after rounding.
func (s Source) Range(element uint32, lo, hi float32) float32 {
	return FMA32(hi-lo, s.Uniform(element), lo)
}

// Uniforms fills dst with Uniform's values for bulk draws, four a block: value i is word i%4 of element first+i/4.
func (s Source) Uniforms(dst []float32, first uint32) {
	s.ranges(dst, first, 1, 0)
}

// Ranges fills dst as Uniforms does, with values from lo to hi.
func (s Source) Ranges(dst []float32, first uint32, lo, hi float32) {
	s.ranges(dst, first, hi-lo, lo)
}

func (s Source) ranges(dst []float32, first uint32, d, lo float32) {
	backend().Ranges(dst, first, s.row, uint64(s.key.k1)<<32|uint64(s.key.k0), d, lo)
}

// Normal returns a number with mean 0 and variance 1, by the method of Box and Muller from two words.
func (s Source) Normal(element uint32) float32 {
	w := s.Uint32x4(element, 0)
	z, _ := simd.BoxMuller(w[0], w[1])
	return z
}

// Normals fills dst with normal numbers, four a block: value i comes from element first+i/4.
func (s Source) Normals(dst []float32, first uint32) {
	backend().Normals(dst, first, s.row, uint64(s.key.k1)<<32|uint64(s.key.k0))
}

// IntN returns an integer from 0 to n-1, each equally likely; n must be positive.
//
// Source: Lemire, "Fast Random Integer Generation in an Interval", 2019, on 64 bits.
func (s Source) IntN(element uint32, n int) int {
	if n <= 0 {
		panic("kernels: IntN: n must be positive")
	}
	m := uint64(n)
	for attempt := uint32(0); ; attempt++ {
		w := s.Uint32x4(element, attempt)
		hi, lo := bits.Mul64(uint64(w[1])<<32|uint64(w[0]), m)
		if lo >= m || lo >= -m%m {
			return int(hi)
		}
	}
}
