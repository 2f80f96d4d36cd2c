package opencl

import "shiftmill/kernels"

// Sizes of conv.cl.
const (
	tileRows    = 16
	tileColumns = 2 * groupSize
	fewRows     = 8 // below, one work-item an element wastes less than a tile
)

// An implicit is a matrix product of conv.cl: rows by columns, terms from a
// table.
type implicit struct {
	groups, rows, terms, count int // count columns
	outH, outW                 int // columns of an image
	strideH, strideW, y0, x0   int // where column (0, 0) reads, and how far the next ones
	height, width              int // of the source
	srcImage, srcGroup         int // distances in the source
	weightGroup, weightRow     int // in the weights
	dstImage, dstGroup, dstRow int // in the result
	dstWidth                   int
	dstY, dstX, dstStepY       int
	dstStepX                   int
}

// run starts the product. bias may be nil.
func (p implicit) run(d *Device, dst, src, weight kernels.Span, bias *kernels.Span, taps kernels.Span) error {
	kernel, x, y := "conv_tile", (p.count+tileColumns-1)/tileColumns, (p.rows+tileRows-1)/tileRows
	if p.rows < fewRows {
		kernel, x, y = "conv_single", groups(p.count), p.rows
	}
	b := kernels.Span{}
	if bias != nil {
		b = *bias
	}
	return d.launch(kernel, x, y, p.groups, dst, src, weight, b, taps, bias != nil, p.rows, p.terms, p.count, p.outH, p.outW, p.strideH, p.strideW,
		p.y0, p.x0, p.height, p.width, p.srcImage, p.srcGroup, p.weightGroup, p.weightRow, p.dstImage, p.dstGroup, p.dstRow, p.dstWidth,
		p.dstY, p.dstX, p.dstStepY, p.dstStepX)
}

// optional is operand i, or nil.
func optional(s []kernels.Span, i int) *kernels.Span {
	if i < len(s) {
		return &s[i]
	}
	return nil
}

// filterKey is the key of the table of a filter's terms: the same for any batch.
type filterKey struct{ kernels.ConvShape }

// filterTaps lists a filter's terms, input channel by row by column.
func (d *Device) filterTaps(s kernels.ConvShape) (kernels.Span, error) {
	s.N, s.Co = 0, 0
	return d.table(filterKey{s}, func() []int32 {
		var v []int32
		for c := range s.Ci / s.Groups {
			for y := range s.KH {
				for x := range s.KW {
					dy, dx := y*s.DilH, x*s.DilW
					v = append(v, int32((c*s.H+dy)*s.W+dx), int32(dy), int32(dx), int32((c*s.KH+y)*s.KW+x))
				}
			}
		}
		return v
	})
}

func (d *Device) conv(o kernels.ConvOp, r, s []kernels.Span) error {
	if o.Winograd {
		return d.winograd(o, r, s)
	}
	f := o.Filled()
	taps, err := d.filterTaps(f)
	if err != nil {
		return err
	}
	oh, ow, terms := f.OutH(), f.OutW(), f.Ci/f.Groups*f.KH*f.KW
	rows := f.Co / f.Groups
	return implicit{
		groups: f.Groups, rows: rows, terms: terms, count: f.N * oh * ow, outH: oh, outW: ow,
		strideH: f.StrideH, strideW: f.StrideW, y0: -f.PadH, x0: -f.PadW, height: f.H, width: f.W,
		srcImage: f.Ci * f.H * f.W, srcGroup: f.Ci / f.Groups * f.H * f.W, weightGroup: rows * terms, weightRow: terms,
		dstImage: f.Co * oh * ow, dstGroup: rows * oh * ow, dstRow: oh * ow, dstWidth: ow, dstStepY: 1, dstStepX: 1,
	}.run(d, r[0], s[0], s[1], optional(s, 2), taps)
}

// phaseKey is the key of the table of a data gradient's terms.
type phaseKey struct {
	kernels.ConvShape
	y, x int
}

// reach lists the taps of one dimension that input positions p, p+stride, ...
// meet, each with the output position that input p reads, which may lie
// outside.
func reach(p, k, stride, pad, dil int) (taps, at []int) {
	for t := range k {
		if n := p + pad - t*dil; (n%stride+stride)%stride == 0 {
			taps = append(taps, t)
			at = append(at, (n-(n%stride+stride)%stride)/stride)
		}
	}
	return taps, at
}

