package augment

import (
	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/stages/augment/deep"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
	"slices"
)

// An edsrDistorter is a distorted EDSR beside a clean one.
type edsrDistorter struct {
	clean, net   *nn.EDSR
	weights      []deep.EDSRWeights
	before, body []deep.EDSRSignal
	reference    bool
	x, y         nn.Signal
}

func edsrNames() (n deepNames) {
	for _, w := range deep.EDSRWeightDistortions() {
		n.weights = append(n.weights, w.Name)
	}
	before, body := deep.EDSRSignals()
	for _, s := range append(before, body...) {
		n.signals = append(n.signals, s.Name)
	}
	return n
}

func newEDSRDistorter(c *Deep, tensors []model.Tensor) (*edsrDistorter, error) {
	e := &edsrDistorter{clean: nn.NewEDSR(), net: nn.NewEDSR(), reference: c.Reference}
	if err := fill(&e.clean.Weights, tensors); err != nil {
		return nil, err
	}
	for _, w := range deep.EDSRWeightDistortions() {
		if slices.Contains(c.Distort, w.Name) {
			e.weights = append(e.weights, w)
		}
	}
	before, body := deep.EDSRSignals()
	chosen := func(all []deep.EDSRSignal) (some []deep.EDSRSignal) {
		for _, s := range all {
			if slices.Contains(c.Signals, s.Name) {
				some = append(some, s)
			}
		}
		if len(some) == 0 {
			return all[len(all)-1:] // the plain one
		}
		return some
	}
	e.before, e.body = chosen(before), chosen(body)
	return e, nil
}

func (e *edsrDistorter) redraw(d *deep.Dice, p *kernels.Pool) {
	e.net.CopyFrom(&e.clean.Weights)
	if len(e.weights) > 0 {
		deep.DistortEDSR(e.net, e.weights, d, p)
	}
}

func (e *edsrDistorter) picture(x *imageio.Pixels, d *deep.Dice, _ kernels.Source, p *kernels.Pool) (*imageio.Pixels, error) {
	e.x.Resize(3, x.H, x.W)
	imageio.ToPlanes(e.x.Data, x, 1)
	deep.RunEDSR(e.net, &e.y, e.x, e.before, e.body, e.reference, d, p)
	return imageio.FromPlanes(e.y.Data, e.y.H, e.y.W, 1), nil
}

// A caeDistorter is a distorted CAE beside a clean one.
type caeDistorter struct {
	clean, net *nn.CAE
	weights    []deep.CAEWeights
	signals    []deep.CAESignal
	reference  bool
	x, y       nn.Signal
}

// plainCode is the name of no distortion of the code.
const plainCode = "plain"

func caeNames() (n deepNames) {
	for _, w := range deep.CAEWeightDistortions() {
		n.weights = append(n.weights, w.Name)
	}
	for _, s := range deep.CAESignals() {
		n.signals = append(n.signals, s.Name)
	}
	return n
}

func newCAEDistorter(c *Deep, tensors []model.Tensor) (*caeDistorter, error) {
	e := &caeDistorter{clean: nn.NewCAE(), net: nn.NewCAE(), reference: c.Reference}
	if err := fill(&e.clean.Weights, tensors); err != nil {
		return nil, err
	}
	for _, w := range deep.CAEWeightDistortions() {
		if slices.Contains(c.Distort, w.Name) {
			e.weights = append(e.weights, w)
		}
	}
	for _, s := range deep.CAESignals() {
		if slices.Contains(c.Signals, s.Name) {
			e.signals = append(e.signals, s)
		}
	}
	if len(e.signals) == 0 {
		e.signals = []deep.CAESignal{{Name: plainCode}}
	}
	return e, nil
}

func (e *caeDistorter) redraw(d *deep.Dice, _ *kernels.Pool) {
	e.net.CopyFrom(&e.clean.Weights)
	if len(e.weights) > 0 {
		deep.DistortCAE(e.net, e.weights, e.reference, d)
	}
}

func (e *caeDistorter) picture(x *imageio.Pixels, d *deep.Dice, bits kernels.Source, p *kernels.Pool) (*imageio.Pixels, error) {
	e.x.Resize(3, x.H, x.W)
	imageio.ToPlanes(e.x.Data, x, 255)
	deep.RunCAE(e.net, &e.y, e.x, e.signals, d, bits, p)
	return imageio.FromPlanes(e.y.Data, e.y.H, e.y.W, 255), nil
}
