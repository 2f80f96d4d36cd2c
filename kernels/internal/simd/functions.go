package simd

import "math"

// pow2 returns 2^n for n from -126 to 127.
func pow2(n int32) float32 { return math.Float32frombits(uint32(n+127) << 23) }

// round returns x rounded half to even, for |x| < 2^31, and as an integer.
func round(x float32) (float32, int32) {
	r := math.RoundToEven(float64(x))
	return float32(r), int32(r)
}

// ln2 as a sum of two float32.
const (
	log2e = 0x1.715476p+0
	ln2Hi = 0x1.62e430p-1
	ln2Lo = -0x1.05c610p-29
)

// Exp returns e^x. Error: below 1.1 ulp over all float32, subnormal results included. Exp(-Inf) is +0, Exp(NaN) NaN.
func Exp(x float32) float32 {
	switch {
	case x != x:
		return x
	case x > 0x1.62e42ep+6: // the largest x whose result is finite
		return math.Float32frombits(0x7f800000)
	case x < -0x1.9fe368p+6: // below, half the least subnormal
		return 0
	}
	n, k := round(x * log2e)
	r := FMA32(-n, ln2Hi, x)
	r = FMA32(-n, ln2Lo, r)
	p := expTail(r)
	p = FMA32(p, r*r, r) + 1
	half := k >> 1 // in two steps, since 2^k may be subnormal or overflow where the result does not
	return float32(p * pow2(half) * pow2(k-half))
}

// expTail is (e^r - 1 - r) / r^2 on |r| <= ln(2)/2.
func expTail(r float32) float32 {
	p := float32(0x1.6a107cp-10)
	p = FMA32(p, r, 0x1.1245c8p-7)
	p = FMA32(p, r, 0x1.55593cp-5)
	p = FMA32(p, r, 0x1.555482p-3)
	return FMA32(p, r, 0x1.fffffcp-2)
}

// Sigmoid returns 1 / (1 + e^-x). Error: below 2.5 ulp, subnormal results included.
func Sigmoid(x float32) float32 {
	e := Exp(-abs(x))
	if x < 0 {
		return e / (1 + e)
	}
	return 1 / (1 + e)
}

// Tanh returns the hyperbolic tangent. Error: below 2 ulp. Tanh(-0) is -0.
func Tanh(x float32) float32 {
	a := abs(x)
	if x == 0 {
		return x // the polynomial would turn -0 into +0
	}
	if a < 0.625 {
		z := x * x
		p := float32(0x1.0ee35ap-9)
		p = FMA32(p, z, -0x1.093eeap-7)
		p = FMA32(p, z, 0x1.6300d8p-6)
		p = FMA32(p, z, -0x1.b9e234p-5)
		p = FMA32(p, z, 0x1.11102ap-3)
		p = FMA32(p, z, -0x1.555552p-2)
		return FMA32(p*z, x, x)
	}
	y := 1 - 2/(Exp(2*a)+1)
	if x < 0 {
		return -y
	}
	return y
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// The slices of a call have one length; dst may be x.

// ExpSlice stores Exp of every element of x in dst.
func (b Backend) ExpSlice(dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		expAVX2(min(piece, n-i), &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = Exp(x[i])
	}
}

// SigmoidSlice stores Sigmoid of every element of x in dst.
func (b Backend) SigmoidSlice(dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		sigmoidAVX2(min(piece, n-i), &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = Sigmoid(x[i])
	}
}

// TanhSlice stores Tanh of every element of x in dst.
func (b Backend) TanhSlice(dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		tanhAVX2(min(piece, n-i), &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = Tanh(x[i])
	}
}
