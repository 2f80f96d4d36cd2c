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

// crossEntropy adds the batch's mean cross-entropy of the softmax of logits
// [n, classes] with distributions over the classes, of the same shape.
func (b *builder) crossEntropy(logits, targets *gorgonia.Node) *gorgonia.Node {
	s := logits.Shape()
	n, k := s[0], s[1]
	losses := make([]float32, n) // of single images, of no use outside
	back := op{
		name: "cross-entropy-back " + fmt.Sprint([]int(s)), out: s, inPlace: -1,
		run: func(p *kernels.Pool, out []float32, in [][]float32) {
			kernels.SoftCrossEntropy(losses, out, in[0], in[1], n, k, in[2][0]/float32(n), p)
		},
	}
	return b.apply(op{
		name: "cross-entropy " + fmt.Sprint([]int(s)), out: tensor.Shape{}, inPlace: -1,
		run: func(p *kernels.Pool, out []float32, in [][]float32) {
			kernels.SoftCrossEntropy(losses, nil, in[0], in[1], n, k, 1, p)
			out[0] = kernels.Sum(losses) / float32(n)
		},
		wrt: []bool{true, false},
		diff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(back, in[0], in[1], grad), nil}, nil
		},
	}, logits, targets)
}

// binaryCrossEntropy adds the mean, over images and classes, of the binary
// cross-entropy of logits with targets from 0 to 1, both [n, classes].
func (b *builder) binaryCrossEntropy(logits, targets *gorgonia.Node) *gorgonia.Node {
	s := logits.Shape()
	size := s.TotalSize()
	losses := make([]float32, size)
	back := op{
		name: "binary-cross-entropy-back " + fmt.Sprint([]int(s)), out: s, inPlace: -1,
		run: func(_ *kernels.Pool, out []float32, in [][]float32) {
			kernels.BCEWithLogits(losses, out, in[0], in[1], in[2][0]/float32(size))
		},
	}
	return b.apply(op{
		name: "binary-cross-entropy " + fmt.Sprint([]int(s)), out: tensor.Shape{}, inPlace: -1,
		run: func(_ *kernels.Pool, out []float32, in [][]float32) {
			kernels.BCEWithLogits(losses, nil, in[0], in[1], 1)
			out[0] = kernels.Sum(losses) / float32(size)
		},
		wrt: []bool{true, false},
		diff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(back, in[0], in[1], grad), nil}, nil
		},
	}, logits, targets)
}

// jensenShannon adds weight times the mean over rows of the Jensen-Shannon
// divergence of several views: logits are [views*rows, classes], all rows of
// the first view first.
//
// Source: Hendrycks et al., AugMix, ICLR 2020 (arXiv:1912.02781), with three
// views and a weight of 12.
func (b *builder) jensenShannon(logits *gorgonia.Node, views int, weight float32) *gorgonia.Node {
	s := logits.Shape()
	n, k := s[0]/views, s[1]
	losses := make([]float32, n)
	in, out := make([][]float32, views), make([][]float32, views)
	split := func(list [][]float32, v []float32) [][]float32 {
		for i := range list {
			list[i] = v[i*n*k : (i+1)*n*k]
		}
		return list
	}
	back := op{
		name: fmt.Sprintf("jensen-shannon-back %v %d views", []int(s), views), out: s, inPlace: -1,
		run: func(p *kernels.Pool, o []float32, v [][]float32) {
			kernels.JensenShannon(losses, split(out, o), split(in, v[0]), n, k, float32(v[1][0]*weight)/float32(n), p)
		},
	}
	return b.apply(op{
		name: fmt.Sprintf("jensen-shannon %v %d views", []int(s), views), out: tensor.Shape{}, inPlace: -1,
		run: func(p *kernels.Pool, o []float32, v [][]float32) {
			kernels.JensenShannon(losses, nil, split(in, v[0]), n, k, 1, p)
			o[0] = weight * (kernels.Sum(losses) / float32(n))
		},
		wrt: []bool{true},
		diff: func(v gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(back, v[0], grad)}, nil
		},
	}, logits)
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
		run: func(_ *kernels.Pool, out []float32, in [][]float32) { clear(out[copy(out, in[0]):]) },
	}
	return b.apply(op{
		name: "first-rows " + fmt.Sprint([]int(s)), out: shape, inPlace: -1,
		run: func(_ *kernels.Pool, out []float32, in [][]float32) { copy(out, in[0]) },
		wrt: []bool{true},
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
