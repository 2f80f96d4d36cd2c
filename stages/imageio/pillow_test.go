package imageio

import (
	"fmt"
	"testing"

	"shiftmill/stages/imageio/internal/pillow"
)

// picture is a h x w test image of c channels with gradients, edges and noise, all from a fixed generator.
func picture(h, w, c int, seed uint32) *Pixels {
	p := NewPixels(h, w, c)
	for i := range p.Pix {
		seed = seed*1664525 + 1013904223
		x, y := i/c%w, i/c/w
		v := x*5 + y*3*(i%c+1)
		if (x/7+y/11)%3 == 0 {
			v = 255 - v
		}
		if x > w/2 {
			v += int(seed >> 25)
		}
		p.Pix[i] = byte(v)
	}
	return p
}

// pillowFilter is Pillow's number for each filter.
var pillowFilter = map[Filter]int{Nearest: 0, Lanczos: 1, Bilinear: 2, Bicubic: 3, Box: 4, Hamming: 5}

func TestResizeLikePillow(t *testing.T) {
	peer := pillow.Start(t)
	sizes := [][4]int{ // from h, w, to h, w
		{375, 500, 256, 341}, {375, 500, 224, 224}, {500, 375, 64, 64}, {32, 32, 224, 224}, {224, 224, 32, 32}, {17, 33, 33, 17},
		{1, 1, 5, 7}, {5, 7, 1, 1}, {100, 3, 3, 100}, {3, 200, 2, 1}, {64, 64, 64, 63}, {64, 64, 63, 64}, {64, 64, 64, 64}, {97, 89, 211, 199},
		{333, 517, 251, 383}, {700, 2, 3, 2}, {2, 700, 2, 3}, {128, 128, 127, 129},
	}
	for seed := range uint32(60) {
		r := (seed + 1) * 2654435761
		sizes = append(sizes, [4]int{1 + int(r>>8&127), 1 + int(r>>15&127), 1 + int(r>>1&255), 1 + int(r>>22&255)})
	}
	for filter := Nearest; filter <= Lanczos; filter++ {
		for i, s := range sizes {
			for c, mode := range map[int]string{3: "RGB", 1: "L"} {
				src := picture(s[0], s[1], c, uint32(i))
				want := peer.MustAsk(t, pillow.Request{Op: "resize", H: s[0], W: s[1], ToH: s[2], ToW: s[3], Filter: pillowFilter[filter], Mode: mode}, src.Pix)
				got := Resize(src, s[2], s[3], filter)
				if diff := pillow.Compare(got.Pix, want.Data, s[3], c); diff != "" {
					t.Errorf("%s %s: %s", filter, fmt.Sprint(s), diff)
				}
			}
		}
	}
}
