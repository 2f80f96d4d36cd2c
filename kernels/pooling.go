package kernels

import (
	"fmt"
	"image"
	"math"

	"shiftmill/kernels/internal/simd"
)

// PoolShape is the geometry of a pooling: x is [Planes, H, W] (Planes is n*c), y is [Planes, OutH, OutW]. A zero stride
// means the window's size.
type PoolShape struct {
	Planes, H, W     int
	KH, KW           int
	StrideH, StrideW int
	PadH, PadW       int
	ExcludePad       bool // average: divide by the positions inside the image, not by KH*KW
}

func (s PoolShape) filled() PoolShape {
	if s.StrideH == 0 {
		s.StrideH = s.KH
	}
	if s.StrideW == 0 {
		s.StrideW = s.KW
	}
	return s
}

// OutH returns the output's height.
func (s PoolShape) OutH() int { f := s.filled(); return convOut(f.H, f.KH, f.StrideH, f.PadH, 1) }

// OutW returns the output's width.
func (s PoolShape) OutW() int { f := s.filled(); return convOut(f.W, f.KW, f.StrideW, f.PadW, 1) }

// Validate returns an error that says what makes the shape impossible. Padding is less than the window, so that every
// window meets the image.
func (s PoolShape) Validate() error {
	f := s.filled()
	switch {
	case f.Planes < 0 || f.H < 1 || f.W < 1 || f.KH < 1 || f.KW < 1 || f.StrideH < 1 || f.StrideW < 1 || f.PadH < 0 || f.PadW < 0:
		return fmt.Errorf("pooling: window %dx%d, stride %dx%d, padding %dx%d, image %dx%d: sizes and strides must be positive, padding not negative",
			f.KH, f.KW, f.StrideH, f.StrideW, f.PadH, f.PadW, f.H, f.W)
	case 2*f.PadH > f.KH || 2*f.PadW > f.KW:
		return fmt.Errorf("pooling: padding %dx%d is more than half of the window %dx%d", f.PadH, f.PadW, f.KH, f.KW)
	case f.OutH() < 1 || f.OutW() < 1:
		return fmt.Errorf("pooling: the window %dx%d is larger than the padded image %dx%d", f.KH, f.KW, f.H+2*f.PadH, f.W+2*f.PadW)
	}
	return nil
}

func (s PoolShape) checked(op string, x, y []float32) PoolShape {
	if err := s.Validate(); err != nil {
		panic("kernels: " + op + ": " + err.Error())
	}
	f := s.filled()
	sameLength(op+" x", f.Planes*f.H*f.W, len(x))
	sameLength(op+" y", f.Planes*f.OutH()*f.OutW(), len(y))
	return f
}

// window returns the part of output position o's window that lies in an image of size n.
func window(o, k, stride, pad, n int) (first, end int) {
	first = o*stride - pad
	return max(first, 0), min(first+k, n)
}

// MaxPool stores in dst the maximum of each window and in index, unless nil, its position in the plane, for MaxPoolBack.
// Positions outside are no candidates; of equal values the first in (row, column) order wins, a NaN beats a number.
func MaxPool(dst []float32, index []int32, x []float32, s PoolShape, p *Pool) {
	if index == nil {
		maxValues(dst, x, s, p)
		return
	}
	maxPool(dst, index, x, s, p)
}

// A position is the place of a maximum in its plane. As a float32 it is exact below 2^24.
type position interface{ int32 | float32 }

func maxPool[T position](dst []float32, index []T, x []float32, s PoolShape, p *Pool) {
	s = s.checked("MaxPool", x, dst)
	oh, ow := s.OutH(), s.OutW()
	sameLength("MaxPool index", len(dst), len(index))
	whole := s.whole()
	p.Run(s.Planes, func(i int) {
		in, out, at := x[i*s.H*s.W:(i+1)*s.H*s.W], dst[i*oh*ow:(i+1)*oh*ow], index[i*oh*ow:(i+1)*oh*ow]
		if !whole.Empty() {
			wholeMaxima(out, at, in, s, whole)
		}
		for oy := range oh {
			y0, y1 := window(oy, s.KH, s.StrideH, s.PadH, s.H)
			for ox := 0; ox < ow; ox++ {
				if image.Pt(ox, oy).In(whole) {
					ox = whole.Max.X - 1
					continue
				}
				x0, x1 := window(ox, s.KW, s.StrideW, s.PadW, s.W)
				best := y0*s.W + x0
				m := in[best]
				for y := y0; y < y1; y++ {
					for j, v := range in[y*s.W+x0 : y*s.W+x1] {
						if v > m || v != v && m == m {
							m, best = v, y*s.W+x0+j
						}
					}
				}
				out[oy*ow+ox], at[oy*ow+ox] = m, T(best)
			}
		}
	})
}

