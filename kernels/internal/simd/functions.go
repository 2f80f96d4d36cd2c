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

// nan32 is the one NaN; inf32 is positive infinity.
var (
	nan32 = math.Float32frombits(0x7FC00000)
	inf32 = math.Float32frombits(0x7F800000)
)

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// The slices of a call have one length; dst may be x.

// ExpSlice stores Exp of every element of x in dst.
func (b Backend) ExpSlice(dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.expLoop(min(piece, n-i), &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = Exp(x[i])
	}
}

// SigmoidSlice stores Sigmoid of every element of x in dst.
func (b Backend) SigmoidSlice(dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.sigmoidLoop(min(piece, n-i), &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = Sigmoid(x[i])
	}
}

// TanhSlice stores Tanh of every element of x in dst.
func (b Backend) TanhSlice(dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.tanhLoop(min(piece, n-i), &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = Tanh(x[i])
	}
}

// LogSlice stores Log of every element of x in dst.
func (b Backend) LogSlice(dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.logLoop(min(piece, n-i), &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = Log(x[i])
	}
}

// ErfSlice stores Erf of every element of x in dst.
func (b Backend) ErfSlice(dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.erfLoop(min(piece, n-i), &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = Erf(x[i])
	}
}

// GELUSlice stores GELU of every element of x in dst.
func (b Backend) GELUSlice(dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.geluLoop(min(piece, n-i), &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = GELU(x[i])
	}
}

// SqrtSlice stores the square root of every element of x in dst.
func (b Backend) SqrtSlice(dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.sqrtLoop(min(piece, n-i), &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = sqrt(x[i])
	}
}

// GELUBack stores dy times GELUSlope of x in dx.
func (b Backend) GELUBack(dx, dy, x []float32) {
	n := b.vectors(len(dx))
	for i := 0; i < n; i += piece {
		b.geluBackLoop(min(piece, n-i), &dx[i], &dy[i], &x[i])
	}
	for i := n; i < len(dx); i++ {
		dx[i] = dy[i] * GELUSlope(x[i])
	}
}
