package kernels

import "fmt"

// Conv2DWinograd stores in dst the convolution of x with w, plus bias where it is not nil, by Winograd's F(2x2, 3x3) (Lavin
// and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016): four outputs by 16 products an input channel
// instead of 36. It is Conv2D up to rounding, and another function to the bit, so it is chosen by a parameter of the
// operation. Its gradients are those of Conv2D.
//
// Shapes: those of ConvShape, as ValidateWinograd wants it. Bits: outputs are cut into tiles of 2x2, of which the first
// begins at output (0, 0); surplus outputs of a tile are discarded. Every transform goes down each column first, then along
// each row of what that gave; every sum is rounded.
//   - A tile reads the 4x4 positions d from twice its place on, less the padding, which is +0. v0 = d0 - d2, v1 = d1 + d2,
//     v2 = d2 - d1, v3 = d1 - d3. No output inside the image depends on positions behind the padding.
//   - The weights g become u0 = g0, u1 = ((g0 + g2) + g1) * 0.5, u2 = ((g0 + g2) - g1) * 0.5, u3 = g2.
//   - Each of the 16 products m is one chain fma(v, u, ·) over input channels from +0.
//   - y0 = (m0 + m1) + m2, y1 = (m1 - m2) - m3. The bias is added last.
//
// An infinity or a NaN reaches all outputs of the tiles that read it.
func Conv2DWinograd(dst, x, w, bias []float32, s ConvShape, p *Pool) {
	s = s.checked("Conv2DWinograd", x, w, dst)
	if err := s.ValidateWinograd(); err != nil {
		panic("kernels: Conv2DWinograd: " + err.Error())
	}
	if bias != nil {
		sameLength("Conv2DWinograd bias", s.Co, len(bias))
	}
	c := NewBandConv(BandLayer{Ci: s.Ci, Co: s.Co, Size: 3, Stride: 1, Cells: 1, Weights: w, Bias: bias, Winograd: true}, p)
	defer c.Release()
	height := winogradStrip(s, p.Workers())
	strips := (s.OutH() + height - 1) / height
	p.Run(s.N*strips, func(i int) {
		first := i % strips * height
		c.winograd.planes(dst, x, s, i/strips, first, min(height, s.OutH()-first))
	})
}

// ValidateWinograd returns an error where Conv2DWinograd cannot compute a valid shape.
func (s ConvShape) ValidateWinograd() error {
	f := s.filled()
	if f.KH != 3 || f.KW != 3 || f.StrideH != 1 || f.StrideW != 1 || f.DilH != 1 || f.DilW != 1 || f.Groups != 1 {
		return fmt.Errorf("convolution: Winograd's F(2x2, 3x3) is for 3x3 kernels without stride, dilation and groups, not %dx%d with stride %dx%d, dilation %dx%d and %d groups",
			f.KH, f.KW, f.StrideH, f.StrideW, f.DilH, f.DilW, f.Groups)
	}
	return nil
}

// winogradStrip is the number of rows, whole tiles, that are turned into a band at a time: few enough to rest in a cache,
// and no more than gives every worker some.
func winogradStrip(s ConvShape, workers int) int {
	const tiles = 384
	across := (s.OutW() + 1) / 2
	down := max(1, tiles/across)
	if share := s.N * ((s.OutH() + 1) / 2) / (2 * workers); workers > 1 && share < down {
		down = max(1, share)
	}
	return 2 * down
}

// planes computes rows of image n from its planes, first being even.
func (w *winograd) planes(dst, x []float32, s ConvShape, n, first, rows int) {
	wide, ow := s.W+2*s.PadW, s.OutW()
	src := Band{Step: w.lanes, Pitch: wide * w.lanes}
	to := Band{Step: w.padded, Pitch: ow * w.padded}
	from, made := getFloats((rows+2)*src.Pitch), getFloats(rows*to.Pitch)
	defer from.put()
	defer made.put()
	src.V, to.V = from.v, made.v
	for i := range rows + 2 {
		row, y := src.V[i*src.Pitch:(i+1)*src.Pitch], first+i-s.PadH
		if y < 0 || y >= s.H {
			clear(row)
			continue
		}
		inner := row[s.PadW*src.Step : (s.PadW+s.W)*src.Step]
		clear(row[:s.PadW*src.Step])
		clear(row[(s.PadW+s.W)*src.Step:])
		Band{V: inner, Step: src.Step}.FromPlanes(x[(n*s.Ci*s.H+y)*s.W:], s.H*s.W, s.Ci, s.W)
	}
	w.rows(to, src, nil, rows, ow, nil)
	plane := s.OutH() * ow
	for i := range rows {
		Band{V: to.V[i*to.Pitch:], Step: to.Step}.ToPlanes(dst[n*s.Co*plane+(first+i)*ow:], plane, s.Co, ow)
	}
}
