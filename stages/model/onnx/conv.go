package onnx

import (
	"fmt"
	"math"

	"shiftmill/kernels"
)

// A frame is the geometry of windows over planes: for both axes the kernel,
// stride, dilation and the padding before and after.
type frame struct {
	kernel, stride, dilation [2]int
	before, after            [2]int
}

// frame reads the attributes that convolutions and poolings share.
func (c *call) frame(h, w int, kernel []int) frame {
	if len(kernel) != 2 {
		panic(fmt.Sprintf("a kernel of %d axes, want pictures", len(kernel)))
	}
	var f frame
	copy(f.kernel[:], kernel)
	copy(f.stride[:], c.ints("strides", 1, 1))
	copy(f.dilation[:], c.ints("dilations", 1, 1))
	size := [2]int{h, w}
	switch auto := c.attr["auto_pad"].s; auto {
	case "", "NOTSET":
		pads := c.ints("pads", 0, 0, 0, 0)
		f.before, f.after = [2]int{pads[0], pads[1]}, [2]int{pads[2], pads[3]}
	case "VALID":
	case "SAME_UPPER", "SAME_LOWER":
		for i := range 2 {
			out := (size[i] + f.stride[i] - 1) / f.stride[i]
			total := max(0, (out-1)*f.stride[i]+(f.kernel[i]-1)*f.dilation[i]+1-size[i])
			f.before[i], f.after[i] = total/2, total-total/2
			if auto == "SAME_LOWER" {
				f.before[i], f.after[i] = total-total/2, total/2
			}
		}
	default:
		panic(fmt.Sprintf("auto_pad %q", auto))
	}
	if c.int("ceil_mode", 0) != 0 {
		for i := range 2 {
			span := size[i] + f.before[i] + f.after[i] - (f.kernel[i]-1)*f.dilation[i] - 1
			if rest := span % f.stride[i]; rest != 0 {
				out := span/f.stride[i] + 1 // index of the window that ceil_mode adds
				if out*f.stride[i] < size[i]+f.before[i] {
					f.after[i] += f.stride[i] - rest
				}
			}
		}
	}
	return f
}

// padded adds a border of one value to every plane.
func padded(x []float32, planes, h, w int, f frame, with float32) ([]float32, int, int) {
	oh, ow := h+f.before[0]+f.after[0], w+f.before[1]+f.after[1]
	out := make([]float32, planes*oh*ow)
	if with != 0 {
		for i := range out {
			out[i] = with
		}
	}
	for p := range planes {
		for y := range h {
			at := (p*oh+y+f.before[0])*ow + f.before[1]
			copy(out[at:at+w], x[(p*h+y)*w:(p*h+y+1)*w])
		}
	}
	return out, oh, ow
}

func (c *call) picture(i int) (x []float32, n, ch, h, w int) {
	s := c.arg(i).Shape
	if len(s) != 4 {
		panic(fmt.Sprintf("input of shape %v, want [n, c, h, w]", s))
	}
	return c.floats(i), s[0], s[1], s[2], s[3]
}

