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
	backData := op{
		name: "conv-back-data " + settings, out: x.Shape(), inPlace: -1,
		run: func(p *kernels.Pool, out []float32, in [][]float32) { kernels.Conv2DBackData(out, in[0], in[1], s, p) },
	}
	backWeight := op{
		name: "conv-back-weight " + settings, out: w.Shape(), inPlace: -1,
		run: func(p *kernels.Pool, out []float32, in [][]float32) {
			kernels.Conv2DBackWeight(out, in[0], in[1], s, p)
		},
	}
	return b.apply(op{
		name: "conv " + settings, out: tensor.Shape{s.N, s.Co, s.OutH(), s.OutW()}, inPlace: -1,
		run: func(p *kernels.Pool, out []float32, in [][]float32) {
			kernels.Conv2D(out, in[0], in[1], nil, s, p)
		},
		wrt: []bool{true, true},
		diff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(backData, grad, in[1]), b.apply(backWeight, grad, in[0])}, nil
		},
	}, x, w)
}

// linear adds a layer with the weight name.weight and the bias name.bias.
func (b *builder) linear(x *gorgonia.Node, name string, out int) *gorgonia.Node {
	n, in := x.Shape()[0], x.Shape()[1]
	w, _ := b.state(name+".weight", LinearWeight, out, in)
	bias, _ := b.state(name+".bias", LinearBias, out)
	b.macs += n * in * out
	settings := fmt.Sprintf("%d x %d to %d", n, in, out)
	backData := op{
		name: "linear-back-data " + settings, out: x.Shape(), inPlace: -1,
		run: func(p *kernels.Pool, o []float32, v [][]float32) {
			kernels.LinearBackData(o, v[0], v[1], n, in, out, p)
		},
	}
	backWeight := op{
		name: "linear-back-weight " + settings, out: w.Shape(), inPlace: -1,
		run: func(p *kernels.Pool, o []float32, v [][]float32) {
			kernels.LinearBackWeight(o, v[0], v[1], n, in, out, p)
		},
	}
	backBias := op{
		name: "linear-back-bias " + settings, out: bias.Shape(), inPlace: -1,
		run: func(p *kernels.Pool, o []float32, v [][]float32) { kernels.LinearBackBias(o, v[0], n, out, p) },
	}
	return b.apply(op{
		name: "linear " + settings, out: tensor.Shape{n, out}, inPlace: -1,
		run: func(p *kernels.Pool, o []float32, v [][]float32) {
			kernels.Linear(o, v[0], v[1], v[2], n, in, out, p)
		},
		wrt: []bool{true, true, true},
		diff: func(v gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(backData, grad, v[1]), b.apply(backWeight, grad, v[0]), b.apply(backBias, grad)}, nil
		},
	}, x, w, bias)
}

// unbiased is linear without bias.
func (b *builder) unbiased(x *gorgonia.Node, name string, out int) *gorgonia.Node {
	n, in := x.Shape()[0], x.Shape()[1]
	w, _ := b.state(name+".weight", LinearWeight, out, in)
	b.macs += n * in * out
	settings := fmt.Sprintf("%d x %d to %d", n, in, out)
	backData := op{
		name: "unbiased-back-data " + settings, out: x.Shape(), inPlace: -1,
		run: func(p *kernels.Pool, o []float32, v [][]float32) {
			kernels.LinearBackData(o, v[0], v[1], n, in, out, p)
		},
	}
	backWeight := op{
		name: "unbiased-back-weight " + settings, out: w.Shape(), inPlace: -1,
		run: func(p *kernels.Pool, o []float32, v [][]float32) {
			kernels.LinearBackWeight(o, v[0], v[1], n, in, out, p)
		},
	}
	return b.apply(op{
		name: "unbiased " + settings, out: tensor.Shape{n, out}, inPlace: -1,
		run: func(p *kernels.Pool, o []float32, v [][]float32) {
			kernels.Linear(o, v[0], v[1], nil, n, in, out, p)
		},
		wrt: []bool{true, true},
		diff: func(v gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(backData, grad, v[1]), b.apply(backWeight, grad, v[0])}, nil
		},
	}, x, w)
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
	return b.apply(op{
		name: "norm-eval " + fmt.Sprint([]int(s)), out: s, inPlace: 0,
		run: func(p *kernels.Pool, out []float32, in [][]float32) {
			kernels.BatchNormEval(out, in[0], in[1], in[2], in[3], in[4], n, c, plane, normEpsilon, p)
		},
	}, x, gamma, beta, mean, variance)
}

