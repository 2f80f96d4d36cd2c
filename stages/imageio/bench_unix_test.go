//go:build unix

package imageio

import (
	"os"
	"testing"

	"shiftmill/stages/imageio/internal/pillow"
)

// BenchmarkResizePillow scales a photograph's size as classifiers ask for it, beside Pillow where SHIFTMILL_PEERS names a Python
// that has it; -cpu 1 -benchtime 3000x makes turns long enough to be compared on a busy machine.
func BenchmarkResizePillow(b *testing.B) {
	var peer *pillow.Server
	if os.Getenv("SHIFTMILL_PEERS") != "" {
		peer = pillow.Start(b)
	}
	src := picture(375, 500, 3, 1)
	for _, f := range []Filter{Box, Bilinear, Bicubic, Lanczos} {
		b.Run(f.String(), func(b *testing.B) {
			pillow.Race(b, peer, pillow.Request{Mode: "resize", H: 375, W: 500, ToH: 256, ToW: 341, Filter: pillowFilter[f]}, src.Pix,
				func() { Resize(src, 256, 341, f) })
		})
	}
}
