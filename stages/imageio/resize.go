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
	if src.W != w {
		dst := NewPixels(src.H, w, src.C)
		resizeRows(dst, src, newTaps(src.W, w, f))
		src = dst
	}
	if src.H != h {
		dst := NewPixels(h, src.W, src.C)
		resizeColumns(dst, src, newTaps(src.H, h, f))
		src = dst
	}
	return src
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

// resizeRowsGeneric resamples each row; resizeColumnsGeneric, below, each column.
func resizeRowsGeneric(dst, src *Pixels, t *taps) {
	for y := range src.H {
		if src.C == 3 {
			resizeRow3(dst.Row(y), src.Row(y), t)
		} else {
			resizeRow(dst.Row(y), src.Row(y), t, src.C)
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

func resizeColumnsGeneric(dst, src *Pixels, t *taps) {
	sums := make([]int32, src.W*src.C)
	for i, start := range t.start {
		for j := range sums {
			sums[j] = 1 << (precisionBits - 1)
		}
		for j, k := range t.weight[i*t.width:][:t.count[i]] {
			row := src.Row(start + j)
			for x, v := range row {
				sums[x] += int32(v) * k
			}
		}
		out := dst.Row(i)
		for x, v := range sums {
			out[x] = clip8(v)
		}
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
