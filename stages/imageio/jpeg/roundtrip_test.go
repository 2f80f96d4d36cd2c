package jpeg

import (
	"bytes"
	"fmt"
	"testing"

	"shiftmill/stages/imageio/internal/pillow"
)

func TestRoundTripIsDecodeOfEncode(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {2, 3}, {16, 16}, {17, 33}, {64, 63}, {75, 100}} {
		h, w := size[0], size[1]
		pix := picture(h, w, 3, uint32(h*1000+w))
		for quality := 1; quality <= 100; quality += 3 {
			data, err := Encode(pix, h, w, 3, quality, S420)
			if err != nil {
				t.Fatal(err)
			}
			want, _, _, err := Decode(data, Options{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := RoundTrip(pix, h, w, quality)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("%dx%d q%d: %s", h, w, quality, pillow.Compare(got, want, w, 3))
			}
		}
	}
}

// TestDecodeOtherSubsamplings compares with Pillow what Pillow itself can't write.
func TestDecodeOtherSubsamplings(t *testing.T) {
	peer := pillow.Start(t)
	for _, size := range [][2]int{{1, 1}, {1, 2}, {2, 1}, {3, 5}, {8, 8}, {9, 7}, {16, 16}, {17, 33}, {64, 63}, {75, 100}, {4, 301}, {301, 3}} {
		h, w := size[0], size[1]
		pix := picture(h, w, 3, uint32(h*1000+w))
		for _, sub := range []Subsampling{S420, S422, S444, S440, S411} {
			data, err := Encode(pix, h, w, 3, 70, sub)
			if err != nil {
				t.Fatal(err)
			}
			comparePillow(t, peer, fmt.Sprintf("%dx%d subsampling %d", h, w, sub), data)
		}
	}
}
