package nn

import (
	"testing"

	"shiftmill/kernels"
)

func TestAdaINAgainstPyTorch(t *testing.T) {
	v := readVector(t, "testdata/adain.vec")
	a := NewAdaIN()
	fillFlow(&a.Encoder)
	fillFlow(&a.Decoder)
	pool := kernels.NewPool(2)
	var code, style, image Signal
	a.Encode(&code, signal(v, "x"), pool)
	nearSignal(t, "code", code, signal(v, "code"))
	a.Encode(&style, signal(v, "s"), nil)
	Stylise(code, StyleOf(style), 0.75)
	nearSignal(t, "code in the style", code, signal(v, "mixed"))
	a.Decode(&image, code, pool)
	nearSignal(t, "image", image, signal(v, "y"))
	if len(a.Encoder.State) != 20 || len(a.Decoder.State) != 18 {
		t.Errorf("%d and %d tensors", len(a.Encoder.State), len(a.Decoder.State))
	}
}
