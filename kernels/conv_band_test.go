package kernels

import (
	"fmt"
	"slices"
	"testing"
)

// TestBandConv compares bands with Conv2D and the operations behind it, on layers that meet every way in which a band is
// cut, with other rows around it.
func TestBandConv(t *testing.T) {
	for i, c := range []struct {
		l           BandLayer
		rows, width int
	}{
		{BandLayer{Ci: 1, Co: 1, Size: 1, Stride: 1, Cells: 1}, 1, 1},
		{BandLayer{Ci: 3, Co: 3, Size: 1, Stride: 1, Cells: 1}, 2, 35},
		{BandLayer{Ci: 3, Co: 70, Size: 5, Stride: 2, Cells: 1, End: EndLeaky}, 3, 21},
		{BandLayer{Ci: 20, Co: 64, Size: 3, Stride: 1, Cells: 1, Adds: true, End: EndReLU}, 5, 130},
		{BandLayer{Ci: 67, Co: 33, Size: 3, Stride: 1, Cells: 1, End: EndReLU}, 2, 9},
		{BandLayer{Ci: 9, Co: 5, Size: 3, Stride: 1, Cells: 2}, 3, 17},
		{BandLayer{Ci: 8, Co: 20, Size: 1, Stride: 1, Cells: 3, End: EndLeaky}, 2, 11},
		{BandLayer{Ci: 15, Co: 3, Size: 3, Stride: 1, Cells: 1, End: EndLeaky}, 3, 131},
		{BandLayer{Ci: 40, Co: 16, Size: 3, Stride: 1, Cells: 1}, 1, 3},
		{BandLayer{Ci: 130, Co: 9, Size: 1, Stride: 1, Cells: 1, End: EndReLU}, 4, 70},
		{BandLayer{Ci: 40, Co: 4, Size: 2, Stride: 1, Cells: 1, Adds: true}, 4, 20},
		{BandLayer{Ci: 1, Co: 1, Size: 3, Stride: 1, Cells: 1, Winograd: true}, 1, 1},
		{BandLayer{Ci: 20, Co: 70, Size: 3, Stride: 1, Cells: 1, Winograd: true, Adds: true, End: EndReLU}, 5, 13},
		{BandLayer{Ci: 64, Co: 16, Size: 3, Stride: 1, Cells: 1, Winograd: true, End: EndLeaky}, 4, 130},
		{BandLayer{Ci: 17, Co: 9, Size: 3, Stride: 1, Cells: 2, Winograd: true, End: EndLeaky}, 3, 11},
		{BandLayer{Ci: 300, Co: 130, Size: 3, Stride: 1, Cells: 1, Winograd: true, Adds: true}, 2, 30},
	} {
		l := c.l
		l.Slope = 0.1
		cells := l.Cells * l.Cells
		l.Weights, l.Bias = testValues("w", l.Co*cells*l.Ci*l.Size*l.Size, false), testValues("b", l.Co*cells, false)
		s := ConvShape{N: 1, Ci: l.Ci, H: (c.rows-1)*l.Stride + l.Size, W: (c.width-1)*l.Stride + l.Size, Co: l.Co * cells,
			KH: l.Size, KW: l.Size, StrideH: l.Stride, StrideW: l.Stride}
		x := testValues("x", s.Ci*s.H*s.W, i%2 == 0)
		want := make([]float32, s.Co*c.rows*c.width)
		ConvOp{ConvShape: s, Bias: true, Winograd: l.Winograd}.Run(nil, [][]float32{want}, [][]float32{x, l.Weights, l.Bias})
		if l.Cells > 1 {
			PixelShuffle(want, slices.Clone(want), 1, l.Co, c.rows, c.width, l.Cells)
		}
		high, wide := c.rows*l.Cells, c.width*l.Cells
		added := testValues("add", len(want), false)
		if l.Adds {
			Add(want, want, added)
		}
		switch l.End {
		case EndReLU:
			ReLU(want, want)
		case EndLeaky:
			LeakyReLU(want, want, l.Slope)
		}
		band := func(channels, columns int) Band {
			step := (channels + BandLanes - 1) / BandLanes * BandLanes
			return Band{Pitch: (columns + 3) * step, Step: step}
		}
		eachBackend(t, func(t *testing.T, p *Pool) {
			src, dst := band(l.Ci, s.W), band(l.Co, wide)
			src.V = make([]float32, s.H*src.Pitch)
			for y := range s.H {
				Band{src.V[y*src.Pitch:], src.Pitch, src.Step}.FromPlanes(x[y*s.W:], s.H*s.W, s.Ci, s.W)
			}
			// The last row ends with its last pixel.
			v, check := guarded((high-1)*dst.Pitch + wide*dst.Step)
			add := make([]float32, len(v))
			for y := range high {
				Band{add[y*dst.Pitch:], dst.Pitch, dst.Step}.FromPlanes(added[y*wide:], high*wide, l.Co, wide)
			}
			dst.V = v
			conv := NewBandConv(l, p)
			defer conv.Release()
			for range 2 {
				conv.Rows(dst, src, add, c.rows, c.width, p)
				check(t, "BandConv")
				got := make([]float32, len(want))
				for y := range high {
					Band{v[y*dst.Pitch:], dst.Pitch, dst.Step}.ToPlanes(got[y*wide:], high*wide, l.Co, wide)
				}
				sameBits(t, fmt.Sprintf("BandConv %+v %dx%d", c.l, c.rows, c.width), got, want)
			}
		})
	}
}
