package nn

import (
	"strings"

	"shiftmill/kernels"
)

// InitCoding draws initial weights with which the network already codes: bits
// say whether brightness, its differences within a cell and colour lie above
// certain thresholds, and the decoder adds up what they stand for. Photographs
// come back at about 19 dB, and training starts from there.
//
// From Init it starts slowly: values of the code lie near 0, so that bits are
// coin tosses, which a decoder does best to ignore, and then no gradient reaches
// the encoder. Here channels that have no part in the thresholds are drawn so
// that layers keep the size of their signals (He et al., ICCV 2015), the second
// convolutions of residual blocks are zero (Zhang et al., "Fixup
// Initialization", ICLR 2019), and nothing drawn reaches the picture before
// training connects it.
func (c *CAE) InitCoding(key kernels.Key) {
	for _, t := range c.State {
		if strings.HasSuffix(t.Name, ".bias") || strings.Contains(t.Name, "_block_") && strings.HasSuffix(t.Name, ".4.weight") {
			clear(t.Data)
			continue
		}
		fan := t.Shape[1] * t.Shape[2] * t.Shape[3]
		if strings.HasPrefix(t.Name, "d_up_conv_") && strings.HasSuffix(t.Name, ".3.weight") && t.Shape[2] == 2 {
			fan = t.Shape[0] // transposed: every output has one tap
		}
		bound := kernels.Sqrt(6 / float32(fan))
		key.Row(t.Name).Ranges(t.Data, 0, -bound, bound)
	}
	c.startEncoder()
	c.startDecoder()
}

// Channels of the layers that InitCoding sets: the colours come first, each
// with a channel for every quarter of a cell of 4 x 4 pixels, row by row.
const (
	colours  = 3
	quarters = 4
	// presence is the channel behind the colours that is 1 where there is a
	// picture: the decoder's layers leave borders of zeros, which it fills in.
	presence = colours
)

// A codeGroup is one quantity of a cell and the thresholds of its bits.
type codeGroup struct {
	colour  [colours]float64  // its share of red, green and blue
	quarter [quarters]float64 // and of the quarters
	first   float64           // lowest threshold
	step    float64           // between thresholds, each of which is a bit
	bits    int
	back    [colours]float64 // what it gives back to red, green and blue
}

// codeGroups are brightness (ITU-R BT.601): the mean of a cell, its differences
// across, down and diagonally; and both colour differences, of the mean. Their
// bits are the 32 channels of the code.
func codeGroups() []codeGroup {
	luma := [colours]float64{0.299, 0.587, 0.114}
	blue := [colours]float64{-0.168736, -0.331264, 0.5}
	red := [colours]float64{0.5, -0.418688, -0.081312}
	grey := [colours]float64{1, 1, 1}
	mean := [quarters]float64{0.25, 0.25, 0.25, 0.25}
	return []codeGroup{
		{luma, mean, 0.05, 0.1, 10, grey},
		{luma, [quarters]float64{-0.25, 0.25, -0.25, 0.25}, -0.12, 0.08, 4, grey},
		{luma, [quarters]float64{-0.25, -0.25, 0.25, 0.25}, -0.12, 0.08, 4, grey},
		{luma, [quarters]float64{0.25, -0.25, -0.25, 0.25}, -0.05, 0.1, 2, grey},
		{blue, mean, -0.2, 0.08, 6, [colours]float64{0, -0.344136, 1.772}},
		{red, mean, -0.2, 0.08, 6, [colours]float64{1.402, -0.714136, 0}},
	}
}

// codeSlope is how steeply the code's values rise at a threshold, in steps: so
// that bits near it are tossed, and their mean is the quantity.
const codeSlope = 3

// startEncoder makes the encoder measure quarters and compare with thresholds.
func (c *CAE) startEncoder() {
	e1, e2, e3 := c.layer("e_conv_1.1"), c.layer("e_conv_2.1"), c.layer("e_conv_3.0")
	for colour := range colours { // means of 2 x 2 pixels; both layers' middles lie at 1 and 2
		e1.only(colour)
		for tap := range quarters {
			e1.set(colour, colour, 1+tap/2, 1+tap%2, 1./quarters)
		}
		for quarter := range quarters {
			out := colour*quarters + quarter
			e2.only(out)
			e2.set(out, colour, 1+quarter/2, 1+quarter%2, 1)
		}
	}
	bit := 0
	for _, g := range codeGroups() {
		slope := codeSlope / g.step
		for k := range g.bits {
			e3.only(bit)
			e3.bias[bit] = float32(-slope * (g.first + float64(float64(k)*g.step)))
			for colour, share := range g.colour {
				for quarter, part := range g.quarter {
					e3.set(bit, colour*quarters+quarter, 2, 2, float64(slope*share*part))
				}
			}
			bit++
		}
	}
}

