package nn

import (
	"fmt"

	"shiftmill/kernels"
)

// CAEChannels is the number of channels of a CAE's code.
const CAEChannels = 32

// A CAE is the compressive autoencoder of github.com/alexandru-dinu/cae in its
// variant with 32 channels of bits and zero padding. Images are [3, h, w] with
// values from 0 to 1, h and w at least 12; the output, from -1 to 1, is
// [3, 4*(h/4), 4*(w/4)]. Its state is named as in its authors' release.
//
// Encode gives a code between -1 and 1, Binarise draws its bits and Decode
// reads them as -1 and 1; between these the caller may change what it likes.
// A CAE belongs to one goroutine.
type CAE struct {
	Weights
}

// NewCAE returns a network whose weights are zero.
func NewCAE() *CAE {
	c := &CAE{Weights{network: "CAE"}}
	c.encoder(Signal{C: 3, H: 16, W: 16})
	c.decoder(Signal{C: CAEChannels, H: 4, W: 4})
	return c
}

// CAELayers are the names of the layers, each with a weight and a bias, in the
// order in which DeepAugment numbers them. Layers 10 and 18 are transposed
// convolutions, whose first axis is the input channel.
func CAELayers() []string {
	list := []string{"e_conv_1.1", "e_conv_2.1"}
	blocks := func(side string) {
		for i := 1; i <= 3; i++ {
			list = append(list, fmt.Sprintf("%s_block_%d.1", side, i), fmt.Sprintf("%s_block_%d.4", side, i))
		}
	}
	blocks("e")
	list = append(list, "e_conv_3.0", "d_up_conv_1.0", "d_up_conv_1.3")
	blocks("d")
	return append(list, "d_up_conv_2.0", "d_up_conv_2.3", "d_up_conv_3.0", "d_up_conv_3.3")
}

func (c *CAE) blocks(f *flow, side string, x int) int {
	for i := 1; i <= 3; i++ {
		name := fmt.Sprintf("%s_block_%d", side, i)
		y := f.conv(x, convLayer{name: name + ".1", out: 128, kernel: 3, pad: around(1), winograd: true, act: leaky})
		y = f.conv(y, convLayer{name: name + ".4", out: 128, kernel: 3, pad: around(1), winograd: true})
		x = f.plus(y, x)
	}
	return x
}

func (c *CAE) encoder(x Signal) *flow {
	f := &flow{weights: &c.Weights}
	half := kernels.Border{Top: 1, Bottom: 2, Left: 1, Right: 2}
	y := f.conv(f.input(x), convLayer{name: "e_conv_1.1", out: 64, kernel: 5, stride: 2, pad: half, act: leaky})
	y = f.conv(y, convLayer{name: "e_conv_2.1", out: 128, kernel: 5, stride: 2, pad: half, act: leaky})
	f.conv(c.blocks(f, "e", y), convLayer{name: "e_conv_3.0", out: CAEChannels, kernel: 5, pad: around(2), act: tanh})
	return f
}

func (c *CAE) decoder(code Signal) *flow {
	f := &flow{weights: &c.Weights}
	// The border of zeros comes behind the activation, so the convolution's
	// missing border is made up for by the transposed one.
	up := func(x int, name string, middle, out int) int {
		x = f.conv(x, convLayer{name: name + ".0", out: middle, kernel: 3, winograd: true, act: leaky})
		return f.double(x, name+".3", out, 1)
	}
	y := c.blocks(f, "d", up(f.input(code), "d_up_conv_1", 64, 128))
	y = f.conv(up(y, "d_up_conv_2", 32, 256), convLayer{name: "d_up_conv_3.0", out: 16, kernel: 3, winograd: true, act: leaky})
	f.conv(y, convLayer{name: "d_up_conv_3.3", out: 3, kernel: 3, pad: around(2), mirrored: true, act: tanh})
	return f
}

// Encode stores in dst the code [32, h/4, w/4] of an image.
func (c *CAE) Encode(dst *Signal, x Signal, p *kernels.Pool) { c.encoder(x).run(dst, p) }

// Decode stores in dst the image of a code, which is -1 or 1 everywhere unless
// the caller distorts it.
func (c *CAE) Decode(dst *Signal, code Signal, p *kernels.Pool) { c.decoder(code).run(dst, p) }

// Binarise turns a code into bits 0 and 1, in place: a value v becomes 1 where
// the number of uniform, in [0, 1), is less than (1 + v) / 2.
func Binarise(code, uniform []float32) {
	for i, v := range code {
		code[i] = 0
		if uniform[i] < (1+v)/2 {
			code[i] = 1
		}
	}
}
