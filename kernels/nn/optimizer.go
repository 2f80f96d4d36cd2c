package nn

import "shiftmill/kernels"

// An Optimizer is a rule by which gradients change parameters.
type Optimizer uint8

// The optimizers.
const (
	SGD  Optimizer = iota // with momentum
	Adam                  // see kernels.Adam
)

// Adam's usual settings, taken where a trainer's are 0.
const (
	adamBeta1   = 0.9
	adamBeta2   = 0.999
	adamEpsilon = 1e-8
)

// An update is a parameter with its gradient and what the optimizer keeps of
// earlier steps.
type update struct {
	tensor   int
	gradient []float32
	first    []float32 // velocity, or Adam's mean of gradients
	second   []float32 // Adam's mean of squared gradients; nil for others
}

// apply changes a parameter at step number step, from 1.
func (u update) apply(s *Settings, w []float32, rate float32, step int) {
	if s.Optimizer == Adam {
		kernels.Adam(w, u.first, u.second, u.gradient, rate, or(s.Beta1, adamBeta1), or(s.Beta2, adamBeta2), or(s.Epsilon, adamEpsilon), s.WeightDecay, step)
		return
	}
	kernels.SGD(w, u.first, u.gradient, rate, s.Momentum, s.WeightDecay, s.Nesterov)
}

func or(v, otherwise float32) float32 {
	if v == 0 {
		return otherwise
	}
	return v
}