func (c *call) conv() (*Value, error) {
	x, n, ci, h, w := c.picture(0)
	weight := c.arg(1)
	if len(weight.Shape) != 4 {
		return nil, fmt.Errorf("a weight of shape %v, want [out, in/groups, h, w]", weight.Shape)
	}
	f := c.frame(h, w, weight.Shape[2:])
	if f.before != f.after {
		x, h, w = padded(x, n*ci, h, w, f, 0)
		f.before = [2]int{}
	}
	s := kernels.ConvShape{
		N: n, Ci: ci, H: h, W: w, Co: weight.Shape[0], KH: f.kernel[0], KW: f.kernel[1],
		StrideH: f.stride[0], StrideW: f.stride[1], PadH: f.before[0], PadW: f.before[1],
		DilH: f.dilation[0], DilW: f.dilation[1], Groups: c.int("group", 1),
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	var bias []float32
	if c.optional(2) != nil {
		bias = c.floats(2)
	}
	out := newFloats(n, s.Co, s.OutH(), s.OutW())
	kernels.Conv2D(out.F, x, weight.F, bias, s, c.pool)
	return out, nil
}

func (c *call) batchNorm() (*Value, error) {
	if c.int("training_mode", 0) != 0 {
		return nil, fmt.Errorf("it is in training mode; export the model with model.eval()")
	}
	x := c.arg(0)
	n, ch := x.Shape[0], x.Shape[1]
	out := newFloats(x.Shape...)
	kernels.BatchNormEval(out.F, c.floats(0), c.floats(1), c.floats(2), c.floats(3), c.floats(4), n, ch, count(x.Shape[2:]), c.float("epsilon", 1e-5), c.pool)
	return out, nil
}

func (c *call) instanceNorm() (*Value, error) {
	x := c.arg(0)
	n, ch := x.Shape[0], x.Shape[1]
	out := newFloats(x.Shape...)
	kernels.InstanceNorm(out.F, c.floats(0), c.floats(1), c.floats(2), make([]float32, n*ch), make([]float32, n*ch), n, ch, count(x.Shape[2:]), c.float("epsilon", 1e-5), c.pool)
	return out, nil
}

func (c *call) globalPool() (*Value, error) {
	x := c.arg(0)
	n, ch, plane := x.Shape[0], x.Shape[1], count(x.Shape[2:])
	shape := []int{n, ch}
	for range x.Shape[2:] {
		shape = append(shape, 1)
	}
	out := newFloats(shape...)
	if c.op == "GlobalMaxPool" {
		kernels.MaxPool(out.F, nil, c.floats(0), kernels.PoolShape{Planes: n * ch, H: 1, W: plane, KH: 1, KW: plane}, c.pool)
	} else {
		kernels.GlobalAvgPool(out.F, c.floats(0), n*ch, plane, c.pool)
	}
	return out, nil
}

// pooling is MaxPool and AveragePool, by one loop that knows uneven padding.
// Positions outside the picture are no candidates for a maximum; an average
// counts them as zeros or, as ONNX has it by default, not at all.
func (c *call) pooling() (*Value, error) {
	x, n, ch, h, w := c.picture(0)
	f := c.frame(h, w, c.ints("kernel_shape"))
	if len(c.out) > 1 && c.out[1] != "" {
		return nil, fmt.Errorf("its second output, the places of the maxima, is not made")
	}
	size := [2]int{h, w}
	var out [2]int
	for i := range 2 {
		span := size[i] + f.before[i] + f.after[i] - (f.kernel[i]-1)*f.dilation[i] - 1
		if span < 0 || f.stride[i] < 1 || f.kernel[i] < 1 {
			return nil, fmt.Errorf("a window of %v with stride %v on %d x %d", f.kernel, f.stride, h, w)
		}
		out[i] = span/f.stride[i] + 1
	}
	result := newFloats(n, ch, out[0], out[1])
	given := c.ints("pads", f.before[0], f.before[1], f.after[0], f.after[1])
	max, countPads := c.op == "MaxPool", c.int("count_include_pad", 0) != 0
	c.pool.Run(n*ch, func(p int) {
		in, to := x[p*h*w:(p+1)*h*w], result.F[p*out[0]*out[1]:(p+1)*out[0]*out[1]]
		for oy := range out[0] {
			for ox := range out[1] {
				total, best, inside, covered := float32(0), float32(math.Inf(-1)), 0, 0
				first := true
				for ky := range f.kernel[0] {
					y := oy*f.stride[0] + ky*f.dilation[0] - f.before[0]
					for kx := range f.kernel[1] {
						xx := ox*f.stride[1] + kx*f.dilation[1] - f.before[1]
						if y < h+given[2] && xx < w+given[3] {
							covered++ // what ceil_mode adds beyond the padding never counts
						}
						if y < 0 || y >= h || xx < 0 || xx >= w {
							continue
						}
						v := in[y*w+xx]
						total += v
						inside++
						if first || v > best || v != v && best == best {
							best, first = v, false
						}
					}
				}
				switch {
				case max:
					to[oy*out[1]+ox] = best
				case countPads:
					to[oy*out[1]+ox] = total / float32(covered)
				default:
					to[oy*out[1]+ox] = total / float32(inside)
				}
			}
		}
	})
	return result, nil
}

// pad adds borders on any axes: a constant, the edge repeated, or a mirror.
func (c *call) pad() (*Value, error) {
	x := c.arg(0)
	var pads []int
	with := c.float("value", 0)
	if v := c.optional(1); v != nil {
		pads = toInts(v.I)
		if k := c.optional(2); k != nil && len(k.F) > 0 {
			with = k.F[0]
		}
	} else {
		pads = c.ints("pads")
	}
	dims := len(x.Shape)
	before, after := make([]int, dims), make([]int, dims)
	if v := c.optional(3); v != nil { // axes
		for i, axis := range v.I {
			at := place(int(axis), dims)
			before[at], after[at] = pads[i], pads[i+len(v.I)]
		}
	} else {
		copy(before, pads[:dims])
		copy(after, pads[dims:])
	}
	mode := c.attr["mode"].s
	shape := make([]int, dims)
	for i, d := range x.Shape {
		shape[i] = d + before[i] + after[i]
	}
	from := c.floats(0)
	out := newFloats(shape...)
	each(shape, func(at []int, o int) {
		in := 0
		for i, a := range at {
			a -= before[i]
			d := x.Shape[i]
			if a < 0 || a >= d {
				switch mode {
				case "edge":
					a = min(max(a, 0), d-1)
				case "reflect":
					if a < 0 {
						a = -a
					}
					if a >= d {
						a = 2*(d-1) - a
					}
				default:
					out.F[o] = with
					return
				}
			}
			in = in*d + a
		}
		out.F[o] = from[in]
	})
	return out, nil
}

// each visits the places of a shape in row-major order.
func each(shape []int, f func(at []int, o int)) {
	at := make([]int, len(shape))
	for o := range count(shape) {
		f(at, o)
		for i := len(shape) - 1; i >= 0; i-- {
			if at[i]++; at[i] < shape[i] {
				break
			}
			at[i] = 0
		}
	}
}
