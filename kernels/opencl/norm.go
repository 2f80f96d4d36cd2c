package opencl

import "shiftmill/kernels"

// block is the number of values in a block of a sum, BLOCK in base.cl.
const block = 1024

// spare is the scratch that the sum of n values needs beside them.
func spare(n int) int {
	total := 0
	for n > block {
		n = (n + block - 1) / block
		total += n
	}
	return total
}

// A planes is the sets of planes that share a mean; see norm.cl.
type planes struct {
	sets, count, plane int
	setStep, planeStep int
}

func batchPlanes(n, c, plane int) planes { return planes{c, n, plane, 1, c} }

// groupPlanes are sets of each planes side by side.
func groupPlanes(sets, each, plane int) planes { return planes{sets, each, plane, each, 1} }

func (p planes) blocks() int { return (p.plane + block - 1) / block }

// each is the number of blocks of a set.
func (p planes) each() int { return p.count * p.blocks() }

func (p planes) total() int { return p.sets * p.each() }

// blockSums starts the sums of all blocks.
func (p planes) blockSums(d *Device, x kernels.Span) (kernels.Span, error) {
	sums, err := d.scratch.take(d, p.total())
	if err != nil {
		return sums, err
	}
	return sums, d.launch("block_sums", p.total(), 1, 1, sums, x, p.count, p.blocks(), p.plane, p.setStep, p.planeStep)
}

// addBlocks starts the sums of each set's blocks.
func (d *Device) addBlocks(dst, sums kernels.Span, sets, each int) error {
	extra := spare(each)
	scratch, err := d.scratch.take(d, sets*extra)
	if err != nil {
		return err
	}
	return d.launch("add_blocks", sets, 1, 1, dst, sums, scratch, each, extra)
}

// moments starts means and variances [2, sets].
func (p planes) moments(d *Device, stats, x kernels.Span) error {
	sums, err := d.scratch.take(d, 2*p.total())
	if err != nil {
		return err
	}
	extra := spare(p.each())
	scratch, err := d.scratch.take(d, p.sets*extra)
	if err != nil {
		return err
	}
	err = d.launch("block_moments", p.total(), 1, 1, sums, x, p.count, p.blocks(), p.plane, p.setStep, p.planeStep)
	if err != nil {
		return err
	}
	return d.launch("moments", p.sets, 1, 1, stats, sums, scratch, p.each(), extra, p.blocks(), p.plane, float32(p.count*p.plane))
}

// slopes starts the sums of dy and of dy*(x-mean) [2, sets]; one mean serves
// meansEach sets.
func (p planes) slopes(d *Device, dy, x, mean kernels.Span, meansEach int) (kernels.Span, error) {
	sums, err := d.scratch.take(d, 2*p.total())
	if err != nil {
		return sums, err
	}
	s, err := d.scratch.take(d, 2*p.sets)
	if err != nil {
		return s, err
	}
	err = d.launch("block_slopes", p.total(), 1, 1, sums, dy, x, mean, p.count, p.blocks(), p.plane, p.setStep, p.planeStep, meansEach)
	if err != nil {
		return s, err
	}
	return s, d.addBlocks(s, sums, 2*p.sets, p.each())
}

// cut is size values of a span from first on.
func cut(s kernels.Span, first, size int) kernels.Span {
	return kernels.Span{Memory: s.Memory, Offset: s.Offset + first, Size: size}
}

// normalise starts the norm of x by statistics; gamma and beta may be nil.
func (d *Device) normalise(dst, x kernels.Span, gamma, beta *kernels.Span, mean, variance kernels.Span, channels, plane, each int, eps float32) error {
	g, b := kernels.Span{}, kernels.Span{}
	if gamma != nil {
		g, b = *gamma, *beta
	}
	return d.launch("normalise", groups(x.Size), 1, 1, dst, x, g, b, mean, variance, gamma != nil, x.Size, channels, max(plane, 1), each, eps)
}

func (d *Device) norm(o kernels.NormOp, r, s []kernels.Span) error {
	if err := batchPlanes(o.N, o.C, o.Plane).moments(d, r[1], s[0]); err != nil {
		return err
	}
	return d.normalise(r[0], s[0], &s[1], &s[2], cut(r[1], 0, o.C), cut(r[1], o.C, o.C), o.C, o.Plane, 0, o.Eps)
}

func (d *Device) normEval(o kernels.NormEvalOp, r, s []kernels.Span) error {
	return d.normalise(r[0], s[0], &s[1], &s[2], s[3], s[4], o.C, o.Plane, 0, o.Eps)
}

