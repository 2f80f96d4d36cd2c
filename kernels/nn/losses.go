package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"shiftmill/kernels"
)

// A Loss is what training makes small.
type Loss uint8

// The losses.
const (
	CrossEntropy       Loss = iota // of the softmax, one distribution over the classes an image
	BinaryCrossEntropy             // of each class by itself: any number of labels an image
)

// meanLoss adds an operation whose result is one value and which has a loss of
// single rows, of no use outside, as a further one. back takes the inputs and
// the value's gradient; targets have no gradient.
func (b *builder) meanLoss(name string, does, back kernels.Op, rows int, logits *gorgonia.Node, targets ...*gorgonia.Node) *gorgonia.Node {
	gradient := op{name: name + " back", out: logits.Shape(), inPlace: -1, does: back}
	return b.apply(op{
		name: name, out: tensor.Shape{}, inPlace: -1, does: does, makes: []*memory{{size: rows}},
		wrt: append([]bool{true}, make([]bool, len(targets))...),
		diff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			d := make(gorgonia.Nodes, len(in))
			d[0] = b.apply(gradient, append(append(gorgonia.Nodes{}, in...), grad)...)
			return d, nil
		},
	}, append(gorgonia.Nodes{logits}, targets...)...)
}

// crossEntropy adds the batch's mean cross-entropy of the softmax of logits
// [n, classes] with distributions over the classes, of the same shape.
func (b *builder) crossEntropy(logits, targets *gorgonia.Node) *gorgonia.Node {
	s := logits.Shape()
	n, k := s[0], s[1]
	return b.meanLoss("cross-entropy "+fmt.Sprint([]int(s)), kernels.CrossEntropyOp{N: n, C: k}, kernels.CrossEntropyBackOp{N: n, C: k}, n, logits, targets)
}

// binaryCrossEntropy adds the mean, over images and classes, of the binary
// cross-entropy of logits with targets from 0 to 1, both [n, classes].
func (b *builder) binaryCrossEntropy(logits, targets *gorgonia.Node) *gorgonia.Node {
	s := logits.Shape()
	n := s.TotalSize()
	return b.meanLoss("binary-cross-entropy "+fmt.Sprint([]int(s)), kernels.BinaryOp{N: n}, kernels.BinaryBackOp{N: n}, n, logits, targets)
}

// jensenShannon adds weight times the mean over rows of the Jensen-Shannon
// divergence of several views: logits are [views*rows, classes], all rows of
// the first view first.
//
// Source: Hendrycks et al., AugMix, ICLR 2020 (arXiv:1912.02781), with three
// views and a weight of 12.
func (b *builder) jensenShannon(logits *gorgonia.Node, views int, weight float32) *gorgonia.Node {
	s := logits.Shape()
	does := kernels.JensenShannonOp{Views: views, N: s[0] / views, C: s[1], Weight: weight}
	return b.meanLoss(fmt.Sprintf("jensen-shannon %v %d views", []int(s), views), does, kernels.JensenShannonBackOp(does), does.N, logits)
}

// firstRows adds the first n rows of a value.
func (b *builder) firstRows(x *gorgonia.Node, n int) *gorgonia.Node {
	s := x.Shape()
	if n == s[0] {
		return x
	}
	shape := s.Clone()
	shape[0] = n
	back := op{
		name: "first-rows-back " + fmt.Sprint([]int(s)), out: s, inPlace: -1,
		does: kernels.CopyOp{Rows: 1, Width: shape.TotalSize(), ToSize: s.TotalSize(), FromSize: shape.TotalSize(), Clear: true},
	}
	return b.apply(op{
		name: "first-rows " + fmt.Sprint([]int(s)), out: shape, inPlace: -1,
		does: kernels.CopyAll(shape.TotalSize(), 0, s.TotalSize()),
		wrt:  []bool{true},
		diff: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(back, grad)}, nil
		},
	}, x)
}

// loss adds the loss of a trainer's settings.
func (b *builder) loss(s Settings, logits, targets *gorgonia.Node) *gorgonia.Node {
	clean := b.firstRows(logits, s.Batch)
	var l *gorgonia.Node
	if s.Loss == BinaryCrossEntropy {
		l = b.binaryCrossEntropy(clean, targets)
	} else {
		l = b.crossEntropy(clean, targets)
	}
	if s.views() > 1 && s.Consistency != 0 {
		l = b.add(l, b.jensenShannon(logits, s.views(), s.Consistency))
	}
	return l
}
