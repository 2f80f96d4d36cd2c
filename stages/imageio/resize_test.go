package imageio

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// resizeGeneric is Resize by the plain Go loops, which define the results, in whole passes.
func resizeGeneric(src *Pixels, h, w int, f Filter) *Pixels {
	wide := NewPixels(src.H, w, src.C)
	if src.W == w {
		wide = src
	} else {
		resizeRowsGeneric(wide.Pix, src, 0, src.H, newTaps(src.W, w, f))
	}
	if src.H == h {
		return wide
	}
	dst := NewPixels(h, w, src.C)
	t := newTaps(src.H, h, f)
	for y := range h {
		blendRowsGeneric(dst.Row(y), wide.Pix[t.start[y]*w*src.C:], t.weight[y*t.width:][:t.count[y]])
	}
	return dst
}

func TestResizeLoops(t *testing.T) { resizeLoops(t) }

// resizeLoops compares what this build uses with the plain Go loops.
func resizeLoops(t *testing.T) {
	t.Helper()
	for seed := range uint32(600) {
		r := (seed + 1) * 2654435761
		h, w := 1+int(r>>8&127), 1+int(r>>15&63)
		toH, toW := 1+int(r>>1&127), 1+int(r>>22&127)
		f := Box + Filter(seed%5)
		c := 3
		if seed%7 == 0 {
			c = 1 + int(seed%4)
		}
		switch seed % 11 {
		case 0:
			toH = h
		case 1:
			toW = w
		}
		src := picture(h, w, c, r)
		if seed%3 == 0 {
			for i, v := range src.Pix {
				src.Pix[i] = byte(int8(v) >> 7) // only 0 and 255: sums far outside 8 bits
			}
		}
		before := bytes.Clone(src.Pix)
		if got, want := Resize(src, toH, toW, f), resizeGeneric(src, toH, toW, f); !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%s, %d x %d x %d to %d x %d, differs", f, h, w, c, toH, toW)
		}
		if !bytes.Equal(src.Pix, before) {
			t.Errorf("%s, %d x %d x %d to %d x %d, writes to its source", f, h, w, c, toH, toW)
		}
	}
}

// TestResizeGolden pins values that TestResizeLikePillow found equal to Pillow's, for processors without Pillow.
func TestResizeGolden(t *testing.T) {
	want := []string{
		Nearest:  "0416367810382742",
		Box:      "392ca4a355fb935e",
		Bilinear: "6acf0f172988d552",
		Hamming:  "fa032599de31cfa6",
		Bicubic:  "9be5a053241558fe",
		Lanczos:  "968e471709d2a263",
	}
	src := picture(37, 53, 3, 4)
	for f, want := range want {
		h := sha256.New()
		for _, size := range [][2]int{{23, 71}, {80, 19}, {224, 224}, {5, 6}} {
			h.Write(Resize(src, size[0], size[1], Filter(f)).Pix)
		}
		if got := hex.EncodeToString(h.Sum(nil)[:8]); got != want {
			t.Errorf("%s: %d digest %s, want %s", Filter(f), f, got, want)
		}
	}
}
