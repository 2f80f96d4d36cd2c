package nn

import (
	"gorgonia.org/gorgonia"

	"shiftmill/kernels"
)

// A Slope computes how a trained network's loss changes with its input: the
// gradient of the mean cross-entropy with respect to the images, with running
// statistics. An image's gradient does not depend on the others of its batch.
// It belongs to one goroutine; several may share a network that nobody trains.
type Slope struct {
	Images  []float32 // [batch, 3, size, size], filled in by the caller
	Targets []float32 // [batch, classes], a distribution over the classes a row

	program          *program
	logits, gradient []float32
}

// NewSlope builds the graph of a network for batches of that many images. It
// runs on the processor.
func NewSlope(net *Network, batch int) (*Slope, error) {
	size := net.Arch.Size
	s := &Slope{Images: make([]float32, batch*3*size*size), Targets: make([]float32, batch*net.Arch.Classes)}
	err := build(net, false, func(b *builder) {
		images := b.images(batch, s.Images)
		targets := b.input("targets", s.Targets, batch, net.Arch.Classes)
		scores := net.Arch.forward(b, images)
		gradient := must(gorgonia.Grad(b.crossEntropy(scores, targets), images))[0]
		s.program = must(compileOnProcessor(b.g, b.bound, scores, gradient))
		s.logits, s.gradient = s.program.value[scores], s.program.value[gradient]
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Run computes the scores before the softmax [batch, classes] and the gradient
// [batch, 3, size, size]. Both are overwritten by the next call.
func (s *Slope) Run(pool *kernels.Pool) (logits, gradient []float32) {
	s.program.run(pool, nil)
	return s.logits, s.gradient
}
