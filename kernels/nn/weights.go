package nn

import (
	"fmt"
	"slices"

	"shiftmill/kernels"
)

// Weights are the state of a network for single images of any size, such as
// [EDSR] and [CAE]. Callers may change the values of any tensor between runs.
type Weights struct {
	State []Tensor // in the order of the forward pass

	network string
	index   map[string]int
	bounds  []float32 // of each tensor's random initial values; 0: fixed

	windows []window // memory of runs, for the next one

	onDevice map[string]*flowOnDevice // by what tells them apart
}

// declare adds a tensor whose initial values are uniform within bound.
func (w *Weights) declare(name string, role Role, bound float32, shape ...int) []float32 {
	if i, ok := w.index[name]; ok {
		return w.State[i].Data
	}
	size := 1
	for _, d := range shape {
		size *= d
	}
	if w.index == nil {
		w.index = map[string]int{}
	}
	w.index[name] = len(w.State)
	w.State = append(w.State, Tensor{Name: name, Role: role, Shape: shape, Data: make([]float32, size)})
	w.bounds = append(w.bounds, bound)
	return w.State[len(w.State)-1].Data
}

// Tensor returns the tensor of that name, whose values are the network's own.
// A name that does not exist panics.
func (w *Weights) Tensor(name string) Tensor {
	i, ok := w.index[name]
	if !ok {
		panic(fmt.Sprintf("nn: %s has no tensor %q", w.network, name))
	}
	return w.State[i]
}

// Set copies values into the tensor of that name.
func (w *Weights) Set(name string, shape []int, values []float32) error {
	i, ok := w.index[name]
	if !ok {
		return fmt.Errorf("%s has no tensor %q", w.network, name)
	}
	t := w.State[i]
	if !slices.Equal(shape, t.Shape) || len(values) != len(t.Data) {
		return fmt.Errorf("tensor %q of shape %v, %s wants %v", name, shape, w.network, t.Shape)
	}
	copy(t.Data, values)
	return nil
}

// CopyFrom takes over the values of another network of the same kind.
func (w *Weights) CopyFrom(other *Weights) {
	for i, t := range other.State {
		copy(w.State[i].Data, t.Data)
	}
}

// Init draws weights and biases uniformly within 1/sqrt(fan in), as PyTorch's
// layers do; fixed tensors stay. A tensor's values follow from the key and its
// name alone.
func (w *Weights) Init(key kernels.Key) {
	for i, t := range w.State {
		if b := w.bounds[i]; b != 0 {
			key.Row(t.Name).Ranges(t.Data, 0, -b, b)
		}
	}
}
