package onnx

import (
	"fmt"
	"math"
)

// withShape is the same numbers in another shape.
func withShape(v *Value, shape []int) (*Value, error) {
	if count(shape) != v.count() {
		return nil, fmt.Errorf("%v holds %d numbers, %v as many as %d", v.Shape, v.count(), shape, count(shape))
	}
	return &Value{Shape: shape, F: v.F, I: v.I}, nil
}

func (c *call) identity() (*Value, error) { return c.arg(0), nil }

func (c *call) flatten() (*Value, error) {
	x := c.arg(0)
	axis := c.int("axis", 1)
	if axis < 0 {
		axis += len(x.Shape)
	}
	return withShape(x, []int{count(x.Shape[:axis]), count(x.Shape[axis:])})
}

func (c *call) reshape() (*Value, error) {
	x := c.arg(0)
	want := toInts(c.arg(1).I)
	free, known := -1, 1
	for i, d := range want {
		switch {
		case d == -1:
			free = i
			continue
		case d == 0 && c.int("allowzero", 0) == 0:
			if i >= len(x.Shape) {
				return nil, fmt.Errorf("shape %v of %v", want, x.Shape)
			}
			want[i] = x.Shape[i]
		}
		known *= want[i]
	}
	if free >= 0 {
		want[free] = x.count() / max(known, 1)
	}
	return withShape(x, want)
}

func (c *call) squeeze() (*Value, error) {
	x := c.arg(0)
	axes, given := c.axes(1)
	drop := map[int]bool{}
	for _, a := range axes {
		drop[place(a, len(x.Shape))] = true
	}
	shape := []int{}
	for i, d := range x.Shape {
		if given && !drop[i] || !given && d != 1 {
			shape = append(shape, d)
		}
	}
	return withShape(x, shape)
}

func (c *call) unsqueeze() (*Value, error) {
	x := c.arg(0)
	axes, _ := c.axes(1)
	dims := len(x.Shape) + len(axes)
	added := map[int]bool{}
	for _, a := range axes {
		added[place(a, dims)] = true
	}
	shape := make([]int, 0, dims)
	next := 0
	for i := range dims {
		if added[i] {
			shape = append(shape, 1)
			continue
		}
		shape = append(shape, x.Shape[next])
		next++
	}
	return withShape(x, shape)
}

// pick makes a value of another shape whose places are those of x that from
// gives.
func pick(x *Value, shape []int, from func(at []int) int) *Value {
	out := &Value{Shape: append([]int(nil), shape...)}
	n := count(shape)
	if x.I != nil {
		out.I = make([]int64, n)
	} else {
		out.F = make([]float32, n)
	}
	each(shape, func(at []int, o int) {
		if i := from(at); out.I != nil {
			out.I[o] = x.I[i]
		} else {
			out.F[o] = x.F[i]
		}
	})
	return out
}

// steps are how far apart neighbours on each axis lie.
func steps(shape []int) []int {
	s := make([]int, len(shape))
	at := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = at
		at *= shape[i]
	}
	return s
}

func (c *call) transpose() (*Value, error) {
	x := c.arg(0)
	dims := len(x.Shape)
	perm := c.ints("perm")
	if perm == nil {
		for i := range dims {
			perm = append(perm, dims-1-i)
		}
	}
	if len(perm) != dims {
		return nil, fmt.Errorf("perm %v of shape %v", perm, x.Shape)
	}
	shape, from := make([]int, dims), steps(x.Shape)
	for i, p := range perm {
		shape[i] = x.Shape[place(p, dims)]
	}
	return pick(x, shape, func(at []int) int {
		i := 0
		for k, a := range at {
			i += a * from[perm[k]]
		}
		return i
	}), nil
}

