package corrupt

import (
	"os"
	"testing"

	"shiftmill/stages/imageio"
)

// hashDraws are the random numbers of testdata/reference.py.
type hashDraws struct{}

func mix(x uint32) uint32 {
	x += 0x9E3779B9
	x = (x ^ x>>16) * 0x85EBCA6B
	x = (x ^ x>>13) * 0xC2B2AE35
	return x ^ x>>16
}

func (hashDraws) word(element, j uint32) uint32 { return mix(mix(element) + j) }

func (d hashDraws) Uniform(e uint32) float32 { return float32(d.word(e, 0)>>8) * 0x1p-24 }

func (d hashDraws) Uniforms(dst []float32, first uint32) {
	for i := range dst {
		dst[i] = float32(d.word(first+uint32(i/4), uint32(i%4))>>8) * 0x1p-24
	}
}

func (d hashDraws) Normals(dst []float32, first uint32) {
	d.Uniforms(dst, first)
	for i, u := range dst {
		dst[i] = float32((float64(u) - 0.5) * 3.5)
	}
}

func (d hashDraws) IntN(e uint32, n int) int { return int(d.word(e, 0) % uint32(n)) }

func decode(t testing.TB, path string) *imageio.Pixels {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := imageio.Decode(data, imageio.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// samples is how many values testdata/reference.py keeps of a result.
const samples = 256

// TestReference compares every corruption, family and severity with
// testdata/reference.py on the same random numbers: at most 1 level apart, and
// in almost no value, since both cut off where rounding may differ.
func TestReference(t *testing.T) {
	p := decode(t, "testdata/picture.png")
	want, err := os.ReadFile("testdata/reference.bin")
	if err != nil {
		t.Fatal(err)
	}
	accidents := map[string]bool{"defocus_blur": true, "glass_blur": true, "zoom_blur": true, "elastic_transform": true}
	for _, name := range []string{
		"gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "snow", "fog", "brightness",
		"contrast", "elastic_transform", "pixelate", "jpeg_compression", "speckle_noise", "gaussian_blur", "spatter", "saturate",
	} {
		apart, values := 0, 0
		for _, family := range families {
			for severity := 1; severity <= 5; severity++ {
				for _, reference := range []bool{false, true} {
					if reference && !accidents[name] {
						continue
					}
					c, err := New(name, severity, family, reference)
					if err != nil {
						t.Fatal(err)
					}
					out, err := c.Apply(p, hashDraws{})
					if err != nil {
						t.Fatal(err)
					}
					if len(want) < samples {
						t.Fatal("reference.bin is too short")
					}
					worst := 0
					for k, w := range want[:samples] {
						d := abs(int(out.Pix[k*997%len(out.Pix)]) - int(w))
						worst = max(worst, d)
						if values++; d > 0 {
							apart++
						}
					}
					want = want[samples:]
					if worst > 1 {
						t.Errorf("%s family %d severity %d reference %v: %d levels apart", name, family, severity, reference, worst)
					}
				}
			}
		}
		t.Logf("%-18s %d of %d values 1 level apart", name, apart, values)
		if apart*100 > values {
			t.Errorf("%s: %d of %d values differ, more than 1 %%", name, apart, values)
		}
	}
	if len(want) != 0 {
		t.Errorf("reference.bin has %d bytes left", len(want))
	}
}
