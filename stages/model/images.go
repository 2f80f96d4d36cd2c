package model

import (
	"fmt"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/stages/model/onnx"
)

// An ImageNetwork is a network of the user's that makes an image of an image,
// from an ONNX file. It belongs to one goroutine; clones share what nobody
// changes.
type ImageNetwork struct {
	m       *onnx.Model
	in, out string
}

// ReadImageNetwork reads an ONNX file whose one input and one output are images
// [n, 3, h, w] of float32, n and the sides of any size.
func ReadImageNetwork(data []byte) (*ImageNetwork, error) {
	m, err := onnx.Read(data, func(name string) ([]byte, error) {
		return nil, fmt.Errorf("the model keeps weights in %q beside it; save it as one file", name)
	})
	if err != nil {
		return nil, err
	}
	if len(m.Inputs) != 1 || len(m.Outputs) != 1 {
		return nil, fmt.Errorf("the model has %d inputs and %d outputs, want one of each", len(m.Inputs), len(m.Outputs))
	}
	if p := m.Inputs[0]; p.Type != 1 || len(p.Shape) != 4 || p.Shape[0] > 1 || p.Shape[1] != 3 && p.Shape[1] != -1 {
		return nil, fmt.Errorf("input %q has the shape %v and type %d, want [1, 3, height, width] of float32", p.Name, p.Shape, p.Type)
	} else if p.Shape[2] >= 0 || p.Shape[3] >= 0 {
		return nil, fmt.Errorf("input %q has a fixed size of %d x %d; export it with dynamic axes for height and width", p.Name, p.Shape[2], p.Shape[3])
	}
	return &ImageNetwork{m: m, in: m.Inputs[0].Name, out: m.Outputs[0].Name}, nil
}

// Clone returns a network with convolutions of its own.
func (n *ImageNetwork) Clone() *ImageNetwork {
	return &ImageNetwork{m: n.m.Clone(), in: n.in, out: n.out}
}

// Convs are the weights of the convolutions and their biases (of no length
// without), in the order in which they run; their values may be changed. The
// first axis of a transposed convolution's weight is its input.
func (n *ImageNetwork) Convs() (weights, biases []nn.Tensor) {
	for i, c := range n.m.Convs() {
		bias := nn.Tensor{Name: fmt.Sprintf("conv.%d.bias", i), Role: nn.ConvBias}
		if c.Bias != nil {
			bias.Shape, bias.Data = c.Bias.Shape, c.Bias.F
		}
		weights = append(weights, nn.Tensor{Name: fmt.Sprintf("conv.%d.weight", i), Role: nn.ConvWeight, Shape: c.Weight.Shape, Data: c.Weight.F})
		biases = append(biases, bias)
	}
	return weights, biases
}

// CopyFrom takes over the convolutions of another clone.
func (n *ImageNetwork) CopyFrom(other *ImageNetwork) {
	from := other.m.Convs()
	for i, c := range n.m.Convs() {
		copy(c.Weight.F, from[i].Weight.F)
		if c.Bias != nil {
			copy(c.Bias.F, from[i].Bias.F)
		}
	}
}

// Run returns the network's image of an image [3, h, w].
func (n *ImageNetwork) Run(x nn.Signal, p *kernels.Pool) (nn.Signal, error) {
	v := &onnx.Value{Shape: []int{1, x.C, x.H, x.W}, F: x.Data}
	out, err := n.m.Run(p, map[string]*onnx.Value{n.in: v}, []string{n.out})
	if err != nil {
		return nn.Signal{}, err
	}
	y := out[n.out]
	if len(y.Shape) != 4 || y.Shape[0] != 1 || y.Shape[1] != 3 || y.F == nil {
		return nn.Signal{}, fmt.Errorf("output %q has the shape %v, want [1, 3, height, width]", n.out, y.Shape)
	}
	return nn.Signal{C: 3, H: y.Shape[2], W: y.Shape[3], Data: y.F}, nil
}
