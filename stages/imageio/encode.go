package imageio

import (
	"shiftmill/stages/imageio/jpeg"
	"shiftmill/stages/imageio/png"
)

// Version names what this package's decoders, encoders and resizing give; it is raised when one of them gives other values or bytes.
const Version = "imageio/1"

// EncodePNG returns p as a PNG file of 8 bits a channel; the same pixels give the same bytes, whatever the toolchain. p must have
// 3 channels (or 1, grey) and not be empty.
func EncodePNG(p *Pixels) []byte {
	data, err := png.Encode(p.Pix, p.H, p.W, p.C)
	if err != nil {
		panic("imageio: " + err.Error())
	}
	return data
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
