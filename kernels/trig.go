package kernels

import (
	"math"
	"math/bits"

	"shiftmill/kernels/internal/simd"
)

// pi/2 as a sum of three float32, and 2/pi.
const (
	halfPi0 = 0x1.921fb6p+0
	halfPi1 = -0x1.777a5cp-25
	halfPi2 = -0x1.ee59dap-50
	twoOver = 0x1.45f306p-1
)

// twoOverPi holds the bits of 2/pi behind the binary point, most significant word first.
var twoOverPi = [...]uint32{0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab}

// quadrant reduces x to r in about [-pi/4, pi/4] and the quarter turn q (0 to 3) with x = r + (q + 4n) pi/2.
func quadrant(x float32) (r float32, q int32) {
	if abs(x) < 0x1p16 { // n has at most 16 bits, and the fused products are exact to 48
		return simd.Quadrant(x)
	}
	return largeQuadrant(x)
}

// largeQuadrant reduces by integer multiplication with as many bits of 2/pi as the exponent asks for (Payne and Hanek).
func largeQuadrant(x float32) (float32, int32) {
	u := math.Float32bits(x)
	e := int(u>>23&0xff) - 150 // x = m * 2^e
	m := uint64(u&0x007fffff | 0x00800000)
	// Bits of 2/pi above 2^(2-e) give multiples of four quarter turns: start one word at that bit.
	first := max(e-2, 0)
	word, shift := first/32, uint(first%32)
	at := func(i int) uint64 {
		w := func(j int) uint64 {
			if j < len(twoOverPi) {
				return uint64(twoOverPi[j])
			}
			return 0
		}
		return (w(i)<<32 | w(i+1)) << shift >> 32 & 0xffffffff
	}
	// m times 96 bits of 2/pi has the weight 2^(e-first-96); of it, take two bits of quarter turns and 62 of fraction.
	hi, lo := bits.Mul64(m, at(word+1)<<32|at(word+2))
	hi += m * at(word)
	drop := uint(34 - min(e, 2))
	frac := hi<<(64-drop) | lo>>drop
	q := int32(frac >> 62)
	part := int64(frac << 2) // the rest as a signed fraction of a quarter turn, rounding q to nearest
	if part < 0 {
		q++
	}
	// A signed 64-bit fraction becomes two float32, so that cancellation near a multiple of pi/2 costs nothing.
	hiPart := float32(part >> 24)
	loPart := float32(part - int64(hiPart)<<24)
	a, b := hiPart*0x1p-40, loPart*0x1p-64
	r := FMA32(a, halfPi0, FMA32(a, halfPi1, b*halfPi0))
	if u>>31 != 0 {
		r, q = -r, -q
	}
	return r, q & 3
}

// Sin returns the sine of x radians. Error: below 1.6 ulp over all finite float32. Sin(±Inf) is NaN, Sin(-0) is -0.
func Sin(x float32) float32 {
	if x-x != 0 {
		return nan32
	}
	if x == 0 {
		return x
	}
	r, q := quadrant(x)
	y := simd.SinPoly(r)
	if q&1 != 0 {
		y = simd.CosPoly(r)
	}
	if q&2 != 0 {
		return -y
	}
	return y
}

// Cos returns the cosine of x radians. Error: below 1.6 ulp over all finite float32. Cos(±Inf) is NaN.
func Cos(x float32) float32 {
	if x-x != 0 {
		return nan32
	}
	r, q := quadrant(x)
	y := simd.CosPoly(r)
	if q&1 != 0 {
		y = simd.SinPoly(r)
	}
	if (q+1)&2 != 0 {
		return -y
	}
	return y
}