func (c *call) concat() (*Value, error) {
	axis := place(c.int("axis", 0), len(c.arg(0).Shape))
	shape := append([]int(nil), c.arg(0).Shape...)
	shape[axis] = 0
	whole := true
	for i := range c.args {
		v := c.arg(i)
		shape[axis] += v.Shape[axis]
		whole = whole && v.F == nil
	}
	out := &Value{Shape: shape}
	for o := range count(shape[:axis]) {
		for i := range c.args {
			v := c.arg(i)
			n := count(v.Shape[axis:])
			if whole {
				out.I = append(out.I, v.I[o*n:(o+1)*n]...)
			} else {
				out.F = append(out.F, v.F[o*n:(o+1)*n]...)
			}
		}
	}
	if len(out.F)+len(out.I) != out.count() {
		return nil, fmt.Errorf("shapes %s do not fit", c.shapes())
	}
	return out, nil
}

func (c *call) slice() (*Value, error) {
	x := c.arg(0)
	dims := len(x.Shape)
	var starts, ends, axes, step []int
	if c.attr["starts"].given {
		starts, ends, axes = c.ints("starts"), c.ints("ends"), c.ints("axes")
	} else {
		starts, ends = toInts(c.arg(1).I), toInts(c.arg(2).I)
		if v := c.optional(3); v != nil {
			axes = toInts(v.I)
		}
		if v := c.optional(4); v != nil {
			step = toInts(v.I)
		}
	}
	shape, first, stride := append([]int(nil), x.Shape...), make([]int, dims), make([]int, dims)
	for i := range stride {
		stride[i] = 1
	}
	for i := range starts {
		axis := i
		if axes != nil {
			axis = place(axes[i], dims)
		}
		d, by := x.Shape[axis], 1
		if step != nil {
			by = step[i]
		}
		if by < 1 {
			return nil, fmt.Errorf("steps %v; only forward ones are taken", step)
		}
		bound := func(v int) int {
			if v < 0 {
				v += d
			}
			return min(max(v, 0), d)
		}
		lo, hi := bound(starts[i]), bound(ends[i])
		first[axis], stride[axis] = lo, by
		shape[axis] = max(0, (hi-lo+by-1)/by)
	}
	from := steps(x.Shape)
	return pick(x, shape, func(at []int) int {
		i := 0
		for k, a := range at {
			i += (first[k] + a*stride[k]) * from[k]
		}
		return i
	}), nil
}

func (c *call) split() ([]*Value, error) {
	x := c.arg(0)
	axis := place(c.int("axis", 0), len(x.Shape))
	sizes := c.ints("split")
	if v := c.optional(1); v != nil {
		sizes = toInts(v.I)
	}
	if sizes == nil {
		each := (x.Shape[axis] + len(c.out) - 1) / len(c.out)
		for left := x.Shape[axis]; len(sizes) < len(c.out); left -= each {
			sizes = append(sizes, min(each, left))
		}
	}
	from := steps(x.Shape)
	var parts []*Value
	at := 0
	for _, n := range sizes {
		shape := append([]int(nil), x.Shape...)
		shape[axis] = n
		first := at
		parts = append(parts, pick(x, shape, func(at []int) int {
			i := first * from[axis]
			for k, a := range at {
				i += a * from[k]
			}
			return i
		}))
		at += n
	}
	if at != x.Shape[axis] {
		return nil, fmt.Errorf("parts of %v of shape %v", sizes, x.Shape)
	}
	return parts, nil
}

func (c *call) gather() (*Value, error) {
	x, index := c.arg(0), c.arg(1)
	axis := place(c.int("axis", 0), len(x.Shape))
	shape := append([]int(nil), x.Shape[:axis]...)
	shape = append(append(shape, index.Shape...), x.Shape[axis+1:]...)
	from, of := steps(x.Shape), steps(index.Shape)
	return pick(x, shape, func(at []int) int {
		i, k := 0, 0
		for j, a := range at {
			switch {
			case j < axis:
				i += a * from[j]
			case j < axis+len(index.Shape):
				k += a * of[j-axis]
			default:
				i += a * from[j-len(index.Shape)+1]
			}
		}
		return i + place(int(index.I[k]), x.Shape[axis])*from[axis]
	}), nil
}

