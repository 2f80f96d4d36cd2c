package imageio

import (
	"image"
	"image/color"
)

// fromImage turns a decoded picture of the standard library into RGB, dropping alpha and the lower half of 16 bits.
func fromImage(img image.Image) *Pixels {
	b := img.Bounds()
	dst := NewPixels(b.Dy(), b.Dx(), 3)
	for y := range dst.H {
		row := dst.Row(y)
		for x := range dst.W {
			setRGB(row[3*x:3*x+3], img.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return dst
}

func setRGB(dst []byte, c color.Color) {
	switch c := c.(type) {
	case color.NRGBA:
		dst[0], dst[1], dst[2] = c.R, c.G, c.B
	case color.NRGBA64:
		dst[0], dst[1], dst[2] = byte(c.R>>8), byte(c.G>>8), byte(c.B>>8)
	default:
		r, g, b, _ := c.RGBA()
		dst[0], dst[1], dst[2] = byte(r>>8), byte(g>>8), byte(b>>8)
	}
}
