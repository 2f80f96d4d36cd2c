package opencl

import "shiftmill/kernels"

func (d *Device) element(o kernels.ElementOp, r, s []kernels.Span) error {
	args := []any{r[0], s[0]}
	if len(s) > 1 {
		args = append(args, s[1])
	}
	return d.launch(o.Element.String()+"_map", groups(o.N), 1, 1, append(args, o.N, o.A, o.B)...)
}
