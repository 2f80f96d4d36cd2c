package corrupt

import (
	"math"

	"shiftmill/stages/imageio"
)

// A field is a picture or a layer in float32: h*w*c values, row-major,
// channels interleaved, 0 to 255 unless a function says otherwise.
type field struct {
	h, w, c int
	v       []float32
}

func newField(h, w, c int) *field { return &field{h, w, c, make([]float32, h*w*c)} }

func (f *field) row(y int) []float32 { return f.v[y*f.w*f.c:][:f.w*f.c] }

func fromPixels(p *imageio.Pixels) *field {
	f := newField(p.H, p.W, p.C)
	for i, v := range p.Pix {
		f.v[i] = float32(v)
	}
	return f
}

// whole is how far, in levels, a value may lie below a whole level and still
// count as it. Without it the rounding errors of sums would decide whether a
// flat area keeps its level when the rest is cut off.
const whole = 0x1p-10

// pixels clips to 0..255 and cuts the rest off.
func (f *field) pixels() *imageio.Pixels {
	p := imageio.NewPixels(f.h, f.w, f.c)
	quantize(p.Pix, f.v, whole)
	return p
}

// rounded takes the values to 8 bits, rounded half up.
func (f *field) rounded() *imageio.Pixels {
	p := imageio.NewPixels(f.h, f.w, f.c)
	quantize(p.Pix, f.v, 0.5)
	return p
}

// cut is a value in 8 bits as pixels makes it.
func cut(v float64) byte { return byte(min(max(v, 0), 255) + whole) }

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

// sample interpolates linearly at a point of a field of 3 channels.
func (f *field) sample(dst *[3]float32, y, x float64, b border) {
	fy, fx := math.Floor(y), math.Floor(x)
	ty, tx := float32(y-fy), float32(x-fx)
	iy, ix := int(fy), int(fx)
	stride := 3 * f.w
	o00 := iy*stride + 3*ix
	o01, o10 := o00+3, o00+stride
	if uint(iy) >= uint(f.h-1) || uint(ix) >= uint(f.w-1) {
		y0, y1 := b.at(iy, f.h)*stride, b.at(iy+1, f.h)*stride
		x0, x1 := 3*b.at(ix, f.w), 3*b.at(ix+1, f.w)
		f.blend(dst, y0+x0, y0+x1, y1+x0, y1+x1, ty, tx)
		return
	}
	f.blend(dst, o00, o01, o10, o10+3, ty, tx)
}

// blend weighs the pixels at four offsets.
func (f *field) blend(dst *[3]float32, o00, o01, o10, o11 int, ty, tx float32) {
	p, q := f.v[o00:o00+3:o00+3], f.v[o01:o01+3:o01+3]
	r, s := f.v[o10:o10+3:o10+3], f.v[o11:o11+3:o11+3]
	for k := range dst {
		top := p[k] + float32((q[k]-p[k])*tx)
		bottom := r[k] + float32((s[k]-r[k])*tx)
		dst[k] = top + float32((bottom-top)*ty)
	}
}
