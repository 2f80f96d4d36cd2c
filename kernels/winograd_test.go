package kernels

import (
	"fmt"
	"math"
	"runtime/debug"
	"testing"
)

// oracleWinograd is Conv2DWinograd, tile by tile, as its comment says.
func oracleWinograd(x, w, bias []float32, s ConvShape) []float32 {
	s = s.filled()
	y := make([]float32, s.N*s.Co*s.OutH()*s.OutW())
	twice := func(v [4][4]float32, f func(a, b, c, d float32) [4]float32) (t [4][4]float32) {
		for j := range 4 {
			for i, r := range f(v[0][j], v[1][j], v[2][j], v[3][j]) {
				t[i][j] = r
			}
		}
		for i := range t {
			t[i] = f(t[i][0], t[i][1], t[i][2], t[i][3])
		}
		return t
	}
	input := func(a, b, c, d float32) [4]float32 { return [4]float32{a - c, b + c, c - b, b - d} }
	weight := func(a, b, c, _ float32) [4]float32 {
		return [4]float32{a, float32(0.5 * ((a + c) + b)), float32(0.5 * ((a + c) - b)), c}
	}
	output := func(a, b, c, d float32) [4]float32 { return [4]float32{(a + b) + c, (b - c) - d} }
	for tile := range s.N * s.Co * ((s.OutH() + 1) / 2) * ((s.OutW() + 1) / 2) {
		across, down := (s.OutW()+1)/2, (s.OutH()+1)/2
		tx, ty, o, n := tile%across, tile/across%down, tile/across/down%s.Co, tile/across/down/s.Co
		var m [4][4]float32
		for c := range s.Ci {
			var d, g [4][4]float32
			for i := range 16 {
				if iy, ix := 2*ty+i/4-s.PadH, 2*tx+i%4-s.PadW; iy >= 0 && iy < s.H && ix >= 0 && ix < s.W {
					d[i/4][i%4] = x[((n*s.Ci+c)*s.H+iy)*s.W+ix]
				}
				if i/4 < 3 && i%4 < 3 {
					g[i/4][i%4] = w[((o*s.Ci+c)*3+i/4)*3+i%4]
				}
			}
			v, u := twice(d, input), twice(g, weight)
			for i := range 16 {
				m[i/4][i%4] = FMA32(v[i/4][i%4], u[i/4][i%4], m[i/4][i%4])
			}
		}
		for i, v := range twice(m, output) {
			for j := range 2 {
				if oy, ox := 2*ty+i, 2*tx+j; i < 2 && oy < s.OutH() && ox < s.OutW() {
					out := v[j]
					if bias != nil {
						out += bias[o]
					}
					y[((n*s.Co+o)*s.OutH()+oy)*s.OutW()+ox] = out
				}
			}
		}
	}
	return y
}

// TestWinograd compares drawn shapes with the definition bit for bit on every backend, and with the direct convolution by
// what rounding allows.
func TestWinograd(t *testing.T) {
	eachDrawn("winograd", 24, 2000, func(i uint32, of func(list ...int) int) {
		c := ConvShape{
			N: of(1, 1, 2, 3), KH: 3, KW: 3, PadH: of(0, 1, 1, 2), PadW: of(0, 1, 1, 3), H: of(1, 2, 3, 4, 5, 8, 13, 30, 33),
			W: of(1, 2, 3, 4, 7, 8, 15, 17, 40), Ci: of(1, 3, 16, 17, 40, 150), Co: of(1, 3, 16, 33, 64, 70),
		}
		if c.Validate() != nil {
			return
		}
		x := testValues("x", c.N*c.Ci*c.H*c.W, i%2 == 1)
		w := testValues("w", c.Co*c.Ci*9, i%3 == 1)
		b := testValues("b", c.Co, false)
		y := oracleWinograd(x, w, b, c)
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			eachBackend(t, func(t *testing.T, p *Pool) {
				got, check := guarded(len(y))
				Conv2DWinograd(got, x, w, b, c, p)
				check(t, "Conv2DWinograd")
				sameBits(t, "Conv2DWinograd", got, y)
			})
			if i%2 == 1 || i%3 == 1 {
				return
			}
			direct := make([]float32, len(y))
			Conv2D(direct, x, w, b, c, nil)
			most := 1e-6 * 9 * float64(c.Ci) // values and weights are at most 1
			for j, v := range y {
				if d := math.Abs(float64(v - direct[j])); !(d <= most) {
					t.Fatalf("value %d is %g, directly %g", j, v, direct[j])
				}
			}
		})
	})
}

func TestValidateWinograd(t *testing.T) {
	s := ConvShape{N: 1, Ci: 4, H: 8, W: 8, Co: 4, KH: 3, KW: 3}
	if err := s.ValidateWinograd(); err != nil {
		t.Error(err)
	}
	for _, change := range []func(s *ConvShape){
		func(s *ConvShape) { s.KH = 1 }, func(s *ConvShape) { s.KW = 5 }, func(s *ConvShape) { s.StrideH = 2 },
		func(s *ConvShape) { s.StrideW = 2 }, func(s *ConvShape) { s.DilH = 2 }, func(s *ConvShape) { s.DilW = 2 }, func(s *ConvShape) { s.Groups = 2 },
	} {
		c := s
		change(&c)
		if c.ValidateWinograd() == nil {
			t.Errorf("%+v is allowed", c)
		}
	}
}

// TestWinogradAllocations checks that a band allocates nothing on one worker once buffers are there, whatever its size.
func TestWinogradAllocations(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection takes back buffers that wait to be used again
	const step, width = 32, 70
	src := Band{V: testValues("x", 10*(width+2)*step, false), Pitch: (width + 2) * step, Step: step}
	dst := Band{V: make([]float32, 8*width*step), Pitch: width * step, Step: step}
	eachBackend(t, func(t *testing.T, p *Pool) {
		if p.Workers() > 1 {
			return // goroutines are allocated for each call
		}
		c := NewBandConv(BandLayer{Ci: step, Co: step, Size: 3, Stride: 1, Cells: 1, Weights: testValues("w", step*step*9, false), Winograd: true}, p)
		defer c.Release()
		if n := testing.AllocsPerRun(5, func() { c.Rows(dst, src, nil, 8, width, p) }); n != 0 {
			t.Errorf("%g allocations a band", n)
		}
	})
}
