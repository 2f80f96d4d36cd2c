package nn

import (
	"math"
	"strconv"

	"shiftmill/kernels"
)

// AdaIN is the network of arbitrary style transfer: VGG-19 up to the first
// ReLU of its fourth stage, behind a 1x1 convolution that takes pixels from 0
// to 1, and a decoder that mirrors it. Images are [3, h, w], h and w at least
// 9; the code is [512, ceil(h/8), ceil(w/8)], and its image eight times that.
// Both states are named by the places of the layers, as in the release of
// github.com/naoto0804/pytorch-AdaIN. A network belongs to one goroutine.
//
// Source: Huang and Belongie, "Arbitrary Style Transfer in Real-time with
// Adaptive Instance Normalization", ICCV 2017 (arXiv:1703.06868).
type AdaIN struct {
	Encoder, Decoder Weights
}

// A stretch are convolutions 3x3 with mirrored borders and ReLUs between two
// changes of scale: their places in the release and their channels.
type stretch struct{ places, channels []int }

var (
	adainEncoder = []stretch{
		{[]int{2, 5}, []int{64, 64}}, {[]int{9, 12}, []int{128, 128}}, {[]int{16, 19, 22, 25}, []int{256, 256, 256, 256}}, {[]int{29}, []int{512}},
	}
	adainDecoder = []stretch{
		{[]int{1}, []int{256}}, {[]int{5, 8, 11, 14}, []int{256, 256, 256, 128}}, {[]int{18, 21}, []int{128, 64}}, {[]int{25, 28}, []int{64, 3}},
	}
)

// NewAdaIN returns a network whose weights are zero.
func NewAdaIN() *AdaIN {
	a := &AdaIN{Weights{network: "the encoder"}, Weights{network: "the decoder"}}
	channels := 3
	for i := range adainEncoder {
		channels = a.encode(i, Signal{C: channels, H: 8, W: 8}).last().c
	}
	for i := range adainDecoder {
		channels = a.decode(i, Signal{C: channels, H: 8, W: 8}).last().c
	}
	return a
}

func (f *flow) last() *flowNode { return &f.nodes[len(f.nodes)-1] }

// encode is the i-th stretch of the encoder.
func (a *AdaIN) encode(i int, x Signal) *flow {
	f := &flow{weights: &a.Encoder}
	y := f.input(x)
	if i == 0 {
		y = f.conv(y, convLayer{name: "0", out: 3, kernel: 1})
	}
	for k, place := range adainEncoder[i].places {
		y = f.conv(y, convLayer{name: strconv.Itoa(place), out: adainEncoder[i].channels[k], kernel: 3, pad: around(1), mirrored: true, act: rectify})
	}
	return f
}

// decode is the i-th stretch of the decoder.
func (a *AdaIN) decode(i int, x Signal) *flow {
	f := &flow{weights: &a.Decoder}
	y := f.input(x)
	for k, place := range adainDecoder[i].places {
		l := convLayer{name: strconv.Itoa(place), out: adainDecoder[i].channels[k], kernel: 3, pad: around(1), mirrored: true, act: rectify}
		if l.out == 3 {
			l.act = linear
		}
		y = f.conv(y, l)
	}
	return f
}

// Encode stores in dst the code of an image with values from 0 to 1.
func (a *AdaIN) Encode(dst *Signal, x Signal, p *kernels.Pool) {
	for i := range adainEncoder {
		var y Signal
		a.encode(i, x).run(&y, p)
		if i == len(adainEncoder)-1 {
			*dst = y
			return
		}
		x = halve(y)
	}
}

// Decode stores in dst the image of a code.
func (a *AdaIN) Decode(dst *Signal, code Signal, p *kernels.Pool) {
	x := code
	for i := range adainDecoder {
		var y Signal
		a.decode(i, x).run(&y, p)
		if i == len(adainDecoder)-1 {
			*dst = y
			return
		}
		x = Signal{C: y.C, H: 2 * y.H, W: 2 * y.W, Data: make([]float32, 4*len(y.Data))}
		kernels.Upsample(x.Data, y.Data, y.C, y.H, y.W, 2)
	}
}

// halve takes the largest of every 2x2 pixels; at odd ends of what is there.
func halve(x Signal) Signal {
	y := Signal{C: x.C, H: (x.H + 1) / 2, W: (x.W + 1) / 2}
	y.Data = make([]float32, y.C*y.H*y.W)
	for i := range y.Data {
		c, row, column := i/(y.H*y.W), i/y.W%y.H*2, i%y.W*2
		plane := x.Data[c*x.H*x.W:][:x.H*x.W]
		most := plane[row*x.W+column]
		for r := row; r < min(row+2, x.H); r++ {
			for k := column; k < min(column+2, x.W); k++ {
				if v := plane[r*x.W+k]; v > most || v != v {
					most = v
				}
			}
		}
		y.Data[i] = most
	}
	return y
}

// A Style is the mean and the standard deviation of each channel of a code.
type Style struct{ Mean, Std []float32 }

// StyleOf measures a code: its variance is unbiased, plus 1e-5.
func StyleOf(code Signal) Style {
	n := code.H * code.W
	s := Style{make([]float32, code.C), make([]float32, code.C)}
	for c := range code.C {
		plane := code.Data[c*n : (c+1)*n]
		sum, squares := 0.0, 0.0
		for _, v := range plane {
			sum += float64(v)
		}
		mean := sum / float64(n)
		for _, v := range plane {
			d := float64(v) - mean
			squares += float64(d * d)
		}
		s.Mean[c], s.Std[c] = float32(mean), float32(math.Sqrt(squares/float64(max(n-1, 1))+1e-5))
	}
	return s
}

// Stylise gives a code another style, in place; alpha from 0 (its own) to 1.
func Stylise(code Signal, style Style, alpha float32) {
	own := StyleOf(code)
	n := code.H * code.W
	for c := range code.C {
		for i, v := range code.Data[c*n : (c+1)*n] {
			w := float32((v-own.Mean[c])/own.Std[c]*style.Std[c]) + style.Mean[c]
			code.Data[c*n+i] = float32(alpha*w) + float32((1-alpha)*v)
		}
	}
}
