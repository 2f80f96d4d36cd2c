package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/stages/imageio"
	"shiftmill/stages/stagetest"
	"shiftmill/stages/transform"
)

func untrained(t testing.TB) *Classifier {
	t.Helper()
	net, err := nn.New(nn.Arch{Name: "resnet8", Width: 3, Classes: 3, Size: 8})
	if err != nil {
		t.Fatal(err)
	}
	net.Init(kernels.NewKey("model-test", 1, 1, "init", 0))
	return &Classifier{
		Net: net, Classes: []string{"café", "a\"b", "<c>"},
		Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225}, Test: transform.Fit(8),
	}
}

func pictures(n int) []*imageio.Pixels {
	pics := make([]*imageio.Pixels, n)
	for i := range pics {
		pics[i] = imageio.NewPixels(8, 8, 3)
		for j := range pics[i].Pix {
			pics[i].Pix[j] = byte(j*j + 31*i*j)
		}
	}
	return pics
}

func TestSaveAndLoad(t *testing.T) {
	c := untrained(t)
	data, err := c.Save()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Load(data)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(again.Classes, again.Mean, again.Std, again.Test.SpecText(), again.Net.Arch) != fmt.Sprint(c.Classes, c.Mean, c.Std, c.Test.SpecText(), c.Net.Arch.Filled()) {
		t.Errorf("read back: %v %v %v %s %s", again.Classes, again.Mean, again.Std, again.Test.SpecText(), again.Net.Arch)
	}
	rewritten, err := again.Save()
	if err != nil || !bytes.Equal(rewritten, data) {
		t.Errorf("saving what was loaded gives other bytes (%v)", err)
	}
	want, err := c.Predict(nil, pictures(3))
	if err != nil {
		t.Fatal(err)
	}
	got, err := again.Predict(kernels.NewPool(3), pictures(3))
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("scores %v, before saving %v (%v)", got, want, err)
	}
}

// TestGolden holds the bytes of a file and the scores made with it.
func TestGolden(t *testing.T) {
	c := untrained(t)
	data, err := c.Save()
	if err != nil {
		t.Fatal(err)
	}
	scores, err := c.Predict(nil, pictures(3))
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	h.Write(data)
	if err := binary.Write(h, binary.LittleEndian, scores); err != nil {
		t.Fatal(err)
	}
	stagetest.Pin(t, "classifier", Version, fmt.Sprintf("%x", h.Sum(nil)[:16]))
}

// TestPredictPieces checks that scores depend on a picture alone, on both
// sides of a batch's end.
func TestPredictPieces(t *testing.T) {
	c := untrained(t)
	pics := pictures(predictBatch + 3)
	all, err := c.Predict(nil, pics)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, predictBatch - 1, predictBatch, predictBatch + 2} {
		one, err := c.Predict(nil, pics[i:i+1])
		if err != nil || fmt.Sprint(one) != fmt.Sprint(all[3*i:3*i+3]) {
			t.Errorf("picture %d: %v alone, %v among others (%v)", i, one, all[3*i:3*i+3], err)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	data, err := untrained(t).Save()
	if err != nil {
		t.Fatal(err)
	}
	meta, tensors, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		key, value string
		drop       int // tensors
		want       string
	}{
		{"format", "pt", 0, `its metadata names the format "pt", want "shiftmill/classifier/1" as train/classifier writes it`},
		{"arch", "resnet9", 0, `no architecture "resnet9"`},
		{"width", "four", 0, "metadata: invalid character"},
		{"width", "4", 0, "wants [4"},
		{"classes", `["a"]`, 0, "1 classes, want at least 2"},
		{"transform", `[{"resize":{"size":8}}]`, 0, "does not give images of 8 x 8"},
		{"transform", `[hflip, {center-crop: 8}]`, 0, "draws random numbers"},
		{"transform", `[{"center-crop":{"size":9}}]`, 0, "does not give images of 8 x 8"},
		{"", "", 1, "network resnet8 (width 3, 3 classes, 8 x 8, stem cifar) has"},
	} {
		changed := map[string]string{}
		for k, v := range meta {
			changed[k] = v
		}
		if tt.key != "" {
			changed[tt.key] = tt.value
		}
		bad, err := Encode(changed, tensors[tt.drop:])
		if err != nil {
			t.Fatal(err)
		}
		_, err = Load(bad)
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s: %v, want %q", tt.key, tt.value, err, tt.want)
		}
	}
}

func TestBest(t *testing.T) {
	nan := float32(0) / func() float32 { return 0 }()
	for _, tt := range []struct {
		scores []float32
		want   int
	}{{[]float32{1, 3, 2}, 1}, {[]float32{3, 3}, 0}, {[]float32{nan, 0.1, nan}, 1}, {[]float32{nan, nan}, 0}} {
		if got := Best(tt.scores); got != tt.want {
			t.Errorf("Best(%v) = %d, want %d", tt.scores, got, tt.want)
		}
	}
}
