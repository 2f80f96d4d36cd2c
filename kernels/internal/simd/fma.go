package simd

import "math"

// FMA32 returns a*b+c rounded once to nearest even, as a fused multiply-add instruction does.
//
// The product is exact in float64. The sum is rounded twice only when the float64 sum is a midpoint of two float32
// values or the result is subnormal; there the sum is rounded to odd first, which makes the second rounding right.
func FMA32(a, b, c float32) float32 {
	p := float64(a) * float64(b)
	s := p + float64(c)
	u := math.Float64bits(s)
	if single(u) {
		return float32(s)
	}
	return roundOdd(p, float64(c), s)
}

// single reports that rounding the float64 with bits u to float32 is the only rounding that matters: it is no midpoint
// and not subnormal as float32, or it is Inf or NaN.
func single(u uint64) bool {
	e := u & 0x7ff0000000000000
	return u&0x1fffffff != 0x10000000 && e >= 0x3810000000000000 || e == 0x7ff0000000000000
}

// roundOdd returns p+c as float32 where s is their float64 sum and single refused it.
func roundOdd(p, c, s float64) float32 {
	u := math.Float64bits(s)
	t := s - p
	if r := (p - (s - t)) + (c - t); r != 0 && u&1 == 0 {
		if (r > 0) == (s > 0) {
			u++
		} else {
			u--
		}
	}
	return float32(math.Float64frombits(u))
}

// chain is a fused multiply-add whose accumulator is a float64 that holds a float32 value; it saves the conversions.
func chain(a, b, acc float64) float64 {
	p := float64(a * b)
	s := p + acc
	if single(math.Float64bits(s)) {
		return float64(float32(s))
	}
	return float64(roundOdd(p, acc, s))
}
