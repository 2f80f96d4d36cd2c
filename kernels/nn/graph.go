package nn

import (
	"fmt"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// building guards Gorgonia's own state: pools of nodes and types and counters
// that all graphs of a process share and nobody locks.
var building sync.Mutex

// A builder makes one graph of a network.
type builder struct {
	g        *gorgonia.ExprGraph
	training bool
	number   uint32 // of operations so far
	macs     int    // multiplications and additions of the forward pass, in pairs

	net   *Network
	nodes map[string]*gorgonia.Node    // state by name
	bound map[*gorgonia.Node][]float32 // values of inputs
	norms []runningNorm                // in order of use
}

// A runningNorm is a norm's running statistics and, in training, the batch's.
type runningNorm struct {
	mean, variance int            // places in the network's state
	stats          *gorgonia.Node // [2, channels]; nil unless training
	count          int            // values a channel
	momentum       float32        // share of the batch's statistics in the running ones
}

// build runs f with a builder under the lock; a panic of Gorgonia or a
// mistake in a shape becomes an error.
func build(net *Network, training bool, f func(b *builder)) (err error) {
	return buildNamed(net.Arch, net, training, f)
}

// buildNamed is build for a network that is known by another name, and may be
// nil.
func buildNamed(name any, net *Network, training bool, f func(b *builder)) (err error) {
	building.Lock()
	defer building.Unlock()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("build network %v: %v", name, r)
		}
	}()
	f(&builder{
		g: gorgonia.NewGraph(), training: training, net: net,
		nodes: map[string]*gorgonia.Node{}, bound: map[*gorgonia.Node][]float32{},
	})
	return nil
}

// must is for results of Gorgonia inside build.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// input adds a named input bound to values.
func (b *builder) input(name string, values []float32, shape ...int) *gorgonia.Node {
	var n *gorgonia.Node
	if len(shape) == 0 {
		n = gorgonia.NewScalar(b.g, tensor.Float32, gorgonia.WithName(name))
	} else {
		n = gorgonia.NewTensor(b.g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	}
	b.bound[n] = values
	return n
}

// state adds a tensor of the network's state as an input. Its place in the
// state is returned as well.
func (b *builder) state(name string, role Role, shape ...int) (*gorgonia.Node, int) {
	at := b.net.tensor(name, role, shape)
	if n, ok := b.nodes[name]; ok {
		return n, at
	}
	n := b.input(name, b.net.State[at].Data, shape...)
	b.nodes[name] = n
	return n, at
}

// apply adds an operation. It fills in the number and the inputs' shapes.
func (b *builder) apply(o op, in ...*gorgonia.Node) *gorgonia.Node {
	b.number++
	o.number = b.number
	for _, n := range in {
		o.in = append(o.in, n.Shape())
	}
	return must(gorgonia.ApplyOp(&o, in...))
}