// batchNorm normalises with the statistics of x, which are returned as a node
// [2, channels]: means, then biased variances.
//
// Gorgonia's operations have one result each. The norm's and its gradient's
// further results go to memory that the operation owns, and an operation that
// takes the first result as an input, and so runs later, copies them out.
func (b *builder) batchNorm(x, gamma, beta *gorgonia.Node) (y, stats *gorgonia.Node) {
	s := x.Shape()
	n, c, plane := s[0], s[1], s[2]*s[3]
	moments := make([]float32, 2*c)
	slopes := make([]float32, 2*c)
	take := func(name string, from []float32, shape ...int) op {
		return op{
			name: name, out: tensor.Shape(shape), inPlace: -1,
			run: func(_ *kernels.Pool, out []float32, _ [][]float32) { copy(out, from) },
		}
	}
	back := op{
		name: "norm-back " + fmt.Sprint([]int(s)), out: s, inPlace: 0,
		run: func(p *kernels.Pool, out []float32, in [][]float32) {
			dy, x, gamma, stats := in[0], in[1], in[2], in[3]
			kernels.BatchNormBack(out, slopes[:c], slopes[c:], dy, x, gamma, stats[:c], stats[c:], n, c, plane, normEpsilon, p)
		},
	}
	y = b.apply(op{
		name: "norm " + fmt.Sprint([]int(s)), out: s, inPlace: -1,
		run: func(p *kernels.Pool, out []float32, in [][]float32) {
			kernels.BatchNorm(out, in[0], in[1], in[2], moments[:c], moments[c:], n, c, plane, normEpsilon, p)
		},
		wrt: []bool{true, true, true},
		diff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			dx := b.apply(back, grad, in[0], in[1], stats)
			return gorgonia.Nodes{dx, b.apply(take("norm-scale-slope", slopes[:c], c), dx), b.apply(take("norm-shift-slope", slopes[c:], c), dx)}, nil
		},
	}, x, gamma, beta)
	stats = b.apply(take("norm-moments", moments, 2, c), y)
	return y, stats
}

// relu adds max(x, 0).
func (b *builder) relu(x *gorgonia.Node) *gorgonia.Node {
	back := op{
		name: "relu-back", out: x.Shape(), inPlace: 0,
		run: func(p *kernels.Pool, out []float32, in [][]float32) {
			chunks(p, len(out), func(lo, hi int) { kernels.ReLUBack(out[lo:hi], in[0][lo:hi], in[1][lo:hi]) })
		},
	}
	return b.apply(op{
		name: "relu", out: x.Shape(), inPlace: 0,
		run: func(p *kernels.Pool, out []float32, in [][]float32) {
			chunks(p, len(out), func(lo, hi int) { kernels.ReLU(out[lo:hi], in[0][lo:hi]) })
		},
		wrt: []bool{true},
		diff: func(_ gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(back, grad, out)}, nil
		},
	}, x)
}

// add adds two values of one shape.
func (b *builder) add(x, y *gorgonia.Node) *gorgonia.Node {
	return b.apply(op{
		name: "add", out: x.Shape(), inPlace: 0, run: add,
		wrt: []bool{true, true},
		diff: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{grad, grad}, nil
		},
	}, x, y)
}

func add(p *kernels.Pool, out []float32, in [][]float32) {
	chunks(p, len(out), func(lo, hi int) { kernels.Add(out[lo:hi], in[0][lo:hi], in[1][lo:hi]) })
}

// chunks runs an element-wise operation on pieces that are worth a worker's
// while.
func chunks(p *kernels.Pool, n int, f func(lo, hi int)) {
	const piece = 1 << 16
	if n <= piece {
		f(0, n)
		return
	}
	p.Run((n+piece-1)/piece, func(i int) { f(i*piece, min((i+1)*piece, n)) })
}

// maxPool adds square max pooling. The places of the maxima lie in memory that
// the operation owns; its gradient takes the pooled value as an input so that
// it runs later.
func (b *builder) maxPool(x *gorgonia.Node, kernel, stride, pad int) *gorgonia.Node {
	in := x.Shape()
	s := kernels.PoolShape{
		Planes: in[0] * in[1], H: in[2], W: in[3], KH: kernel, KW: kernel, StrideH: stride, StrideW: stride, PadH: pad, PadW: pad,
	}
	if err := s.Validate(); err != nil {
		panic(err)
	}
	settings := fmt.Sprintf("%+v", s)
	index := make([]int32, s.Planes*s.OutH()*s.OutW())
	back := op{
		name: "max-pool-back " + settings, out: in, inPlace: -1,
		run: func(p *kernels.Pool, out []float32, v [][]float32) { kernels.MaxPoolBack(out, v[0], index, s, p) },
	}
	return b.apply(op{
		name: "max-pool " + settings, out: tensor.Shape{in[0], in[1], s.OutH(), s.OutW()}, inPlace: -1,
		run: func(p *kernels.Pool, out []float32, v [][]float32) { kernels.MaxPool(out, index, v[0], s, p) },
		wrt: []bool{true},
		diff: func(_ gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(back, grad, out)}, nil
		},
	}, x)
}

// globalPool adds the mean over each plane: [n, c, h, w] to [n, c].
func (b *builder) globalPool(x *gorgonia.Node) *gorgonia.Node {
	s := x.Shape()
	planes, plane := s[0]*s[1], s[2]*s[3]
	back := op{
		name: "global-pool-back " + fmt.Sprint([]int(s)), out: s, inPlace: -1,
		run: func(p *kernels.Pool, out []float32, in [][]float32) {
			kernels.GlobalAvgPoolBack(out, in[0], planes, plane, p)
		},
	}
	return b.apply(op{
		name: "global-pool " + fmt.Sprint([]int(s)), out: tensor.Shape{s[0], s[1]}, inPlace: -1,
		run: func(p *kernels.Pool, out []float32, in [][]float32) {
			kernels.GlobalAvgPool(out, in[0], planes, plane, p)
		},
		wrt: []bool{true},
		diff: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(back, grad)}, nil
		},
	}, x)
}
