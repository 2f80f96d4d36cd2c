package augment

import (
	"fmt"
	"math"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/stages/augment/deep"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
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
		if contains(c.Distort, w.Name) {
			e.weights = append(e.weights, w)
		}
	}
	before, body := deep.EDSRSignals()
	chosen := func(all []deep.EDSRSignal) (some []deep.EDSRSignal) {
		for _, s := range all {
			if contains(c.Signals, s.Name) {
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

func (e *edsrDistorter) picture(x *imageio.Pixels, d *deep.Dice, _ kernels.Source, p *kernels.Pool) *imageio.Pixels {
	planes(&e.x, x, 1)
	deep.RunEDSR(e.net, &e.y, e.x, e.before, e.body, e.reference, d, p)
	return levels(e.y, 1)
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
		if contains(c.Distort, w.Name) {
			e.weights = append(e.weights, w)
		}
	}
	for _, s := range deep.CAESignals() {
		if contains(c.Signals, s.Name) {
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

func (e *caeDistorter) picture(x *imageio.Pixels, d *deep.Dice, bits kernels.Source, p *kernels.Pool) *imageio.Pixels {
	planes(&e.x, x, 255)
	deep.RunCAE(e.net, &e.y, e.x, e.signals, d, bits, p)
	return levels(e.y, 255)
}

// planes makes a signal of a picture: its levels divided by one number.
func planes(dst *nn.Signal, p *imageio.Pixels, by float32) {
	dst.Resize(3, p.H, p.W)
	area := p.H * p.W
	for i := range area {
		for c := range 3 {
			dst.Data[c*area+i] = float32(p.Pix[i*p.C+c%p.C]) / by
		}
	}
}

// levels makes a picture of a signal: values times one number, rounded half up
// (as torchvision's save_image does) and clamped; NaN becomes 0.
func levels(s nn.Signal, by float32) *imageio.Pixels {
	if s.C != 3 {
		panic(fmt.Sprintf("augment: a signal of %d channels is no picture", s.C))
	}
	p := imageio.NewPixels(s.H, s.W, 3)
	area := s.H * s.W
	for c := range 3 {
		for i, v := range s.Data[c*area : (c+1)*area] {
			level := float32(v*by) + 0.5
			switch {
			case !(level >= 1):
				p.Pix[i*3+c] = 0
			case level >= 255:
				p.Pix[i*3+c] = 255
			default:
				p.Pix[i*3+c] = byte(math.Floor(float64(level)))
			}
		}
	}
	return p
}