func (d *Device) normBack(o kernels.NormBackOp, r, s []kernels.Span) error {
	return d.batchBack(o, r, s[:3], cut(s[3], 0, o.C), cut(s[3], o.C, o.C), false)
}

func (d *Device) normEvalBack(o kernels.NormEvalBackOp, r, s []kernels.Span) error {
	return d.batchBack(kernels.NormBackOp(o), r, s[:3], s[3], s[4], true)
}

func (d *Device) batchBack(o kernels.NormBackOp, r, s []kernels.Span, mean, variance kernels.Span, eval bool) error {
	sums, err := batchPlanes(o.N, o.C, o.Plane).slopes(d, s[0], s[1], mean, 1)
	if err != nil {
		return err
	}
	k, err := d.scratch.take(d, 4*o.C)
	if err != nil {
		return err
	}
	err = d.launch("batch_slopes", groups(o.C), 1, 1, k, r[1], sums, s[2], mean, variance, o.C, float32(o.N*o.Plane), o.Eps, eval)
	if err != nil {
		return err
	}
	return d.launch("norm_back", groups(r[0].Size), 1, 1, r[0], s[0], s[1], k, r[0].Size, o.Plane, o.C, eval)
}

func (d *Device) groupNorm(o kernels.GroupNormOp, r, s []kernels.Span) error {
	sets, each := o.N*o.Groups, o.C/o.Groups
	if err := groupPlanes(sets, each, o.Plane).moments(d, r[1], s[0]); err != nil {
		return err
	}
	return d.normalise(r[0], s[0], &s[1], &s[2], cut(r[1], 0, sets), cut(r[1], sets, sets), o.C, o.Plane, each, o.Eps)
}

func (d *Device) groupNormBack(o kernels.GroupNormBackOp, r, s []kernels.Span) error {
	sets, each, n := o.N*o.Groups, o.C/o.Groups, o.N*o.C
	mean, variance := cut(s[3], 0, sets), cut(s[3], sets, sets)
	sums, err := groupPlanes(n, 1, o.Plane).slopes(d, s[0], s[1], mean, each)
	if err != nil {
		return err
	}
	k, err := d.scratch.take(d, 4*n)
	if err != nil {
		return err
	}
	err = d.launch("group_slopes", groups(sets), 1, 1, k, sums, s[2], mean, variance, true, sets, o.C, each, float32(each*o.Plane), o.Eps)
	if err != nil {
		return err
	}
	err = d.launch("group_parameters", groups(o.C), 1, 1, r[1], sums, variance, o.N, o.C, each, o.Eps)
	if err != nil {
		return err
	}
	return d.launch("norm_back", groups(r[0].Size), 1, 1, r[0], s[0], s[1], k, r[0].Size, o.Plane, n, false)
}

// weightStats starts mean and variance of every row of weights.
func (d *Device) weightStats(w kernels.Span, co, k int) (mean, variance kernels.Span, err error) {
	stats, err := d.scratch.take(d, 2*co)
	if err != nil {
		return stats, stats, err
	}
	return cut(stats, 0, co), cut(stats, co, co), groupPlanes(co, 1, k).moments(d, stats, w)
}

func (d *Device) weightStandard(o kernels.WeightStandardOp, r, s []kernels.Span) error {
	mean, variance, err := d.weightStats(s[0], o.Co, o.K)
	if err != nil {
		return err
	}
	return d.normalise(r[0], s[0], nil, nil, mean, variance, o.Co, o.K, 1, o.Eps)
}

func (d *Device) weightStandardBack(o kernels.WeightStandardBackOp, r, s []kernels.Span) error {
	mean, variance, err := d.weightStats(s[1], o.Co, o.K)
	if err != nil {
		return err
	}
	sums, err := groupPlanes(o.Co, 1, o.K).slopes(d, s[0], s[1], mean, 1)
	if err != nil {
		return err
	}
	k, err := d.scratch.take(d, 4*o.Co)
	if err != nil {
		return err
	}
	err = d.launch("group_slopes", groups(o.Co), 1, 1, k, sums, kernels.Span{}, mean, variance, false, o.Co, o.Co, 1, float32(o.K), o.Eps)
	if err != nil {
		return err
	}
	return d.launch("norm_back", groups(r[0].Size), 1, 1, r[0], s[0], s[1], k, r[0].Size, o.K, o.Co, false)
}
