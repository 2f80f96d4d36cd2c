package nn

import (
	"fmt"
	"hash/crc32"
	"math"
	"strings"
	"testing"

	"shiftmill/kernels"
)

// fillFlow gives weights the values of testdata/flows.py.
func fillFlow(w *Weights) {
	for i, t := range w.State {
		if w.bounds[i] == 0 {
			continue
		}
		crc := crc32.ChecksumIEEE([]byte(t.Name))
		// The bound is 1/sqrt(fan in), rounded; PyTorch's side has it exactly.
		fan := math.Round(1 / (float64(w.bounds[i]) * float64(w.bounds[i])))
		for j := range t.Data {
			u := uint32(j)*2654435761 + crc
			t.Data[j] = float32((float64(u)/(1<<31) - 1) * (1.6 / math.Sqrt(fan)))
		}
	}
}

func signal(v *vector, name string) Signal {
	s := v.shapes[name]
	return Signal{s[0], s[1], s[2], v.values[name]}
}

func nearSignal(t *testing.T, what string, got, want Signal) {
	t.Helper()
	if got.C != want.C || got.H != want.H || got.W != want.W {
		t.Fatalf("%s: shape %d x %d x %d, want %d x %d x %d", what, got.C, got.H, got.W, want.C, want.H, want.W)
	}
	near(t, what, got.Data, want.Data, 1e-4)
}

func TestEDSRAgainstPyTorch(t *testing.T) {
	v := readVector(t, "testdata/edsr.vec")
	e := NewEDSR()
	fillFlow(&e.Weights)
	pool := kernels.NewPool(2)
	var head, five, body, parts, whole Signal
	e.Head(&head, signal(v, "x"), pool)
	nearSignal(t, "head", head, signal(v, "head"))
	e.Body(&five, head, 0, 5, pool)
	nearSignal(t, "five blocks", five, signal(v, "five"))
	e.Body(&body, five, 5, EDSRModules, pool)
	e.Tail(&parts, body, head, pool)
	nearSignal(t, "image", parts, signal(v, "y"))
	e.Forward(&whole, signal(v, "x"), nil)
	sameSignal(t, "whole network and its parts", whole, parts)
	if n := len(e.State); n != 2*(edsrBlocks*2+1+1+1+2+2) {
		t.Errorf("%d tensors", n)
	}
}

func TestCAEAgainstPyTorch(t *testing.T) {
	v := readVector(t, "testdata/cae.vec")
	c := NewCAE()
	fillFlow(&c.Weights)
	var code, image Signal
	c.Encode(&code, signal(v, "x"), kernels.NewPool(2))
	nearSignal(t, "code", code, signal(v, "code"))
	c.Decode(&image, signal(v, "signs"), nil)
	nearSignal(t, "image", image, signal(v, "y"))
	var names []string
	for _, s := range c.State {
		if n, ok := strings.CutSuffix(s.Name, ".weight"); ok {
			names = append(names, n)
		}
	}
	if got, want := fmt.Sprint(names), fmt.Sprint(CAELayers()); got != want {
		t.Errorf("layers %s, want %s", got, want)
	}
}

func TestBinarise(t *testing.T) {
	code := []float32{-1, 1, 0, 0, -3, 3, float32(math.NaN())}
	Binarise(code, []float32{0, 1 - 0x1p-24, 0.5, 0.5 - 0x1p-24, 0, 0.99, 0})
	if got, want := fmt.Sprint(code), fmt.Sprint([]float32{0, 1, 0, 1, 0, 1, 0}); got != want {
		t.Errorf("bits %s, want %s", got, want)
	}
}

// TestWeights checks that a draw depends on names alone and that copies are
// complete.
func TestWeights(t *testing.T) {
	a, b := NewEDSR(), NewEDSR()
	a.Init(testKey("flow"))
	mean := a.Tensor("add_mean.bias").Data[0]
	if want := float32(255 * 0.4488); mean != want {
		t.Errorf("mean %v, want %v", mean, want)
	}
	b.CopyFrom(&a.Weights)
	for i, s := range a.State {
		sameSignal(t, s.Name, Signal{Data: b.State[i].Data}, Signal{Data: s.Data})
	}
	if err := b.Set("head.0.bias", []int{63}, make([]float32, 63)); err == nil || err.Error() != `tensor "head.0.bias" of shape [63], EDSR wants [64]` {
		t.Errorf("wrong shape: %v", err)
	}
	if err := b.Set("head.1.bias", []int{64}, make([]float32, 64)); err == nil || err.Error() != `EDSR has no tensor "head.1.bias"` {
		t.Errorf("wrong name: %v", err)
	}
}

func sameSignal(t *testing.T, what string, got, want Signal) {
	t.Helper()
	g, w := bitsOf(got.Data), bitsOf(want.Data)
	for i := range w {
		if g[i] != w[i] {
			t.Fatalf("%s: value %d differs: %v and %v", what, i, got.Data[i], want.Data[i])
		}
	}
}
