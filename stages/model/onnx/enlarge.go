package onnx

import (
	"fmt"
	"slices"

	"shiftmill/kernels"
)

// convTranspose is a transposed convolution without dilation.
func (c *call) convTranspose() (*Value, error) {
	x, n, ci, h, w := c.picture(0)
	weight := c.arg(1)
	if len(weight.Shape) != 4 {
		return nil, fmt.Errorf("a weight of shape %v, want [in, out/groups, h, w]", weight.Shape)
	}
	if auto := c.attr["auto_pad"].s; auto != "" && auto != "NOTSET" || c.attr["output_shape"].given {
		return nil, fmt.Errorf("auto_pad and output_shape; only pads and output_padding are read")
	}
	f := c.frame(h, w, weight.Shape[2:])
	more := c.ints("output_padding", 0, 0)
	var size [2]int
	for i, in := range []int{h, w} {
		// The convolution of which this is the gradient pads alike on both sides; what is then too much is cut off.
		size[i] = (in-1)*f.stride[i] + (f.kernel[i]-1)*f.dilation[i] + 1 + more[i]
	}
	s := kernels.ConvShape{
		N: n, Ci: weight.Shape[1] * c.int("group", 1), H: size[0], W: size[1], Co: ci, KH: f.kernel[0], KW: f.kernel[1],
		StrideH: f.stride[0], StrideW: f.stride[1], DilH: f.dilation[0], DilW: f.dilation[1], Groups: c.int("group", 1),
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if s.OutH() != h || s.OutW() != w {
		return nil, fmt.Errorf("output_padding %v is not below strides %v", more, f.stride)
	}
	var bias []float32
	if c.optional(2) != nil {
		bias = c.floats(2)
	}
	whole := newFloats(n, s.Ci, size[0], size[1])
	kernels.ConvTranspose2D(whole.F, x, weight.F, bias, s, c.pool)
	oh, ow := size[0]-f.before[0]-f.after[0], size[1]-f.before[1]-f.after[1]
	if oh < 1 || ow < 1 {
		return nil, fmt.Errorf("pads take all of %d x %d values", size[0], size[1])
	}
	return pick(whole, []int{n, s.Ci, oh, ow}, func(at []int) int {
		return ((at[0]*s.Ci+at[1])*size[0]+at[2]+f.before[0])*size[1] + at[3] + f.before[1]
	}), nil
}

// depthToSpace turns channels into neighbouring pixels; with mode CRD it is PyTorch's pixel shuffle.
func (c *call) depthToSpace() (*Value, error) {
	_, n, ch, h, w := c.picture(0)
	b := c.int("blocksize", 1)
	if b < 1 || ch%(b*b) != 0 {
		return nil, fmt.Errorf("blocks of %d do not divide %d channels", b, ch)
	}
	out := ch / (b * b)
	crd := c.attr["mode"].s == "CRD"
	return pick(c.arg(0), []int{n, out, h * b, w * b}, func(at []int) int {
		block := at[2]%b*b + at[3]%b
		channel := block*out + at[1]
		if crd {
			channel = at[1]*b*b + block
		}
		return ((at[0]*ch+channel)*h+at[2]/b)*w + at[3]/b
	}), nil
}

// resize enlarges pictures by whole numbers, as PyTorch's Upsample is exported: nearest, or linear between the pixels' middles.
func (c *call) resize() (*Value, error) {
	x, n, ch, h, w := c.picture(0)
	by, err := c.enlargement(h, w)
	if err != nil {
		return nil, err
	}
	where := c.attr["coordinate_transformation_mode"].s
	mode := c.attr["mode"].s
	out := []int{n, ch, h * by[0], w * by[1]}
	switch {
	case (mode == "" || mode == "nearest") && where == "asymmetric" && c.attr["nearest_mode"].s == "floor":
		return pick(c.arg(0), out, func(at []int) int { return ((at[0]*ch+at[1])*h+at[2]/by[0])*w + at[3]/by[1] }), nil
	case mode == "linear" && (where == "" || where == "half_pixel" || where == "pytorch_half_pixel" && h > 1 && w > 1):
		wide := newFloats(n*ch*h, w*by[1])
		lines(wide.F, x, n*ch*h, w, 1, by[1])
		whole := newFloats(out...)
		lines(whole.F, wide.F, n*ch, h, w*by[1], by[0])
		return whole, nil
	}
	return nil, fmt.Errorf("mode %q with %q; there are nearest (asymmetric, floor) and linear (half_pixel)", mode, where)
}

// enlargement is by how much height and width grow.
func (c *call) enlargement(h, w int) ([2]int, error) {
	var by [2]int
	if sizes := c.optional(3); sizes != nil && len(sizes.I) == 4 {
		by = [2]int{int(sizes.I[2]) / h, int(sizes.I[3]) / w}
		if by[0]*h != int(sizes.I[2]) || by[1]*w != int(sizes.I[3]) {
			by = [2]int{}
		}
	} else if scales := c.optional(2); scales != nil && len(scales.F) == 4 && scales.F[0] == 1 && scales.F[1] == 1 {
		by = [2]int{int(scales.F[2]), int(scales.F[3])}
		if float32(by[0]) != scales.F[2] || float32(by[1]) != scales.F[3] {
			by = [2]int{}
		}
	}
	if slices.Contains(by[:], 0) {
		return by, fmt.Errorf("only enlarging height and width by whole numbers is read")
	}
	return by, nil
}

// lines enlarges the middle axis of src [outer, length, inner] by a whole number, linearly; ends repeat.
func lines(dst, src []float32, outer, length, inner, by int) {
	for i := range length * by {
		// The place is (i + 1/2) / by - 1/2, in units of half an output step.
		half := 2*i + 1 - by
		lo := half / (2 * by)
		if half < 0 {
			lo = -1
		}
		part := float32(half-2*by*lo) / float32(2*by)
		a, b := min(max(lo, 0), length-1), min(max(lo+1, 0), length-1)
		for o := range outer {
			to, from, next := dst[(o*length*by+i)*inner:], src[(o*length+a)*inner:], src[(o*length+b)*inner:]
			for k := range inner {
				to[k] = float32(from[k]*(1-part)) + float32(next[k]*part)
			}
		}
	}
}