// startDecoder makes the decoder add up quarters from bits, fill in borders,
// and enlarge smoothly.
func (c *CAE) startDecoder() {
	// Bits to quarters, and these to half the picture's size.
	d1, up1 := c.layer("d_up_conv_1.0"), c.layer("d_up_conv_1.3")
	const there = colours * quarters
	for out := range there + 1 {
		d1.only(out)
	}
	d1.bias[there] = 1
	for channel := range presence + 1 {
		up1.only(channel)
	}
	bit := 0
	for _, g := range codeGroups() {
		half := g.step / 2
		middle := g.first + float64(float64(g.bits-1)*half)
		for colour, back := range g.back {
			for quarter, part := range g.quarter {
				out, sign := colour*quarters+quarter, 1.0
				if part < 0 {
					sign = -1
				}
				d1.bias[out] += float32(back * sign * middle)
				for k := range g.bits {
					d1.set(out, bit+k, 1, 1, float64(back*sign*half))
				}
			}
		}
		bit += g.bits
	}
	for quarter := range quarters {
		for colour := range colours {
			up1.set(colour, colour*quarters+quarter, quarter/2, quarter%2, 1)
		}
		up1.set(presence, there, quarter/2, quarter%2, 1)
	}

	// The border is two wide; each block fills one of them.
	for _, block := range []string{"d_block_1", "d_block_2"} {
		inner, outer := c.layer(block+".1"), c.layer(block+".4")
		for channel := range presence + 1 {
			inner.fill(channel, channel)
			outer.set(channel, channel, 1, 1, 1)
		}
	}

	// To the picture's size, between the four nearest.
	d2, up2 := c.layer("d_up_conv_2.0"), c.layer("d_up_conv_2.3")
	near := [3]float64{0.25, 0.75, 0}
	for channel := range presence + 1 {
		up2.only(channel)
		for quarter := range quarters {
			out := channel*quarters + quarter
			d2.only(out)
			for tap := range 9 {
				y, x := tap/3, tap%3
				if quarter/2 == 1 {
					y = 2 - y
				}
				if quarter%2 == 1 {
					x = 2 - x
				}
				d2.set(out, channel, tap/3, tap%3, float64(near[y]*near[x]))
			}
			up2.set(channel, out, quarter/2, quarter%2, 1)
		}
	}

	// The last layer's tanh is undone by straight pieces: a slope from 0 on and
	// three knees. One more channel a colour fills in the border.
	d3, last := c.layer("d_up_conv_3.0"), c.layer("d_up_conv_3.3")
	knees := []struct{ at, slope float64 }{{0, 1.124}, {0.55, 0.798}, {0.8, 2.165}, {0.92, 7.3}}
	for colour := range colours {
		last.only(colour)
		for k, knee := range knees {
			in := k*colours + colour
			d3.only(in)
			d3.set(in, colour, 1, 1, 1)
			d3.bias[in] = float32(-knee.at)
			last.set(colour, in, 1, 1, knee.slope)
		}
		in := len(knees)*colours + colour
		d3.fill(in, colour)
		last.set(colour, in, 1, 1, knees[0].slope)
	}
}

// A startLayer is a layer whose weights are set one by one.
type startLayer struct {
	weight     []float32
	bias       []float32
	in, kernel int
	transposed bool
}

func (c *CAE) layer(name string) startLayer {
	w, bias := c.Tensor(name+".weight"), c.Tensor(name+".bias").Data
	l := startLayer{weight: w.Data, bias: bias, in: w.Shape[1], kernel: w.Shape[2], transposed: w.Shape[2] == 2}
	if l.transposed {
		l.in = w.Shape[0]
	}
	return l
}

func (l *startLayer) at(out, in, y, x int) *float32 {
	pair := out*l.in + in
	if l.transposed {
		pair = in*len(l.bias) + out
	}
	return &l.weight[(pair*l.kernel+y)*l.kernel+x]
}

func (l *startLayer) set(out, in, y, x int, v float64) { *l.at(out, in, y, x) = float32(v) }

// only clears what an output reads, for what is then set.
func (l *startLayer) only(out int) {
	for in := range l.in {
		for tap := range l.kernel * l.kernel {
			*l.at(out, in, tap/l.kernel, tap%l.kernel) = 0
		}
	}
	l.bias[out] = 0
}

// fill makes an output that is 0 where there is a picture, apart from the
// leak of its activation, and elsewhere the mean of the three neighbours that
// an edge has.
func (l *startLayer) fill(out, in int) {
	l.only(out)
	for tap := range 9 {
		if tap != 4 {
			l.set(out, in, tap/3, tap%3, 1./3)
		}
	}
	*l.at(out, presence, 1, 1) -= 3 // more than eight thirds of any value
}
