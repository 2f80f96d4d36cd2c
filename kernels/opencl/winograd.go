package opencl

import "shiftmill/kernels"

// mostTiled bounds the memory of transformed tiles: 64 MiB. A test makes it less.
var mostTiled = 16 << 20

// winograd computes a convolution as kernels.Conv2DWinograd does, some tiles
// at a time.
func (d *Device) winograd(o kernels.ConvOp, r, s []kernels.Span) error {
	f := o.Filled()
	if err := f.ValidateWinograd(); err != nil {
		panic("opencl: " + err.Error())
	}
	const products = 16
	oh, ow := f.OutH(), f.OutW()
	across, down := (ow+1)/2, (oh+1)/2
	tiles := f.N * down * across
	if tiles == 0 {
		return nil
	}
	atOnce := min(tiles, max(1, mostTiled/(products*(f.Ci+f.Co))))
	weights, err := d.scratch.take(d, products*f.Co*f.Ci)
	if err != nil {
		return err
	}
	in, err := d.scratch.take(d, products*f.Ci*atOnce)
	if err != nil {
		return err
	}
	out, err := d.scratch.take(d, products*f.Co*atOnce)
	if err != nil {
		return err
	}
	taps, err := d.productTaps(productKey{f.Ci, atOnce, 1})
	if err != nil {
		return err
	}
	if err := d.launch("winograd_weights", groups(f.Co*f.Ci), 1, 1, weights, s[1], f.Co*f.Ci); err != nil {
		return err
	}
	bias := kernels.Span{}
	if o.Bias {
		bias = s[2]
	}
	for first := 0; first < tiles; first += atOnce {
		n := min(atOnce, tiles-first)
		err := d.launch("winograd_input", groups(n), f.Ci, 1, in, s[0], f.Ci, first, n, atOnce, across, down, f.H, f.W, f.PadH, f.PadW)
		if err == nil {
			err = implicit{
				groups: products, rows: f.Co, terms: f.Ci, count: n, outH: 1, outW: n, strideH: 1, strideW: 1, height: 1, width: f.Ci * atOnce,
				srcGroup: f.Ci * atOnce, weightGroup: f.Co * f.Ci, weightRow: f.Ci, dstGroup: f.Co * atOnce, dstRow: atOnce,
				dstWidth: n, dstStepY: 1, dstStepX: 1,
			}.run(d, out, in, weights, nil, taps)
		}
		if err == nil {
			err = d.launch("winograd_output", groups(n), f.Co, 1, r[0], out, bias, o.Bias, f.Co, first, n, atOnce, across, down, oh, ow)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
