package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"shiftmill/kernels"
)

// normEpsilon is added to variances, as PyTorch does.
const normEpsilon = 1e-5

// images is the input of a network.
func (b *builder) images(n int, values []float32) *gorgonia.Node {
	size := b.net.Arch.Size
	return b.input("images", values, n, 3, size, size)
}

// conv adds a square convolution without bias; its weight is name.weight.
func (b *builder) conv(x *gorgonia.Node, name string, out, kernel, stride, pad int) *gorgonia.Node {
	return b.grouped(x, name, out, kernel, stride, pad, 1)
}

// grouped is conv in groups of channels.
func (b *builder) grouped(x *gorgonia.Node, name string, out, kernel, stride, pad, groups int) *gorgonia.Node {
	in := x.Shape()
	w, _ := b.state(name+".weight", ConvWeight, out, in[1]/groups, kernel, kernel)
	return b.conv2D(x, w, kernels.ConvShape{
		N: in[0], Ci: in[1], H: in[2], W: in[3], Co: out, KH: kernel, KW: kernel,
		StrideH: stride, StrideW: stride, PadH: pad, PadW: pad, DilH: 1, DilW: 1, Groups: groups,
	})
}

// conv2D adds any convolution of x with w.
func (b *builder) conv2D(x, w *gorgonia.Node, s kernels.ConvShape) *gorgonia.Node {
	if err := s.Validate(); err != nil {
		panic(err)
	}
	b.macs += s.Co * s.OutH() * s.OutW() * s.N * s.Ci / s.Groups * s.KH * s.KW
	settings := fmt.Sprintf("%+v", s)
	backData := op{name: "conv-back-data " + settings, out: x.Shape(), inPlace: -1, does: kernels.ConvBackDataOp{ConvShape: s}}
	backWeight := op{name: "conv-back-weight " + settings, out: w.Shape(), inPlace: -1, does: kernels.ConvBackWeightOp{ConvShape: s}}
	return b.apply(op{
		name: "conv " + settings, out: tensor.Shape{s.N, s.Co, s.OutH(), s.OutW()}, inPlace: -1,
		does: kernels.ConvOp{ConvShape: s},
		wrt:  []bool{true, true},
		diff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(backData, grad, in[1]), b.apply(backWeight, grad, in[0])}, nil
		},
	}, x, w)
}

// linear adds a layer with the weight name.weight and the bias name.bias.
func (b *builder) linear(x *gorgonia.Node, name string, out int) *gorgonia.Node {
	return b.dense(x, name, out, true)
}

// unbiased is linear without bias.
func (b *builder) unbiased(x *gorgonia.Node, name string, out int) *gorgonia.Node {
	return b.dense(x, name, out, false)
}

func (b *builder) dense(x *gorgonia.Node, name string, out int, biased bool) *gorgonia.Node {
	n, in := x.Shape()[0], x.Shape()[1]
	w, _ := b.state(name+".weight", LinearWeight, out, in)
	inputs := gorgonia.Nodes{x, w}
	if biased {
		bias, _ := b.state(name+".bias", LinearBias, out)
		inputs = append(inputs, bias)
	}
	b.macs += n * in * out
	settings := fmt.Sprintf("%d x %d to %d", n, in, out)
	backData := op{name: "linear-back-data " + settings, out: x.Shape(), inPlace: -1, does: kernels.LinearBackDataOp(n, in, out)}
	backWeight := op{name: "linear-back-weight " + settings, out: w.Shape(), inPlace: -1, does: kernels.LinearBackWeightOp(n, in, out)}
	return b.apply(op{
		name: "linear " + settings, out: tensor.Shape{n, out}, inPlace: -1,
		does: kernels.LinearOp{N: n, In: in, Out: out, Bias: biased},
		wrt:  []bool{true, true, true}[:len(inputs)],
		diff: func(v gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			d := gorgonia.Nodes{b.apply(backData, grad, v[1]), b.apply(backWeight, grad, v[0])}
			if biased {
				back := op{name: "linear-back-bias " + settings, out: v[2].Shape(), inPlace: -1, does: kernels.ChannelSumOp{N: n, C: out, Plane: 1}}
				d = append(d, b.apply(back, grad))
			}
			return d, nil
		},
	}, inputs...)
}

// norm adds a batch norm: in training with the batch's own statistics, which
// the builder remembers for the running ones, otherwise with the running ones.
func (b *builder) norm(x *gorgonia.Node, name string) *gorgonia.Node {
	return b.normWith(x, name, NormScale, normMomentum)
}

// normWith is norm with another first scale and momentum of the running
// statistics.
func (b *builder) normWith(x *gorgonia.Node, name string, scale Role, momentum float32) *gorgonia.Node {
	s := x.Shape()
	n, c, plane := s[0], s[1], s[2]*s[3]
	gamma, _ := b.state(name+".weight", scale, c)
	beta, _ := b.state(name+".bias", NormShift, c)
	mean, meanAt := b.state(name+".running_mean", NormMean, c)
	variance, varianceAt := b.state(name+".running_var", NormVariance, c)
	if b.training {
		y, stats := b.batchNorm(x, gamma, beta)
		b.norms = append(b.norms, runningNorm{mean: meanAt, variance: varianceAt, stats: stats, count: n * plane, momentum: momentum})
		return y
	}
	forward := op{
		name: "norm-eval " + fmt.Sprint([]int(s)), out: s, inPlace: 0,
		does: kernels.NormEvalOp{N: n, C: c, Plane: plane, Eps: normEpsilon},
	}
	back := forward
	forward.wrt = []bool{true, false, false, false, false}
	forward.diff = func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
		// The slope is the scale alone: the same with no mean and no shift.
		none := b.input(name+".none", make([]float32, c), c)
		return gorgonia.Nodes{b.apply(back, grad, in[1], none, none, in[4]), nil, nil, nil, nil}, nil
	}
	return b.apply(forward, x, gamma, beta, mean, variance)
}

