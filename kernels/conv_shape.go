package kernels

import "fmt"

// ConvShape is the geometry of a convolution: x is [N, Ci, H, W], w is [Co, Ci/Groups, KH, KW] and y is
// [N, Co, OutH, OutW]. Padding is zeros on both sides. Zero strides, dilations and groups mean 1.
type ConvShape struct {
	N, Ci, H, W        int
	Co, KH, KW         int
	StrideH, StrideW   int
	PadH, PadW         int
	DilH, DilW, Groups int
}

// filled returns s with zero strides, dilations and groups replaced by 1.
func (s ConvShape) filled() ConvShape {
	for _, p := range []*int{&s.StrideH, &s.StrideW, &s.DilH, &s.DilW, &s.Groups} {
		if *p == 0 {
			*p = 1
		}
	}
	return s
}

// OutH returns the output's height.
func (s ConvShape) OutH() int { return convOut(s.H, s.KH, s.StrideH, s.PadH, s.DilH) }

// OutW returns the output's width.
func (s ConvShape) OutW() int { return convOut(s.W, s.KW, s.StrideW, s.PadW, s.DilW) }

func convOut(n, k, stride, pad, dil int) int {
	span := n + 2*pad - max(dil, 1)*(k-1) - 1
	if span < 0 {
		return 0
	}
	return span/max(stride, 1) + 1
}

// Validate returns an error that names the first field that makes the shape impossible. N may be 0.
func (s ConvShape) Validate() error {
	f := s.filled()
	for _, p := range []struct {
		name     string
		got, min int
	}{
		{"N", f.N, 0}, {"Ci", f.Ci, 1}, {"H", f.H, 1}, {"W", f.W, 1}, {"Co", f.Co, 1}, {"KH", f.KH, 1}, {"KW", f.KW, 1},
		{"StrideH", f.StrideH, 1}, {"StrideW", f.StrideW, 1}, {"PadH", f.PadH, 0}, {"PadW", f.PadW, 0},
		{"DilH", f.DilH, 1}, {"DilW", f.DilW, 1}, {"Groups", f.Groups, 1},
	} {
		if p.got < p.min {
			return fmt.Errorf("convolution: %s is %d, must be at least %d", p.name, p.got, p.min)
		}
	}
	if f.Ci%f.Groups != 0 || f.Co%f.Groups != 0 {
		return fmt.Errorf("convolution: %d groups divide neither or one of %d input and %d output channels; they must divide both", f.Groups, f.Ci, f.Co)
	}
	if f.OutH() < 1 || f.OutW() < 1 {
		return fmt.Errorf("convolution: the kernel %dx%d with dilation %dx%d is larger than the padded input %dx%d",
			f.KH, f.KW, f.DilH, f.DilW, f.H+2*f.PadH, f.W+2*f.PadW)
	}
	return nil
}

// checked returns the filled shape or panics, and checks the three tensors' lengths.
func (s ConvShape) checked(op string, x, w, y []float32) ConvShape {
	if err := s.Validate(); err != nil {
		panic("kernels: " + op + ": " + err.Error())
	}
	f := s.filled()
	sameLength(op+" x", f.N*f.Ci*f.H*f.W, len(x))
	sameLength(op+" w", f.Co*f.Ci/f.Groups*f.KH*f.KW, len(w))
	sameLength(op+" y", f.N*f.Co*f.OutH()*f.OutW(), len(y))
	return f
}
