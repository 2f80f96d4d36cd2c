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

// wholeRun computes every node of a flow at once by the operations on whole
// tensors, as the oracle of bands.
func wholeRun(f *flow) Signal {
	values := make([][]float32, len(f.nodes))
	for i := range f.nodes {
		n := &f.nodes[i]
		if n.kind == given {
			values[i] = n.data
			continue
		}
		values[i] = make([]float32, n.c*n.h*n.w)
		n.whole(values[i], values[n.in[0]], values[n.in[1]], &f.nodes[n.in[0]])
	}
	end := &f.nodes[len(f.nodes)-1]
	return Signal{end.c, end.h, end.w, values[len(values)-1]}
}

func (n *flowNode) whole(out, x, y []float32, from *flowNode) {
	h, w := from.h+n.pad.Top+n.pad.Bottom, from.w+n.pad.Left+n.pad.Right
	if n.pad != (kernels.Border{}) {
		padded := make([]float32, from.c*h*w)
		if n.mirrored {
			kernels.PadReflect(padded, x, from.c, from.h, from.w, n.pad)
		} else {
			for i := range from.c * from.h {
				copy(padded[(i/from.h*h+i%from.h+n.pad.Top)*w+n.pad.Left:], x[i*from.w:(i+1)*from.w])
			}
		}
		x = padded
	}
	switch n.kind {
	case sum:
		kernels.Add(out, x, y)
	case shuffle:
		kernels.PixelShuffle(out, x, 1, n.c, from.h, from.w, n.factor)
	case enlarge:
		kernels.ConvTranspose2D(out, x, n.weight, n.bias, kernels.ConvShape{
			N: 1, Ci: n.c, H: n.h, W: n.w, Co: from.c, KH: 2, KW: 2, StrideH: 2, StrideW: 2,
		}, nil)
	case convolve:
		kernels.Conv2D(out, x, n.weight, n.bias, kernels.ConvShape{
			N: 1, Ci: from.c, H: h, W: w, Co: n.c, KH: n.kernel, KW: n.kernel, StrideH: n.stride, StrideW: n.stride,
		}, nil)
		switch n.act {
		case rectify:
			kernels.ReLU(out, out)
		case leaky:
			kernels.LeakyReLU(out, out, leakySlope)
		case tanh:
			kernels.TanhSlice(out, out)
		}
	}
}

// TestBands compares bands with whole layers, bit for bit, on images of
// several heights and widths, one after the other in the same memory.
func TestBands(t *testing.T) {
	e, c := NewEDSR(), NewCAE()
	fillFlow(&e.Weights)
	fillFlow(&c.Weights)
	image := func(c, h, w int) Signal {
		x := Signal{C: c, H: h, W: w, Data: make([]float32, c*h*w)}
		testKey("bands").Row(fmt.Sprint(h, w)).Ranges(x.Data, 0, -1, 1)
		return x
	}
	var got Signal
	for _, backend := range kernels.Backends()[max(0, len(kernels.Backends())-2):] {
		was := kernels.Active()
		if err := kernels.Use(backend); err != nil {
			t.Fatal(err)
		}
		for _, size := range [][2]int{{1, 1}, {19, 6}, {9, 30}, {3, 70}} {
			f := e.whole(image(3, size[0], size[1]))
			f.run(&got, kernels.NewPool(2))
			sameSignal(t, fmt.Sprint(backend, " EDSR ", size), got, wholeRun(f))
		}
		for _, size := range [][2]int{{12, 12}, {37, 13}, {70, 41}} {
			f := c.encoder(image(3, size[0], size[1]))
			f.run(&got, nil)
			sameSignal(t, fmt.Sprint(backend, " encoder ", size), got, wholeRun(f))
			f = c.decoder(image(CAEChannels, size[0]/4, size[1]/4))
			f.run(&got, kernels.NewPool(3))
			sameSignal(t, fmt.Sprint(backend, " decoder ", size), got, wholeRun(f))
		}
		if err := kernels.Use(was); err != nil {
			t.Fatal(err)
		}
	}
}
