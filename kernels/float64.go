package kernels

import "math"

// Functions on float64 for schedules, intervals and the parameters of distributions: + - * / alone, each rounded once, so
// that they are the same on every processor, which the functions of package math are not. The polynomials are those of
// FreeBSD's libm (Sun Microsystems, 1993).

const (
	ln2Hi64 = 0x1.62e42feep-1       // 32 bits, so that a product with an exponent is exact
	ln2Lo64 = 0x1.a39ef35793c76p-33 // ln 2 - ln2Hi64
	log2e64 = 0x1.71547652b82fep+0  // 1 / ln 2
	maxExp  = 0x1.62e42fefa39efp+9  // the largest x with a finite Exp64
	minExp  = -0x1.74910d52d3051p+9 // below, Exp64 is zero
	limit64 = 1 << 20               // the largest argument of Sin64 and Cos64
	two64   = 0x1.45f306dc9c883p-1  // 2/pi
	quart0  = 0x1.921fb544p+0       // pi/2 in three parts, the first two of 33 bits
	quart1  = 0x1.0b4611a6p-34
	quart2  = 0x1.3198a2e037073p-69
)

// horner64 evaluates c[0] + c[1]*z + ... from the highest term down.
func horner64(z float64, c ...float64) float64 {
	p := c[len(c)-1]
	for i := len(c) - 2; i >= 0; i-- {
		p = c[i] + float64(z*p)
	}
	return p
}

func pow264(n int) float64 { return math.Float64frombits(uint64(n+1023) << 52) }

// Exp64 returns e^x with an error below 1 ulp; subnormal results are rounded twice.
func Exp64(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > maxExp:
		return math.Float64frombits(0x7ff << 52)
	case x < minExp:
		return 0
	}
	k := math.RoundToEven(x * log2e64)
	hi, lo := x-float64(k*ln2Hi64), float64(k*ln2Lo64)
	r := hi - lo
	t := r * r
	c := r - float64(t*horner64(t, 0x1.555555555553ep-3, -0x1.6c16c16bebd93p-9, 0x1.1566aaf25de2cp-14, -0x1.bbd41c5d26bf1p-20, 0x1.6376972bea4d0p-25))
	y := 1 - ((lo - float64(r*c)/(2-c)) - hi)
	n := int(k)
	half := n >> 1
	return float64(y * pow264(half) * pow264(n-half))
}

// Log64 returns the natural logarithm with an error below 1 ulp; -Inf at zero, NaN below.
func Log64(x float64) float64 {
	switch {
	case x != x || x-x != 0 && x > 0:
		return x
	case x < 0:
		return math.Float64frombits(0x7ff8 << 48)
	case x == 0:
		return math.Float64frombits(0xfff << 52)
	}
	e := 0
	if x < 0x1p-1022 {
		x *= 0x1p54
		e = -54
	}
	u := math.Float64bits(x)
	e += int(u>>52) - 1023
	m := math.Float64frombits(u&(1<<52-1) | 1023<<52)
	if m > 0x1.6a09e667f3bcdp+0 {
		m *= 0.5
		e++
	}
	f := m - 1
	s := f / (2 + f)
	z := s * s
	r := float64(z * horner64(z, 0x1.5555555555593p-1, 0x1.999999997fa04p-2, 0x1.2492494229359p-2, 0x1.c71c51d8e78afp-3, 0x1.7466496cb03dep-3, 0x1.39a09d078c69fp-3, 0x1.2f112df3e5244p-3))
	h := float64(0.5 * f * f)
	k := float64(e)
	return float64(k*ln2Hi64) - ((h - (float64(s*(h+r)) + float64(k*ln2Lo64))) - f)
}

// Pow64 returns x^y for x >= 0, with a relative error below 2e-13; NaN for negative x. Small integer powers are products.
func Pow64(x, y float64) float64 {
	switch {
	case y == 0 || x == 1:
		return 1
	case x < 0 || x != x || y != y:
		return math.Float64frombits(0x7ff8 << 48)
	case y == math.Trunc(y) && y > 0 && y <= 64:
		p := x
		for i := 1; i < int(y); i++ {
			p *= x
		}
		return p
	}
	return Exp64(float64(y * Log64(x)))
}

// Sin64 returns the sine of x radians for |x| up to 2^20 with an error below 1 ulp; NaN beyond.
func Sin64(x float64) float64 {
	q, r, tail := quadrant64(x)
	if q&1 != 0 {
		return signed(q&2 != 0, cosTail(r, tail))
	}
	return signed(q&2 != 0, sinTail(r, tail))
}

// Cos64 returns the cosine of x radians for |x| up to 2^20 with an error below 1 ulp; NaN beyond.
func Cos64(x float64) float64 {
	q, r, tail := quadrant64(x)
	if q&1 != 0 {
		return signed((q+1)&2 != 0, sinTail(r, tail))
	}
	return signed(q&2 != 0, cosTail(r, tail))
}

func signed(negative bool, x float64) float64 {
	if negative {
		return -x
	}
	return x
}

// quadrant64 returns the quarter turns in x and the rest as a sum of two numbers.
func quadrant64(x float64) (q int, r, tail float64) {
	if !(math.Abs(x) <= limit64) {
		nan := math.Float64frombits(0x7ff8 << 48)
		return 0, nan, nan
	}
	n := math.RoundToEven(x * two64)
	a := x - float64(n*quart0) // exact
	b := float64(n * quart1)   // exact
	s := a - b
	lost := (a - s) - b
	w := float64(n*quart2) - lost
	r = s - w
	return int(n) & 3, r, (s - r) - w
}

// sinTail is sin(r+tail) on |r| <= pi/4.
func sinTail(r, tail float64) float64 {
	z := r * r
	p := horner64(z, 0x1.111111110f8a6p-7, -0x1.a01a019c161d5p-13, 0x1.71de357b1fe7dp-19, -0x1.ae5e68a2b9cebp-26, 0x1.5d93a5acfd57cp-33)
	v := z * r
	return r - (float64(z*(float64(0.5*tail)-float64(v*p))) - tail - float64(v*-0x1.5555555555549p-3))
}

// cosTail is cos(r+tail) on |r| <= pi/4.
func cosTail(r, tail float64) float64 {
	z := r * r
	p := z * horner64(z, 0x1.555555555554cp-5, -0x1.6c16c16c15177p-10, 0x1.a01a019cb1590p-16, -0x1.27e4f809c52adp-22, 0x1.1ee9ebdb4b1c4p-29, -0x1.8fae9be8838d4p-37)
	h := float64(0.5 * z)
	w := 1 - h
	return w + (((1 - w) - h) + (float64(z*p) - float64(r*tail)))
}
