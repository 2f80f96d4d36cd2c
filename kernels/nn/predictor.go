package nn

import "shiftmill/kernels"

// A Predictor computes class scores with a network's running statistics. An
// image's scores do not depend on its batch. It belongs to one goroutine;
// several predictors may share a network that nobody trains.
type Predictor struct {
	Images []float32 // [batch, 3, size, size], filled in by the caller

	program *program
	logits  []float32
}

// NewPredictor builds the graph of a network for batches of that many images.
func NewPredictor(net *Network, batch int) (*Predictor, error) {
	size := net.Arch.Size
	p := &Predictor{Images: make([]float32, batch*3*size*size)}
	err := build(net, false, func(b *builder) {
		logits := net.Arch.forward(b, b.images(batch, p.Images))
		p.program = must(compile(b.g, b.bound, logits))
		p.logits = p.program.value[logits]
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Logits computes the scores [batch, classes] of the images before the
// softmax. They are overwritten by the next call.
func (p *Predictor) Logits(pool *kernels.Pool) []float32 {
	p.program.run(pool)
	return p.logits
}
