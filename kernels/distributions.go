package kernels

import "math"

// uniform53 maps two words to an odd multiple of 2^-53 in (0, 1).
func uniform53(lo, hi uint32) float64 {
	return (float64((uint64(hi)<<32|uint64(lo))>>12) + 0.5) * 0x1p-52
}

// tries separates the attempts of draws that need several gamma numbers of one element.
const tries = 1 << 16

// logGamma returns the logarithm of a gamma number with the given shape and scale 1. The logarithm keeps shapes far below 1
// usable, whose numbers underflow. lane numbers the draws of one element.
//
// Source: Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", 2000.
func (s Source) logGamma(element, lane uint32, shape float64) float64 {
	if !(shape > 0) || shape-shape != 0 {
		panic("kernels: the shape of a gamma distribution must be positive and finite")
	}
	attempt := lane * tries
	boost := 0.0
	if shape < 1 {
		w := s.Uint32x4(element, attempt)
		boost = Log64(uniform53(w[0], w[1])) / shape
		shape++
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		attempt++
		w := s.Uint32x4(element, attempt)
		z := math.Sqrt(-2*Log64(uniform53(w[0], w[1]))) * Cos64(0x1.921fb54442d18p+2*(float64(w[2])*0x1p-32))
		v := 1 + float64(c*z)
		if v <= 0 {
			continue
		}
		v = v * v * v
		logV := Log64(v)
		if Log64((float64(w[3])+0.5)*0x1p-32) < float64(0.5*z*z)+float64(d*(1-v+logV)) {
			return Log64(d) + logV + boost
		}
	}
}

// Gamma returns a gamma number with the given shape (positive, finite) and scale 1; it may underflow to 0 for small shapes.
func (s Source) Gamma(element uint32, shape float64) float64 {
	return Exp64(s.logGamma(element, 0, shape))
}

// Beta returns a number in [0, 1] with the beta distribution; a and b are positive and finite.
func (s Source) Beta(element uint32, a, b float64) float64 {
	x, y := s.logGamma(element, 0, a), s.logGamma(element, 1, b)
	return 1 / (1 + Exp64(y-x))
}

// Dirichlet fills dst with a point of the simplex, symmetric with concentration alpha (positive, finite). dst has at most
// 65,535 elements; they add up to 1 within rounding.
func (s Source) Dirichlet(dst []float64, element uint32, alpha float64) {
	if len(dst) >= tries {
		panic("kernels: Dirichlet: more than 65,535 elements")
	}
	top := 0.0
	for i := range dst {
		dst[i] = s.logGamma(element, uint32(i), alpha)
		if i == 0 || dst[i] > top {
			top = dst[i]
		}
	}
	var total float64
	for i, v := range dst {
		dst[i] = Exp64(v - top)
		total += dst[i]
	}
	for i := range dst {
		dst[i] /= total
	}
}

// Poisson returns a Poisson number with mean lambda from 0 to 1e9.
//
// Source: inversion below 10; above, Hörmann, "The transformed rejection method for generating Poisson random variables",
// 1993, algorithm PTRS.
func (s Source) Poisson(element uint32, lambda float64) int {
	switch {
	case !(lambda >= 0 && lambda <= 1e9):
		panic("kernels: Poisson: the mean must be from 0 to 1e9")
	case lambda < 10:
		w := s.Uint32x4(element, 0)
		u := uniform53(w[0], w[1])
		p := Exp64(-lambda)
		k := 0
		for u > p && k < 100 { // 100: far beyond what 53 bits can reach
			u -= p
			k++
			p = float64(p * (lambda / float64(k)))
		}
		return k
	}
	root, logL := math.Sqrt(lambda), Log64(lambda)
	b := 0.931 + float64(2.53*root)
	a := -0.059 + float64(0.02483*b)
	invAlpha := 1.1239 + 1.1328/(b-3.4)
	vr := 0.9277 - 3.6224/(b-2)
	for attempt := uint32(0); ; attempt++ {
		w := s.Uint32x4(element, attempt)
		u, v := uniform53(w[0], w[1])-0.5, uniform53(w[2], w[3])
		us := 0.5 - math.Abs(u)
		k := math.Floor(float64((2*a/us+b)*u) + lambda + 0.43)
		if us >= 0.07 && v <= vr {
			return int(k)
		}
		if k < 0 || us < 0.013 && v > us {
			continue
		}
		if Log64(v*invAlpha/(a/(us*us)+b)) <= float64(k*logL)-lambda-logFactorial(k) {
			return int(k)
		}
	}
}

// logFactorial returns log(k!) by products below 10, else by Stirling's series.
func logFactorial(k float64) float64 {
	if k < 10 {
		p := 1.0
		for i := 2.0; i <= k; i++ {
			p *= i
		}
		return Log64(p)
	}
	r := 1 / k
	const halfLogTau = 0x1.d67f1c864beb5p-1
	series := float64(r * (1.0/12 - float64(r*r*(1.0/360-float64(r*r*(1.0/1260))))))
	return float64((k+0.5)*Log64(k)) - k + halfLogTau + series
}
