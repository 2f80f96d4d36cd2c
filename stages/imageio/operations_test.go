package imageio

import (
	"testing"

	"shiftmill/stages/imageio/internal/pillow"
)

// TestOperationsLikePillow compares every operation with Pillow's. All but the warps are equal in every value; those are at most
// one level off, in few values, and read the same pixels.
func TestOperationsLikePillow(t *testing.T) {
	peer := pillow.Start(t)
	sizes := [][2]int{{1, 1}, {2, 3}, {3, 2}, {32, 32}, {61, 97}, {224, 224}}
	worst, off, all := 0, 0, 0
	for i, s := range sizes {
		src := picture(s[0], s[1], 3, uint32(i))
		compare := func(got *Pixels, name string, options map[string]any, most int) {
			t.Helper()
			options["name"] = name
			want := peer.MustAsk(t, pillow.Request{Op: "operate", H: s[0], W: s[1], Options: options}, src.Pix)
			if len(want.Data) != len(got.Pix) {
				t.Fatalf("%s %v: %d values, want %d", name, options, len(got.Pix), len(want.Data))
			}
			for j, v := range got.Pix {
				if d := max(int(v)-int(want.Data[j]), int(want.Data[j])-int(v)); d > 0 {
					worst, off = max(worst, d), off+1
					if d > most {
						t.Errorf("%s %v at %v: row %d, column %d: got %d, want %d", name, options, s, j/3/s[1], j/3%s[1], v, want.Data[j])
						return
					}
				}
			}
			if most > 0 {
				all += len(got.Pix)
			}
		}
		toned := func(tone *Tone) *Pixels {
			p := src.Clone()
			tone.Apply(p)
			return p
		}
		enhanced := func(f func(*Pixels, float32), by float32) *Pixels {
			p := src.Clone()
			f(p, by)
			return p
		}
		compare(toned(AutoContrast(src)), "autocontrast", map[string]any{}, 0)
		compare(toned(Equalize(src)), "equalize", map[string]any{}, 0)
		for bits := 1; bits <= 8; bits++ {
			compare(toned(Posterize(bits)), "posterize", map[string]any{"by": bits}, 0)
		}
		for _, threshold := range []int{0, 1, 128, 231, 255, 256} {
			compare(toned(Solarize(threshold)), "solarize", map[string]any{"by": threshold}, 0)
		}
		for _, by := range []float32{0.118, 0.5, 1, 1.25, 1.9} {
			compare(enhanced(Brighten, by), "Brightness", map[string]any{"by": by}, 0)
			compare(enhanced(Contrast, by), "Contrast", map[string]any{"by": by}, 0)
			compare(enhanced(Colour, by), "Color", map[string]any{"by": by}, 0)
			sharp := NewPixels(s[0], s[1], 3)
			Sharpen(sharp, src, by)
			compare(sharp, "Sharpness", map[string]any{"by": by}, 0)
		}
		for _, fill := range [][3]byte{{}, {128, 0, 0}, {128, 128, 128}} {
			warped := func(m Affine) *Pixels {
				p := NewPixels(s[0], s[1], 3)
				Warp(p, src, m, fill)
				return p
			}
			options := func(by any) map[string]any {
				return map[string]any{"by": by, "fill": []int{int(fill[0]), int(fill[1]), int(fill[2])}}
			}
			for _, degrees := range []float64{-29, -8, -2, -1, 1, 2, 7, 29, 45, 170} {
				compare(warped(Rotation(degrees, s[0], s[1])), "rotate", options(degrees), 1)
			}
			for _, v := range []float64{-0.3, -0.09, -0.0312, 0, 0.003, 0.0277, 0.1, 0.29} {
				for _, m := range []Affine{{1, v, 0, 0, 1, 0}, {1, 0, 0, v, 1, 0}, {1, v, 0.25, v, 1, -0.75}, {1, 0, v * 10, 0, 1, v * 20}} {
					compare(warped(m), "affine", options(m), 1)
				}
			}
			for _, n := range []float64{-300, -85, -7, -1, 1, 3, 40, 224} {
				compare(warped(Affine{1, 0, n, 0, 1, 0}), "affine", options(Affine{1, 0, n, 0, 1, 0}), 0)
				compare(warped(Affine{1, 0, 0, 0, 1, n}), "affine", options(Affine{1, 0, 0, 0, 1, n}), 0)
			}
		}
	}
	t.Logf("%d of %d warped values one level off", off, all)
	if off*100 > all {
		t.Errorf("%d of %d values of warps are off, more than 1 %%", off, all)
	}
}
