package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"shiftmill/kernels"
)

// flow adds the nodes of a flow, made for one image, for a batch of them. Its
// given signals are the inputs, in their order.
func (b *builder) flow(f *flow, inputs ...*gorgonia.Node) *gorgonia.Node {
	made := make([]*gorgonia.Node, len(f.nodes))
	for i := range f.nodes {
		n := &f.nodes[i]
		x := made[n.in[0]]
		switch n.kind {
		case given:
			made[i], inputs = inputs[0], inputs[1:]
		case sum:
			made[i] = b.add(x, made[n.in[1]])
		case shuffle:
			made[i] = b.shuffled(x, n.factor)
		case enlarge:
			if n.pad != (kernels.Border{}) {
				x = b.bordered(x, n.pad)
			}
			made[i] = b.enlarged(x, b.weight(f, n.name+".weight"), b.weight(f, n.name+".bias"))
		case convolve:
			made[i] = b.activated(b.biased(b.padded(x, n), b.weight(f, n.name+".weight"), b.weight(f, n.name+".bias"), n), n.act)
		}
	}
	return made[len(made)-1]
}

// weight is a tensor of a flow's network as an input.
func (b *builder) weight(f *flow, name string) *gorgonia.Node {
	n := b.nodes[name]
	if n == nil {
		t := f.weights.Tensor(name)
		n = b.input(name, t.Data, t.Shape...)
		b.nodes[name] = n
	}
	return n
}

// padded adds the border that a convolution cannot make itself.
func (b *builder) padded(x *gorgonia.Node, n *flowNode) *gorgonia.Node {
	switch p := n.pad; {
	case n.mirrored:
		return b.mirrored(x, p)
	case p.Top != p.Bottom || p.Left != p.Right || p.Top != p.Left:
		return b.bordered(x, p)
	}
	return x
}

// biased adds a convolution with a bias. Where it is Winograd's, its gradients
// are those of the direct one, which is the same but for rounding.
func (b *builder) biased(x, w, bias *gorgonia.Node, n *flowNode) *gorgonia.Node {
	in := x.Shape()
	s := kernels.ConvShape{N: in[0], Ci: in[1], H: in[2], W: in[3], Co: n.c, KH: n.kernel, KW: n.kernel, StrideH: n.stride, StrideW: n.stride}
	if p := n.pad; !n.mirrored && p.Top == p.Bottom && p.Left == p.Right && p.Top == p.Left {
		s.PadH, s.PadW = p.Top, p.Left
	}
	s = s.Filled()
	if err := s.Validate(); err != nil {
		panic(err)
	}
	settings := fmt.Sprintf("%+v", s)
	backData := op{name: "conv-back-data " + settings, out: in, inPlace: -1, does: kernels.ConvBackDataOp{ConvShape: s}}
	backWeight := op{name: "conv-back-weight " + settings, out: w.Shape(), inPlace: -1, does: kernels.ConvBackWeightOp{ConvShape: s}}
	backBias := op{name: "conv-back-bias " + settings, out: bias.Shape(), inPlace: -1, does: kernels.ChannelSumOp{N: s.N, C: s.Co, Plane: s.OutH() * s.OutW()}}
	does := kernels.ConvOp{ConvShape: s, Bias: true, Winograd: n.winograd}
	return b.apply(op{
		name: fmt.Sprintf("biased-conv %+v", does), out: tensor.Shape{s.N, s.Co, s.OutH(), s.OutW()}, inPlace: -1,
		does: does,
		wrt:  []bool{true, true, true},
		diff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(backData, grad, in[1]), b.apply(backWeight, grad, in[0]), b.apply(backBias, grad)}, nil
		},
	}, x, w, bias)
}

// enlarged adds a transposed convolution 2x2 with a stride of 2 and a bias: the
// data gradient of a convolution, whose own gradient is that convolution.
func (b *builder) enlarged(x, w, bias *gorgonia.Node) *gorgonia.Node {
	in, out := x.Shape(), bias.Shape()[0]
	s := kernels.ConvShape{N: in[0], Ci: out, H: 2 * in[2], W: 2 * in[3], Co: in[1], KH: 2, KW: 2, StrideH: 2, StrideW: 2}.Filled()
	settings := fmt.Sprintf("%+v", s)
	backData := op{name: "enlarge-back-data " + settings, out: in, inPlace: -1, does: kernels.ConvOp{ConvShape: s}}
	backWeight := op{name: "enlarge-back-weight " + settings, out: w.Shape(), inPlace: -1, does: kernels.ConvBackWeightOp{ConvShape: s}}
	backBias := op{name: "enlarge-back-bias " + settings, out: bias.Shape(), inPlace: -1, does: kernels.ChannelSumOp{N: s.N, C: out, Plane: s.H * s.W}}
	return b.apply(op{
		name: "enlarge " + settings, out: tensor.Shape{s.N, out, s.H, s.W}, inPlace: -1,
		does: kernels.ConvBackDataOp{ConvShape: s, Bias: true},
		wrt:  []bool{true, true, true},
		diff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(backData, grad, in[1]), b.apply(backWeight, in[0], grad), b.apply(backBias, grad)}, nil
		},
	}, x, w, bias)
}

// moved adds an operation without parameters, whose gradient is another.
func (b *builder) moved(name string, x *gorgonia.Node, out tensor.Shape, forward, backward kernels.Op) *gorgonia.Node {
	back := op{name: name + " back", out: x.Shape(), inPlace: -1, does: backward}
	return b.apply(op{
		name: name, out: out, inPlace: -1, does: forward, wrt: []bool{true},
		diff: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(back, grad)}, nil
		},
	}, x)
}

