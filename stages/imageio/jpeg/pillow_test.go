package jpeg

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"shiftmill/stages/imageio/internal/pillow"
)

func TestDecodePhotosLikePillow(t *testing.T) {
	peer := pillow.Start(t)
	files := pillow.Photos(t, "../../..", "camera-photos/*/*.jpg")
	pacs := pillow.Photos(t, "../../..", "pacs/*/*/*.jpg")
	for i := 0; i < len(pacs); i += 1 + len(pacs)/500 {
		files = append(files, pacs[i])
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		comparePillow(t, peer, filepath.Base(name), data)
	}
}

// comparePillow decodes data with both, at every scale, and reports a difference under name.
func comparePillow(t *testing.T, peer *pillow.Server, name string, data []byte) {
	t.Helper()
	h, w, _, err := Config(data)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	for scale := 1; scale <= 8 && (scale == 1 || scale <= min(h, w)); scale *= 2 { // Pillow's draft keeps each side at 1 or more
		compareScaled(t, peer, fmt.Sprintf("%s at 1/%d", name, scale), data, scale)
	}
}

func compareScaled(t *testing.T, peer *pillow.Server, name string, data []byte, scale int) {
	t.Helper()
	want := peer.MustAsk(t, pillow.Request{Op: "decode", Scale: scale}, data)
	pix, h, w, err := Decode(data, Options{Scale: scale})
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if h != want.H || w != want.W {
		t.Errorf("%s: %d x %d, want %d x %d", name, h, w, want.H, want.W)
		return
	}
	if diff := pillow.Compare(pix, want.Data, w, 3); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

// picture is a h x w test image of c channels with gradients, edges and noise, all from a fixed generator.
func picture(h, w, c int, seed uint32) []byte {
	pix := make([]byte, h*w*c)
	for i := range pix {
		seed = seed*1664525 + 1013904223
		x, y := i/c%w, i/c/w
		v := x*5 + y*3*(i%c+1)
		if (x/7+y/11)%3 == 0 {
			v = 255 - v
		}
		if x > w/2 {
			v += int(seed >> 26)
		}
		pix[i] = byte(v)
	}
	return pix
}

func TestDecodeVariantsLikePillow(t *testing.T) {
	peer := pillow.Start(t)
	sizes := [][2]int{{1, 1}, {1, 2}, {2, 1}, {3, 5}, {8, 8}, {9, 7}, {16, 16}, {17, 33}, {64, 63}, {75, 100}, {4, 301}, {301, 3}}
	for _, size := range sizes {
		h, w := size[0], size[1]
		pix := picture(h, w, 3, uint32(h*1000+w))
		for _, sub := range []string{"4:4:4", "4:2:2", "4:2:0"} {
			for _, progressive := range []bool{false, true} {
				for _, quality := range []int{1, 10, 30, 75, 95, 100} {
					options := map[string]any{"quality": quality, "subsampling": sub, "progressive": progressive}
					if quality == 30 {
						options["restart_marker_blocks"] = 3
					}
					data := encoded(t, peer, h, w, pix, options, "")
					comparePillow(t, peer, fmt.Sprintf("%dx%d %s progressive=%v q%d", h, w, sub, progressive, quality), data)
				}
			}
		}
		for _, mode := range []string{"L", "CMYK"} {
			for _, progressive := range []bool{false, true} {
				data := encoded(t, peer, h, w, pix, map[string]any{"quality": 80, "progressive": progressive}, mode)
				comparePillow(t, peer, fmt.Sprintf("%dx%d %s progressive=%v", h, w, mode, progressive), data)
			}
		}
		data := encoded(t, peer, h, w, pix, map[string]any{"quality": 80, "keep_rgb": true}, "")
		comparePillow(t, peer, fmt.Sprintf("%dx%d RGB", h, w), data)
	}
}

func encoded(t *testing.T, peer *pillow.Server, h, w int, pix []byte, options map[string]any, mode string) []byte {
	t.Helper()
	return peer.MustAsk(t, pillow.Request{Op: "encode", H: h, W: w, Format: "JPEG", Options: options, To: mode}, pix).Data
}

// TestEncodeLikePillow compares whole files, so that every coefficient and every code is the same.
func TestEncodeLikePillow(t *testing.T) {
	peer := pillow.Start(t)
	subs := []struct {
		ours  Subsampling
		their string
	}{{S420, "4:2:0"}, {S422, "4:2:2"}, {S444, "4:4:4"}}
	sizes := [][2]int{{1, 1}, {1, 2}, {2, 1}, {3, 5}, {8, 8}, {9, 7}, {16, 16}, {17, 33}, {40, 24}, {64, 63}, {75, 100}, {4, 301}, {301, 3}}
	for _, size := range sizes {
		h, w := size[0], size[1]
		pix := picture(h, w, 3, uint32(h*1000+w))
		for quality := 1; quality <= 100; quality++ {
			for _, sub := range subs {
				want := encoded(t, peer, h, w, pix, map[string]any{"quality": quality, "subsampling": sub.their}, "")
				got, err := Encode(pix, h, w, 3, quality, sub.ours)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("%dx%d %s q%d: %d bytes differ from Pillow's %d", h, w, sub.their, quality, len(got), len(want))
				}
			}
		}
		grey := picture(h, w, 1, 1)
		want := peer.MustAsk(t, pillow.Request{Op: "encode", H: h, W: w, Mode: "L", Format: "JPEG", Options: map[string]any{"quality": 60}}, grey).Data
		if got, err := Encode(grey, h, w, 1, 60, S420); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%dx%d grey: differs from Pillow: %v", h, w, err)
		}
	}
}
