package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"shiftmill/kernels"
)

// averagePool adds square average pooling, which divides by the whole window.
func (b *builder) averagePool(x *gorgonia.Node, kernel, stride, pad int) *gorgonia.Node {
	in := x.Shape()
	s := kernels.PoolShape{
		Planes: in[0] * in[1], H: in[2], W: in[3], KH: kernel, KW: kernel, StrideH: stride, StrideW: stride, PadH: pad, PadW: pad,
	}
	if err := s.Validate(); err != nil {
		panic(err)
	}
	return b.averaged(x, kernels.AvgPoolOp{PoolShape: s})
}

// adaptivePool adds averages over h x w parts of each plane.
func (b *builder) adaptivePool(x *gorgonia.Node, h, w int) *gorgonia.Node {
	in := x.Shape()
	return b.averaged(x, kernels.Adaptive(in[0]*in[1], in[2], in[3], h, w))
}

func (b *builder) averaged(x *gorgonia.Node, does kernels.AvgPoolOp) *gorgonia.Node {
	h, w := does.Out()
	return b.moved(fmt.Sprintf("average-pool %+v", does), x, tensor.Shape{x.Shape()[0], x.Shape()[1], h, w}, does, kernels.AvgPoolBackOp(does))
}

// upsample repeats every pixel r times in both directions.
func (b *builder) upsample(x *gorgonia.Node, r int) *gorgonia.Node {
	s := x.Shape()
	does := kernels.UpsampleOp{Planes: s[0] * s[1], H: s[2], W: s[3], R: r}
	back := does
	back.Back = true
	return b.moved(fmt.Sprintf("upsample %v by %d", []int(s), r), x, tensor.Shape{s[0], s[1], s[2] * r, s[3] * r}, does, back)
}

// concat puts the channels of the sources one behind the other.
func (b *builder) concat(from ...*gorgonia.Node) *gorgonia.Node {
	s := from[0].Shape().Clone()
	does := kernels.ConcatOp{N: s[0], Plane: s[2] * s[3]}
	total := 0
	for _, x := range from {
		does.Channels = append(does.Channels, x.Shape()[1])
		total += x.Shape()[1]
	}
	s[1] = total
	wrt := make([]bool, len(from))
	for i := range wrt {
		wrt[i] = true
	}
	return b.apply(op{
		name: fmt.Sprintf("concat %v at %v", does.Channels, []int(s)), out: s, inPlace: -1, does: does, wrt: wrt,
		diff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			var d gorgonia.Nodes
			first := 0
			for i, c := range does.Channels {
				d = append(d, b.apply(op{
					name: fmt.Sprintf("concat-back %d to %d of %v", first, first+c, []int(s)), out: in[i].Shape(), inPlace: -1,
					does: kernels.SliceOp(does.N, total, does.Plane, first, first+c),
				}, grad))
				first += c
			}
			return d, nil
		},
	}, from...)
}

// dropout leaves out values with probability prob and scales the others up, in
// training alone. A row's mask follows from its source; rows may be given other
// sources before each step.
func (b *builder) dropout(x *gorgonia.Node, rows []kernels.Source, prob float32) *gorgonia.Node {
	if !b.training {
		return x
	}
	s := x.Shape()
	does := kernels.DropoutOp{Rows: rows, Each: s.TotalSize() / len(rows), Prob: prob}
	return b.moved(fmt.Sprintf("dropout %v %g", []int(s), prob), x, s, does, does)
}

// gelu adds x (1 + erf(x / sqrt 2)) / 2.
func (b *builder) gelu(x *gorgonia.Node) *gorgonia.Node {
	n := x.Shape().TotalSize()
	back := op{name: "gelu-back", out: x.Shape(), inPlace: 0, does: kernels.ElementOp{Element: kernels.GELUBackElement, N: n}}
	return b.apply(op{
		name: "gelu", out: x.Shape(), inPlace: -1, does: kernels.ElementOp{Element: kernels.GELUElement, N: n},
		wrt: []bool{true},
		diff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(back, grad, in[0])}, nil
		},
	}, x)
}