// whole returns the outputs whose windows lie in the image, or nothing where they are too few for vectors.
func (s PoolShape) whole() image.Rectangle {
	var r image.Rectangle
	r.Min.X, r.Max.X = inside(s.StrideW, s.PadW, s.KW, s.W)
	r.Min.Y, r.Max.Y = inside(s.StrideH, s.PadH, s.KH, s.H)
	if r.Dx() < 4 || r.Dx()*r.Dy() < simd.Lanes {
		return image.Rectangle{}
	}
	return r
}

// inside returns the outputs whose windows lie in an image of size n, in one direction.
func inside(stride, pad, k, n int) (first, end int) {
	if n+pad < k {
		return 0, 0
	}
	return (pad + stride - 1) / stride, (n+pad-k)/stride + 1
}

// wholeMaxima stores the maxima of the windows of a plane that lie in it, and their positions. It takes them for a window
// that begins at every row, since then the values that one place of all windows has lie side by side.
func wholeMaxima[T position](out []float32, at []T, in []float32, s PoolShape, whole image.Rectangle) {
	be := backend()
	left := whole.Min.X*s.StrideW - s.PadW // where the first window begins
	width := (s.W + s.StrideW - 1) / s.StrideW
	n := (s.H-s.KH)*width + whole.Dx() // windows
	b := getFloats(2*n + min(s.StrideW, s.KW)*s.H*width)
	defer b.put()
	m, place, columns := b.v[:n], b.v[n:2*n], b.v[2*n:]
	s.phases(be, columns, in, left)
	clear(place)
	for kh := range s.KH {
		for kw := range s.KW {
			v := columns[(kw%s.StrideW*s.H+kh)*width+kw/s.StrideW:][:n]
			if kh+kw == 0 {
				copy(m, v)
			} else {
				be.MaxAt(float32(kh*s.W+kw), m, place, v)
			}
		}
	}
	for oy := whole.Min.Y; oy < whole.Max.Y; oy++ {
		y0 := oy*s.StrideH - s.PadH
		to := oy*s.OutW() + whole.Min.X
		copy(out[to:to+whole.Dx()], m[y0*width:])
		for j, k := range place[y0*width:][:whole.Dx()] {
			at[to+j] = T(y0*s.W+left+j*s.StrideW) + T(k)
		}
	}
}

// phases stores, of each phase that windows read, the columns left+phase, left+phase+StrideW and so on of all rows of a plane,
// as many side by side as make StrideW times the plane's width.
func (s PoolShape) phases(be simd.Backend, columns, in []float32, left int) {
	width := (s.W + s.StrideW - 1) / s.StrideW
	for f := range min(s.StrideW, s.KW) {
		to := columns[f*s.H*width:][:s.H*width]
		if s.W == width*s.StrideW {
			everyOf(be, to[:(len(in)-left-f+s.StrideW-1)/s.StrideW], in[left+f:], s.StrideW)
			continue
		}
		for y := range s.H {
			row := in[y*s.W+left+f : (y+1)*s.W]
			everyOf(be, to[y*width:][:(len(row)+s.StrideW-1)/s.StrideW], row, s.StrideW)
		}
	}
}

// maxValues takes maxima along rows first and then of these, which are the same: in (row, column) order the first of equal
// values of a window is in the first row that has one. The padding is -Inf, which no value yields to.
func maxValues(dst, x []float32, s PoolShape, p *Pool) {
	s = s.checked("MaxPool", x, dst)
	oh, ow := s.OutH(), s.OutW()
	be := backend()
	// Output ox reads the padded row at ox*StrideW+kw: of phase kw%StrideW the value number ox+kw/StrideW.
	phases := min(s.StrideW, s.KW)
	wide := (ow + simd.Lanes - 1) / simd.Lanes * simd.Lanes // whole vectors
	pitch := wide + (s.KW-1)/s.StrideW + simd.Lanes
	padded := max(pitch*s.StrideW, s.PadW+s.W)
	p.Run(s.Planes, func(i int) {
		in, out := x[i*s.H*s.W:(i+1)*s.H*s.W], dst[i*oh*ow:(i+1)*oh*ow]
		b := getFloats((s.H+1)*wide + padded + phases*pitch)
		defer b.put()
		rows, row := b.v[:s.H*wide], b.v[s.H*wide:][:wide]
		line, cut := b.v[(s.H+1)*wide:][:padded], b.v[(s.H+1)*wide+padded:]
		for j := range line {
			line[j] = float32(math.Inf(-1))
		}
		for y := range s.H {
			copy(line[s.PadW:], in[y*s.W:(y+1)*s.W])
			to := rows[y*wide : (y+1)*wide]
			for f := range phases {
				everyOf(be, cut[f*pitch:][:wide+(s.KW-1)/s.StrideW], line[f:], s.StrideW)
			}
			copy(to, cut)
			for kw := 1; kw < s.KW; kw++ {
				be.Max(to, to, cut[kw%s.StrideW*pitch+kw/s.StrideW:][:wide])
			}
		}
		for oy := range oh {
			y0, y1 := window(oy, s.KH, s.StrideH, s.PadH, s.H)
			first := rows[y0*wide : (y0+1)*wide]
			for y := y0 + 1; y < y1; y++ {
				be.Max(row, first, rows[y*wide:(y+1)*wide])
				first = row
			}
			copy(out[oy*ow:(oy+1)*ow], first)
		}
	})
}

