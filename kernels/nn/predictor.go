package nn

import (
	"gorgonia.org/gorgonia"

	"shiftmill/kernels"
)

// A Predictor computes class scores with a network's running statistics. An
// image's scores do not depend on its batch. It belongs to one goroutine;
// several predictors may share a network that nobody trains.
type Predictor struct {
	Images []float32 // [batch, 3, size, size], filled in by the caller

	net     *Network
	program *program
	logits  []float32

	images, scores *gorgonia.Node
	version        uint64 // of the network's state that is packed or on a device
}

// NewPredictor builds the graph of a network for batches of that many images.
func NewPredictor(net *Network, batch int) (*Predictor, error) {
	size := net.Arch.Size
	p := &Predictor{Images: make([]float32, batch*3*size*size), net: net}
	err := build(net, false, func(b *builder) {
		p.images = b.images(batch, p.Images)
		p.scores = net.Arch.forward(b, p.images)
		p.program = must(compileReady(b.g, b.bound, p.scores))
		p.logits = p.program.value[p.scores]
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Logits computes the scores [batch, classes] of the images before the
// softmax. They are overwritten by the next call.
func (p *Predictor) Logits(pool *kernels.Pool) []float32 {
	d := p.program.device
	if d == nil {
		if p.version != p.net.version {
			p.program.renew()
			p.version = p.net.version
		}
		p.program.run(pool, nil)
		return p.logits
	}
	d.changed(p.images)
	if p.version != p.net.version {
		clear(d.fresh)
		p.version = p.net.version
	}
	d.run(pool, nil)
	p.logits = d.read(p.scores, p.logits)
	return p.logits
}
