package opencl

import "shiftmill/kernels"

func (d *Device) copy(o kernels.CopyOp, dst, src kernels.Span) error {
	if o.Clear {
		if err := d.launch("clear", groups(dst.Size), 1, 1, dst, dst.Size); err != nil {
			return err
		}
	}
	n := o.Rows * o.Width
	return d.launch("copy_rows", groups(n), 1, 1, dst, src, n, o.Width, o.To, o.ToPitch, o.From, o.FromPitch)
}

func (d *Device) concat(o kernels.ConcatOp, r, s []kernels.Span) error {
	total := r[0].Size / max(o.N, 1)
	at := 0
	for i, c := range o.Channels {
		width := c * o.Plane
		err := d.copy(kernels.CopyOp{Rows: o.N, Width: width, To: at, ToPitch: total, FromPitch: width}, r[0], s[i])
		if err != nil {
			return err
		}
		at += width
	}
	return nil
}

func (d *Device) upsample(o kernels.UpsampleOp, r, s []kernels.Span) error {
	kernel := "upsample_pixels"
	if o.Back {
		kernel = "upsample_back"
	}
	return d.launch(kernel, groups(r[0].Size), 1, 1, r[0], s[0], r[0].Size, o.W, o.R)
}

func (d *Device) reflect(o kernels.ReflectOp, r, s []kernels.Span) error {
	b, n := o.Border, r[0].Size
	if o.Back {
		return d.launch("reflect_back", groups(n), 1, 1, r[0], s[0], n, o.H, o.W, b.Top, b.Bottom, b.Left, b.Right)
	}
	return d.launch("reflect", groups(n), 1, 1, r[0], s[0], n, o.H, o.W, b.Top, b.Left, o.H+b.Top+b.Bottom, o.W+b.Left+b.Right)
}
