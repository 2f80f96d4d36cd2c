package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"shiftmill/kernels"
)

// Settings are what a trainer is made with.
type Settings struct {
	Batch          int     // images a step, at least 2
	Momentum       float32 // 0 is plain gradient descent
	Nesterov       bool
	WeightDecay    float32 // added to the gradient of every parameter, times its value
	LabelSmoothing float32 // share of the target spread evenly over all classes
}

// normMomentum is the share of a batch's statistics in the running ones.
const normMomentum = 0.1

// A Trainer takes steps of stochastic gradient descent on softmax
// cross-entropy. It belongs to one goroutine.
type Trainer struct {
	// Images [batch, 3, size, size] are the next step's batch and Targets
	// [batch, classes] a distribution over the classes for each; the caller
	// fills them in, the latter with SetLabel.
	Images, Targets []float32

	net      *Network
	settings Settings
	graph    *gorgonia.ExprGraph
	bound    map[*gorgonia.Node][]float32 // values of the graph's inputs
	wanted   gorgonia.Nodes               // loss, gradients, statistics of norms
	program  *program
	loss     []float32
	norms    []runningNorm
	stats    [][]float32
	updates  []update
}

// An update is a parameter with its gradient and velocity.
type update struct {
	tensor             int
	gradient, velocity []float32
}

// NewTrainer builds the graph of a network with its gradients.
func NewTrainer(net *Network, s Settings) (*Trainer, error) {
	if s.Batch < 2 {
		return nil, fmt.Errorf("batch of %d images; norms need at least 2", s.Batch)
	}
	size := net.Arch.Size
	t := &Trainer{
		net: net, settings: s,
		Images: make([]float32, s.Batch*3*size*size), Targets: make([]float32, s.Batch*net.Arch.Classes),
	}
	err := build(net, true, func(b *builder) {
		logits := net.Arch.forward(b, b.images(s.Batch, t.Images))
		loss := b.crossEntropy(logits, b.input("targets", t.Targets, s.Batch, net.Arch.Classes))
		var params gorgonia.Nodes
		for i, tensor := range net.State {
			if tensor.Role.Parameter() {
				params = append(params, b.nodes[tensor.Name])
				t.updates = append(t.updates, update{tensor: i, velocity: make([]float32, len(tensor.Data))})
			}
		}
		gradients := must(gorgonia.Grad(loss, params...))
		t.graph, t.bound = b.g, b.bound
		t.wanted = append(gorgonia.Nodes{loss}, gradients...)
		for _, n := range b.norms {
			t.wanted = append(t.wanted, n.stats)
		}
		t.program = must(compile(b.g, b.bound, t.wanted...))
		t.loss = t.program.value[loss]
		for i, g := range gradients {
			t.updates[i].gradient = t.program.value[g]
		}
		t.norms = b.norms
		for _, n := range b.norms {
			t.stats = append(t.stats, t.program.value[n.stats])
		}
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// SetLabel makes image i of the batch one of the given class, with the share
// of label smoothing spread evenly over all classes.
func (t *Trainer) SetLabel(i, class int) {
	k := t.net.Arch.Classes
	row := t.Targets[i*k : (i+1)*k]
	off := t.settings.LabelSmoothing / float32(k)
	fill(row, off)
	row[class] = (1 - t.settings.LabelSmoothing) + off
}

// Step takes one step on the batch at the given learning rate and returns the
// batch's mean loss before it. Running statistics move by a tenth towards the
// batch's, the variance unbiased, as PyTorch's do.
func (t *Trainer) Step(pool *kernels.Pool, rate float32) float32 {
	t.program.run(pool)
	loss := t.loss[0]
	for i, n := range t.norms {
		mean, variance := t.net.State[n.mean].Data, t.net.State[n.variance].Data
		c := len(mean)
		kernels.Running(mean, variance, t.stats[i][:c], t.stats[i][c:], n.count, normMomentum)
	}
	for _, u := range t.updates {
		kernels.SGD(t.net.State[u.tensor].Data, u.velocity, u.gradient, rate, t.settings.Momentum, t.settings.WeightDecay, t.settings.Nesterov)
	}
	return loss
}

// Velocities are the momentum buffers, which belong to the state of training:
// as many tensors as there are parameters, named as those, sharing memory
// with the trainer.
func (t *Trainer) Velocities() []Tensor {
	list := make([]Tensor, len(t.updates))
	for i, u := range t.updates {
		list[i] = t.net.State[u.tensor]
		list[i].Data = u.velocity
	}
	return list
}
