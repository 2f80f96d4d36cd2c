package kernels

// An SGDOp is SGD: changes w and v, N values each, by g.
type SGDOp struct {
	N                     int
	Rate, Momentum, Decay float32
	Nesterov              bool
}

// An AdamOp is Adam: changes w, m and v, N values each, by g.
type AdamOp struct {
	N                              int
	Rate, Beta1, Beta2, Eps, Decay float32
	Step                           int // from 1
}

// Operands is described at Op.
func (o SGDOp) Operands() (results, sources []int) { return []int{o.N, o.N}, []int{o.N} }

// Run is described at Op.
func (o SGDOp) Run(_ *Pool, r, s [][]float32) {
	SGD(r[0], r[1], s[0], o.Rate, o.Momentum, o.Decay, o.Nesterov)
}

// Operands is described at Op.
func (o AdamOp) Operands() (results, sources []int) { return []int{o.N, o.N, o.N}, []int{o.N} }

// Run is described at Op.
func (o AdamOp) Run(_ *Pool, r, s [][]float32) {
	Adam(r[0], r[1], r[2], s[0], o.Rate, o.Beta1, o.Beta2, o.Eps, o.Decay, o.Step)
}

// Corrected returns the negative learning rate and the root by which the step's moments are corrected for starting at zero.
func (o AdamOp) Corrected() (rate, root float32) {
	return adamCorrected(o.Rate, o.Beta1, o.Beta2, o.Step)
}
