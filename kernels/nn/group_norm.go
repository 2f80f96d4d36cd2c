package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"shiftmill/kernels"
)

// groupNorm adds a norm over groups of an image's channels, the same in
// training as afterwards; as many groups as channels are an instance norm. The
// gradients of scale and shift are a further result, as in batchNorm.
func (b *builder) groupNorm(x *gorgonia.Node, name string, groups int) *gorgonia.Node {
	s := x.Shape()
	c := s[1]
	gamma, _ := b.state(name+".weight", NormScale, c)
	beta, _ := b.state(name+".bias", NormShift, c)
	does := kernels.GroupNormOp{N: s[0], C: c, Plane: s[2] * s[3], Groups: groups, Eps: normEpsilon}
	settings := fmt.Sprintf("%v by %d", []int(s), groups)
	moments, slopes := &memory{size: 2 * s[0] * groups}, &memory{size: 2 * c}
	slope := func(name string, first int, dx *gorgonia.Node) *gorgonia.Node {
		return b.apply(op{
			name: "group-norm-" + name + " " + settings, out: tensor.Shape{c}, inPlace: -1,
			does: kernels.CopyAll(c, first, 2*c), reads: []*memory{slopes},
		}, dx)
	}
	back := op{
		name: "group-norm-back " + settings, out: s, inPlace: -1,
		does: kernels.GroupNormBackOp(does), reads: []*memory{moments}, makes: []*memory{slopes},
	}
	return b.apply(op{
		name: "group-norm " + settings, out: s, inPlace: -1, does: does, makes: []*memory{moments},
		wrt: []bool{true, true, true},
		diff: func(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			dx := b.apply(back, grad, in[0], in[1], out) // out: the moments are there then
			return gorgonia.Nodes{dx, slope("scale-slope", 0, dx), slope("shift-slope", c, dx)}, nil
		},
	}, x, gamma, beta)
}

// standardised adds the weights of a convolution with mean 0 and variance 1 for
// each output channel.
func (b *builder) standardised(w *gorgonia.Node) *gorgonia.Node {
	s := w.Shape()
	does := kernels.WeightStandardOp{Co: s[0], K: s.TotalSize() / s[0], Eps: normEpsilon}
	back := op{name: "weight-standard-back " + fmt.Sprint([]int(s)), out: s, inPlace: -1, does: kernels.WeightStandardBackOp(does)}
	return b.apply(op{
		name: "weight-standard " + fmt.Sprint([]int(s)), out: s, inPlace: -1, does: does, wrt: []bool{true},
		diff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(back, grad, in[0])}, nil
		},
	}, w)
}