// everyOf sets dst[j] to x[j*step].
func everyOf(be simd.Backend, dst, x []float32, step int) {
	switch step {
	case 1:
		copy(dst, x)
	case 2:
		be.Deinterleave(dst, x)
	default:
		for j := range dst {
			dst[j] = x[j*step]
		}
	}
}

// MaxPoolBack stores in dx the gradient of MaxPool: each dy is added, in ascending order, at the position of its maximum.
func MaxPoolBack(dx, dy []float32, index []int32, s PoolShape, p *Pool) {
	maxPoolBack(dx, dy, index, s, p)
}

func maxPoolBack[T position](dx, dy []float32, index []T, s PoolShape, p *Pool) {
	s = s.checked("MaxPoolBack", dx, dy)
	sameLength("MaxPoolBack index", len(dy), len(index))
	out := s.OutH() * s.OutW()
	p.Run(s.Planes, func(i int) {
		plane := dx[i*s.H*s.W : (i+1)*s.H*s.W]
		clear(plane)
		for j, d := range dy[i*out : (i+1)*out] {
			plane[int(index[i*out+j])] += d
		}
	})
}

// AvgPool stores in dst the average of each window: a sum from +0 in (row, column) order, positions in the padding left
// out of the sum, divided once by KH*KW or, with ExcludePad, by the positions inside.
func AvgPool(dst, x []float32, s PoolShape, p *Pool) {
	s = s.checked("AvgPool", x, dst)
	whole := s.whole()
	if whole.Empty() {
		s.average(dst, x, s.OutH(), s.OutW(), s.fixedRows, s.fixedCols, p)
		return
	}
	p.Run(s.Planes, func(i int) {
		in, out := x[i*s.H*s.W:(i+1)*s.H*s.W], dst[i*s.OutH()*s.OutW():(i+1)*s.OutH()*s.OutW()]
		wholeAverages(out, in, s, whole)
		for oy := range s.OutH() {
			y0, y1 := s.fixedRows(oy)
			for ox := 0; ox < s.OutW(); ox++ {
				if image.Pt(ox, oy).In(whole) {
					ox = whole.Max.X - 1
					continue
				}
				x0, x1 := s.fixedCols(ox)
				out[oy*s.OutW()+ox] = s.one(in, y0, y1, x0, x1)
			}
		}
	})
}

// wholeAverages stores the averages of the windows of a plane that lie in it, as wholeMaxima does the maxima.
func wholeAverages(out, in []float32, s PoolShape, whole image.Rectangle) {
	be := backend()
	width := (s.W + s.StrideW - 1) / s.StrideW
	n := (s.H-s.KH)*width + whole.Dx()
	b := getFloats(n + min(s.StrideW, s.KW)*s.H*width)
	defer b.put()
	sums, columns := b.v[:n], b.v[n:]
	s.phases(be, columns, in, whole.Min.X*s.StrideW-s.PadW)
	clear(sums)
	for kh := range s.KH {
		for kw := range s.KW {
			be.Add(sums, sums, columns[(kw%s.StrideW*s.H+kh)*width+kw/s.StrideW:][:n])
		}
	}
	d := s.divisor(s.KH * s.KW)
	for oy := whole.Min.Y; oy < whole.Max.Y; oy++ {
		to := out[oy*s.OutW()+whole.Min.X:][:whole.Dx()]
		for j, v := range sums[(oy*s.StrideH-s.PadH)*width:][:whole.Dx()] {
			to[j] = v / d
		}
	}
}

