package kernels

// A ConvOp is Conv2D, or with Winograd Conv2DWinograd: y from x, w and, with Bias, bias.
type ConvOp struct {
	ConvShape
	Bias     bool
	Winograd bool
}

// A ConvBackDataOp is Conv2DBackData: dx from dy, w; with Bias it is ConvTranspose2D.
type ConvBackDataOp struct {
	ConvShape
	Bias bool
}

// A ConvBackWeightOp is Conv2DBackWeight: dw from dy, x.
type ConvBackWeightOp struct{ ConvShape }

// A ChannelSumOp is Conv2DBackBias: db [c] from dy [n, c, plane].
type ChannelSumOp struct{ N, C, Plane int }

// A MatMulOp is MatMul: dst [m, n] from a and b.
type MatMulOp struct {
	M, N, K        int
	TransA, TransB bool
}

// A LinearOp is Linear: dst [n, out] from x [n, in], w [out, in] and, with Bias, bias [out]. Its gradients are
// LinearBackDataOp, LinearBackWeightOp and a ChannelSumOp with planes of one element.
type LinearOp struct {
	N, In, Out int
	Bias       bool
}

// LinearBackDataOp is LinearBackData: dx from dy, w.
func LinearBackDataOp(n, in, out int) MatMulOp { return MatMulOp{M: n, N: in, K: out} }

// LinearBackWeightOp is LinearBackWeight: dw from dy, x.
func LinearBackWeightOp(n, in, out int) ConvBackWeightOp {
	return ConvBackWeightOp{ConvShape{N: n, Ci: in, H: 1, W: 1, Co: out, KH: 1, KW: 1}}
}

// Filled returns the shape with zero strides, dilations and groups replaced by 1.
func (s ConvShape) Filled() ConvShape { return s.filled() }

func (s ConvShape) sizes() (x, w, y int) {
	f := s.filled()
	return f.N * f.Ci * f.H * f.W, f.Co * f.Ci / f.Groups * f.KH * f.KW, f.N * f.Co * f.OutH() * f.OutW()
}

// Operands is described at Op.
func (o ConvOp) Operands() (results, sources []int) {
	x, w, y := o.sizes()
	if o.Bias {
		return []int{y}, []int{x, w, o.Co}
	}
	return []int{y}, []int{x, w}
}

// Run is described at Op.
func (o ConvOp) Run(p *Pool, r, s [][]float32) {
	conv := Conv2D
	if o.Winograd {
		conv = Conv2DWinograd
	}
	conv(r[0], s[0], s[1], optional(s, 2, o.Bias), o.ConvShape, p)
}

// optional is operand i, or nil.
func optional(s [][]float32, i int, there bool) []float32 {
	if there {
		return s[i]
	}
	return nil
}

// Operands is described at Op.
func (o ConvBackDataOp) Operands() (results, sources []int) {
	x, w, y := o.sizes()
	if o.Bias {
		return []int{x}, []int{y, w, o.Ci}
	}
	return []int{x}, []int{y, w}
}

// Run is described at Op.
func (o ConvBackDataOp) Run(p *Pool, r, s [][]float32) {
	ConvTranspose2D(r[0], s[0], s[1], optional(s, 2, o.Bias), o.ConvShape, p)
}

// Operands is described at Op.
func (o ConvBackWeightOp) Operands() (results, sources []int) {
	x, w, y := o.sizes()
	return []int{w}, []int{y, x}
}

// Run is described at Op.
func (o ConvBackWeightOp) Run(p *Pool, r, s [][]float32) {
	Conv2DBackWeight(r[0], s[0], s[1], o.ConvShape, p)
}

// Operands is described at Op.
func (o ChannelSumOp) Operands() (results, sources []int) {
	return []int{o.C}, []int{o.N * o.C * o.Plane}
}

// Run is described at Op.
func (o ChannelSumOp) Run(p *Pool, r, s [][]float32) {
	Conv2DBackBias(r[0], s[0], o.N, o.C, o.Plane, p)
}

// Operands is described at Op.
func (o MatMulOp) Operands() (results, sources []int) {
	return []int{o.M * o.N}, []int{o.M * o.K, o.K * o.N}
}

// Run is described at Op.
func (o MatMulOp) Run(p *Pool, r, s [][]float32) {
	MatMul(r[0], s[0], s[1], o.M, o.N, o.K, o.TransA, o.TransB, p)
}

// Operands is described at Op.
func (o LinearOp) Operands() (results, sources []int) {
	if o.Bias {
		return []int{o.N * o.Out}, []int{o.N * o.In, o.Out * o.In, o.Out}
	}
	return []int{o.N * o.Out}, []int{o.N * o.In, o.Out * o.In}
}

// Run is described at Op.
func (o LinearOp) Run(p *Pool, r, s [][]float32) {
	Linear(r[0], s[0], s[1], optional(s, 2, o.Bias), o.N, o.In, o.Out, p)
}
