package stats

import "math"

// Spearman is the rank correlation of pairs, ties given their middle rank. ok
// is false with fewer than three pairs or where one side is all alike.
func Spearman(x, y []float64) (rho float64, ok bool) {
	if len(x) < 3 {
		return 0, false
	}
	return pearson(ranks(x), ranks(y))
}

// ranks counts twice the smaller values plus the equal ones, which orders as
// middle ranks do and stays whole.
func ranks(x []float64) []float64 {
	r := make([]float64, len(x))
	for i, a := range x {
		for _, b := range x {
			switch {
			case b < a:
				r[i] += 2
			case b == a:
				r[i]++
			}
		}
	}
	return r
}

func pearson(x, y []float64) (r float64, ok bool) {
	mx, vx := moments(x)
	my, vy := moments(y)
	if vx == 0 || vy == 0 {
		return 0, false
	}
	var s float64
	for i := range x {
		s += float64((x[i] - mx) * (y[i] - my))
	}
	return s / float64(float64(len(x)-1)*math.Sqrt(float64(vx*vy))), true
}
