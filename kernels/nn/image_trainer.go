package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"shiftmill/kernels"
)

// An ImageTrainer trains a network that makes images of images, by the mean
// squared error. It belongs to one goroutine. Of its Settings those of
// classification (losses, views, label smoothing) have no effect.
type ImageTrainer struct {
	// Images and Targets are the next step's batch; the caller fills them in,
	// Targets with the negative of what is wanted. Uniform, which CAE alone has,
	// are numbers in [0, 1) that draw its bits.
	//
	// Shapes: EDSR [batch, 3, size, size] with values 0 to 255 and [batch, 3,
	// 4*size, 4*size]; CAE [batch, 3, size, size] with values 0 to 1 twice, and
	// [batch, 32, size/4, size/4].
	Images, Targets, Uniform []float32

	t Trainer
}

// NewEDSRTrainer makes a trainer of an EDSR for square images of the given
// side.
func NewEDSRTrainer(e *EDSR, size int, s Settings) (*ImageTrainer, error) {
	out := EDSRScale * size
	t := &ImageTrainer{Images: make([]float32, s.Batch*3*size*size), Targets: make([]float32, s.Batch*3*out*out)}
	fixed := map[string]bool{"sub_mean.weight": true, "sub_mean.bias": true, "add_mean.weight": true, "add_mean.bias": true}
	return t, t.build("EDSR", &e.Weights, s, fixed, func(b *builder) (y, target *gorgonia.Node, inputs gorgonia.Nodes) {
		images := b.input("images", t.Images, s.Batch, 3, size, size)
		target = b.input("targets", t.Targets, s.Batch, 3, out, out)
		return b.flow(e.whole(Signal{C: 3, H: size, W: size}), images), target, gorgonia.Nodes{images, target}
	})
}

// NewCAETrainer makes a trainer of a CAE for square images of the given side, a
// multiple of 4. Bits are drawn; their gradient is the straight-through one.
func NewCAETrainer(c *CAE, size int, s Settings) (*ImageTrainer, error) {
	code := size / 4
	t := &ImageTrainer{Images: make([]float32, s.Batch*3*size*size), Targets: make([]float32, s.Batch*3*size*size), Uniform: make([]float32, s.Batch*CAEChannels*code*code)}
	return t, t.build("CAE", &c.Weights, s, nil, func(b *builder) (y, target *gorgonia.Node, inputs gorgonia.Nodes) {
		images := b.input("images", t.Images, s.Batch, 3, size, size)
		target = b.input("targets", t.Targets, s.Batch, 3, size, size)
		uniform := b.input("uniform", t.Uniform, s.Batch, CAEChannels, code, code)
		signs := b.stochasticSigns(b.flow(c.encoder(Signal{C: 3, H: size, W: size}), images), uniform)
		return b.flow(c.decoder(Signal{C: CAEChannels, H: code, W: code}), signs), target, gorgonia.Nodes{images, target, uniform}
	})
}

// build makes the graph with its gradients; network gives its output, the node
// of targets and all inputs that a step brings.
func (t *ImageTrainer) build(name string, w *Weights, s Settings, fixed map[string]bool, network func(*builder) (y, target *gorgonia.Node, inputs gorgonia.Nodes)) error {
	if s.Batch < 1 {
		return fmt.Errorf("batch of %d images", s.Batch)
	}
	t.t = Trainer{net: &Network{State: w.State}, settings: s}
	return buildNamed(name, nil, true, func(b *builder) {
		y, target, inputs := network(b)
		loss := b.meanSquare(b.add(y, target))
		var params gorgonia.Nodes
		for i, tensor := range w.State {
			if fixed[tensor.Name] {
				continue
			}
			params = append(params, b.nodes[tensor.Name])
			u := update{tensor: i, first: make([]float32, len(tensor.Data))}
			if s.Optimizer == Adam {
				u.second = make([]float32, len(tensor.Data))
			}
			t.t.updates = append(t.t.updates, u)
		}
		gradients := must(gorgonia.Grad(loss, params...))
		t.t.graph, t.t.bound = b.g, b.bound
		t.t.wanted = append(gorgonia.Nodes{loss}, gradients...)
		t.t.program = must(compile(b.g, b.bound, t.t.wanted...))
		if t.t.program.device != nil {
			t.t.device = must(newTrainingOnDevice(&t.t, b.nodes, inputs...))
			return
		}
		t.t.loss = t.t.program.value[loss]
		for i, g := range gradients {
			t.t.updates[i].gradient = t.t.program.value[g]
		}
	})
}

// Step takes one step on the batch at the given learning rate and returns the
// batch's mean squared error before it.
func (t *ImageTrainer) Step(pool *kernels.Pool, rate float32) float32 { return t.t.Step(pool, rate) }

// Sync brings the network's state and the optimizer's up to date, as Trainer's
// does.
func (t *ImageTrainer) Sync() { t.t.Sync() }

// Resume makes the next step the one after so many.
func (t *ImageTrainer) Resume(steps int) { t.t.Resume(steps) }

// Velocities are what the optimizer keeps from step to step.
func (t *ImageTrainer) Velocities() []Tensor { return t.t.Velocities() }
