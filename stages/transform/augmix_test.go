package transform

import (
	"math"
	"testing"

	"shiftmill/kernels"
	"shiftmill/pipeline"
	"shiftmill/stages/imageio"
)

func mixDraw(row string, view uint64) kernels.Source {
	return kernels.NewKey("test", 1, 7, "augmix", view).Row(row)
}

// TestAugMixForms checks that the float form is the 8-bit form before
// rounding, that views of a row differ, and that a mixer remembers nothing.
func TestAugMixForms(t *testing.T) {
	var m AugMixer
	mean, std := [3]float32{.485, .456, .406}, [3]float32{.229, .224, .225}
	for _, variant := range []string{"imagenet", "cifar", "deepfashion-remixed"} {
		a, ok := AugMixVariant(variant)
		if !ok {
			t.Fatal(variant)
		}
		for i, size := range [][2]int{{40, 33}, {12, 64}, {1, 1}} {
			p := gradient(size[0], size[1])
			row := string(rune('a' + i))
			first := m.Pixels(a, p, mixDraw(row, 0))
			dst := make([]float32, len(p.Pix))
			m.Float(a, dst, p, mean, std, mixDraw(row, 0))
			if got := imageio.FromFloat(dst, p.H, p.W, mean, std); apart(got, first) > 1 {
				t.Errorf("%s at %v: the forms are %d levels apart", variant, size, apart(got, first))
			}
			if p.H > 1 && apart(m.Pixels(a, p, mixDraw(row, 1)), first) == 0 {
				t.Errorf("%s at %v: two views are equal", variant, size)
			}
			if apart(new(AugMixer).Pixels(a, p, mixDraw(row, 0)), first) != 0 {
				t.Errorf("%s at %v: a mixer that was used gives another picture", variant, size)
			}
			if apart(p, gradient(size[0], size[1])) != 0 {
				t.Fatal("the picture was changed")
			}
		}
	}
}

func apart(a, b *imageio.Pixels) int {
	worst := 0
	for i, v := range a.Pix {
		worst = max(worst, int(v)-int(b.Pix[i]), int(b.Pix[i])-int(v))
	}
	return worst
}

// TestAugMixFlat checks that a flat grey picture stays flat where no operation
// moves anything in from outside: the coefficients add up to 1 exactly.
func TestAugMixFlat(t *testing.T) {
	a := AugMix{Severity: 0.1, Width: 5, Alpha: 0.2, Fill: 77}
	p := imageio.NewPixels(30, 30, 3)
	for i := range p.Pix {
		p.Pix[i] = 77
	}
	for i := range 40 {
		out := new(AugMixer).Pixels(a, p, mixDraw(string(rune('a'+i)), 0))
		// Posterizing to four bits may darken a chain to 64.
		for _, v := range out.Pix {
			if v != out.Pix[0] || v > 77 || v < 64 {
				t.Fatalf("row %d: a flat 77 became %d and %d", i, out.Pix[0], v)
			}
		}
	}
}

// TestAugMixShare compares the weight that the original keeps with its
// distribution, Beta(alpha, alpha), by mean and variance.
func TestAugMixShare(t *testing.T) {
	for _, alpha := range []float64{0.5, 1, 4} {
		var m AugMixer
		a := AugMix{Severity: 1, Width: 3, Alpha: alpha}
		p := imageio.NewPixels(1, 1, 3)
		const n = 4000
		var sum, squares float64
		for i := range n {
			m.run(a, p, mixDraw(string(rune(i+64)), 0))
			v := float64(m.coef[0]) / (1 << coefBits)
			sum += v
			squares += v * v
			if total := m.coef[0] + m.coef[1] + m.coef[2] + m.coef[3]; total != 1<<coefBits {
				t.Fatalf("coefficients add up to %d", total)
			}
		}
		variance := 1 / (4 * (2*alpha + 1))
		if mean := sum / n; math.Abs(mean-0.5) > 5*math.Sqrt(variance/n) {
			t.Errorf("alpha %v: mean share %v", alpha, mean)
		}
		if v := squares/n - sum/n*sum/n; math.Abs(v/variance-1) > 0.1 {
			t.Errorf("alpha %v: variance of the share %v, want %v", alpha, v, variance)
		}
	}
}

// TestAugMixLevels checks the parameters of operations at the ends of the
// published ranges.
func TestAugMixLevels(t *testing.T) {
	p := gradient(224, 224)
	dst := imageio.NewPixels(224, 224, 3)
	for _, tt := range []struct {
		op          int
		level, sign float64
		want        func() *imageio.Pixels
	}{
		{posterize, 1, 1, func() *imageio.Pixels { return toned(p, imageio.Posterize(4)) }},
		{posterize, 2.6, 1, func() *imageio.Pixels { return toned(p, imageio.Posterize(3)) }},
		{posterize, 9.9, 1, func() *imageio.Pixels { return toned(p, imageio.Posterize(1)) }},
		{solarize, 1, 1, func() *imageio.Pixels { return toned(p, imageio.Solarize(231)) }},
		{solarize, 3, 1, func() *imageio.Pixels { return toned(p, imageio.Solarize(180)) }},
		{rotate, 0.9, -1, func() *imageio.Pixels { return warped(p, imageio.Rotation(-2, 224, 224)) }},
		{rotate, 9.9, 1, func() *imageio.Pixels { return warped(p, imageio.Rotation(29, 224, 224)) }},
		{shearX, 1, -1, func() *imageio.Pixels { return warped(p, imageio.Affine{1, -.03, 0, 0, 1, 0}) }},
		{shearY, 3, 1, func() *imageio.Pixels { return warped(p, imageio.Affine{1, 0, 0, .09, 1, 0}) }},
		{translateX, 1, 1, func() *imageio.Pixels { return warped(p, imageio.Affine{1, 0, 7, 0, 1, 0}) }},
		{translateY, 9.99, -1, func() *imageio.Pixels { return warped(p, imageio.Affine{1, 0, 0, 0, 1, -74}) }},
	} {
		got := p.Clone()
		if (AugMix{}).apply(dst, got, tt.op, tt.level, tt.sign) {
			got = dst.Clone()
		}
		if d := apart(got, tt.want()); d != 0 {
			t.Errorf("operation %d at level %v: %d levels apart", tt.op, tt.level, d)
		}
	}
}

func toned(p *imageio.Pixels, tone *imageio.Tone) *imageio.Pixels {
	q := p.Clone()
	tone.Apply(q)
	return q
}

func warped(p *imageio.Pixels, m imageio.Affine) *imageio.Pixels {
	q := imageio.NewPixels(p.H, p.W, 3)
	imageio.Warp(q, p, m, [3]byte{})
	return q
}

func TestAugMixCall(t *testing.T) {
	v, err := pipeline.ParseValue("x.yaml", "[{augmix: cifar}, {augmix: {variant: deepfashion-remixed, fill: 0, severity: 4}}, {augmix: {width: 99}}]")
	if err != nil {
		t.Fatal(err)
	}
	calls, problems := Calls(v, []Word{AugMixWord()})
	if problems != nil {
		t.Fatal(problems)
	}
	if got, want := NewAugMix(calls[0]), (AugMix{Severity: 3, Width: 3, Alpha: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := NewAugMix(calls[1]), (AugMix{Severity: 4, Width: 5, Alpha: 1, All: true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	NewAugMix(calls[2])
	if p := calls[2].Problems(); len(p) != 1 || p[0].Field != "2.augmix.width" {
		t.Errorf("got %v", p)
	}
}
