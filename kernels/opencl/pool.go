package opencl

import "shiftmill/kernels"

func (d *Device) maxPool(o kernels.MaxPoolOp, r, s []kernels.Span) error {
	f := o.Filled()
	return d.launch("max_pool", groups(r[0].Size), 1, 1, r[0], r[1], s[0], r[0].Size, f.H, f.W, f.OutH(), f.OutW(), f.KH, f.KW,
		f.StrideH, f.StrideW, f.PadH, f.PadW)
}

func (d *Device) maxPoolBack(o kernels.MaxPoolBackOp, r, s []kernels.Span) error {
	f := o.Filled()
	return d.launch("max_pool_back", groups(r[0].Size), 1, 1, r[0], s[0], s[1], r[0].Size, f.H, f.W, f.OutH(), f.OutW(), f.KH, f.KW,
		f.StrideH, f.StrideW, f.PadH, f.PadW)
}

func (d *Device) avgPool(o kernels.AvgPoolOp, r, s []kernels.Span) error {
	return d.average("avg_pool", o, r[0], s[0])
}

func (d *Device) avgPoolBack(o kernels.AvgPoolBackOp, r, s []kernels.Span) error {
	return d.average("avg_pool_back", kernels.AvgPoolOp(o), r[0], s[0])
}

func (d *Device) average(kernel string, o kernels.AvgPoolOp, dst, src kernels.Span) error {
	f := o.Filled()
	h, w := o.Out()
	kh, kw := f.KH, f.KW
	if o.AdaptH > 0 {
		kh, kw = 0, 0
	}
	return d.launch(kernel, groups(dst.Size), 1, 1, dst, src, dst.Size, f.H, f.W, h, w, kh, kw, f.StrideH, f.StrideW, f.PadH, f.PadW, f.ExcludePad)
}
