package imageio

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

// view shows an image of 3 channels to the standard library's encoders.
type view struct{ *Pixels }

func (v view) ColorModel() color.Model { return color.RGBAModel }
func (v view) Bounds() image.Rectangle { return image.Rect(0, 0, v.W, v.H) }
func (v view) At(x, y int) color.Color {
	p := v.Row(y)[3*x:]
	return color.RGBA{p[0], p[1], p[2], 255}
}

// EncodePNG returns p as a PNG file of 8-bit RGB; the same pixels give the same bytes. p must have 3 channels and not be empty.
func EncodePNG(p *Pixels) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, view{p}); err != nil {
		panic("imageio: " + err.Error())
	}
	return b.Bytes()
}

// EncodeJPEG returns p as a baseline JPEG file of that quality, 1 to 100. p must have 3 channels and not be empty.
func EncodeJPEG(p *Pixels, quality int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, view{p}, &jpeg.Options{Quality: quality}); err != nil {
		panic("imageio: " + err.Error())
	}
	return b.Bytes()
}
