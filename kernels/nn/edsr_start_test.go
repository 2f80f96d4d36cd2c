package nn

import (
	"math"
	"testing"

	"shiftmill/kernels"
)

// TestInterpolatingStart compares a network that was not trained with the
// parabolas of its doc comment, in float64.
func TestInterpolatingStart(t *testing.T) {
	const h, w = 7, 9
	mean := [3]float64{255 * 0.4488, 255 * 0.4371, 255 * 0.4040}
	e := NewEDSR()
	e.InitInterpolating(kernels.NewKey("test", 1, 3, "weights", 0))
	x := Signal{C: 3, H: h, W: w, Data: make([]float32, 3*h*w)}
	kernels.NewKey("test", 1, 3, "picture", 0).Row("a").Ranges(x.Data, 0, 0, 255)
	var y Signal
	e.Forward(&y, x, kernels.NewPool(1))
	for c := range 3 {
		p := make([]float64, h*w)
		for i := range p {
			p[i] = float64(x.Data[c*h*w+i]) - mean[c]
		}
		want := parabolas(parabolas(p, h, w), 2*h, 2*w)
		for i, v := range want {
			if got := float64(y.Data[c*16*h*w+i]); math.Abs(got-v-mean[c]) > 0.01 {
				t.Fatalf("channel %d, value %d: %v, want %v", c, i, got, v+mean[c])
			}
		}
	}
}

// parabolas enlarges a plane by two; outside it is zero.
func parabolas(p []float64, h, w int) []float64 {
	out := make([]float64, 4*h*w)
	lagrange := func(at float64) [3]float64 { // through -1, 0, 1
		return [3]float64{at * (at - 1) / 2, 1 - at*at, at * (at + 1) / 2}
	}
	for y := range 2 * h {
		for x := range 2 * w {
			ky, kx := lagrange(float64(y%2)/2-0.25), lagrange(float64(x%2)/2-0.25)
			for i := range 3 {
				for j := range 3 {
					if r, c := y/2+i-1, x/2+j-1; r >= 0 && r < h && c >= 0 && c < w {
						out[y*2*w+x] += ky[i] * kx[j] * p[r*w+c]
					}
				}
			}
		}
	}
	return out
}
