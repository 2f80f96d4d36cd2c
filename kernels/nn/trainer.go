package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"shiftmill/kernels"
)

// Settings are what a trainer is made with.
type Settings struct {
	Batch          int // rows a step, at least 2
	Optimizer      Optimizer
	Momentum       float32 // of SGD; 0 is plain gradient descent
	Nesterov       bool
	Beta1, Beta2   float32 // of Adam; 0 is 0.9 and 0.999
	Epsilon        float32 // of Adam; 0 is 1e-8
	WeightDecay    float32 // added to the gradient of every parameter, times its value
	SpareNorms     bool    // no weight decay on norms and biases
	LabelSmoothing float32 // share of the target spread evenly over all classes

	Loss Loss // of the first view

	// Views is the number of versions of each row in a step, at least 1 (0 is
	// 1). They share their norms' statistics; Consistency times the
	// Jensen-Shannon divergence of their predictions is added to the loss.
	Views       int
	Consistency float32

	Slope bool // the trainer can tell the gradient with respect to the images
}

func (s *Settings) views() int { return max(s.Views, 1) }

// normMomentum is the share of a batch's statistics in the running ones of
// most norms.
const normMomentum = 0.1

// A Trainer takes steps of gradient descent. It belongs to one goroutine.
type Trainer struct {
	// Images [views*batch, 3, size, size] are the next step's batch, all rows
	// of the first view first, and Targets [batch, classes] a distribution over
	// the classes for each row, or 0 to 1 for each class; the caller fills them
	// in, distributions with SetLabel.
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
	steps    int               // taken so far
	device   *trainingOnDevice // nil on the processor

	slope             *gorgonia.Node // gradient with respect to the images; nil without Settings.Slope
	slopes            []float32      // its values
	stepping, sloping part           // what a step and what the slope needs
}

// NewTrainer builds the graph of a network with its gradients.
func NewTrainer(net *Network, s Settings) (*Trainer, error) {
	if s.Batch < 2 {
		return nil, fmt.Errorf("batch of %d images; norms need at least 2", s.Batch)
	}
	size := net.Arch.Size
	t := &Trainer{
		net: net, settings: s,
		Images: make([]float32, s.views()*s.Batch*3*size*size), Targets: make([]float32, s.Batch*net.Arch.Classes),
	}
	err := build(net, true, func(b *builder) {
		images := b.images(s.views()*s.Batch, t.Images)
		targets := b.input("targets", t.Targets, s.Batch, net.Arch.Classes)
		loss := b.loss(s, net.Arch.forward(b, images), targets)
		var params gorgonia.Nodes
		for i, tensor := range net.State {
			if tensor.Role.Parameter() {
				params = append(params, b.nodes[tensor.Name])
				u := update{tensor: i, first: make([]float32, len(tensor.Data))}
				if s.Optimizer == Adam {
					u.second = make([]float32, len(tensor.Data))
				}
				t.updates = append(t.updates, u)
			}
		}
		with := params
		if s.Slope {
			with = append(with, images)
		}
		gradients := must(gorgonia.Grad(loss, with...))
		t.graph, t.bound = b.g, b.bound
		t.wanted = append(gorgonia.Nodes{loss}, gradients...)
		var stats gorgonia.Nodes
		for _, n := range b.norms {
			stats = append(stats, n.stats)
		}
		t.wanted = append(t.wanted, stats...)
		t.program = must(compile(b.g, b.bound, t.wanted...))
		t.norms = b.norms
		if s.Slope {
			t.slope, gradients = gradients[len(params)], gradients[:len(params)]
			t.stepping = t.program.part(append(append(gorgonia.Nodes{loss}, gradients...), stats...)...)
			t.sloping = t.program.part(append(gorgonia.Nodes{t.slope}, stats...)...)
		}
		if t.program.device != nil {
			t.device = must(newTrainingOnDevice(t, b.nodes, images, targets))
			return
		}
		t.loss = t.program.value[loss]
		if s.Slope {
			t.slopes = t.program.value[t.slope]
		}
		for i, g := range gradients {
			t.updates[i].gradient = t.program.value[g]
		}
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
// batch's, the variance unbiased, as PyTorch's do. Where a device does the work
// the network's state stays there until Sync.
func (t *Trainer) Step(pool *kernels.Pool, rate float32) float32 {
	t.net.version++
	if t.device != nil {
		t.steps++
		return t.device.step(pool, rate)
	}
	t.program.run(pool, t.stepping)
	loss := t.loss[0]
	t.moveNorms()
	t.steps++
	for _, u := range t.updates {
		tensor := t.net.State[u.tensor]
		u.apply(&t.settings, tensor.Data, rate, t.decay(tensor.Role), t.steps)
	}
	return loss
}

// Slope returns the gradient of the batch's mean loss with respect to Images, of
// the same shape, which the next call of a method may overwrite. Settings.Slope
// must have asked for it. Norms take the batch's statistics, and running ones
// move as in a step; parameters stay.
func (t *Trainer) Slope(pool *kernels.Pool) []float32 {
	if t.slope == nil {
		panic("nn: Trainer.Slope without Settings.Slope")
	}
	t.net.version++
	if t.device != nil {
		if t.slopes == nil {
			t.slopes = make([]float32, len(t.Images))
		}
		t.device.slope(pool, t.slopes)
		return t.slopes
	}
	t.program.run(pool, t.sloping)
	t.moveNorms()
	return t.slopes
}

// moveNorms moves running statistics towards the batch's.
func (t *Trainer) moveNorms() {
	for i, n := range t.norms {
		mean, variance := t.net.State[n.mean].Data, t.net.State[n.variance].Data
		c := len(mean)
		kernels.Running(mean, variance, t.stats[i][:c], t.stats[i][c:], n.count, n.momentum)
	}
}

// decay is the weight decay of parameters with that role.
func (t *Trainer) decay(r Role) float32 {
	if t.settings.SpareNorms && r != ConvWeight && r != LinearWeight {
		return 0
	}
	return t.settings.WeightDecay
}

// Sync brings the network's state and the optimizer's up to date after steps on
// a device. Until then only the trainer knows what they are. Without a device it
// has nothing to do. State that is changed between Sync and the next Step, as
// when a checkpoint is restored, counts.
func (t *Trainer) Sync() {
	if t.device != nil {
		t.device.sync()
	}
}

// Resume makes the next step the one after so many, which Adam's correction
// depends on.
func (t *Trainer) Resume(steps int) { t.steps = steps }

// Velocities are what the optimizer keeps from step to step, which belongs to
// the state of training: a momentum buffer for each parameter, named as it;
// with Adam the mean of its gradients, and then, named with ".square" added,
// that of their squares. They share memory with the trainer, and are up to date
// as Sync makes them.
func (t *Trainer) Velocities() []Tensor {
	t.Sync()
	var list []Tensor
	for _, u := range t.updates {
		v := t.net.State[u.tensor]
		v.Data = u.first
		list = append(list, v)
		if u.second != nil {
			v.Name, v.Data = v.Name+".square", u.second
			list = append(list, v)
		}
	}
	return list
}
