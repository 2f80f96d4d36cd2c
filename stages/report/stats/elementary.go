package stats

import "math"

// ln 2 in two parts; the first has 21 low bits zero, so that k*ln2Hi is exact
// for every exponent k (the split of fdlibm's e_log.c).
const (
	ln2Hi = 0x1.62e42fee00000p-1
	ln2Lo = 0x1.a39ef35793c76p-33
	ln2   = 0x1.62e42fefa39efp-1
	pi    = 0x1.921fb54442d18p+1
)

// exp returns e**x for x in [-700, 700], within 2 units in the last place; below
// that range it returns 0. Taylor's series of the argument reduced to half of
// ln 2, by Horner.
func exp(x float64) float64 {
	if x < -700 {
		return 0
	}
	k := math.RoundToEven(x / ln2)
	r := float64(x-float64(k*ln2Hi)) - float64(k*ln2Lo)
	s := 1.0
	for i := 14; i >= 1; i-- {
		s = 1 + float64(float64(r*s)/float64(i))
	}
	return s * math.Float64frombits(uint64(1023+int64(k))<<52)
}

// log1p returns ln(1+x) for finite x > -1, within 4 units in the last place.
// For small x the sum 1+x, which would drop x's low bits, is never formed.
func log1p(x float64) float64 {
	if x > -0.25 && x < 0.4 {
		return atanhSeries(x / (2 + x))
	}
	u := math.Float64bits(1 + x)
	k := int64(u>>52) - 1023
	m := math.Float64frombits(u&(1<<52-1) | 1023<<52) // in [1, 2)
	if m > 0x1.6a09e667f3bcdp+0 {
		m, k = m/2, k+1
	}
	f := atanhSeries((m - 1) / (m + 1))
	return float64(float64(k)*ln2Hi) + float64(f+float64(float64(k)*ln2Lo))
}

// atanhSeries returns 2 artanh(f) for |f| <= 0.18.
func atanhSeries(f float64) float64 {
	g := float64(f * f)
	s := 0.0
	for i := 25; i >= 3; i -= 2 {
		s = float64(g * (1/float64(i) + s))
	}
	return 2*f + float64(2*f*s)
}