// convBackData computes the input positions of each phase of the stride as a
// convolution of dy over the taps that reach them.
func (d *Device) convBackData(o kernels.ConvBackDataOp, r, s []kernels.Span) error {
	f := o.Filled()
	oh, ow := f.OutH(), f.OutW()
	co, ci, area := f.Co/f.Groups, f.Ci/f.Groups, f.KH*f.KW
	for py := range min(f.StrideH, f.H) {
		for px := range min(f.StrideW, f.W) {
			ty, ay := reach(py, f.KH, f.StrideH, f.PadH, f.DilH)
			tx, ax := reach(px, f.KW, f.StrideW, f.PadW, f.DilW)
			key := f
			key.N = 0
			taps, err := d.table(phaseKey{key, py, px}, func() []int32 {
				var v []int32
				for c := range co {
					for i, y := range ay {
						for j, x := range ax {
							v = append(v, int32((c*oh+y)*ow+x), int32(y), int32(x), int32(c*ci*area+ty[i]*f.KW+tx[j]))
						}
					}
				}
				return v
			})
			if err != nil {
				return err
			}
			h, w := (f.H-py+f.StrideH-1)/f.StrideH, (f.W-px+f.StrideW-1)/f.StrideW
			err = implicit{
				groups: f.Groups, rows: ci, terms: co * len(ty) * len(tx), count: f.N * h * w, outH: h, outW: w,
				strideH: 1, strideW: 1, height: oh, width: ow, srcImage: f.Co * oh * ow, srcGroup: co * oh * ow,
				weightGroup: co * ci * area, weightRow: area, dstImage: f.Ci * f.H * f.W, dstGroup: ci * f.H * f.W, dstRow: f.H * f.W,
				dstWidth: f.W, dstY: py, dstX: px, dstStepY: f.StrideH, dstStepX: f.StrideW,
			}.run(d, r[0], s[0], s[1], optional(s, 2), taps)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// mostParts bounds the memory of a weight gradient's chunks: 64 MiB.
const mostParts = 16 << 20

func (d *Device) convBackWeight(o kernels.ConvBackWeightOp, r, s []kernels.Span) error {
	f := o.Filled()
	oh, ow := f.OutH(), f.OutW()
	count, rows, columns := f.N*oh*ow, f.Co/f.Groups, f.Ci/f.Groups*f.KH*f.KW
	size := f.Co * columns
	if count == 0 {
		return d.launch("clear", groups(size), 1, 1, r[0], size)
	}
	taps, err := d.filterTaps(f)
	if err != nil {
		return err
	}
	const chunk = 1024
	chunks := (count + chunk - 1) / chunk
	atOnce := min(chunks, max(1, mostParts/size))
	parts, err := d.scratch.take(d, atOnce*size)
	if err != nil {
		return err
	}
	for first := 0; first < chunks; first += atOnce {
		n := min(atOnce, chunks-first)
		err := d.launch("conv_grad", groups(columns), (rows+tileRows-1)/tileRows, f.Groups*n, parts, s[0], s[1], taps, rows, columns, count, first,
			f.Groups, oh, ow, f.StrideH, f.StrideW, -f.PadH, -f.PadW, f.H, f.W, f.Ci*f.H*f.W, f.Ci/f.Groups*f.H*f.W,
			f.Co*oh*ow, rows*oh*ow, oh*ow)
		if err == nil {
			err = d.launch("add_chunks", groups(size), 1, 1, r[0], parts, size, n, first > 0)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// productKey is the key of the table of a matrix product's terms, which lie step
// apart in the source and weight apart in the weights.
type productKey struct{ terms, step, weight int }

func (d *Device) productTaps(key productKey) (kernels.Span, error) {
	return d.table(key, func() []int32 {
		v := make([]int32, 0, 4*key.terms)
		for k := range key.terms {
			v = append(v, int32(k*key.step), 0, int32(k*key.step), int32(k*key.weight))
		}
		return v
	})
}

// matMul is a convolution of an image of one row: the columns of b are its
// positions, the rows of a its output channels.
func (d *Device) matMul(o kernels.MatMulOp, r, s []kernels.Span, bias *kernels.Span) error {
	p := implicit{
		groups: 1, rows: o.M, terms: o.K, count: o.N, outH: 1, outW: o.N, strideH: 1, strideW: 1, height: 1, width: o.N * o.K,
		weightRow: o.K, dstRow: o.N, dstWidth: o.N, dstStepY: 1, dstStepX: 1,
	}
	key := productKey{o.K, o.N, 1}
	if o.TransB {
		p.strideW, key.step = o.K, 1
	}
	if o.TransA {
		p.weightRow, key.weight = 1, o.M
	}
	taps, err := d.productTaps(key)
	if err != nil {
		return err
	}
	return p.run(d, r[0], s[1], s[0], bias, taps)
}

// linear has the outputs as rows, so that the bias is one a row.
func (d *Device) linear(o kernels.LinearOp, r, s []kernels.Span) error {
	taps, err := d.productTaps(productKey{o.In, 1, 1})
	if err != nil {
		return err
	}
	return implicit{
		groups: 1, rows: o.Out, terms: o.In, count: o.N, outH: 1, outW: o.N, strideH: 1, strideW: o.In, height: 1, width: o.N * o.In,
		weightRow: o.In, dstRow: 1, dstWidth: o.N * o.Out, dstStepY: 1, dstStepX: o.Out,
	}.run(d, r[0], s[0], s[1], optional(s, 2), taps)
}

func (d *Device) channelSum(o kernels.ChannelSumOp, r, s []kernels.Span) error {
	set := planes{sets: o.C, count: o.N, plane: o.Plane, setStep: 1, planeStep: o.C}
	sums, err := set.blockSums(d, s[0])
	if err != nil {
		return err
	}
	return d.addBlocks(r[0], sums, o.C, set.each())
}
