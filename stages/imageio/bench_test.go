package imageio

import (
	"image"
	"testing"

	xdraw "golang.org/x/image/draw"
)

func BenchmarkResize(b *testing.B) {
	src := picture(375, 500, 3, 1)
	for _, f := range []Filter{Bilinear, Bicubic, Lanczos} {
		b.Run(f.String(), func(b *testing.B) {
			b.SetBytes(int64(len(src.Pix)))
			for b.Loop() {
				Resize(src, 256, 341, f)
			}
		})
	}
	b.Run("x/image/draw", func(b *testing.B) {
		rgba := image.NewRGBA(image.Rect(0, 0, 500, 375))
		for b.Loop() {
			dst := image.NewRGBA(image.Rect(0, 0, 341, 256))
			xdraw.BiLinear.Scale(dst, dst.Rect, rgba, rgba.Rect, xdraw.Src, nil)
		}
	})
}
