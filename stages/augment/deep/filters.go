package deep

import (
	"slices"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
)

// A layer is a convolution: a weight whose first axis counts filters, and a
// bias.
type layer struct{ weight, bias nn.Tensor }

func layerOf(w *nn.Weights, name string) layer {
	return layer{w.Tensor(name + ".weight"), w.Tensor(name + ".bias")}
}

// filters is the size of the weight's first axis.
func (l layer) filters() int { return l.weight.Shape[0] }

// filter is the i-th part of the weight along its first axis.
func (l layer) filter(i int) []float32 {
	n := len(l.weight.Data) / l.filters()
	return l.weight.Data[i*n : (i+1)*n]
}

// flip reverses the order of the filters and of the biases.
func (l layer) flip() {
	for i, j := 0, l.filters()-1; i < j; i, j = i+1, j-1 {
		a, b := l.filter(i), l.filter(j)
		for k := range a {
			a[k], b[k] = b[k], a[k]
		}
	}
	slices.Reverse(l.bias.Data)
}

func negate(v []float32) {
	for i := range v {
		v[i] = -v[i]
	}
}

// bend replaces values by -GELU of them.
func bend(v []float32) {
	kernels.GELUSlice(v, v)
	negate(v)
}

// grow multiplies values by 1 + reach*u*r, u drawn once and r for each value.
func grow(v []float32, reach float32, d *Dice) {
	u := float32(reach * d.Uniform())
	r := make([]float32, len(v))
	d.Fill(r, 0, 1)
	for i := range v {
		v[i] *= kernels.FMA32(u, r[i], 1)
	}
}

// keep multiplies values by 0 or 1, each with probability 1/2.
func keep(v []float32, d *Dice) {
	mask(v, 0.5, 0, d)
}

// sign multiplies values by -1 or 1, each with probability 1/2.
func sign(v []float32, d *Dice) {
	mask(v, 0.5, -1, d)
}

// mask multiplies each value by other with probability p.
func mask(v []float32, p, other float32, d *Dice) {
	u := make([]float32, len(v))
	d.Fill(u, 0, 1)
	for i := range v {
		if u[i] < p {
			v[i] *= other
		}
	}
}

// stencil multiplies every kernel by one of as many values.
func stencil(v, by []float32) {
	for i := range v {
		v[i] *= by[i%len(by)]
	}
}

// largest keeps of every kernel of n values the largest, the first of equal
// ones, and sets the others to 0.
func largest(v []float32, n int) {
	for k := 0; k < len(v); k += n {
		kernel := v[k : k+n]
		best := 0
		for i, x := range kernel {
			if x > kernel[best] {
				best = i
			}
		}
		for i := range kernel {
			if i != best {
				kernel[i] = 0
			}
		}
	}
}

// rotate turns squares of side n counterclockwise by k quarters: those of the
// last two axes if inner is 1, else those of the first two axes, whose items
// have inner values each.
func rotate(v []float32, n, inner, k int) {
	size := n * n * inner
	turned := make([]float32, size)
	for at := 0; at < len(v); at += size {
		square := v[at : at+size]
		for range k {
			for y := range n {
				for x := range n {
					copy(turned[(y*n+x)*inner:(y*n+x+1)*inner], square[(x*n+n-1-y)*inner:])
				}
			}
			copy(square, turned)
		}
	}
}

// mirror reverses the last axis, of n values.
func mirror(v []float32, n int) {
	for k := 0; k < len(v); k += n {
		slices.Reverse(v[k : k+n])
	}
}

// convolve treats the weight of 64 x 64 kernels of 3 x 3 as 64 pictures of 64
// channels and convolves them with as many kernels, zeros around.
func convolve(l layer, kernel []float32, p *kernels.Pool) {
	n, c := l.weight.Shape[0], l.weight.Shape[1]
	out := make([]float32, len(l.weight.Data))
	kernels.Conv2D(out, l.weight.Data, kernel, nil, kernels.ConvShape{N: n, Ci: c, H: 3, W: 3, Co: c, KH: 3, KW: 3, PadH: 1, PadW: 1}, p)
	copy(l.weight.Data, out)
}
