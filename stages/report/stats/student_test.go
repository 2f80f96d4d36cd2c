package stats

import (
	"math"
	"testing"
)

func TestElementary(t *testing.T) {
	for _, s := range []float64{1e-12, 1e-5, 0.01, 0.1, 0.3, 0.39, 0.41, 1, 3, 1e3, 1e12, 1e100} {
		for _, x := range []float64{s, 1.37 * s, -s} {
			if x <= -1 {
				continue
			}
			if got, want := log1p(x), math.Log1p(x); math.Abs(got-want) > 9e-16*math.Abs(want) {
				t.Errorf("log1p(%v) = %v, want %v", x, got, want)
			}
		}
	}
	for x := 0.5; x < 1e5; x *= 1.7 {
		a, _ := math.Lgamma(x + 0.5)
		b, _ := math.Lgamma(x)
		if got, want := gammaRatio(x), math.Exp(a-b); math.Abs(got-want) > 1e-9*want {
			t.Errorf("gammaRatio(%v) = %v, want %v", x, got, want)
		}
	}
	if got := gammaRatio(0.5); math.Abs(got-1/math.Sqrt(math.Pi)) > 1e-14 {
		t.Errorf("gammaRatio(0.5) = %v", got)
	}
}
