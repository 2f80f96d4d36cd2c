package kernels

// A ReadyConv is an Op for a convolution whose weights stay the same from run to run: y from x, or, with Add, from x and what
// is added. Its weights are packed at the first run and again after Renew. Behind the sum come, in this order, Bias or
// Norm, of which one at least is nil, the addition and the function. Bits: those of the operations one after another.
//
// It belongs to one goroutine and works on the processor alone.
type ReadyConv struct {
	ConvShape
	Weights, Bias []float32
	Norm          *NormValues
	Add           bool
	End           End
	Slope         float32 // of EndLeaky

	filter *filter
	ending ending
}

// NormValues are the operands of BatchNormEval, c values each.
type NormValues struct {
	Gamma, Beta, Mean, Variance []float32
	Eps                         float32
}

// Renew says that the values of weights, bias or norm have changed.
func (o *ReadyConv) Renew() {
	if o.filter != nil {
		o.filter.release()
		o.filter = nil
	}
}

// Operands is described at Op.
func (o *ReadyConv) Operands() (results, sources []int) {
	x, _, y := o.sizes()
	if o.Add {
		return []int{y}, []int{x, y}
	}
	return []int{y}, []int{x}
}

// Run is described at Op.
func (o *ReadyConv) Run(p *Pool, r, s [][]float32) {
	shape := o.checked("ReadyConv", s[0], o.Weights, r[0])
	if o.filter == nil || o.filter.be != backend() {
		o.Renew()
		o.prepare(shape, p)
	}
	to := o.filter.target(r[0], &o.ending)
	if o.Add {
		to.add, to.addPitch = s[1], to.pitch
	}
	o.filter.run(to, s[0], shape.N, p)
}

func (o *ReadyConv) prepare(s ConvShape, p *Pool) {
	o.filter = forwardFilter(o.Weights, s, p)
	o.ending = ending{shift: o.Bias, act: o.End, slope: o.Slope}
	if n := o.Norm; n != nil {
		o.ending.scale, o.ending.shift = make([]float32, s.Co), make([]float32, s.Co)
		for c := range s.Co {
			o.ending.scale[c], o.ending.shift[c] = normScale(n.Gamma[c], n.Beta[c], n.Mean[c], n.Variance[c], n.Eps)
		}
	}
}
