package onnx

import (
	"fmt"

	"shiftmill/kernels"
)

// gemm is alpha*A*B + beta*C.
func (c *call) gemm() (*Value, error) {
	a, b := c.arg(0), c.arg(1)
	transA, transB := c.int("transA", 0) != 0, c.int("transB", 0) != 0
	m, k := a.Shape[0], a.Shape[1]
	if transA {
		m, k = k, m
	}
	n := b.Shape[1]
	if transB {
		n = b.Shape[0]
	}
	out := newFloats(m, n)
	kernels.MatMul(out.F, c.floats(0), c.floats(1), m, n, k, transA, transB, c.pool)
	if alpha := c.float("alpha", 1); alpha != 1 {
		kernels.Scale(out.F, out.F, alpha)
	}
	if c.optional(2) == nil {
		return out, nil
	}
	bias := &Value{Shape: c.arg(2).Shape, F: c.floats(2)}
	if beta := c.float("beta", 1); beta != 1 {
		scaled := newFloats(bias.Shape...)
		kernels.Scale(scaled.F, bias.F, beta)
		bias = scaled
	}
	return broadcast(out, bias, func(x, y float32) float32 { return x + y })
}

// matMul multiplies the last two axes; leading axes are alike or one operand
// has none.
func (c *call) matMul() (*Value, error) {
	a, b := c.arg(0), c.arg(1)
	if len(a.Shape) < 2 || len(b.Shape) < 2 {
		return nil, fmt.Errorf("shapes %v and %v; vectors are not multiplied", a.Shape, b.Shape)
	}
	m, k := a.Shape[len(a.Shape)-2], a.Shape[len(a.Shape)-1]
	k2, n := b.Shape[len(b.Shape)-2], b.Shape[len(b.Shape)-1]
	lead := a.Shape[:len(a.Shape)-2]
	batches := count(lead)
	step := k * n
	switch {
	case k != k2:
		return nil, fmt.Errorf("shapes %v and %v do not fit", a.Shape, b.Shape)
	case count(b.Shape[:len(b.Shape)-2]) == 1:
		step = 0
	case fmt.Sprint(lead) != fmt.Sprint(b.Shape[:len(b.Shape)-2]):
		return nil, fmt.Errorf("shapes %v and %v: leading axes differ", a.Shape, b.Shape)
	}
	out := newFloats(append(append([]int(nil), lead...), m, n)...)
	x, y := c.floats(0), c.floats(1)
	for i := range batches {
		kernels.MatMul(out.F[i*m*n:(i+1)*m*n], x[i*m*k:(i+1)*m*k], y[i*step:i*step+k*n], m, n, k, false, false, c.pool)
	}
	return out, nil
}

// softmax runs over one axis, which must be the last one of more than one
// place; before opset 13 over all axes from it on.
func (c *call) softmax() (*Value, error) {
	x := c.arg(0)
	dims := len(x.Shape)
	axis := c.int("axis", -1)
	if c.m.Opset < 13 {
		axis = c.int("axis", 1)
	}
	axis = place(axis, dims)
	classes := count(x.Shape[axis:])
	if c.m.Opset >= 13 && classes != x.Shape[axis] {
		return nil, fmt.Errorf("axis %d of shape %v is not the last; it is not computed", axis, x.Shape)
	}
	out := newFloats(x.Shape...)
	if c.op == "LogSoftmax" {
		kernels.LogSoftmax(out.F, c.floats(0), out.count()/max(classes, 1), classes, c.pool)
	} else {
		kernels.Softmax(out.F, c.floats(0), out.count()/max(classes, 1), classes, c.pool)
	}
	return out, nil
}

// reduce is ReduceMean, ReduceSum and ReduceMax: one chain over the reduced
// places in row-major order, then one division.
func (c *call) reduce() (*Value, error) {
	x := c.arg(0)
	dims := len(x.Shape)
	axes, given := c.axes(1)
	if !given || len(axes) == 0 {
		if c.int("noop_with_empty_axes", 0) != 0 {
			return x, nil
		}
		axes = nil
		for i := range dims {
			axes = append(axes, i)
		}
	}
	reduced := make([]bool, dims)
	for _, a := range axes {
		reduced[place(a, dims)] = true
	}
	keep := c.int("keepdims", 1) != 0
	inner := make([]int, dims) // with reduced axes of size 1
	var shape []int
	over := 1
	for i, d := range x.Shape {
		if inner[i] = d; reduced[i] {
			inner[i] = 1
			over *= d
		}
		if !reduced[i] || keep {
			shape = append(shape, inner[i])
		}
	}
	out := newFloats(shape...)
	from := c.floats(0)
	seen := make([]bool, len(out.F))
	each(x.Shape, func(at []int, i int) {
		o := 0
		for k, a := range at {
			if o *= inner[k]; !reduced[k] {
				o += a
			}
		}
		v := from[i]
		switch {
		case c.op != "ReduceMax":
			out.F[o] += v
		case !seen[o] || v > out.F[o] || v != v && out.F[o] == out.F[o]:
			out.F[o], seen[o] = v, true
		}
	})
	if c.op == "ReduceMean" {
		for i := range out.F {
			out.F[i] /= float32(over)
		}
	}
	return out, nil
}
