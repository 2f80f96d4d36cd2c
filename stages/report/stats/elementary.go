package stats

import "shiftmill/kernels"

// pi is the circle's number.
const pi = 0x1.921fb54442d18p+1

// log1p returns ln(1+x) for finite x > -1, within 4 units in the last place.
// For small x the sum 1+x, which would drop x's low bits, is never formed.
func log1p(x float64) float64 {
	if x <= -0.25 || x >= 0.4 {
		return kernels.Log64(1 + x)
	}
	f := x / (2 + x) // ln(1+x) = 2 artanh(x/(2+x)), by its series
	g := float64(f * f)
	s := 0.0
	for i := 25; i >= 3; i -= 2 {
		s = float64(g * (1/float64(i) + s))
	}
	return 2*f + float64(2*f*s)
}
