package nn

import (
	"fmt"
	"strings"

	"shiftmill/kernels"
)

// Version is the version of what networks compute in training and evaluation,
// with the operations of package kernels below them. It is raised when the
// same state and input would give other bits.
const Version = "nn/1"

// A Role says what a tensor of a network's state is for.
type Role uint8

// The roles of state.
const (
	ConvWeight   Role = iota // [out, in/groups, height, width]
	LinearWeight             // [out, in]
	LinearBias               // [out]
	NormScale                // [channels]
	NormShift                // [channels]
	NormMean                 // [channels], running; not a parameter
	NormVariance             // [channels], running; not a parameter
	GateScale                // [channels], a norm's scale that starts at zero
	ConvBias                 // [channels]
)

// Parameter says whether the gradient changes such state.
func (r Role) Parameter() bool { return r != NormMean && r != NormVariance }

// A Tensor is a named part of a network's state.
type Tensor struct {
	Name  string // as torchvision calls it, such as "layer1.0.conv1.weight"
	Role  Role
	Shape []int
	Data  []float32 // row-major
}

// A Network is an architecture and its state. Trainers and predictors work on
// the state itself, so at any time only one trainer, or any number of
// predictors, may run on a network.
type Network struct {
	Arch  Arch
	State []Tensor // in the order in which the forward pass meets it; values are changed by Init, SetTensor and trainers
	MACs  int      // multiply-adds of convolutions and linear layers for one image

	index   map[string]int
	version uint64 // of the state's values, raised when they change
}

// New returns a network whose state is zero, except for norms, which are the
// identity. Its error is that of [Arch.Validate].
func New(a Arch) (*Network, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	n := &Network{Arch: a, index: map[string]int{}}
	err := build(n, false, func(b *builder) {
		a.forward(b, b.images(1, make([]float32, 3*a.Size*a.Size)))
		n.MACs = b.macs
	})
	if err != nil {
		return nil, err
	}
	return n, nil
}

// tensor returns the place of a tensor in the state, adding it where it is new.
func (n *Network) tensor(name string, role Role, shape []int) int {
	if i, ok := n.index[name]; ok {
		return i
	}
	size := 1
	for _, d := range shape {
		size *= d
	}
	t := Tensor{Name: name, Role: role, Shape: append([]int(nil), shape...), Data: make([]float32, size)}
	if role == NormScale || role == NormVariance {
		for i := range t.Data {
			t.Data[i] = 1
		}
	}
	n.index[name] = len(n.State)
	n.State = append(n.State, t)
	return n.index[name]
}

// Parameters is the number of values that training changes.
func (n *Network) Parameters() int {
	count := 0
	for _, t := range n.State {
		if t.Role.Parameter() {
			count += len(t.Data)
		}
	}
	return count
}

// Init draws the parameters: convolutions normal with variance 2 / (out * height *
// width) (He et al., fan out), linear layers uniform within 1/sqrt(in), as
// torchvision's networks do; norms become the identity, a gate's zero. A tensor's values
// follow from the key and its name alone.
func (n *Network) Init(key kernels.Key) {
	n.version++
	for _, t := range n.State {
		draw := key.Row(t.Name)
		switch t.Role {
		case ConvWeight:
			std := kernels.Sqrt(2 / float32(t.Shape[0]*t.Shape[2]*t.Shape[3]))
			draw.Normals(t.Data, 0)
			for i := range t.Data {
				t.Data[i] *= std
			}
		case LinearWeight:
			bound := 1 / kernels.Sqrt(float32(t.Shape[1]))
			draw.Ranges(t.Data, 0, -bound, bound)
		case LinearBias:
			weight := n.State[n.index[strings.TrimSuffix(t.Name, ".bias")+".weight"]]
			bound := 1 / kernels.Sqrt(float32(weight.Shape[1]))
			draw.Ranges(t.Data, 0, -bound, bound)
		case NormScale, NormVariance:
			fill(t.Data, 1)
		case NormShift, NormMean, GateScale:
			fill(t.Data, 0)
		}
	}
}

func fill(v []float32, x float32) {
	for i := range v {
		v[i] = x
	}
}

// SetTensor copies values into the tensor of that name.
func (n *Network) SetTensor(name string, shape []int, values []float32) error {
	i, ok := n.index[name]
	if !ok {
		return fmt.Errorf("network %s has no tensor %q", n.Arch, name)
	}
	t := n.State[i]
	if fmt.Sprint(shape) != fmt.Sprint(t.Shape) || len(values) != len(t.Data) {
		return fmt.Errorf("tensor %q of shape %v, network %s wants %v", name, shape, n.Arch, t.Shape)
	}
	copy(t.Data, values)
	n.version++
	return nil
}
