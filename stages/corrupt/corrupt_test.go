package corrupt

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"shiftmill/kernels"
	"shiftmill/stages/imageio"
	"shiftmill/stages/stagetest"
)

func draws(name string, row string) kernels.Source {
	return kernels.NewKey("test", 1, 9, name, 1).Row(row)
}

// flat is a picture of one level.
func flat(h, w int, level byte) *imageio.Pixels {
	p := imageio.NewPixels(h, w, 3)
	for i := range p.Pix {
		p.Pix[i] = level
	}
	return p
}

func moments(v []float64) (mean, variance float64) {
	for _, x := range v {
		mean += x
	}
	mean /= float64(len(v))
	for _, x := range v {
		variance += (x - mean) * (x - mean)
	}
	return mean, variance / float64(len(v)-1)
}

// near checks a mean and a variance of n values against those expected, to
// five standard errors (of normal numbers, with half as much again for others).
func near(t *testing.T, name string, v []float64, mean, variance float64) {
	t.Helper()
	m, s := moments(v)
	n := float64(len(v))
	if d := math.Abs(m - mean); d > 5*math.Sqrt(variance/n) {
		t.Errorf("%s: mean %v, want %v within %v", name, m, mean, 5*math.Sqrt(variance/n))
	}
	if d := math.Abs(s - variance); d > 7.5*variance*math.Sqrt(2/n) {
		t.Errorf("%s: variance %v, want %v within %v", name, s, variance, 7.5*variance*math.Sqrt(2/n))
	}
}

// TestNoise compares the mean and variance of noise on a flat picture with
// those of its distribution, where clamping is out of reach. Cutting to whole
// levels takes half a level from the mean and adds 1/12 to the variance.
func TestNoise(t *testing.T) {
	const level = 128
	p := flat(128, 96, level)
	values := func(p *imageio.Pixels) []float64 {
		v := make([]float64, len(p.Pix))
		for i, x := range p.Pix {
			v[i] = float64(x)
		}
		return v
	}
	checked := 0
	for _, family := range families {
		for severity := 1; severity <= 5; severity++ {
			c := func(name string) float64 { return parametersOf(name, severity, family)[0] }
			for _, tt := range []struct {
				name     string
				variance float64
				noise    func(float64) *lottery
			}{
				{"gaussian_noise", c("gaussian_noise") * c("gaussian_noise") * 255 * 255, gaussianNoise},
				{"speckle_noise", c("speckle_noise") * c("speckle_noise") * level * level, speckleNoise},
				{"shot_noise", level / 255. / c("shot_noise") * 255 * 255, shotNoise},
			} {
				if tt.variance < 30*30 {
					checked++
					near(t, tt.name, values(tt.noise(c(tt.name)).draw(p, draws(tt.name, "a"))), level-.5, tt.variance+1/12.)
				}
			}
			// Hit with probability i: to 0 or 1.
			i := c("impulse_noise")
			mean := level*(1-i) + 255*i/2
			near(t, "impulse_noise", values(impulseNoise(p, i, draws("impulse_noise", "d"))), mean, level*level*(1-i)+255*255*i/2-mean*mean)
		}
	}
	if checked < 25 {
		t.Errorf("only %d distributions were checked", checked)
	}
}

func wide(v []float32) []float64 {
	w := make([]float64, len(v))
	for i := range v {
		w[i] = float64(v[i])
	}
	return w
}

// TestLayers does the same for the layers and fields of other corruptions.
func TestLayers(t *testing.T) {
	near(t, "snow, spatter", wide(normalLayer(200, 150, 0, 200, .65, .3, draws("layer", "a")).v), .65*255, .09*255*255)

	// Blurring makes the variance of uniform noise 1/3 times the sum of squared
	// weights; neighbours depend on each other, so take every 16th.
	sigma, scale := 2.24, 11.2
	sum := 0.0
	for _, w := range bell(sigma, int(3*sigma+.5)) {
		sum += w * w
	}
	var apart []float64
	d := displacement(512, 512, scale, sigma, bulk(0), draws("field", "b"))
	for y := 8; y < 512; y += 16 {
		for x := 8; x < 512; x += 16 {
			apart = append(apart, float64(d[y*512+x]))
		}
	}
	near(t, "elastic_transform", apart, 0, scale*scale*sum*sum/3)

	var angles []float64
	for i := range 4000 {
		angles = append(angles, degrees(draws("angle", string(rune('a'+i))), -45, 45))
	}
	near(t, "motion_blur", angles, 0, 90*90/12.)
}

// TestGlassMoves checks that swapping keeps the pixels and copying doesn't.
func TestGlassMoves(t *testing.T) {
	for _, reference := range []bool{false, true} {
		x := newField(64, 64, 3)
		for i := range x.v {
			x.v[i] = float32(i / 3 % 256)
		}
		before, _ := moments(wide(x.v))
		// A sigma so small that blurring does nothing.
		y := glass(x, .05, 2, 2, reference, draws("glass", "a"))
		after, _ := moments(wide(y.v))
		if same := math.Abs(before-after) < 1e-6; same == reference {
			t.Errorf("reference %v: mean %v became %v", reference, before, after)
		}
	}
}

