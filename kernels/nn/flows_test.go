package nn

import (
	"fmt"
	"hash/crc32"
	"math"
	"slices"
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
		kernels.ConvOp{Bias: true, Winograd: n.winograd, ConvShape: kernels.ConvShape{
			N: 1, Ci: from.c, H: h, W: w, Co: n.c, KH: n.kernel, KW: n.kernel, StrideH: n.stride, StrideW: n.stride,
		}}.Run(nil, [][]float32{out}, [][]float32{x, n.weight, n.bias})
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

// TestWinogradKeepsPictures compares both networks with themselves without
// Winograd's convolutions, on a picture: the difference is far below a level of
// 255, which changes no signal-to-noise ratio by 0.01 dB.
func TestWinogradKeepsPictures(t *testing.T) {
	e, c := NewEDSR(), NewCAE()
	e.InitInterpolating(testKey("winograd"))
	c.InitCoding(testKey("winograd"))
	for _, t := range append(slices.Clone(e.State), c.State...) { // zero at the start
		if strings.Contains(t.Name, "_block_") || strings.HasSuffix(t.Name, ".body.2.weight") {
			testKey(t.Name).Row("").Ranges(t.Data, 0, -0.01, 0.01)
		}
	}
	picture := func(c, h, w int, size float32) Signal {
		x := Signal{C: c, H: h, W: w, Data: make([]float32, c*h*w)}
		for i := range x.Data {
			x.Data[i] = size * (0.5 + 0.5*kernels.Sin(float32(i/w%h)/5+float32(i%w)/7+float32(i/w/h)))
		}
		return x
	}
	var code Signal
	c.Encode(&code, picture(3, 64, 68, 1), nil)
	for _, net := range []struct {
		name string
		f    *flow
		most float64 // of 255 levels, and of a code and a picture from -1 to 1
	}{
		{"EDSR", e.whole(picture(3, 20, 23, 255)), 0.01},
		{"encoder", c.encoder(picture(3, 64, 68, 1)), 1e-4},
		{"decoder", c.decoder(code), 1e-4},
	} {
		var got, want Signal
		net.f.run(&got, nil)
		named := 0
		for i := range net.f.nodes {
			if n := &net.f.nodes[i]; n.winograd {
				n.winograd = false
				named++
			}
		}
		net.f.run(&want, nil)
		differs := false
		for i, v := range want.Data {
			d := math.Abs(float64(v - got.Data[i]))
			differs = differs || d > 0
			if !(d <= net.most) {
				t.Fatalf("%s: value %d is %v by Winograd, directly %v", net.name, i, got.Data[i], v)
			}
		}
		if named == 0 || !differs {
			t.Errorf("%s: %d layers by Winograd, differs: %t", net.name, named, differs)
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
