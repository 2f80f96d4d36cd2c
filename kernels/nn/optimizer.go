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

// moments are what the optimizer keeps of earlier steps.
func (u update) moments() [][]float32 {
	if u.second == nil {
		return [][]float32{u.first}
	}
	return [][]float32{u.first, u.second}
}

// op is the operation that changes a parameter of n values at step number step,
// from 1: its results are the parameter and moments, its source the gradient.
func (u update) op(s *Settings, n int, rate, decay float32, step int) kernels.Op {
	if s.Optimizer == Adam {
		return kernels.AdamOp{
			N: n, Rate: rate, Beta1: or(s.Beta1, adamBeta1), Beta2: or(s.Beta2, adamBeta2), Eps: or(s.Epsilon, adamEpsilon), Decay: decay, Step: step,
		}
	}
	return kernels.SGDOp{N: n, Rate: rate, Momentum: s.Momentum, Decay: decay, Nesterov: s.Nesterov}
}

// apply changes a parameter on the processor.
func (u update) apply(s *Settings, w []float32, rate, decay float32, step int) {
	u.op(s, len(w), rate, decay, step).Run(nil, append([][]float32{w}, u.moments()...), [][]float32{u.gradient})
}

func or(v, otherwise float32) float32 {
	if v == 0 {
		return otherwise
	}
	return v
}
