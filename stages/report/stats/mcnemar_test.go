package stats

import "testing"

// Against scipy.stats.binomtest(min(b, c), b + c, 0.5).
func TestMcNemar(t *testing.T) {
	for _, w := range []struct {
		first, second int
		p             float64
	}{
		{0, 0, 1}, {1, 0, 1}, {3, 8, 0.2265625}, {8, 3, 0.2265625}, {5, 5, 1}, {10, 25, 0.016673847800120715},
		{120, 180, 0.0006342200069283566}, {900, 1000, 0.023108845108901193}, {4000, 4400, 1.3353978213570538e-05}, {0, 60, 1.734723475976807e-18},
	} {
		near(t, "McNemar", McNemar(w.first, w.second), w.p, 1e-9)
	}
}
