package imageio

import "fmt"

// Resize returns src scaled to h rows and w columns, equal in every value to Pillow's
// Image.resize((w, h), f) of a picture without alpha: channels are scaled independently, any number of them.
// Pillow 13.0 and later take columns before rows where the height shrinks more than the width, which moves single values;
// here rows always come first, as in all versions before, with which published models were trained.
// When an image is made smaller the filter widens with the scale (antialiasing); Nearest takes single pixels.
// h, w and src's sides must be at least 1.
//
// Source: Pillow, src/libImaging/Resample.c (method): taps in float64, normalised, rounded half away from zero
// to multiples of 2^-22; rows first, then columns, each sum rounded half up and clamped to 8 bits.
func Resize(src *Pixels, h, w int, f Filter) *Pixels {
	if h < 1 || w < 1 || src.H < 1 || src.W < 1 {
		panic(fmt.Sprintf("imageio: resize of an image of %d x %d to %d x %d", src.H, src.W, h, w))
	}
	if src.H == h && src.W == w {
		return src.Clone()
	}
	if f == Nearest {
		return resizeNearest(src, h, w)
	}
	dst := NewPixels(h, w, src.C)
	if !resampleWide(dst, src, f) {
		resample(dst, src, f)
	}
	return dst
}

// resample makes dst of src, two rows or one at a time.
func resample(dst, src *Pixels, f Filter) {
	h, w := dst.H, dst.W
	switch {
	case src.H == h:
		newRowPass(newTaps(src.W, w, f), src).run(dst.Pix, 0, h)
	case src.W == w:
		blend(dst, newTaps(src.H, h, f), func(from, to int) []byte { return src.Pix[from*w*src.C : to*w*src.C] })
	default:
		columns := newTaps(src.H, h, f)
		blend(dst, columns, newWindow(newRowPass(newTaps(src.W, w, f), src), columns, w*src.C).rows)
	}
}

// blend makes each row of dst from the rows that its taps name; rows returns those numbered from up to to.
func blend(dst *Pixels, t *taps, rows func(from, to int) []byte) {
	for y, from := range t.start {
		n := t.count[y]
		blendRows(dst.Row(y), rows(from, from+n), t.weight[y*t.width:][:n])
	}
}

// window holds the resampled rows that the second pass still needs, so that they stay in the cache and not all need memory.
type window struct {
	pass          *rowPass
	size          int // bytes of a row
	buf           []byte
	first, filled int // number of the first row in buf, and how many there are
}

func newWindow(pass *rowPass, columns *taps, size int) *window {
	most := 0
	for _, n := range columns.count {
		most = max(most, n)
	}
	return &window{pass: pass, size: size, buf: make([]byte, min(most+windowRows, pass.src.H)*size)}
}

// windowRows is how many rows are resampled at a time, next to those that one output row needs; an even number suits the pass.
const windowRows = 32

// rows returns the rows numbered from up to to, which must not go back behind earlier calls.
func (w *window) rows(from, to int) []byte {
	if to > w.first+w.filled {
		keep := max(w.first+w.filled-from, 0)
		copy(w.buf, w.buf[(w.filled-keep)*w.size:w.filled*w.size])
		w.first, w.filled = from, keep
		more := min(len(w.buf)/w.size-keep, w.pass.src.H-from-keep)
		w.pass.run(w.buf[keep*w.size:], from+keep, more)
		w.filled += more
	}
	return w.buf[(from-w.first)*w.size : (to-w.first)*w.size]
}

// ResizeShorter scales src so that its shorter side becomes side pixels and its shape is kept, as torchvision's
// resize(side) does: the longer side is side*longer/shorter, rounded down.
func ResizeShorter(src *Pixels, side int, f Filter) *Pixels {
	h, w := ShorterSide(src.H, src.W, side)
	return Resize(src, h, w, f)
}

// ShorterSide returns the size to which ResizeShorter scales an image of h x w.
func ShorterSide(h, w, side int) (int, int) {
	if h < w {
		return side, max(1, int(int64(side)*int64(w)/int64(h)))
	}
	return max(1, int(int64(side)*int64(h)/int64(w))), side
}

func clip8(v int32) byte {
	v >>= precisionBits
	if uint32(v) > 255 {
		return byte(^(v >> 31))
	}
	return byte(v)
}

// resizeRowsGeneric resamples n rows of src from number first on.
func resizeRowsGeneric(dst []byte, src *Pixels, first, n int, t *taps) {
	size := len(t.start) * src.C
	for y := range n {
		out := dst[y*size:][:size]
		if src.C == 3 {
			resizeRow3(out, src.Row(first+y), t)
		} else {
			resizeRow(out, src.Row(first+y), t, src.C)
		}
	}
}

func resizeRow(dst, src []byte, t *taps, channels int) {
	for i, start := range t.start {
		weight := t.weight[i*t.width:][:t.count[i]]
		for c := range channels {
			sum, at := int32(1<<(precisionBits-1)), start*channels+c
			for _, k := range weight {
				sum += int32(src[at]) * k
				at += channels
			}
			dst[i*channels+c] = clip8(sum)
		}
	}
}

func resizeRow3(dst, src []byte, t *taps) {
	for i, start := range t.start {
		weight := t.weight[i*t.width:][:t.count[i]]
		in := src[start*3:][:len(weight)*3]
		r, g, b := int32(1<<(precisionBits-1)), int32(1<<(precisionBits-1)), int32(1<<(precisionBits-1))
		for _, k := range weight {
			r += int32(in[0]) * k
			g += int32(in[1]) * k
			b += int32(in[2]) * k
			in = in[3:]
		}
		out := dst[i*3:][:3]
		out[0], out[1], out[2] = clip8(r), clip8(g), clip8(b)
	}
}

// blendRowsGeneric makes a row as the weighted sum of len(weight) rows of the same length that stand one after the other in in.
func blendRowsGeneric(out, in []byte, weight []int32) {
	n := len(out)
	for x := range out {
		sum := int32(1 << (precisionBits - 1))
		for j, k := range weight {
			sum += int32(in[j*n+x]) * k
		}
		out[x] = clip8(sum)
	}
}

func resizeNearest(src *Pixels, h, w int) *Pixels {
	dst := NewPixels(h, w, src.C)
	columns, rows := nearest(src.W, w), nearest(src.H, h)
	for y, from := range rows {
		in, out := src.Row(from), dst.Row(y)
		for x, at := range columns {
			copy(out[x*src.C:(x+1)*src.C], in[at*src.C:])
		}
	}
	return dst
}

// nearest lists the input position of each output. Pillow adds the scale up instead of multiplying, so this does as well.
func nearest(in, out int) []int {
	at := make([]int, out)
	scale := float64(in) / float64(out)
	x := float64(scale * 0.5)
	for i := range at {
		at[i] = min(int(x), in-1)
		x += scale
	}
	return at
}
