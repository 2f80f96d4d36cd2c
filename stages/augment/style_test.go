package augment_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/augment"
	"shiftmill/stages/model"
	"shiftmill/stages/stagetest"
)

// saveWeights writes random weights to a file, and returns its name.
func saveWeights(t *testing.T, name string, w *nn.Weights) pipeline.File {
	t.Helper()
	w.Init(kernels.NewKey("test", 1, 1, name, 0))
	var tensors []model.Tensor
	for _, s := range w.State {
		for i := range s.Data {
			s.Data[i] *= 2.4 // so that signals neither fade nor grow
		}
		tensors = append(tensors, model.F32(s.Name, s.Shape, s.Data))
	}
	data, err := model.Encode(nil, tensors)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return pipeline.File(file)
}

// TestStyle runs random weights: styles differ, every picture takes one, and
// alpha 0 takes none.
func TestStyle(t *testing.T) {
	net := nn.NewAdaIN()
	c := augment.StyleTransfer().NewConfig().(*augment.Style)
	c.Encoder, c.Decoder = saveWeights(t, "vgg.safetensors", &net.Encoder), saveWeights(t, "decoder.safetensors", &net.Decoder)
	c.StyleSize = 16
	paint := func(alpha float64) stagetest.Case {
		c := *c
		c.Alpha = alpha
		return stagetest.Case{Kind: augment.StyleTransfer(), Config: &c, Seed: 5,
			Ports: map[string][]stages.Input{"data": {stagetest.Shapes(2, 2, 18)}, "styles": {stagetest.Shapes(3, 3, 20)}}}
	}
	own, other := images(t, paint(0)), images(t, paint(1))
	for i := range own {
		if own[i].Height != 18 || own[i].Width != 18 {
			t.Errorf("row %d: %d x %d pixels", i, own[i].Height, own[i].Width)
		}
		if string(own[i].Data) == string(other[i].Data) {
			t.Errorf("row %d: the style changes nothing", i)
		}
	}
	stagetest.Golden(t, "", paint(1))
	swapped := *c
	swapped.Encoder, swapped.Decoder = c.Decoder, c.Encoder
	bad := paint(1)
	bad.Config = &swapped
	if _, err := bad.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "decoder.safetensors: weights: ") {
		t.Errorf("files in the wrong places: %v", err)
	}
}
