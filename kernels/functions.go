package kernels

import (
	"math"

	"shiftmill/kernels/internal/simd"
)

// The one NaN and positive infinity; float32 has no constants for them.
var (
	nan32 = math.Float32frombits(0x7FC00000)
	inf32 = math.Float32frombits(0x7F800000)
)

// round returns x rounded half to even, for |x| < 2^31, and as an integer.
func round(x float32) (float32, int32) {
	r := math.RoundToEven(float64(x))
	return float32(r), int32(r)
}

// ln2 as a sum of two float32.
const (
	ln2Hi = 0x1.62e430p-1
	ln2Lo = -0x1.05c610p-29
)

// Exp returns e^x. Error: below 1.1 ulp over all float32, subnormal results included. Exp(-Inf) is +0, Exp(NaN) NaN.
func Exp(x float32) float32 { return simd.Exp(x) }

// Sigmoid returns 1 / (1 + e^-x). Error: below 2.5 ulp, subnormal results included.
func Sigmoid(x float32) float32 { return simd.Sigmoid(x) }

// Tanh returns the hyperbolic tangent. Error: below 2 ulp. Tanh(-0) is -0.
func Tanh(x float32) float32 { return simd.Tanh(x) }

// Log returns the natural logarithm. Error: below 1 ulp over all positive float32. Log(±0) is -Inf; below zero NaN.
func Log(x float32) float32 {
	switch {
	case x != x || x < 0:
		return nan32
	case x == 0:
		return -inf32
	case x == inf32:
		return inf32
	}
	e := int32(0)
	if x < 0x1p-126 {
		x *= 0x1p23
		e = -23
	}
	u := math.Float32bits(x)
	e += int32(u>>23) - 127
	m := math.Float32frombits(u&0x007fffff | 0x3f800000)
	if m > 0x1.6a09e6p+0 { // sqrt 2
		m *= 0.5
		e++
	}
	f := m - 1
	z := f * f
	p := float32(0x1.1454c2p-4)
	p = FMA32(p, f, -0x1.dfe2aep-4)
	p = FMA32(p, f, 0x1.e7d510p-4)
	p = FMA32(p, f, -0x1.fbf1acp-4)
	p = FMA32(p, f, 0x1.2325e4p-3)
	p = FMA32(p, f, -0x1.555ce6p-3)
	p = FMA32(p, f, 0x1.99a584p-3)
	p = FMA32(p, f, -0x1.000006p-2)
	p = FMA32(p, f, 0x1.555546p-2)
	p = p * f * z
	k := float32(e)
	p = FMA32(k, ln2Lo, p)
	p = FMA32(-0.5, z, p)
	return FMA32(k, ln2Hi, f+p)
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }
