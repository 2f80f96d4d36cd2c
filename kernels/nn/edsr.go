package nn

import (
	"fmt"

	"shiftmill/kernels"
)

const (
	edsrBlocks   = 16
	edsrFeatures = 64

	// EDSRScale is how many times wider and higher EDSR makes an image.
	EDSRScale = 4

	// EDSRModules is the number of modules of EDSR's body: 16 residual blocks
	// and a convolution.
	EDSRModules = edsrBlocks + 1
)

// An EDSR is the baseline network for enlarging images by 4: Lim et al.,
// "Enhanced Deep Residual Networks for Single Image Super-Resolution", CVPRW
// 2017. Images are [3, h, w] with values from 0 to 255, of any size; the
// output is not clamped. Its state is named as in the authors' release.
//
// Forward is the whole network. DeepAugment looks into it: Head, Body and Tail
// are its parts, between which the caller may change the signal, and Tail(Body
// (Head(x)), Head(x)) has the bits of Forward. An EDSR belongs to one
// goroutine.
type EDSR struct {
	Weights
}

// NewEDSR returns a network whose weights are zero, except for the fixed shift
// of the mean colour.
func NewEDSR() *EDSR {
	e := &EDSR{Weights{network: "EDSR"}}
	e.whole(Signal{C: 3, H: 4, W: 4})
	mean := [3]float32{255 * 0.4488, 255 * 0.4371, 255 * 0.4040}
	for _, shift := range []struct {
		name string
		sign float32
	}{{"sub_mean", -1}, {"add_mean", 1}} {
		weight, bias := e.Tensor(shift.name+".weight"), e.Tensor(shift.name+".bias")
		for c, m := range mean {
			weight.Data[c*3+c] = 1
			bias.Data[c] = shift.sign * m
		}
		e.bounds[e.index[weight.Name]], e.bounds[e.index[bias.Name]] = 0, 0
	}
	return e
}

func (e *EDSR) head(f *flow, x int) int {
	x = f.conv(x, convLayer{name: "sub_mean", out: 3, kernel: 1})
	return f.conv(x, convLayer{name: "head.0", out: edsrFeatures, kernel: 3, pad: around(1)})
}

func (e *EDSR) body(f *flow, x, from, to int) int {
	for i := from; i < to; i++ {
		name := fmt.Sprintf("body.%d", i)
		if i == edsrBlocks {
			x = f.conv(x, convLayer{name: name, out: edsrFeatures, kernel: 3, pad: around(1), winograd: true})
			continue
		}
		y := f.conv(x, convLayer{name: name + ".body.0", out: edsrFeatures, kernel: 3, pad: around(1), winograd: true, act: rectify})
		y = f.conv(y, convLayer{name: name + ".body.2", out: edsrFeatures, kernel: 3, pad: around(1), winograd: true})
		x = f.plus(y, x)
	}
	return x
}

func (e *EDSR) tail(f *flow, x, head int) int {
	x = f.plus(x, head)
	for _, name := range []string{"tail.0.0", "tail.0.2"} {
		x = f.conv(x, convLayer{name: name, out: 4 * edsrFeatures, kernel: 3, pad: around(1), winograd: true})
		x = f.shuffled(x, 2)
	}
	x = f.conv(x, convLayer{name: "tail.1", out: 3, kernel: 3, pad: around(1)})
	return f.conv(x, convLayer{name: "add_mean", out: 3, kernel: 1})
}

func (e *EDSR) whole(x Signal) *flow {
	f := &flow{weights: &e.Weights}
	head := e.head(f, f.input(x))
	e.tail(f, e.body(f, head, 0, EDSRModules), head)
	return f
}

// Forward stores in dst, which it sizes, the enlarged image. dst is not x.
func (e *EDSR) Forward(dst *Signal, x Signal, p *kernels.Pool) { e.whole(x).run(dst, p) }

// Head stores in dst the features [64, h, w] of an image. They are also what
// Tail adds back.
func (e *EDSR) Head(dst *Signal, x Signal, p *kernels.Pool) {
	f := &flow{weights: &e.Weights}
	e.head(f, f.input(x))
	f.run(dst, p)
}

// Body stores in dst what modules from to to-1 of the body, of EDSRModules,
// make of features. dst is not x.
func (e *EDSR) Body(dst *Signal, x Signal, from, to int, p *kernels.Pool) {
	if from < 0 || to > EDSRModules || from >= to {
		panic(fmt.Sprintf("nn: EDSR.Body: modules %d to %d of %d", from, to, EDSRModules))
	}
	f := &flow{weights: &e.Weights}
	e.body(f, f.input(x), from, to)
	f.run(dst, p)
}

// Tail stores in dst the image that follows from the body's and the head's
// features.
func (e *EDSR) Tail(dst *Signal, body, head Signal, p *kernels.Pool) {
	f := &flow{weights: &e.Weights}
	e.tail(f, f.input(body), f.input(head))
	f.run(dst, p)
}
