package corrupt

import (
	"math"

	"shiftmill/stages/imageio"
)

// A field is a picture or a layer in float64: h*w*c values, row-major,
// channels interleaved, 0 to 1 unless a function says otherwise.
type field struct {
	h, w, c int
	v       []float64
}

func newField(h, w, c int) *field { return &field{h, w, c, make([]float64, h*w*c)} }

func (f *field) row(y int) []float64 { return f.v[y*f.w*f.c:][:f.w*f.c] }

func fromPixels(p *imageio.Pixels) *field {
	f := newField(p.H, p.W, p.C)
	for i, v := range p.Pix {
		f.v[i] = float64(v) / 255
	}
	return f
}

// whole is how far, in levels, a value may lie below a whole level and still
// count as it. Without it the rounding errors of sums would decide whether a
// flat area keeps its level when the rest is cut off.
const whole = 0x1p-20

// pixels clips to 0..1, scales by 255 and cuts off the rest.
func (f *field) pixels() *imageio.Pixels {
	p := imageio.NewPixels(f.h, f.w, f.c)
	for i, v := range f.v {
		p.Pix[i] = byte(float64(clip(v)*255) + whole)
	}
	return p
}

// truncated takes the values through 8 bits, cut off.
func (f *field) truncated() *field {
	for i, v := range f.v {
		f.v[i] = math.Floor(float64(clip(v)*255)+whole) / 255
	}
	return f
}

// rounded takes the values through 8 bits, rounded half up.
func (f *field) rounded() *field {
	for i, v := range f.v {
		f.v[i] = math.Floor(float64(clip(v)*255)+0.5) / 255
	}
	return f
}

func clip(v float64) float64 { return min(max(v, 0), 1) }

// A border says what stands outside a row of values a b c d.
type border int

const (
	nearest    border = iota // a a | a b c d | d d
	reflect                  // b a | a b c d | d c
	reflect101               // c b | a b c d | c b
)

// at maps an index to one within 0..n-1.
func (b border) at(i, n int) int {
	if 0 <= i && i < n {
		return i
	}
	switch {
	case b == nearest:
		return min(max(i, 0), n-1)
	case n == 1:
		return 0
	case b == reflect:
		i = ((i % (2 * n)) + 2*n) % (2 * n)
		if i >= n {
			i = 2*n - 1 - i
		}
	default:
		period := 2 * (n - 1)
		i = ((i % period) + period) % period
		if i >= n {
			i = period - i
		}
	}
	return i
}

// sample interpolates linearly at a point and stores one value a channel.
func (f *field) sample(dst []float64, y, x float64, b border) {
	fy, fx := math.Floor(y), math.Floor(x)
	ty, tx := y-fy, x-fx
	y0, y1 := b.at(int(fy), f.h), b.at(int(fy)+1, f.h)
	x0, x1 := b.at(int(fx), f.w)*f.c, b.at(int(fx)+1, f.w)*f.c
	top, bottom := f.row(y0), f.row(y1)
	for k := range dst {
		a := float64(top[x0+k]*(1-tx)) + float64(top[x1+k]*tx)
		c := float64(bottom[x0+k]*(1-tx)) + float64(bottom[x1+k]*tx)
		dst[k] = float64(a*(1-ty)) + float64(c*ty)
	}
}
