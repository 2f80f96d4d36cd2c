package stats

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

func near(t *testing.T, what string, got, want, rel float64) {
	t.Helper()
	if !(math.Abs(got-want) <= rel*math.Abs(want)) && got != want {
		t.Errorf("%s = %v, want %v within %v of it", what, got, want, rel)
	}
}

// Student's tail and quantile, Wilson's interval and rank correlation against
// SciPy; testdata/reference.py makes the values.
func TestSciPy(t *testing.T) {
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Tail     []struct{ T, DF, P float64 }
		Quantile []struct{ P, DF, T float64 }
		Wilson   []struct{ K, N, Low, High float64 }
		Spearman []struct {
			X, Y []float64
			Rho  float64
		}
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	for _, w := range want.Tail {
		near(t, "Tail", Tail(w.T, w.DF), w.P, 1e-9)
		near(t, "Tail", Tail(-w.T, w.DF), 1-w.P, 1e-9)
	}
	for _, w := range want.Quantile {
		near(t, "Quantile", Quantile(w.P, w.DF), w.T, 1e-9)
	}
	for _, w := range want.Wilson {
		low, high := Wilson(w.K/w.N, w.N, Normal975)
		near(t, "Wilson low", low+1, w.Low+1, 1e-12)
		near(t, "Wilson high", high, w.High, 1e-12)
	}
	for _, w := range want.Spearman {
		if got, ok := Spearman(w.X, w.Y); ok {
			near(t, "Spearman", got, w.Rho, 1e-12)
		}
	}
}

// Calibration errors against NumPy's, and the bootstrap's variance of a mean
// against the variance of a mean.
func TestCalibration(t *testing.T) {
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Calibration []struct {
			Confidence []float32
			Wrong      []int8
			ECE, RMS   float64

			ReferenceRMS, AURRA float64
		}
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	for _, w := range want.Calibration {
		cluster, keys := make([]int32, len(w.Wrong)), make([]uint64, len(w.Wrong))
		for i := range cluster {
			cluster[i], keys[i] = int32(i), uint64(i)
		}
		set := NewSet(cluster)
		c := NewCalibration(set, w.Confidence, w.Wrong)
		near(t, "ECE", c.ECE(nil), w.ECE, 1e-9)
		near(t, "RMS", c.RMS(nil), w.RMS, 1e-9)
		near(t, "RMS in the reference form", c.ReferenceRMS(nil), w.ReferenceRMS, 1e-9)
		near(t, "AURRA", c.AURRA(nil), w.AURRA, 1e-9)
		// A weight of 2 is every row twice.
		twos, twice := make([]uint8, len(w.Wrong)), &Calibration{}
		for i := range twos {
			twos[i] = 2
		}
		for _, r := range c.rows {
			twice.rows = append(twice.rows, r, r)
		}
		near(t, "AURRA of doubled rows", c.AURRA(twos), twice.AURRA(nil), 1e-12)

		mean := func(_ int, weights []uint8) float64 {
			sum, n := 0.0, 0.0
			for i, x := range w.Wrong {
				f := 1.0
				if weights != nil {
					f = float64(weights[i])
				}
				sum, n = sum+f*float64(x), n+f
			}
			return sum / n
		}
		got := NewBootstrap(keys).Estimate([]*Set{set}, 1, mean)
		exact := Linear([]Term{{1, set, Values{w.Wrong}}})
		near(t, "bootstrap's mean", got.Value, exact.Value, 1e-12)
		if len(w.Wrong) >= 100 {
			near(t, "bootstrap's variance", got.Images, exact.Images, 0.3) // 200 replicates: 10 % is one standard error
		}
	}
}