// one is the average of a window.
func (s PoolShape) one(in []float32, y0, y1, x0, x1 int) float32 {
	var sum float32
	for y := y0; y < y1; y++ {
		for _, v := range in[y*s.W+x0 : y*s.W+x1] {
			sum += v
		}
	}
	return sum / s.divisor((y1-y0)*(x1-x0))
}

// AvgPoolBack stores in dx the gradient of AvgPool: dy divided by the window's divisor, added in ascending order of windows.
func AvgPoolBack(dx, dy []float32, s PoolShape, p *Pool) {
	s = s.checked("AvgPoolBack", dx, dy)
	s.averageBack(dx, dy, s.OutH(), s.OutW(), s.fixedRows, s.fixedCols, p)
}

func (s PoolShape) fixedRows(o int) (int, int) { return window(o, s.KH, s.StrideH, s.PadH, s.H) }
func (s PoolShape) fixedCols(o int) (int, int) { return window(o, s.KW, s.StrideW, s.PadW, s.W) }

// divisor returns what a window's sum is divided by.
func (s PoolShape) divisor(inside int) float32 {
	if s.ExcludePad || s.KH == 0 {
		return float32(inside)
	}
	return float32(s.KH * s.KW)
}

func (s PoolShape) average(dst, x []float32, oh, ow int, rows, cols func(int) (int, int), p *Pool) {
	p.Run(s.Planes, func(i int) {
		in, at := x[i*s.H*s.W:(i+1)*s.H*s.W], i*oh*ow
		for oy := range oh {
			y0, y1 := rows(oy)
			for ox := range ow {
				x0, x1 := cols(ox)
				dst[at] = s.one(in, y0, y1, x0, x1)
				at++
			}
		}
	})
}

func (s PoolShape) averageBack(dx, dy []float32, oh, ow int, rows, cols func(int) (int, int), p *Pool) {
	p.Run(s.Planes, func(i int) {
		in, at := dx[i*s.H*s.W:(i+1)*s.H*s.W], i*oh*ow
		clear(in)
		for oy := range oh {
			y0, y1 := rows(oy)
			for ox := range ow {
				x0, x1 := cols(ox)
				d := dy[at] / s.divisor((y1-y0)*(x1-x0))
				for y := y0; y < y1; y++ {
					row := in[y*s.W+x0 : y*s.W+x1]
					for j := range row {
						row[j] += d
					}
				}
				at++
			}
		}
	})
}

// AdaptiveAvgPool averages x [planes, h, w] to dst [planes, oh, ow]; output i covers the rows from floor(i*h/oh) to
// ceil((i+1)*h/oh), columns likewise, summed and divided as by AvgPool.
func AdaptiveAvgPool(dst, x []float32, planes, h, w, oh, ow int, p *Pool) {
	s := adaptive("AdaptiveAvgPool", x, dst, planes, h, w, oh, ow)
	s.average(dst, x, oh, ow, part(h, oh), part(w, ow), p)
}

// AdaptiveAvgPoolBack stores in dx the gradient of AdaptiveAvgPool.
func AdaptiveAvgPoolBack(dx, dy []float32, planes, h, w, oh, ow int, p *Pool) {
	s := adaptive("AdaptiveAvgPoolBack", dx, dy, planes, h, w, oh, ow)
	s.averageBack(dx, dy, oh, ow, part(h, oh), part(w, ow), p)
}

func adaptive(op string, x, y []float32, planes, h, w, oh, ow int) PoolShape {
	if oh < 1 || ow < 1 || h < 1 || w < 1 {
		panic(fmt.Sprintf("kernels: %s: sizes must be positive, got %dx%d to %dx%d", op, h, w, oh, ow))
	}
	sameLength(op+" x", planes*h*w, len(x))
	sameLength(op+" y", planes*oh*ow, len(y))
	return PoolShape{Planes: planes, H: h, W: w}
}

func part(n, parts int) func(int) (int, int) {
	return func(i int) (int, int) { return i * n / parts, ((i+1)*n + parts - 1) / parts }
}

// GlobalAvgPool stores in dst [planes] the average of each plane of x [planes, plane]: AvgPool with one window.
func GlobalAvgPool(dst, x []float32, planes, plane int, p *Pool) {
	AdaptiveAvgPool(dst, x, planes, 1, plane, 1, 1, p)
}

// GlobalAvgPoolBack stores in dx [planes, plane] the gradient of GlobalAvgPool.
func GlobalAvgPoolBack(dx, dy []float32, planes, plane int, p *Pool) {
	AdaptiveAvgPoolBack(dx, dy, planes, 1, plane, 1, 1, p)
}
