package onnx

import "slices"

// A Conv are the weights of a convolution.
type Conv struct {
	Transposed bool
	Weight     *Value
	Bias       *Value // nil without
}

// Convs are the model's convolutions whose weights stand in it, in the order in
// which they run. Their values may be changed while nobody runs the model.
func (m *Model) Convs() []Conv {
	var list []Conv
	for _, n := range m.nodes {
		if n.op != "Conv" && n.op != "ConvTranspose" || len(n.in) < 2 {
			continue
		}
		c := Conv{Transposed: n.op == "ConvTranspose", Weight: m.weights[n.in[1]]}
		if len(n.in) > 2 {
			c.Bias = m.weights[n.in[2]]
		}
		if c.Weight != nil && len(c.Weight.Shape) == 4 && c.Weight.F != nil {
			list = append(list, c)
		}
	}
	return list
}

// Clone returns a model with convolutions of its own, which shares all else.
func (m *Model) Clone() *Model {
	c := *m
	c.weights = make(map[string]*Value, len(m.weights))
	own := map[*Value]bool{}
	for _, conv := range m.Convs() {
		own[conv.Weight], own[conv.Bias] = true, true
	}
	for name, v := range m.weights {
		if own[v] {
			v = &Value{Shape: v.Shape, F: slices.Clone(v.F), I: v.I}
		}
		c.weights[name] = v
	}
	return &c
}
