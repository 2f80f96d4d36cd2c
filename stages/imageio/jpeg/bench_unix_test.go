//go:build unix

package jpeg

import (
	"os"
	"testing"

	"shiftmill/stages/imageio/internal/pillow"
)

// BenchmarkDecodePillow decodes a photograph to RGB beside Pillow, which is libjpeg-turbo, where SHIFTMILL_PEERS names a Python
// that has it.
func BenchmarkDecodePillow(b *testing.B) {
	var peer *pillow.Server
	if os.Getenv("SHIFTMILL_PEERS") != "" {
		peer = pillow.Start(b)
	}
	data := photo(b)
	pillow.Race(b, peer, pillow.Request{Mode: "decode"}, data, func() {
		if _, _, _, err := Decode(data, Options{}); err != nil {
			b.Fatal(err)
		}
	})
}