// TestFrost checks the arithmetic of frost, that windows lie inside, and which
// frost pictures occur.
func TestFrost(t *testing.T) {
	for _, reference := range []bool{false, true} {
		seen := map[*imageio.Pixels]bool{}
		for i := range 300 {
			seen[shelf.pick(draws("frost", string(rune('a'+i))), .2, reference)] = true
		}
		want := textures
		if reference {
			want = 4 // five, of which two are one
		}
		if len(seen) != want {
			t.Errorf("reference %v: %d frost pictures occur, want %d", reference, len(seen), want)
		}
	}
	ice := shelf.fifth[0]()
	black := frost(flat(32, 40, 0), 1, 1, ice, draws("frost", "x"))
	grey := frost(flat(32, 40, 100), .5, .5, ice, draws("frost", "x"))
	found := false
	for y := range ice.H - 32 {
		for x := range ice.W - 40 {
			found = found || string(imageio.Crop(ice, y, x, 32, 40).Pix) == string(black.Pix)
		}
	}
	if !found {
		t.Error("the frost is no window of its picture")
	}
	for i, v := range grey.Pix {
		if want := byte(50 + float64(black.Pix[i])/2); v != want {
			t.Fatalf("value %d is %d, want %d of frost %d", i, v, want, black.Pix[i])
		}
	}
	if mean, _ := moments(wide(fromPixels(texture(0)).v)); mean < .3*255 || mean > .8*255 {
		t.Errorf("the first frost picture has a mean of %v", mean)
	}
}

// TestSizes runs every corruption on sizes at which something could break:
// single rows and pixels, sides around powers of two, larger than any frost
// picture.
func TestSizes(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {1, 9}, {7, 2}, {33, 17}, {31, 65}, {520, 40}} {
		p := imageio.NewPixels(size[0], size[1], 3)
		for i := range p.Pix {
			p.Pix[i] = byte(i * 37)
		}
		for _, name := range names {
			for _, family := range []int{0, 224} {
				out, err := Apply(name, 5, p, family, draws(name, "a"))
				if err != nil {
					t.Fatalf("%s at %v: %v", name, size, err)
				}
				if err := out.Check(); err != nil || out.H != p.H || out.W != p.W {
					t.Errorf("%s at %v gives %d x %d, %v", name, size, out.H, out.W, err)
				}
			}
		}
	}
}

// TestFlat checks that what only moves or averages pixels leaves flat pictures
// alone, whatever their level.
func TestFlat(t *testing.T) {
	for _, name := range []string{"defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "contrast", "elastic_transform", "pixelate", "gaussian_blur"} {
		for _, level := range []byte{0, 1, 77, 200, 255} {
			out, err := Apply(name, 3, flat(40, 50, level), 224, draws(name, "a"))
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range out.Pix {
				if v != level {
					t.Errorf("%s makes a flat %d to %d", name, level, v)
					break
				}
			}
		}
	}
}

func TestFamily(t *testing.T) {
	for _, tt := range []struct{ h, w, want int }{{32, 32, 32}, {45, 400, 32}, {46, 46, 64}, {64, 64, 64}, {119, 200, 64}, {120, 120, 224}, {224, 224, 224}, {2000, 3000, 224}} {
		if got := Family(tt.h, tt.w); got != tt.want {
			t.Errorf("Family(%d, %d) = %d, want %d", tt.h, tt.w, got, tt.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	p := flat(4, 4, 9)
	for _, tt := range []struct {
		name             string
		severity, family int
		want             string
	}{
		{"blur", 1, 0, `no corruption "blur"; there are gaussian_noise, shot_noise,`},
		{"fog", 6, 0, "severity must be 1 to 5, got 6"},
		{"fog", 1, 100, "no family 100; there are 224, 64, 32, 299, and 0 for the one that suits the picture"},
	} {
		if _, err := Apply(tt.name, tt.severity, p, tt.family, draws("", "")); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
	want := "a picture of 0 x 4 pixels with 3 channels; corruptions take 3 channels, sides of 1 to 65500 and at most 16777216 pixels: resize it first"
	if _, err := Apply("fog", 1, flat(0, 4, 0), 0, draws("", "")); err == nil || err.Error() != want {
		t.Errorf("an empty picture: %v", err)
	}
}

// TestPixels pins the pixels of every corruption at every severity and family,
// with and without the original's accidents.
func TestPixels(t *testing.T) {
	p := imageio.Crop(decode(t, "testdata/picture.png"), 30, 40, 48, 61)
	for _, name := range names {
		h := sha256.New()
		for _, family := range families {
			for severity := 1; severity <= 5; severity++ {
				for _, reference := range []bool{false, true} {
					c, err := New(name, severity, family, reference)
					if err != nil {
						t.Fatal(err)
					}
					src := kernels.NewKey("pixels", 1, 0, name, uint64(severity)).Row("r")
					out, err := c.Apply(p, src)
					if err != nil {
						t.Fatal(err)
					}
					h.Write(out.Pix)
				}
			}
		}
		stagetest.Pin(t, "pixels/"+name, "v2", hex.EncodeToString(h.Sum(nil)[:16]))
	}
}

// BenchmarkApply runs each corruption at its five severities on a picture of
// 224 x 224.
func BenchmarkApply(b *testing.B) {
	p := decode(b, "testdata/picture.png")
	p = imageio.Resize(p, 224, 224, imageio.Bicubic)
	for _, name := range names {
		b.Run(name, func(b *testing.B) {
			var all []*Corruption
			for severity := 1; severity <= 5; severity++ {
				c, err := New(name, severity, 224, false)
				if err != nil {
					b.Fatal(err)
				}
				all = append(all, c)
			}
			for b.Loop() {
				o, err := NewOriginal(p)
				if err != nil {
					b.Fatal(err)
				}
				for _, c := range all {
					c.Of(o, draws(name, "a"))
				}
			}
		})
	}
}
