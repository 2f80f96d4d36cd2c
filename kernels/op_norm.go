package kernels

// A NormOp is BatchNorm in training: dst and [mean, variance], 2c values, from x [n, c, plane], gamma, beta.
type NormOp struct {
	N, C, Plane int
	Eps         float32
}

// A NormBackOp is BatchNormBack: dx and [dgamma, dbeta] from dy, x, gamma and [mean, variance]. dx may be dy.
type NormBackOp NormOp

// A NormEvalOp is BatchNormEval: dst from x, gamma, beta, mean, variance. dst may be x.
type NormEvalOp NormOp

// A NormEvalBackOp is BatchNormEvalBack: dx and [dgamma, dbeta] from dy, x, gamma, mean, variance. dx may be dy.
type NormEvalBackOp NormOp

// A GroupNormOp is GroupNorm: dst and [mean, variance], 2*n*groups values, from x, gamma, beta; with Groups = C it is
// InstanceNorm.
type GroupNormOp struct {
	N, C, Plane, Groups int
	Eps                 float32
}

// A GroupNormBackOp is GroupNormBack: dx and [dgamma, dbeta] from dy, x, gamma and [mean, variance]. dx may be dy.
type GroupNormBackOp GroupNormOp

// A WeightStandardOp is WeightStandard: dst [co, k] from w.
type WeightStandardOp struct {
	Co, K int
	Eps   float32
}

// A WeightStandardBackOp is WeightStandardBack: dw from dy, w.
type WeightStandardBackOp WeightStandardOp

// A RunningOp is Running: changes the running mean and variance, C values each, by [mean, variance] of a batch with Count
// values a channel.
type RunningOp struct {
	C, Count int
	Momentum float32
}

// Operands is described at Op.
func (o NormOp) Operands() (results, sources []int) {
	return []int{o.N * o.C * o.Plane, 2 * o.C}, []int{o.N * o.C * o.Plane, o.C, o.C}
}

// Run is described at Op.
func (o NormOp) Run(p *Pool, r, s [][]float32) {
	BatchNorm(r[0], s[0], s[1], s[2], r[1][:o.C], r[1][o.C:], o.N, o.C, o.Plane, o.Eps, p)
}

// Operands is described at Op.
func (o NormBackOp) Operands() (results, sources []int) {
	size := o.N * o.C * o.Plane
	return []int{size, 2 * o.C}, []int{size, size, o.C, 2 * o.C}
}

// Run is described at Op.
func (o NormBackOp) Run(p *Pool, r, s [][]float32) {
	BatchNormBack(r[0], r[1][:o.C], r[1][o.C:], s[0], s[1], s[2], s[3][:o.C], s[3][o.C:], o.N, o.C, o.Plane, o.Eps, p)
}

// Operands is described at Op.
func (o NormEvalOp) Operands() (results, sources []int) {
	size := o.N * o.C * o.Plane
	return []int{size}, []int{size, o.C, o.C, o.C, o.C}
}

// Run is described at Op.
func (o NormEvalOp) Run(p *Pool, r, s [][]float32) {
	BatchNormEval(r[0], s[0], s[1], s[2], s[3], s[4], o.N, o.C, o.Plane, o.Eps, p)
}

// Operands is described at Op.
func (o NormEvalBackOp) Operands() (results, sources []int) {
	size := o.N * o.C * o.Plane
	return []int{size, 2 * o.C}, []int{size, size, o.C, o.C, o.C}
}

// Run is described at Op.
func (o NormEvalBackOp) Run(p *Pool, r, s [][]float32) {
	BatchNormEvalBack(r[0], r[1][:o.C], r[1][o.C:], s[0], s[1], s[2], s[3], s[4], o.N, o.C, o.Plane, o.Eps, p)
}

// Operands is described at Op.
func (o GroupNormOp) Operands() (results, sources []int) {
	size := o.N * o.C * o.Plane
	return []int{size, 2 * o.N * o.Groups}, []int{size, o.C, o.C}
}

// Run is described at Op.
func (o GroupNormOp) Run(p *Pool, r, s [][]float32) {
	sets := o.N * o.Groups
	GroupNorm(r[0], s[0], s[1], s[2], r[1][:sets], r[1][sets:], o.N, o.C, o.Plane, o.Groups, o.Eps, p)
}

// Operands is described at Op.
func (o GroupNormBackOp) Operands() (results, sources []int) {
	size := o.N * o.C * o.Plane
	return []int{size, 2 * o.C}, []int{size, size, o.C, 2 * o.N * o.Groups}
}

// Run is described at Op.
func (o GroupNormBackOp) Run(p *Pool, r, s [][]float32) {
	sets := o.N * o.Groups
	GroupNormBack(r[0], r[1][:o.C], r[1][o.C:], s[0], s[1], s[2], s[3][:sets], s[3][sets:], o.N, o.C, o.Plane, o.Groups, o.Eps, p)
}

// Operands is described at Op.
func (o WeightStandardOp) Operands() (results, sources []int) {
	return []int{o.Co * o.K}, []int{o.Co * o.K}
}

// Run is described at Op.
func (o WeightStandardOp) Run(_ *Pool, r, s [][]float32) {
	WeightStandard(r[0], s[0], o.Co, o.K, o.Eps)
}

// Operands is described at Op.
func (o WeightStandardBackOp) Operands() (results, sources []int) {
	return []int{o.Co * o.K}, []int{o.Co * o.K, o.Co * o.K}
}

// Run is described at Op.
func (o WeightStandardBackOp) Run(_ *Pool, r, s [][]float32) {
	WeightStandardBack(r[0], s[0], s[1], o.Co, o.K, o.Eps)
}

// Operands is described at Op.
func (o RunningOp) Operands() (results, sources []int) {
	return []int{o.C, o.C}, []int{2 * o.C}
}

// Run is described at Op.
func (o RunningOp) Run(_ *Pool, r, s [][]float32) {
	Running(r[0], r[1], s[0][:o.C], s[0][o.C:], o.Count, o.Momentum)
}

// Unbias is the factor from a biased variance to an unbiased one.
func (o RunningOp) Unbias() float32 { return unbias(o.Count) }
