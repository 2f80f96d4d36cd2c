package kernels

import (
	"fmt"
	"slices"
	"testing"
)

// TestReadyConv compares prepared convolutions and their endings with the operations one after another, on shapes that meet
// every way in which a convolution is cut, run twice and after weights have changed.
func TestReadyConv(t *testing.T) {
	shapes := append(slices.Clone(convShapes),
		ConvShape{N: 1, Ci: 600, H: 19, W: 19, Co: 70, KH: 1, KW: 1},
		ConvShape{N: 1, Ci: 20, H: 30, W: 41, Co: 33, KH: 1, KW: 1},
		ConvShape{N: 3, Ci: 200, H: 8, W: 7, Co: 20, KH: 1, KW: 1, StrideH: 2, StrideW: 2},
		ConvShape{N: 5, Ci: 33, H: 5, W: 31, Co: 9, KH: 1, KW: 1, PadH: 1, PadW: 1},
		ConvShape{N: 2, Ci: 50, H: 20, W: 21, Co: 65, KH: 3, KW: 3, PadH: 1, PadW: 1},
		ConvShape{N: 2, Ci: 80, H: 7, W: 7, Co: 90, KH: 3, KW: 3, PadH: 1, PadW: 1, Groups: 2},
	)
	for i, s := range shapes {
		f := s.filled()
		t.Run(fmt.Sprintf("%+v", s), func(t *testing.T) {
			special := i%2 == 0
			x, w := testValues("x", s.N*s.Ci*s.H*s.W, special), testValues("w", s.Co*s.Ci/f.Groups*s.KH*s.KW, false)
			plane := s.OutH() * s.OutW()
			add, bias := testValues("add", s.N*s.Co*plane, special), testValues("b", s.Co, false)
			norm := &NormValues{Gamma: testValues("gamma", s.Co, false), Beta: bias, Mean: testValues("mean", s.Co, false), Variance: testValues("variance", s.Co, false), Eps: 2}
			for e := range 4 {
				o := &ReadyConv{ConvShape: s, Weights: slices.Clone(w), Add: e%2 == 1, End: []End{EndPlain, EndReLU, EndLeaky, EndReLU}[e], Slope: 0.1}
				switch e {
				case 1:
					o.Bias = bias
				case 2, 3:
					o.Norm = norm
				}
				sources := [][]float32{x}
				if o.Add {
					sources = append(sources, add)
				}
				expect := func() []float32 {
					want := make([]float32, len(add))
					Conv2D(want, x, o.Weights, o.Bias, s, nil)
					if o.Norm != nil {
						BatchNormEval(want, want, norm.Gamma, norm.Beta, norm.Mean, norm.Variance, s.N, s.Co, plane, norm.Eps, nil)
					}
					if o.Add {
						Add(want, want, add)
					}
					switch o.End {
					case EndReLU:
						ReLU(want, want)
					case EndLeaky:
						LeakyReLU(want, want, 0.1)
					}
					return want
				}
				want := expect()
				eachBackend(t, func(t *testing.T, p *Pool) {
					for range 2 {
						got, check := guarded(len(want))
						o.Run(p, [][]float32{got}, sources)
						check(t, "ReadyConv")
						sameBits(t, fmt.Sprint("ReadyConv with ending ", e), got, want)
					}
				})
				for j := range o.Weights {
					o.Weights[j]++
				}
				o.Renew()
				got := make([]float32, len(want))
				o.Run(nil, [][]float32{got}, sources)
				sameBits(t, "ReadyConv renewed", got, expect())
			}
		})
	}
}

// TestMaxValues compares maxima without positions with those that have them.
func TestMaxValues(t *testing.T) {
	for _, s := range []PoolShape{
		{Planes: 2, H: 9, W: 40, KH: 3, KW: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1},
		{Planes: 1, H: 8, W: 35, KH: 2, KW: 2},
		{Planes: 3, H: 5, W: 5, KH: 3, KW: 3, StrideH: 1, StrideW: 1, PadH: 1, PadW: 1},
		{Planes: 1, H: 11, W: 70, KH: 2, KW: 5, StrideH: 1, StrideW: 2, PadW: 2},
		{Planes: 1, H: 7, W: 19, KH: 2, KW: 3, StrideH: 3, StrideW: 4, PadH: 1},
		{Planes: 0, H: 7, W: 19, KH: 2, KW: 3},
		{Planes: 2, H: 1, W: 1, KH: 1, KW: 1},
	} {
		x := testValues("x", s.Planes*s.H*s.W, false)
		for i := range x {
			if j := int(x[i] * 40); j > 20 {
				x[i] = special[j%len(special)]
			}
		}
		want := make([]float32, s.Planes*s.OutH()*s.OutW())
		MaxPool(want, make([]int32, len(want)), x, s, nil)
		eachBackend(t, func(t *testing.T, p *Pool) {
			got, check := guarded(len(want))
			MaxValuesOp{s}.Run(p, [][]float32{got}, [][]float32{x})
			check(t, "MaxValuesOp")
			sameBits(t, fmt.Sprintf("maxima of %+v", s), got, want)
		})
	}
}
