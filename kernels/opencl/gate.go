package opencl

import "shiftmill/kernels"

func (d *Device) planeProducts(o kernels.PlaneProductsOp, r, s []kernels.Span) error {
	blocks := (o.Plane + block - 1) / block
	sums, err := d.scratch.take(d, o.Planes*blocks)
	if err != nil {
		return err
	}
	if err := d.launch("block_products", o.Planes*blocks, 1, 1, sums, s[0], s[1], blocks, o.Plane); err != nil {
		return err
	}
	return d.addBlocks(r[0], sums, o.Planes, blocks)
}
