package jpeg

import (
	"bytes"
	"image"
	"image/draw"
	stdjpeg "image/jpeg"
	"os"
	"testing"

	"shiftmill/stages/imageio/internal/pillow"
)

// photo is a real picture, of 600 x 800.
func photo(b *testing.B) []byte {
	b.Helper()
	data, err := os.ReadFile(pillow.Photos(b, "../../..", "camera-photos/plant/panasonic-lz2.jpg")[0])
	if err != nil {
		b.Fatal(err)
	}
	return data
}

func BenchmarkDecode(b *testing.B) {
	data := photo(b)
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, _, err := Decode(data, Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("image/jpeg", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			img, err := stdjpeg.Decode(bytes.NewReader(data))
			if err != nil {
				b.Fatal(err)
			}
			rgba := image.NewRGBA(img.Bounds())
			draw.Draw(rgba, rgba.Rect, img, image.Point{}, draw.Src)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	pix, h, w, err := Decode(photo(b), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("file", func(b *testing.B) {
		b.SetBytes(int64(len(pix)))
		for b.Loop() {
			if _, err := Encode(pix, h, w, 3, 90, S420); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("round trip", func(b *testing.B) {
		b.SetBytes(int64(len(pix)))
		for b.Loop() {
			if _, err := RoundTrip(pix, h, w, 10); err != nil {
				b.Fatal(err)
			}
		}
	})
}
