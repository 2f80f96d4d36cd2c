package opencl

import "shiftmill/kernels"

// rows lends scratch for values of each of n rows and the sums over them.
func (d *Device) rows(n, values, summed int) (kernels.Span, error) {
	return d.scratch.take(d, n*(values+spare(summed)))
}

func (d *Device) softmax(o kernels.SoftmaxOp, r, s []kernels.Span) error {
	q, err := d.rows(o.N, o.C, o.C)
	if err != nil {
		return err
	}
	return d.launch("softmax_rows", o.N, 1, 1, r[0], s[0], q, o.C, spare(o.C), o.Log)
}

func (d *Device) softmaxBack(o kernels.SoftmaxBackOp, r, s []kernels.Span) error {
	q, err := d.rows(o.N, o.C, o.C)
	if err != nil {
		return err
	}
	return d.launch("softmax_back", o.N, 1, 1, r[0], s[0], s[1], q, o.C, spare(o.C), o.Log)
}

func (d *Device) crossEntropy(o kernels.CrossEntropyOp, r, s []kernels.Span) error {
	q, err := d.rows(o.N, o.C, o.C)
	if err != nil {
		return err
	}
	err = d.launch("cross_entropy", o.N, 1, 1, r[1], s[0], s[1], kernels.Span{}, q, o.C, spare(o.C), float32(o.N), false)
	if err != nil {
		return err
	}
	return d.mean(r[0], r[1], o.N, float32(o.N), 0)
}

func (d *Device) crossEntropyBack(o kernels.CrossEntropyBackOp, r, s []kernels.Span) error {
	q, err := d.rows(o.N, o.C, o.C)
	if err != nil {
		return err
	}
	return d.launch("cross_entropy", o.N, 1, 1, r[0], s[0], s[1], s[2], q, o.C, spare(o.C), float32(o.N), true)
}

// mean starts sum(v)/count, times weight unless that is 0.
func (d *Device) mean(dst, v kernels.Span, n int, count, weight float32) error {
	scratch, err := d.scratch.take(d, spare(n))
	if err != nil {
		return err
	}
	return d.launch("mean", 1, 1, 1, dst, v, scratch, n, count, weight, weight != 0)
}

func (d *Device) binaryLoss(o kernels.BinaryOp, r, s []kernels.Span) error {
	if err := d.launch("binary_loss", groups(o.N), 1, 1, r[1], s[0], s[1], o.N); err != nil {
		return err
	}
	return d.mean(r[0], r[1], o.N, float32(o.N), 0)
}

func (d *Device) jensenShannon(o kernels.JensenShannonOp, r, s []kernels.Span) error {
	if err := d.divergence(o, r[1], s[0], nil); err != nil {
		return err
	}
	return d.mean(r[0], r[1], o.N, float32(o.N), o.Weight)
}

func (d *Device) jensenShannonBack(o kernels.JensenShannonBackOp, r, s []kernels.Span) error {
	return d.divergence(kernels.JensenShannonOp(o), r[0], s[0], &s[1])
}

// divergence starts the rows' divergences or, given the gradient of the value,
// theirs.
func (d *Device) divergence(o kernels.JensenShannonOp, dst, logits kernels.Span, grad *kernels.Span) error {
	q, err := d.rows(o.N, (2*o.Views+2)*o.C, o.C)
	if err != nil {
		return err
	}
	g := kernels.Span{}
	if grad != nil {
		g = *grad
	}
	return d.launch("jensen_shannon", o.N, 1, 1, dst, logits, g, q, o.Views, o.N, o.C, spare(o.C), o.Weight, float32(o.N), grad != nil)
}
