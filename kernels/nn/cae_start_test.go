package nn

import (
	"math"
	"testing"

	"shiftmill/kernels"
)

// TestCodingStart sends pictures through a CAE that was not trained: slopes
// and a disc of moderate colours come back, borders included.
func TestCodingStart(t *testing.T) {
	const h, w = 96, 128
	c := NewCAE()
	key := kernels.NewKey("test", 1, 3, "weights", 0)
	c.InitCoding(key)
	x := Signal{C: 3, H: h, W: w, Data: make([]float32, 3*h*w)}
	for i := range x.Data {
		channel, at := i/(h*w), i%(h*w)
		y, v := float64(at/w)/h, float64(at%w)/w
		x.Data[i] = float32([]float64{v, .5*v + .5*y, .8*v + .2*y}[channel])
		if d := (y-.5)*(y-.5) + (v-.4)*(v-.4); d < .04 {
			x.Data[i] = float32([]float64{.8, .55, .5}[channel])
		}
	}
	var code, y Signal
	pool := kernels.NewPool(1)
	c.Encode(&code, x, pool)
	uniform := make([]float32, len(code.Data))
	key.Row("bits").Uniforms(uniform, 0)
	kernels.StochasticSign(code.Data, code.Data, uniform)
	c.Decode(&y, code, pool)
	sum := 0.0
	for i, v := range y.Data {
		d := float64(v) - float64(x.Data[i])
		sum += d * d
	}
	if psnr := -10 * math.Log10(sum/float64(len(y.Data))); !(psnr > 19) {
		t.Errorf("%.1f dB, want more than 19", psnr)
	} else {
		t.Logf("%.1f dB", psnr)
	}
}
