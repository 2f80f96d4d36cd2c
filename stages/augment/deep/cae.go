package deep

import (
	"slices"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
)

// A CAEWeights is a distortion of CAE's weights. i and j are the layers drawn
// for it, from first to last of nn.CAELayers.
type CAEWeights struct {
	Name        string
	first, last int
	apply       func(c *caeLayers, i, j int, d *Dice, reference bool)
}

// caeLayers gives a CAE's layers by number.
type caeLayers struct{ net *nn.CAE }

func (c *caeLayers) layer(i int) layer { return layerOf(&c.net.Weights, nn.CAELayers()[i]) }

// drawFilters calls f with the filter and the bias of the same number, for
// draws of a filter with replacement. The first axis of a transposed
// convolution is its input, so its bias has more entries than it has filters.
func drawFilters(l layer, draws int, d *Dice, f func(filter, bias []float32)) {
	for range draws {
		i := d.IntN(l.filters())
		f(l.filter(i), l.bias.Data[i:i+1])
	}
}

// CAEWeightDistortions are the nine of the release, in its order; the last of
// them can never be drawn there.
func CAEWeightDistortions() []CAEWeights {
	return []CAEWeights{
		{"flip-filters", 11, 15, func(c *caeLayers, i, j int, _ *Dice, reference bool) {
			c.layer(i).flip()
			if !reference && i != j { // the release flips j twice
				c.layer(j).flip()
			}
		}},
		{"negate-filters", 8, 13, func(c *caeLayers, i, _ int, d *Dice, _ bool) {
			drawFilters(c.layer(i), 12, d, func(filter, bias []float32) { negate(filter); negate(bias) })
		}},
		{"zero-filters", 8, 13, func(c *caeLayers, i, _ int, d *Dice, _ bool) {
			drawFilters(c.layer(i), 25, d, func(filter, bias []float32) { clear(filter); clear(bias) })
		}},
		{"gelu-filters", 10, 13, func(c *caeLayers, i, _ int, d *Dice, _ bool) {
			drawFilters(c.layer(i), 25, d, func(filter, bias []float32) { bend(filter); bend(bias) })
		}},
		{"grow", 8, 13, func(c *caeLayers, i, j int, d *Dice, _ bool) {
			grow(c.layer(i).weight.Data, 8, d)
			grow(c.layer(j).weight.Data, 8, d)
		}},
		{"mask", 8, 13, func(c *caeLayers, i, _ int, d *Dice, _ bool) {
			if v := c.layer(i).weight.Data; d.IntN(2) == 0 {
				keep(v, d)
			} else {
				sign(v, d)
			}
		}},
		{"rotate", 8, 13, func(c *caeLayers, i, _ int, d *Dice, _ bool) {
			w := c.layer(i).weight
			rotate(w.Data, w.Shape[3], 1, 1+d.IntN(3))
		}},
		{"negate-some", 8, 13, func(c *caeLayers, i, _ int, d *Dice, _ bool) {
			l := c.layer(i)
			chosen := make([]bool, l.filters())
			for range len(chosen) / 5 {
				chosen[d.IntN(len(chosen))] = true
			}
			for k, is := range chosen {
				if is {
					negate(l.filter(k))
				}
			}
		}},
		{"largest", 8, 13, func(c *caeLayers, i, _ int, _ *Dice, _ bool) {
			w := c.layer(i).weight
			largest(w.Data, w.Shape[2]*w.Shape[3])
		}},
	}
}

// reachable is how many of the weight distortions the release can draw.
const reachable = 8

// DistortCAE applies one of some weight distortions to a CAE.
func DistortCAE(net *nn.CAE, among []CAEWeights, reference bool, d *Dice) {
	if reference && len(among) > reachable {
		among = among[:reachable]
	}
	a := among[d.IntN(len(among))]
	n := a.last - a.first + 1
	i := a.first + d.IntN(n)
	j := a.first + d.IntN(n)
	a.apply(&caeLayers{net}, i, j, d, reference)
}

// A CAESignal is a distortion of CAE's code before it is turned into bits, or
// of the bits.
type CAESignal struct {
	Name string
	code func(x nn.Signal, d *Dice, p *kernels.Pool)
	bits func(x nn.Signal, d *Dice)
}

