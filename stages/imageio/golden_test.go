package imageio_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"shiftmill/stages/imageio"
	"shiftmill/stages/stagetest"
)

// drawing is a picture with edges, ramps and noise, from whole numbers alone.
func drawing(h, w int) *imageio.Pixels {
	p := imageio.NewPixels(h, w, 3)
	state := uint32(1)
	for i := range p.Pix {
		state = state*1664525 + 1013904223
		y, x, c := i/3/w, i/3%w, i%3
		p.Pix[i] = byte(x*3 + y*5*(c+1) + int(state>>29))
		if (x/7+y/5)%2 == 0 {
			p.Pix[i] = byte(40*c + 15)
		}
	}
	return p
}

// TestGolden holds what every kind that opens pictures shares: decoding, encoding,
// scaling and the operations on pixels. A changed digest asks for another Version.
func TestGolden(t *testing.T) {
	p := drawing(37, 53)
	copied := func() *imageio.Pixels {
		c := imageio.NewPixels(p.H, p.W, 3)
		copy(c.Pix, p.Pix)
		return c
	}
	changed := func(f func(c *imageio.Pixels)) []byte {
		c := copied()
		f(c)
		return c.Pix
	}
	onto := func(f func(dst *imageio.Pixels)) []byte {
		dst := imageio.NewPixels(p.H, p.W, 3)
		f(dst)
		return dst.Pix
	}
	decoded := func(data []byte) []byte {
		got, err := imageio.Decode(data, imageio.DecodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return got.Pix
	}
	mean, std := [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}
	floats := make([]float32, len(p.Pix))
	imageio.ToFloat(p, mean, std, floats)
	var bits []byte
	for _, f := range floats {
		bits = binary.LittleEndian.AppendUint32(bits, math.Float32bits(f))
	}
	results := map[string][]byte{
		"png":           imageio.EncodePNG(p),
		"png decoded":   decoded(imageio.EncodePNG(p)),
		"jpeg 35":       imageio.EncodeJPEG(p, 35),
		"jpeg 90":       imageio.EncodeJPEG(p, 90),
		"jpeg decoded":  decoded(imageio.EncodeJPEG(p, 75)),
		"jpeg and back": imageio.JPEGRoundTrip(p, 20).Pix,
		"crop":          imageio.Crop(p, 3, 4, 20, 31).Pix,
		"center crop":   imageio.CenterCrop(p, 50, 20).Pix,
		"flip":          imageio.FlipH(p).Pix,
		"orient 6":      imageio.Orient(copied(), 6).Pix,
		"warp":          onto(func(dst *imageio.Pixels) { imageio.Warp(dst, p, imageio.Rotation(17, p.H, p.W), [3]byte{1, 2, 3}) }),
		"sharpen":       onto(func(dst *imageio.Pixels) { imageio.Sharpen(dst, p, 1.7) }),
		"brighten":      changed(func(c *imageio.Pixels) { imageio.Brighten(c, 1.3) }),
		"contrast":      changed(func(c *imageio.Pixels) { imageio.Contrast(c, 0.6) }),
		"colour":        changed(func(c *imageio.Pixels) { imageio.Colour(c, 1.9) }),
		"to float":      bits,
		"from float":    imageio.FromFloat(floats, p.H, p.W, mean, std).Pix,
	}
	for _, name := range []string{"nearest", "box", "bilinear", "bicubic", "lanczos"} {
		f, err := imageio.ParseFilter(name)
		if err != nil {
			continue // not every name is a filter here
		}
		results["smaller "+name] = imageio.Resize(p, 11, 19, f).Pix
		results["larger "+name] = imageio.Resize(p, 64, 70, f).Pix
		results["shorter side "+name] = imageio.ResizeShorter(p, 16, f).Pix
	}
	for name, data := range results {
		sum := sha256.Sum256(data)
		stagetest.Pin(t, name, imageio.Version, fmt.Sprintf("%x", sum[:16]))
	}
}
