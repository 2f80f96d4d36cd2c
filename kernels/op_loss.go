package kernels

// A SoftmaxOp is Softmax, or LogSoftmax with Log, of N rows of C: dst from x.
type SoftmaxOp struct {
	N, C int
	Log  bool
}

// A SoftmaxBackOp is SoftmaxBack, or LogSoftmaxBack with Log: dx from dy, y.
type SoftmaxBackOp SoftmaxOp

// A CrossEntropyOp is the mean of SoftCrossEntropy: one value and the N losses from logits and targets [N, C].
type CrossEntropyOp struct{ N, C int }

// A CrossEntropyBackOp is the gradient of CrossEntropyOp: dlogits from logits, targets and the gradient of the mean.
type CrossEntropyBackOp struct{ N, C int }

// A BinaryOp is the mean of BCEWithLogits: one value and the N losses from logits and targets.
type BinaryOp struct{ N int }

// A BinaryBackOp is the gradient of BinaryOp: dlogits from logits, targets and the gradient of the mean.
type BinaryBackOp struct{ N int }

// A JensenShannonOp is Weight times the mean over N rows of JensenShannon: one value and the N divergences from logits
// [views, N, C].
type JensenShannonOp struct {
	Views, N, C int
	Weight      float32
}

// A JensenShannonBackOp is the gradient of JensenShannonOp: dlogits from logits and the gradient of the value.
type JensenShannonBackOp JensenShannonOp

// A SumOp is Sum of N values.
type SumOp struct{ N int }

// Operands is described at Op.
func (o SoftmaxOp) Operands() (results, sources []int) { return []int{o.N * o.C}, []int{o.N * o.C} }

// Run is described at Op.
func (o SoftmaxOp) Run(p *Pool, r, s [][]float32) {
	if o.Log {
		LogSoftmax(r[0], s[0], o.N, o.C, p)
		return
	}
	Softmax(r[0], s[0], o.N, o.C, p)
}

// Operands is described at Op.
func (o SoftmaxBackOp) Operands() (results, sources []int) {
	return []int{o.N * o.C}, []int{o.N * o.C, o.N * o.C}
}

// Run is described at Op.
func (o SoftmaxBackOp) Run(p *Pool, r, s [][]float32) {
	if o.Log {
		LogSoftmaxBack(r[0], s[0], s[1], o.N, o.C, p)
		return
	}
	SoftmaxBack(r[0], s[0], s[1], o.N, o.C, p)
}

// Operands is described at Op.
func (o CrossEntropyOp) Operands() (results, sources []int) {
	return []int{1, o.N}, []int{o.N * o.C, o.N * o.C}
}

// Run is described at Op.
func (o CrossEntropyOp) Run(p *Pool, r, s [][]float32) {
	SoftCrossEntropy(r[1], nil, s[0], s[1], o.N, o.C, 1, p)
	r[0][0] = Sum(r[1]) / float32(o.N)
}

// Operands is described at Op.
func (o CrossEntropyBackOp) Operands() (results, sources []int) {
	return []int{o.N * o.C}, []int{o.N * o.C, o.N * o.C, 1}
}

// Run is described at Op.
func (o CrossEntropyBackOp) Run(p *Pool, r, s [][]float32) {
	losses := getFloats(o.N)
	defer losses.put()
	SoftCrossEntropy(losses.v, r[0], s[0], s[1], o.N, o.C, s[2][0]/float32(o.N), p)
}

// Operands is described at Op.
func (o BinaryOp) Operands() (results, sources []int) { return []int{1, o.N}, []int{o.N, o.N} }

// Run is described at Op.
func (o BinaryOp) Run(_ *Pool, r, s [][]float32) {
	BCEWithLogits(r[1], nil, s[0], s[1], 1)
	r[0][0] = Sum(r[1]) / float32(o.N)
}

// Operands is described at Op.
func (o BinaryBackOp) Operands() (results, sources []int) { return []int{o.N}, []int{o.N, o.N, 1} }

// Run is described at Op.
func (o BinaryBackOp) Run(_ *Pool, r, s [][]float32) {
	losses := getFloats(o.N)
	defer losses.put()
	BCEWithLogits(losses.v, r[0], s[0], s[1], s[2][0]/float32(o.N))
}

// views cuts v into the parts of the views.
func (o JensenShannonOp) views(v []float32) [][]float32 {
	list := make([][]float32, o.Views)
	for i := range list {
		list[i] = v[i*o.N*o.C : (i+1)*o.N*o.C]
	}
	return list
}

// Operands is described at Op.
func (o JensenShannonOp) Operands() (results, sources []int) {
	return []int{1, o.N}, []int{o.Views * o.N * o.C}
}

// Run is described at Op.
func (o JensenShannonOp) Run(p *Pool, r, s [][]float32) {
	JensenShannon(r[1], nil, o.views(s[0]), o.N, o.C, 1, p)
	r[0][0] = o.Weight * (Sum(r[1]) / float32(o.N))
}

// Operands is described at Op.
func (o JensenShannonBackOp) Operands() (results, sources []int) {
	size := o.Views * o.N * o.C
	return []int{size}, []int{size, 1}
}

// Run is described at Op.
func (o JensenShannonBackOp) Run(p *Pool, r, s [][]float32) {
	losses := getFloats(o.N)
	defer losses.put()
	w := JensenShannonOp(o)
	JensenShannon(losses.v, w.views(r[0]), w.views(s[0]), o.N, o.C, float32(s[1][0]*o.Weight)/float32(o.N), p)
}

// Operands is described at Op.
func (o SumOp) Operands() (results, sources []int) { return []int{1}, []int{o.N} }

// Run is described at Op.
func (o SumOp) Run(_ *Pool, r, s [][]float32) { r[0][0] = Sum(s[0]) }