// shuffled adds a pixel shuffle by r.
func (b *builder) shuffled(x *gorgonia.Node, r int) *gorgonia.Node {
	s := x.Shape()
	does := kernels.ShuffleOp{N: s[0], C: s[1] / (r * r), H: s[2], W: s[3], R: r}
	back := does
	back.Back = true
	return b.moved(fmt.Sprintf("pixel-shuffle %v by %d", []int(s), r), x, tensor.Shape{s[0], s[1] / (r * r), r * s[2], r * s[3]}, does, back)
}

// mirrored adds a border of the picture's own mirror image.
func (b *builder) mirrored(x *gorgonia.Node, p kernels.Border) *gorgonia.Node {
	s := x.Shape()
	does := kernels.ReflectOp{Planes: s[0] * s[1], H: s[2], W: s[3], Border: p}
	back := does
	back.Back = true
	out := tensor.Shape{s[0], s[1], s[2] + p.Top + p.Bottom, s[3] + p.Left + p.Right}
	return b.moved(fmt.Sprintf("reflect %v by %v", []int(s), p), x, out, does, back)
}

// bordered adds a border of zeros: columns first, then rows.
func (b *builder) bordered(x *gorgonia.Node, p kernels.Border) *gorgonia.Node {
	s := x.Shape()
	wide := s[3] + p.Left + p.Right
	rows := s[0] * s[1] * s[2]
	copied := func(name string, x *gorgonia.Node, out tensor.Shape, rows, width, pitch, at int) *gorgonia.Node {
		does := kernels.CopyOp{Rows: rows, Width: width, To: at, ToPitch: pitch, FromPitch: width, ToSize: rows * pitch, FromSize: rows * width, Clear: true}
		back := kernels.CopyOp{Rows: rows, Width: width, From: at, ToPitch: width, FromPitch: pitch, ToSize: rows * width, FromSize: rows * pitch}
		return b.moved(fmt.Sprintf("%s %v by %v", name, []int(x.Shape()), p), x, out, does, back)
	}
	y := copied("columns", x, tensor.Shape{s[0], s[1], s[2], wide}, rows, s[3], wide, p.Left)
	high := s[2] + p.Top + p.Bottom
	return copied("rows", y, tensor.Shape{s[0], s[1], high, wide}, s[0]*s[1], s[2]*wide, high*wide, p.Top*wide)
}

// activated adds a convolution's activation.
func (b *builder) activated(x *gorgonia.Node, a activation) *gorgonia.Node {
	switch a {
	case rectify:
		return b.relu(x)
	case leaky:
		return b.slope(x, "leaky", kernels.LeakyElement, kernels.LeakyBackElement, leakySlope)
	case tanh:
		return b.activation(x, "tanh", kernels.TanhElement, kernels.TanhBackElement)
	}
	return x
}

// slope is activation for a function with a parameter.
func (b *builder) slope(x *gorgonia.Node, name string, forward, backward kernels.Element, a float32) *gorgonia.Node {
	n := x.Shape().TotalSize()
	back := op{name: name + "-back", out: x.Shape(), inPlace: 0, does: kernels.ElementOp{Element: backward, N: n, A: a}}
	return b.apply(op{
		name: name, out: x.Shape(), inPlace: 0, does: kernels.ElementOp{Element: forward, N: n, A: a},
		wrt: []bool{true},
		diff: func(_ gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(back, grad, out)}, nil
		},
	}, x)
}

// stochasticSigns adds -1 or 1 for each value from -1 to 1, by uniform numbers;
// its gradient is passed on as if it were the value itself (the straight-through
// estimator: Bengio et al., arXiv:1308.3432).
func (b *builder) stochasticSigns(x, uniform *gorgonia.Node) *gorgonia.Node {
	n := x.Shape().TotalSize()
	return b.apply(op{
		name: "stochastic-sign", out: x.Shape(), inPlace: -1, does: kernels.ElementOp{Element: kernels.StochasticSignElement, N: n},
		wrt: []bool{true, false},
		diff: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{grad, nil}, nil
		},
	}, x, uniform)
}

// meanSquare adds the mean of the squares of x.
func (b *builder) meanSquare(x *gorgonia.Node) *gorgonia.Node {
	n := x.Shape().TotalSize()
	times := op{name: "times", out: x.Shape(), inPlace: -1, does: kernels.ElementOp{Element: kernels.MulElement, N: n}}
	square := times
	square.wrt = []bool{true, true}
	square.diff = func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
		return gorgonia.Nodes{b.apply(times, grad, in[1]), b.apply(times, grad, in[0])}, nil
	}
	total := op{name: "sum", out: tensor.Shape{}, inPlace: -1, does: kernels.SumOp{N: n}, wrt: []bool{true}}
	everywhere := op{name: "everywhere", out: x.Shape(), inPlace: -1, does: kernels.CopyOp{Rows: n, Width: 1, ToPitch: 1, ToSize: n, FromSize: 1}}
	total.diff = func(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
		return gorgonia.Nodes{b.apply(everywhere, grad)}, nil
	}
	share := op{name: fmt.Sprintf("share of %d", n), out: tensor.Shape{}, inPlace: -1, does: kernels.ElementOp{Element: kernels.ScaleElement, N: 1, A: 1 / float32(n)}}
	mean := share
	mean.wrt = []bool{true}
	mean.diff = func(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
		return gorgonia.Nodes{b.apply(share, grad)}, nil
	}
	return b.apply(mean, b.apply(total, b.apply(square, x, x)))
}
