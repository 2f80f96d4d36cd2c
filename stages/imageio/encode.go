package imageio

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"shiftmill/stages/imageio/jpeg"
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

// EncodeJPEG returns p as a baseline JPEG file of that quality, 1 to 100: the bytes of Pillow's save(format="JPEG", quality=quality),
// with chroma halved both ways. p must have 3 channels (or 1, grey) and sides of 1 to 65,500.
func EncodeJPEG(p *Pixels, quality int) []byte {
	data, err := jpeg.Encode(p.Pix, p.H, p.W, p.C, quality, jpeg.S420)
	if err != nil {
		panic("imageio: " + err.Error())
	}
	return data
}

// JPEGRoundTrip returns Decode(EncodeJPEG(p, quality)) without the entropy coding between them. p must have 3 channels.
func JPEGRoundTrip(p *Pixels, quality int) *Pixels {
	pix, err := jpeg.RoundTrip(p.Pix, p.H, p.W, quality)
	if err != nil {
		panic("imageio: " + err.Error())
	}
	return &Pixels{H: p.H, W: p.W, C: 3, Pix: pix}
}