// Both forms of mAP against scikit-learn, with ties and a class without positives.
func TestPrecision(t *testing.T) {
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Precision []struct {
			Classes          int
			Scores           []float32
			Positive         []bool
			Macro, Reference float64
		}
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	for _, w := range want.Precision {
		cluster := make([]int32, len(w.Scores)/w.Classes)
		ones := make([]uint8, len(cluster))
		for i := range cluster {
			cluster[i], ones[i] = int32(i), 1
		}
		set := NewSet(cluster)
		macro := NewRanking(set, w.Scores, w.Positive, w.Classes, Macro)
		near(t, "macro mAP", macro.MeanPrecision(nil), w.Macro, 1e-9)
		near(t, "macro mAP, weighted by one", macro.MeanPrecision(ones), w.Macro, 1e-9)
		// A slice is the ranking of its rows alone.
		var at []int
		var scores []float32
		var positive []bool
		for i := range cluster {
			if i%3 != 1 {
				at = append(at, i)
				scores = append(scores, w.Scores[i*w.Classes:(i+1)*w.Classes]...)
				positive = append(positive, w.Positive[i*w.Classes:(i+1)*w.Classes]...)
			}
		}
		for _, form := range []Precision{Macro, Reference} {
			own := NewRanking(NewSet(cluster[:len(at)]), scores, positive, w.Classes, form)
			near(t, "mAP of a slice", NewRanking(set, w.Scores, w.Positive, w.Classes, form).Slice(at).MeanPrecision(nil), own.MeanPrecision(nil), 1e-15)
		}
		mean, with := 0.0, 0.0
		for c := range w.Classes {
			if macro.Positives(c) > 0 {
				mean, with = mean+macro.Precision(c, nil), with+1
			}
		}
		near(t, "mean of the classes' precision", mean/with, w.Macro, 1e-9)
		near(t, "reference mAP", NewRanking(set, w.Scores, w.Positive, w.Classes, Reference).MeanPrecision(nil), w.Reference, 1e-9)
	}
}

// Wilson's exact coverage, over every outcome of n trials.
func TestWilsonCoverage(t *testing.T) {
	for _, n := range []int{20, 100, 1000} {
		low, high := make([]float64, n+1), make([]float64, n+1)
		for k := range low {
			low[k], high[k] = Wilson(float64(k)/float64(n), float64(n), Normal975)
		}
		sum, least := 0.0, 1.0
		for i := 1; i <= 99; i++ {
			p, c := float64(i)/100, 0.0
			for k := range low {
				if low[k] <= p && p <= high[k] {
					a, _ := math.Lgamma(float64(n + 1))
					b, _ := math.Lgamma(float64(k + 1))
					d, _ := math.Lgamma(float64(n - k + 1))
					c += math.Exp(a - b - d + float64(k)*math.Log(p) + float64(n-k)*math.Log(1-p))
				}
			}
			sum, least = sum+c, min(least, c)
		}
		t.Logf("n=%d: mean coverage %.4f, least %.4f", n, sum/99, least)
		if mean := sum / 99; mean < 0.945 || mean > 0.955 || least < 0.92 {
			t.Errorf("n=%d: mean coverage %.4f, least %.4f, want 0.945-0.955 and at least 0.92", n, mean, least)
		}
	}
}

func TestHolm(t *testing.T) {
	tests := []struct{ p, want []float64 }{
		{nil, nil},
		{[]float64{0.04}, []float64{0.04}},
		{[]float64{0.01, 0.04, 0.03, 0.005}, []float64{0.03, 0.06, 0.06, 0.02}}, // Holm's own steps, by hand
		{[]float64{0.9, 0.8}, []float64{1, 1}},
	}
	for _, tt := range tests {
		got := Holm(tt.p)
		for i := range tt.want {
			near(t, "Holm", got[i], tt.want[i], 1e-14)
		}
	}
}

// A lower bound is that of the interval with the same tail, and falls with it.
func TestRateBound(t *testing.T) {
	for _, e := range []Estimate{
		{Value: 0.3, Rows: 50, Simple: true, DF: 49, Images: 0.3 * 0.7 / 50},
		{Value: 0.3, Images: 0.002, Seeds: 0.001, DF: 4, Rows: 300},
	} {
		low, _ := e.RateInterval()
		near(t, "bound at 2.5 %", e.RateBound(0.025), low, 1e-7) // the normal quantile is taken at 1e7 degrees of freedom
		if e.RateBound(0.001) >= low {
			t.Errorf("%+v: the bound at 0.1 %% is %v, at 2.5 %% %v", e, e.RateBound(0.001), low)
		}
	}
}
