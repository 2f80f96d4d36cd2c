package imageio

import (
	"fmt"
	"image"
	"image/color"
)

// fromImage turns a picture that a decoder of x/image or the standard library made into RGB on a black canvas of h x w, alpha dropped.
func fromImage(img image.Image, h, w int) (*Pixels, error) {
	dst := NewPixels(h, w, 3)
	b := img.Bounds()
	var palette [256][3]byte // indices past the palette's end are black
	if img, ok := img.(*image.Paletted); ok {
		for i, c := range img.Palette[:min(len(img.Palette), 256)] {
			switch c := c.(type) {
			case color.RGBA:
				palette[i] = [3]byte{c.R, c.G, c.B}
			case color.NRGBA:
				palette[i] = [3]byte{c.R, c.G, c.B}
			}
		}
	}
	if b.Min.X < 0 || b.Min.Y < 0 || b.Max.X > w || b.Max.Y > h {
		return nil, fmt.Errorf("a frame of %v on a canvas of %d x %d pixels (height x width)", b, h, w)
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		row := dst.Row(y)[3*b.Min.X:]
		switch img := img.(type) {
		case *image.Paletted:
			from := img.Pix[img.PixOffset(b.Min.X, y):][:b.Dx()]
			for x, v := range from {
				copy(row[3*x:], palette[v][:])
			}
		case *image.NRGBA:
			dropAlpha(row, img.Pix[img.PixOffset(b.Min.X, y):], b.Dx())
		case *image.RGBA:
			dropAlpha(row, img.Pix[img.PixOffset(b.Min.X, y):], b.Dx())
		case *image.Gray:
			for x, v := range img.Pix[img.PixOffset(b.Min.X, y):][:b.Dx()] {
				copy(row[3*x:], []byte{v, v, v})
			}
		default:
			return nil, fmt.Errorf("a picture of kind %T", img)
		}
	}
	return dst, nil
}

func dropAlpha(dst, rgba []byte, n int) {
	for x := range n {
		copy(dst[3*x:3*x+3], rgba[4*x:])
	}
}
