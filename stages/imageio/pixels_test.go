package imageio

import (
	"bytes"
	"fmt"
	"math"
	"testing"
)

// numbered is a 1-channel image whose pixels count from 1.
func numbered(h, w int) *Pixels {
	p := NewPixels(h, w, 1)
	for i := range p.Pix {
		p.Pix[i] = byte(i + 1)
	}
	return p
}

func show(p *Pixels) string { return fmt.Sprintf("%dx%d %v", p.H, p.W, p.Pix) }

func TestCropsAndFlips(t *testing.T) {
	tests := []struct {
		name string
		got  *Pixels
		want string
	}{
		{"crop", Crop(numbered(3, 4), 1, 2, 2, 2), "2x2 [7 8 11 12]"},
		{"crop to nothing", Crop(numbered(3, 4), 3, 4, 0, 0), "0x0 []"},
		{"flip", FlipH(numbered(2, 3)), "2x3 [3 2 1 6 5 4]"},
		{"centre of even surplus", CenterCrop(numbered(4, 4), 2, 2), "2x2 [6 7 10 11]"},
		{"a surplus of 1 is cut at 0", CenterCrop(numbered(1, 3), 1, 2), "1x2 [1 2]"},
		{"a surplus of 3 is cut at 2", CenterCrop(numbered(1, 5), 1, 2), "1x2 [3 4]"},
		{"centre of a smaller image", CenterCrop(numbered(1, 1), 2, 4), "2x4 [0 1 0 0 0 0 0 0]"},
		{"centre, smaller in one direction", CenterCrop(numbered(1, 5), 3, 3), "3x3 [0 0 0 2 3 4 0 0 0]"},
		{"orientation 1", Orient(numbered(2, 3), 1), "2x3 [1 2 3 4 5 6]"},
		{"orientation 2", Orient(numbered(2, 3), 2), "2x3 [3 2 1 6 5 4]"},
		{"orientation 3", Orient(numbered(2, 3), 3), "2x3 [6 5 4 3 2 1]"},
		{"orientation 4", Orient(numbered(2, 3), 4), "2x3 [4 5 6 1 2 3]"},
		{"orientation 5", Orient(numbered(2, 3), 5), "3x2 [1 4 2 5 3 6]"},
		{"orientation 6", Orient(numbered(2, 3), 6), "3x2 [4 1 5 2 6 3]"},
		{"orientation 7", Orient(numbered(2, 3), 7), "3x2 [6 3 5 2 4 1]"},
		{"orientation 8", Orient(numbered(2, 3), 8), "3x2 [3 6 2 5 1 4]"},
	}
	for _, tt := range tests {
		if got := show(tt.got); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestShorterSide(t *testing.T) {
	tests := [][5]int{ // h, w, side, and the size wanted
		{375, 500, 256, 256, 341}, {500, 375, 256, 341, 256}, {7, 7, 5, 5, 5}, {100, 1, 3, 300, 3}, {1, 100, 3, 3, 300}, {333, 500, 224, 224, 336},
	}
	for _, tt := range tests {
		if h, w := ShorterSide(tt[0], tt[1], tt[2]); h != tt[3] || w != tt[4] {
			t.Errorf("ShorterSide(%d, %d, %d) = %d, %d, want %d, %d", tt[0], tt[1], tt[2], h, w, tt[3], tt[4])
		}
	}
}

func TestFloatsComeBack(t *testing.T) {
	src := NewPixels(16, 16, 3)
	for i := range src.Pix {
		src.Pix[i] = byte(i / 3)
	}
	mean, std := [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}
	planes := make([]float32, len(src.Pix))
	ToFloat(src, mean, std, planes)
	if got, want := planes[256+100], (float32(100)/255-0.456)/float32(0.224); got != want {
		t.Errorf("green 100 is %g, want %g", got, want)
	}
	if got := FromFloat(planes, 16, 16, mean, std); !bytes.Equal(got.Pix, src.Pix) {
		t.Error("pixels don't come back")
	}
}

func TestFromFloatRounds(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	in := []float32{nan, inf, -inf, 0.5 / 255, 1.5 / 255, 2.5 / 255, -1, 2, 1}
	src := make([]float32, 3*len(in))
	copy(src, in)
	got := FromFloat(src, 1, len(in), [3]float32{}, [3]float32{1, 1, 1})
	var red []byte
	for i := range in {
		red = append(red, got.Pix[3*i])
	}
	if want := []byte{0, 255, 0, 0, 2, 2, 0, 255, 255}; !bytes.Equal(red, want) {
		t.Errorf("got %d, want %d", red, want)
	}
}

// TestSinPi compares with sines known to 17 digits, at arguments that Lanczos uses, and with identities that hold exactly.
func TestSinPi(t *testing.T) {
	for x, want := range map[float64]float64{
		0: 0, 0.5: 1, 1: 0, 1.5: -1, -0.5: -1, 0.25: 0.70710678118654752, 1.0 / 3: 0.86602540378443865, 0.1: 0.30901699437494742, 2.9: 0.30901699437494742,
	} {
		if got := sinPi(x); math.Abs(got-want) > 4e-16 {
			t.Errorf("sin(%g pi) = %.17g, want %.17g", x, got, want)
		}
	}
}

func TestParseFilter(t *testing.T) {
	for f := Nearest; f <= Lanczos; f++ {
		if got, err := ParseFilter(f.String()); err != nil || got != f {
			t.Errorf("ParseFilter(%q) = %v, %v", f.String(), got, err)
		}
	}
	_, err := ParseFilter("linear")
	if want := `no resize filter "linear"; there are [nearest box bilinear hamming bicubic lanczos]`; fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