// CAESignals are the nine of the release, in its order.
func CAESignals() []CAESignal {
	return []CAESignal{
		{Name: "grow-bits", bits: func(x nn.Signal, d *Dice) {
			u := float32(4 * d.Uniform())
			r := make([]float32, len(x.Data))
			d.Fill(r, 0, 1)
			for i := range r {
				x.Data[i] *= kernels.FMA32(u, r[i], 3)
			}
		}},
		{Name: "zero-positions", code: func(x nn.Signal, d *Dice, _ *kernels.Pool) { positions(x, 0.2, 0, d) }},
		{Name: "negate-positions", code: func(x nn.Signal, d *Dice, _ *kernels.Pool) { positions(x, 0.1, -1, d) }},
		{Name: "permute-channels", code: func(x nn.Signal, d *Dice, _ *kernels.Pool) {
			first := 10 * x.H * x.W
			from := slices.Clone(x.Data[:first])
			for to, c := range d.Order(10) {
				copy(plane(x, to), from[c*x.H*x.W:(c+1)*x.H*x.W])
			}
		}},
		{Name: "flip-channels", code: func(x nn.Signal, d *Dice, _ *kernels.Pool) {
			way := d.IntN(3)
			for range 5 {
				flipPlane(plane(x, d.IntN(x.C)), x.W, way != 1, way != 0)
			}
		}},
		{Name: "flip-code", code: func(x nn.Signal, d *Dice, _ *kernels.Pool) {
			way := d.IntN(3)
			for c := range x.C {
				flipPlane(plane(x, c), x.W, way != 1, way != 0)
			}
		}},
		{Name: "convolve-noise", code: func(x nn.Signal, d *Dice, p *kernels.Pool) {
			kernel := make([]float32, x.C*x.C*9)
			d.Fill(kernel, -0.1, 0.1)
			for c := range x.C {
				kernel[(c*x.C+c)*9+4]++
			}
			filterCode(x, kernel, p)
		}},
		{Name: "convolve-echo", code: func(x nn.Signal, d *Dice, p *kernels.Pool) {
			kernel := make([]float32, x.C*x.C*9)
			for c := range x.C {
				kernel[(c*x.C+c)*9+4] = 1
				if d.IntN(2) == 0 {
					kernel[(c*x.C+d.IntN(x.C))*9+d.IntN(9)]++
				}
			}
			filterCode(x, kernel, p)
		}},
		{Name: "shift-channels", code: func(x nn.Signal, d *Dice, p *kernels.Pool) {
			kernel := make([]float32, x.C*x.C*9)
			tap := d.IntN(9)
			for c := range x.C {
				if d.Chance(0.2) {
					tap = d.IntN(9)
				}
				kernel[(c*x.C+c)*9+tap] = 1
			}
			filterCode(x, kernel, p)
		}},
	}
}

// positions multiplies all channels of a position by other, with probability
// p.
func positions(x nn.Signal, p, other float32, d *Dice) {
	u := make([]float32, x.H*x.W)
	d.Fill(u, 0, 1)
	for c := range x.C {
		for i, v := range plane(x, c) {
			if u[i] < p {
				x.Data[c*x.H*x.W+i] = v * other
			}
		}
	}
}

// flipPlane reverses the rows, the columns, or both, of a plane.
func flipPlane(v []float32, w int, rows, columns bool) {
	if columns {
		mirror(v, w)
	}
	if !rows {
		return
	}
	for i, j := 0, len(v)-w; i < j; i, j = i+w, j-w {
		for k := range w {
			v[i+k], v[j+k] = v[j+k], v[i+k]
		}
	}
}

// filterCode convolves a code with kernels of 3 x 3, zeros around.
func filterCode(x nn.Signal, kernel []float32, p *kernels.Pool) {
	out := make([]float32, len(x.Data))
	kernels.Conv2D(out, x.Data, kernel, nil, kernels.ConvShape{N: 1, Ci: x.C, H: x.H, W: x.W, Co: x.C, KH: 3, KW: 3, PadH: 1, PadW: 1}, p)
	copy(x.Data, out)
}

// RunCAE sends an image [3, h, w] of values 0 to 1 through a CAE, with one of
// some signal distortions. bits draws the bits of the code.
func RunCAE(net *nn.CAE, dst *nn.Signal, x nn.Signal, among []CAESignal, d *Dice, bits kernels.Source, p *kernels.Pool) {
	var code nn.Signal
	net.Encode(&code, x, p)
	signal := among[d.IntN(len(among))]
	if signal.code != nil {
		signal.code(code, d, p)
	}
	uniform := make([]float32, len(code.Data))
	bits.Uniforms(uniform, 0)
	nn.Binarise(code.Data, uniform)
	if signal.bits != nil {
		signal.bits(code, d)
	}
	for i, b := range code.Data {
		code.Data[i] = kernels.FMA32(2, b, -1)
	}
	net.Decode(dst, code, p)
}
