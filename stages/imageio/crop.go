package imageio

import "fmt"

// Crop returns a copy of the h x w pixels of src whose upper left corner is at row y, column x.
// The rectangle must lie inside src: a caller that computes one knows src's size.
func Crop(src *Pixels, y, x, h, w int) *Pixels {
	if y < 0 || x < 0 || h < 0 || w < 0 || y > src.H-h || x > src.W-w {
		panic(fmt.Sprintf("imageio: crop of %d x %d at row %d, column %d from an image of %d x %d", h, w, y, x, src.H, src.W))
	}
	dst := NewPixels(h, w, src.C)
	for i := range h {
		from := ((y+i)*src.W + x) * src.C
		copy(dst.Row(i), src.Pix[from:from+w*src.C])
	}
	return dst
}

// CenterCrop returns the middle h x w pixels of src, as torchvision's center_crop does: half of an odd surplus is rounded
// half to even; where src is smaller, it is first set in black, an odd row or column more below and to the right.
func CenterCrop(src *Pixels, h, w int) *Pixels {
	if src.H < h || src.W < w {
		src = pad(src, max(h, src.H), max(w, src.W))
	}
	return Crop(src, halfToEven(src.H-h), halfToEven(src.W-w), h, w)
}

// halfToEven is n/2 rounded half to even, as Python's round does, for n >= 0.
func halfToEven(n int) int {
	half := n / 2
	if n%2 == 1 && half%2 == 1 {
		half++
	}
	return half
}

// pad places src in a black image of h x w, which is at least as large.
func pad(src *Pixels, h, w int) *Pixels {
	dst := NewPixels(h, w, src.C)
	y, x := (h-src.H)/2, (w-src.W)/2
	for i := range src.H {
		copy(dst.Row(y + i)[x*src.C:], src.Row(i))
	}
	return dst
}

// FlipH returns src mirrored left to right.
func FlipH(src *Pixels) *Pixels {
	dst := NewPixels(src.H, src.W, src.C)
	c := src.C
	for y := range src.H {
		from, to := src.Row(y), dst.Row(y)
		for i, j := 0, len(to)-c; j >= 0; i, j = i+c, j-c {
			copy(to[j:j+c], from[i:i+c])
		}
	}
	return dst
}
