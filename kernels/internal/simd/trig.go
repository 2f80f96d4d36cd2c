package simd

// pi/2 as a sum of three float32, and 2/pi.
const (
	halfPi0 = 0x1.921fb6p+0
	halfPi1 = -0x1.777a5cp-25
	halfPi2 = -0x1.ee59dap-50
	twoOver = 0x1.45f306p-1
)

// Quadrant reduces x, at most 2^16 in magnitude, to r in about [-pi/4, pi/4] and the quarter turn q (0 to 3) with
// x = r + (q + 4n) pi/2: n has at most 16 bits, and the fused products are exact to 48.
func Quadrant(x float32) (r float32, q int32) {
	n, k := round(x * twoOver)
	r = FMA32(-n, halfPi0, x)
	r = FMA32(-n, halfPi1, r)
	r = FMA32(-n, halfPi2, r)
	return r, k & 3
}

// SinPoly is sin r on |r| <= pi/4.
func SinPoly(r float32) float32 {
	z := r * r
	p := float32(0x1.6cc022p-19)
	p = FMA32(p, z, -0x1.a00f3ap-13)
	p = FMA32(p, z, 0x1.111108p-7)
	p = FMA32(p, z, -0x1.555556p-3)
	return FMA32(p*z, r, r)
}

// CosPoly is cos r on |r| <= pi/4.
func CosPoly(r float32) float32 {
	z := r * r
	p := float32(-0x1.24184ap-22)
	p = FMA32(p, z, 0x1.a010c8p-16)
	p = FMA32(p, z, -0x1.6c16b8p-10)
	p = FMA32(p, z, 0x1.555556p-5)
	p = FMA32(p, z, -0.5)
	return FMA32(p, z, 1)
}

// sinCos returns the sine and the cosine of x from +0 to 2^16.
func sinCos(x float32) (sin, cos float32) {
	r, q := Quadrant(x)
	sin, cos = SinPoly(r), CosPoly(r)
	if q&1 != 0 {
		sin, cos = cos, sin
	}
	if q&2 != 0 {
		sin = -sin
	}
	if (q+1)&2 != 0 {
		cos = -cos
	}
	return sin, cos
}

// SmallSin stores the sine of whole vectors of x in dst and returns their number of elements. Elements of 2^16 and more in
// magnitude, and NaN, get something else.
func (b Backend) SmallSin(dst, x []float32) int {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.sinLoop(min(piece, n-i), &dst[i], &x[i])
	}
	return n
}

// SmallCos is SmallSin for the cosine.
func (b Backend) SmallCos(dst, x []float32) int {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.cosLoop(min(piece, n-i), &dst[i], &x[i])
	}
	return n
}
