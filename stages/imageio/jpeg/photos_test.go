package jpeg

import (
	"bytes"
	"os"
	"testing"

	"shiftmill/stages/imageio/internal/pillow"
)

// TestPhotosAtAllQualities writes parts of real pictures at every quality and subsampling, and compares both directions with Pillow.
func TestPhotosAtAllQualities(t *testing.T) {
	peer := pillow.Start(t)
	files := pillow.Photos(t, "../../..", "camera-photos/*/*.jpg")
	subs := []string{S420: "4:2:0", S422: "4:2:2", S444: "4:4:4"}
	for i := 0; i < len(files); i += 20 {
		data, err := os.ReadFile(files[i])
		if err != nil {
			t.Fatal(err)
		}
		whole, h, w, err := Decode(data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		const size = 147
		var pix []byte
		for y := range size {
			at := 3 * ((h-size)/2*w + (w-size)/2 + y*w)
			pix = append(pix, whole[at:at+3*size]...)
		}
		for quality := 1; quality <= 100; quality++ {
			for sub, name := range subs {
				options := map[string]any{"quality": quality, "subsampling": name}
				want := encoded(t, peer, size, size, pix, options, "")
				got, err := Encode(pix, size, size, 3, quality, Subsampling(sub))
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s, quality %d, %s: the bytes are not Pillow's", files[i], quality, name)
				}
				compareScaled(t, peer, files[i], got, 1)
				options["progressive"] = true
				compareScaled(t, peer, files[i], encoded(t, peer, size, size, pix, options, ""), 1)
			}
		}
	}
}
