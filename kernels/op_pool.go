package kernels

// A MaxPoolOp is MaxPool: dst and the positions of the maxima, as whole numbers below 2^24 in float32, from x.
type MaxPoolOp struct{ PoolShape }

// A MaxValuesOp is MaxPool without positions: dst from x.
type MaxValuesOp struct{ PoolShape }

// A MaxPoolBackOp is MaxPoolBack: dx from dy and the positions.
type MaxPoolBackOp struct{ PoolShape }

// An AvgPoolOp is AvgPool, or AdaptiveAvgPool where its shape is Adaptive's.
type AvgPoolOp struct {
	PoolShape
	AdaptH, AdaptW int // output sizes of adaptive pooling, else 0
}

// An AvgPoolBackOp is the gradient of AvgPoolOp: dx from dy.
type AvgPoolBackOp AvgPoolOp

// Adaptive is AdaptiveAvgPool of planes [h, w] to [oh, ow].
func Adaptive(planes, h, w, oh, ow int) AvgPoolOp {
	return AvgPoolOp{PoolShape{Planes: planes, H: h, W: w}, oh, ow}
}

// GlobalPool is GlobalAvgPool.
func GlobalPool(planes, plane int) AvgPoolOp { return Adaptive(planes, 1, plane, 1, 1) }

// Filled returns the shape with zero strides replaced by the window's size.
func (s PoolShape) Filled() PoolShape { return s.filled() }

// Operands is described at Op.
func (o MaxPoolOp) Operands() (results, sources []int) {
	y := o.Planes * o.OutH() * o.OutW()
	return []int{y, y}, []int{o.Planes * o.H * o.W}
}

// Run is described at Op.
func (o MaxPoolOp) Run(p *Pool, r, s [][]float32) {
	maxPool(r[0], r[1], s[0], o.PoolShape, p)
}

// Operands is described at Op.
func (o MaxValuesOp) Operands() (results, sources []int) {
	return []int{o.Planes * o.OutH() * o.OutW()}, []int{o.Planes * o.H * o.W}
}

// Run is described at Op.
func (o MaxValuesOp) Run(p *Pool, r, s [][]float32) {
	MaxPool(r[0], nil, s[0], o.PoolShape, p)
}

// Operands is described at Op.
func (o MaxPoolBackOp) Operands() (results, sources []int) {
	y := o.Planes * o.OutH() * o.OutW()
	return []int{o.Planes * o.H * o.W}, []int{y, y}
}

// Run is described at Op.
func (o MaxPoolBackOp) Run(p *Pool, r, s [][]float32) {
	maxPoolBack(r[0], s[0], s[1], o.PoolShape, p)
}

// Out returns the output's height and width.
func (o AvgPoolOp) Out() (h, w int) {
	if o.AdaptH > 0 {
		return o.AdaptH, o.AdaptW
	}
	return o.OutH(), o.OutW()
}

// Operands is described at Op.
func (o AvgPoolOp) Operands() (results, sources []int) {
	h, w := o.Out()
	return []int{o.Planes * h * w}, []int{o.Planes * o.H * o.W}
}

// Run is described at Op.
func (o AvgPoolOp) Run(p *Pool, r, s [][]float32) {
	if o.AdaptH > 0 {
		AdaptiveAvgPool(r[0], s[0], o.Planes, o.H, o.W, o.AdaptH, o.AdaptW, p)
		return
	}
	AvgPool(r[0], s[0], o.PoolShape, p)
}

// Operands is described at Op.
func (o AvgPoolBackOp) Operands() (results, sources []int) {
	y, x := AvgPoolOp(o).Operands()
	return x, y
}

// Run is described at Op.
func (o AvgPoolBackOp) Run(p *Pool, r, s [][]float32) {
	if o.AdaptH > 0 {
		AdaptiveAvgPoolBack(r[0], s[0], o.Planes, o.H, o.W, o.AdaptH, o.AdaptW, p)
		return
	}
	AvgPoolBack(r[0], s[0], o.PoolShape, p)
}
