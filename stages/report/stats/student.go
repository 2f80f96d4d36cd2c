package stats

import (
	"math"

	"shiftmill/kernels"
)

// Normal975 is the 97.5 % quantile of the normal distribution.
const Normal975 = 0x1.f5c0331eeff84p+0

// Tail returns P(T > t) for Student's T with df > 0 degrees of freedom, not
// necessarily a whole number. The relative error is below 1e-9 for tails above
// 1e-100. More than 1e7 degrees of freedom are taken as 1e7, where the tail is
// the normal one within that error.
func Tail(t, df float64) float64 {
	if t < 0 {
		return 1 - Tail(-t, df)
	}
	if math.IsInf(t, 1) {
		return 0
	}
	df = min(df, 1e7)
	// P(T > t) = I_x(df/2, 1/2) / 2 with x = df/(df+t^2).
	a, u := df/2, float64(t*t)/df
	x := 1 / (1 + u)
	y := u / (1 + u) // 1-x without cancellation
	// x^a sqrt(y) / B(a, 1/2)
	front := float64(float64(kernels.Exp64(-float64(a*log1p(u)))*math.Sqrt(y))*gammaRatio(a)) / math.Sqrt(pi)
	if x < (a+1)/(a+2.5) {
		return float64(front*betaFraction(a, 0.5, x)) / df
	}
	return 0.5 - float64(front*betaFraction(0.5, a, y))
}

// Quantile returns the t with P(T > t) = p for 0 < p < 1/2, to 1e-12 of itself;
// it is infinite for df <= 0 (nothing is known).
func Quantile(p, df float64) float64 {
	if df <= 0 {
		return math.Inf(1)
	}
	lo, hi := 0.0, 1.0
	for Tail(hi, df) > p {
		if lo, hi = hi, 2*hi; hi > 1e150 {
			return math.Inf(1)
		}
	}
	for range 100 {
		m := float64(lo+hi) / 2
		if m <= lo || m >= hi {
			break
		}
		if Tail(m, df) > p {
			lo = m
		} else {
			hi = m
		}
	}
	return float64(lo+hi) / 2
}

// gammaRatio returns Gamma(x+1/2)/Gamma(x) for x > 0: Stirling's expansion of
// the ratio at x >= 20, reached by the recurrence.
func gammaRatio(x float64) float64 {
	f := 1.0
	for ; x < 20; x++ {
		f = float64(f*x) / (x + 0.5)
	}
	// Abramowitz and Stegun 6.1.47 with a = 1/2, b = 0, in powers of 1/x.
	i := 1 / x
	s := 1 - float64(i/8)
	p := float64(i * i)
	for _, c := range [...]float64{1.0 / 128, 5.0 / 1024, -21.0 / 32768, -399.0 / 262144, 869.0 / 4194304, 39325.0 / 33554432} {
		s += float64(c * p)
		p = float64(p * i)
	}
	return float64(float64(f*math.Sqrt(x)) * s)
}

// betaFraction is the continued fraction of the incomplete beta function
// (DLMF 8.17.22) by Lentz's method, without the factor x^a (1-x)^b / (a B(a,b))
// before it.
func betaFraction(a, b, x float64) float64 {
	const tiny = 0x1p-900
	c, d := 1.0, 1-float64(float64((a+b)*x)/(a+1))
	if math.Abs(d) < tiny {
		d = tiny
	}
	d = 1 / d
	h := d
	for m := 1.0; m < 10000; m++ {
		n := float64(float64(float64(m*(b-m))*x) / float64((a+2*m-1)*(a+2*m)))
		for i := 0; ; i++ {
			if d = 1 + float64(n*d); math.Abs(d) < tiny {
				d = tiny
			}
			if c = 1 + float64(n/c); math.Abs(c) < tiny {
				c = tiny
			}
			d = 1 / d
			step := float64(d * c)
			h = float64(h * step)
			if i == 1 {
				if math.Abs(step-1) < 1e-15 {
					return h
				}
				break
			}
			n = -float64(float64(float64((a+m)*(a+b+m))*x) / float64((a+2*m)*(a+2*m+1)))
		}
	}
	return h
}