func (c *call) shapeOf() (*Value, error) {
	s := c.arg(0).Shape
	lo, hi := c.int("start", 0), c.int("end", len(s))
	if lo < 0 {
		lo += len(s)
	}
	if hi < 0 {
		hi += len(s)
	}
	out := &Value{Shape: []int{hi - lo}, I: []int64{}}
	for _, d := range s[lo:hi] {
		out.I = append(out.I, int64(d))
	}
	return out, nil
}

func (c *call) constant() (*Value, error) {
	switch {
	case c.attr["value"].t != nil:
		return c.attr["value"].t, nil
	case c.attr["value_float"].given:
		return &Value{Shape: []int{}, F: []float32{c.attr["value_float"].f}}, nil
	case c.attr["value_int"].given:
		return &Value{Shape: []int{}, I: []int64{c.attr["value_int"].i}}, nil
	case c.attr["value_ints"].given:
		v := c.attr["value_ints"].ints
		return &Value{Shape: []int{len(v)}, I: append([]int64{}, v...)}, nil
	case c.attr["value_floats"].given:
		v := c.attr["value_floats"].floats
		return &Value{Shape: []int{len(v)}, F: v}, nil
	}
	return nil, fmt.Errorf("a constant that is neither a tensor nor numbers")
}

func (c *call) constantOfShape() (*Value, error) {
	shape := toInts(c.arg(0).I)
	v := c.attr["value"].t
	out := &Value{Shape: shape}
	if v != nil && v.I != nil {
		out.I = make([]int64, count(shape))
		for i := range out.I {
			out.I[i] = v.I[0]
		}
		return out, nil
	}
	out.F = make([]float32, count(shape))
	if v != nil {
		for i := range out.F {
			out.F[i] = v.F[0]
		}
	}
	return out, nil
}

func (c *call) expand() (*Value, error) {
	x := c.arg(0)
	shape, err := joint(x.Shape, toInts(c.arg(1).I))
	if err != nil {
		return nil, err
	}
	from := spread(x.Shape, shape)
	return pick(x, shape, func(at []int) int { return dot(at, from) }), nil
}

func dot(at, steps []int) int {
	i := 0
	for k, a := range at {
		i += a * steps[k]
	}
	return i
}

// joint is the shape that two shapes broadcast to.
func joint(a, b []int) ([]int, error) {
	shape := make([]int, max(len(a), len(b)))
	for i := range shape {
		x, y := 1, 1
		if k := i - len(shape) + len(a); k >= 0 {
			x = a[k]
		}
		if k := i - len(shape) + len(b); k >= 0 {
			y = b[k]
		}
		switch {
		case x == y || y == 1:
			shape[i] = x
		case x == 1:
			shape[i] = y
		default:
			return nil, fmt.Errorf("shapes %v and %v do not fit", a, b)
		}
	}
	return shape, nil
}

// spread are the steps of a shape seen as a larger one: 0 on axes that repeat.
func spread(small, large []int) []int {
	s, own := make([]int, len(large)), steps(small)
	for i := range large {
		if k := i - len(large) + len(small); k >= 0 && small[k] != 1 {
			s[i] = own[k]
		}
	}
	return s
}

// cast changes the kind of numbers. Floats of any width are float32 here;
// float to whole numbers cuts the fraction off.
func (c *call) cast() (*Value, error) {
	x, to := c.arg(0), c.int("to", typeFloat)
	switch to {
	case typeFloat, typeFloat16, typeDouble:
		if x.I == nil {
			return x, nil
		}
		out := newFloats(x.Shape...)
		for i, v := range x.I {
			out.F[i] = float32(v)
		}
		return out, nil
	case typeInt32, typeInt64, typeBool:
		if x.I != nil {
			return x, nil
		}
		out := &Value{Shape: x.Shape, I: make([]int64, len(x.F))}
		for i, v := range x.F {
			switch {
			case to == typeBool && v != 0:
				out.I[i] = 1
			case to != typeBool && math.Abs(float64(v)) < 0x1p62:
				out.I[i] = int64(v)
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("a cast to ONNX type %d, which is not made", to)
}