// batchNorm normalises with the statistics of x, which are returned as a node
// [2, channels]: means, then biased variances. These, and the gradients of
// scale and shift, are further results, which operations of their own copy out.
func (b *builder) batchNorm(x, gamma, beta *gorgonia.Node) (y, stats *gorgonia.Node) {
	s := x.Shape()
	n, c, plane := s[0], s[1], s[2]*s[3]
	shape := kernels.NormOp{N: n, C: c, Plane: plane, Eps: normEpsilon}
	moments, slopes := &memory{size: 2 * c}, &memory{size: 2 * c}
	take := func(name string, from *memory, first, size int, shape ...int) op {
		return op{
			name: name, out: tensor.Shape(shape), inPlace: -1,
			does: kernels.CopyAll(size, first, from.size), reads: []*memory{from},
		}
	}
	back := op{
		name: "norm-back " + fmt.Sprint([]int(s)), out: s, inPlace: 0,
		does: kernels.NormBackOp(shape), makes: []*memory{slopes},
	}
	y = b.apply(op{
		name: "norm " + fmt.Sprint([]int(s)), out: s, inPlace: -1,
		does: shape, makes: []*memory{moments},
		wrt: []bool{true, true, true},
		diff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			dx := b.apply(back, grad, in[0], in[1], stats)
			return gorgonia.Nodes{
				dx, b.apply(take("norm-scale-slope", slopes, 0, c, c), dx), b.apply(take("norm-shift-slope", slopes, c, c, c), dx),
			}, nil
		},
	}, x, gamma, beta)
	stats = b.apply(take("norm-moments", moments, 0, 2*c, 2, c), y)
	return y, stats
}

// relu adds max(x, 0).
func (b *builder) relu(x *gorgonia.Node) *gorgonia.Node {
	return b.activation(x, "relu", kernels.ReLUElement, kernels.ReLUBackElement)
}

// activation adds an element-wise function whose gradient follows from its
// output.
func (b *builder) activation(x *gorgonia.Node, name string, forward, backward kernels.Element) *gorgonia.Node {
	n := x.Shape().TotalSize()
	back := op{name: name + "-back", out: x.Shape(), inPlace: 0, does: kernels.ElementOp{Element: backward, N: n}}
	return b.apply(op{
		name: name, out: x.Shape(), inPlace: 0, does: kernels.ElementOp{Element: forward, N: n},
		wrt: []bool{true},
		diff: func(_ gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(back, grad, out)}, nil
		},
	}, x)
}

// add adds two values of one shape.
func (b *builder) add(x, y *gorgonia.Node) *gorgonia.Node {
	return b.apply(op{
		name: "add", out: x.Shape(), inPlace: 0, does: addition(x.Shape()),
		wrt: []bool{true, true},
		diff: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{grad, grad}, nil
		},
	}, x, y)
}

func addition(s tensor.Shape) kernels.Op {
	return kernels.ElementOp{Element: kernels.AddElement, N: s.TotalSize()}
}

// maxPool adds square max pooling. The places of the maxima are a further
// result; the gradient takes the pooled value as an input so that it runs later.
func (b *builder) maxPool(x *gorgonia.Node, kernel, stride, pad int) *gorgonia.Node {
	in := x.Shape()
	s := kernels.PoolShape{
		Planes: in[0] * in[1], H: in[2], W: in[3], KH: kernel, KW: kernel, StrideH: stride, StrideW: stride, PadH: pad, PadW: pad,
	}
	if err := s.Validate(); err != nil {
		panic(err)
	}
	settings := fmt.Sprintf("%+v", s)
	index := &memory{size: s.Planes * s.OutH() * s.OutW()}
	return b.pool("max-pool "+settings, x, tensor.Shape{in[0], in[1], s.OutH(), s.OutW()}, kernels.MaxPoolOp{PoolShape: s}, kernels.MaxPoolBackOp{PoolShape: s}, index)
}

// pool adds an operation that picks maxima, whose places are kept in index, and
// whose gradient reads them.
func (b *builder) pool(name string, x *gorgonia.Node, out tensor.Shape, forward, backward kernels.Op, index *memory) *gorgonia.Node {
	back := op{name: name + " back", out: x.Shape(), inPlace: -1, does: backward, reads: []*memory{index}}
	return b.apply(op{
		name: name, out: out, inPlace: -1, does: forward, makes: []*memory{index},
		wrt: []bool{true},
		diff: func(_ gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(back, grad, out)}, nil
		},
	}, x)
}

// globalPool adds the mean over each plane: [n, c, h, w] to [n, c].
func (b *builder) globalPool(x *gorgonia.Node) *gorgonia.Node {
	s := x.Shape()
	does := kernels.GlobalPool(s[0]*s[1], s[2]*s[3])
	back := op{name: "global-pool-back " + fmt.Sprint([]int(s)), out: s, inPlace: -1, does: kernels.AvgPoolBackOp(does)}
	return b.apply(op{
		name: "global-pool " + fmt.Sprint([]int(s)), out: tensor.Shape{s[0], s[1]}, inPlace: -1, does: does,
		wrt: []bool{true},
		diff: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(back, grad)}, nil
		},
	}, x)
}
