package onnx

import (
	"fmt"
	"math"

	"shiftmill/kernels"
)

func binaries() map[string]func(x, y float32) float32 {
	return map[string]func(x, y float32) float32{
		"Add": func(x, y float32) float32 { return x + y },
		"Sub": func(x, y float32) float32 { return x - y },
		"Mul": func(x, y float32) float32 { return x * y },
		"Div": func(x, y float32) float32 { return x / y },
		"Pow": func(x, y float32) float32 {
			switch y {
			case 2:
				return x * x
			case 0.5:
				return kernels.Sqrt(x)
			}
			return float32(kernels.Pow64(float64(x), float64(y)))
		},
		"PRelu": func(x, y float32) float32 {
			if x < 0 {
				return x * y
			}
			return x
		},
		"Min": func(x, y float32) float32 {
			if y < x || y != y {
				return y
			}
			return x
		},
		"Max": func(x, y float32) float32 {
			if y > x || y != y {
				return y
			}
			return x
		},
	}
}

// wholeNumbers are the same on shapes and the like.
func wholeNumbers(op string, x, y int64) int64 {
	switch op {
	case "Add":
		return x + y
	case "Sub":
		return x - y
	case "Mul":
		return x * y
	case "Div":
		return x / y
	case "Min":
		return min(x, y)
	case "Max":
		return max(x, y)
	}
	panic(op + " of whole numbers is not computed")
}

func (c *call) binary() (*Value, error) {
	f := binaries()[c.op]
	out := c.arg(0)
	if len(c.args) == 1 { // Min and Max take any number
		return out, nil
	}
	for i := 1; i < len(c.args); i++ {
		y := c.arg(i)
		if out.I != nil && y.I != nil {
			shape, err := joint(out.Shape, y.Shape)
			if err != nil {
				return nil, err
			}
			a, b := spread(out.Shape, shape), spread(y.Shape, shape)
			made := &Value{Shape: shape, I: make([]int64, count(shape))}
			each(shape, func(at []int, o int) { made.I[o] = wholeNumbers(c.op, out.I[dot(at, a)], y.I[dot(at, b)]) })
			out = made
			continue
		}
		if out.I != nil || y.I != nil {
			return nil, fmt.Errorf("one operand holds whole numbers")
		}
		if c.op == "Add" && fmt.Sprint(out.Shape) == fmt.Sprint(y.Shape) {
			made := newFloats(out.Shape...)
			kernels.Add(made.F, out.F, y.F)
			out = made
			continue
		}
		var err error
		if out, err = broadcast(out, y, f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// broadcast applies f to two tensors, the smaller repeated.
func broadcast(x, y *Value, f func(x, y float32) float32) (*Value, error) {
	shape, err := joint(x.Shape, y.Shape)
	if err != nil {
		return nil, err
	}
	out := newFloats(shape...)
	switch {
	case len(x.F) == len(out.F) && len(y.F) == len(out.F):
		for i, v := range x.F {
			out.F[i] = f(v, y.F[i])
		}
	case len(x.F) == len(out.F) && len(y.F) == 1:
		for i, v := range x.F {
			out.F[i] = f(v, y.F[0])
		}
	default:
		// Whole runs of the last axes on which y does not change, such as planes.
		a, b := spread(x.Shape, shape), spread(y.Shape, shape)
		inner, run := len(shape), 1
		for inner > 0 && b[inner-1] == 0 && (a[inner-1] == run || shape[inner-1] == 1) {
			inner--
			run *= shape[inner]
		}
		each(shape[:inner], func(at []int, o int) {
			i, j := dot(at, a[:inner]), dot(at, b[:inner])
			for k := range run {
				out.F[o*run+k] = f(x.F[i+k], y.F[j])
			}
		})
	}
	return out, nil
}

func unaries() map[string]func(c *call, x float32) float32 {
	plain := func(f func(float32) float32) func(*call, float32) float32 {
		return func(_ *call, x float32) float32 { return f(x) }
	}
	unit := func(x float32) float32 { return min(max(x, 0), 1) }
	return map[string]func(c *call, x float32) float32{
		"Relu": plain(func(x float32) float32 {
			if x < 0 {
				return 0
			}
			return x
		}),
		"LeakyRelu": func(c *call, x float32) float32 {
			if x < 0 {
				return x * c.float("alpha", 0.01)
			}
			return x
		},
		"Elu": func(c *call, x float32) float32 {
			if x < 0 {
				return c.float("alpha", 1) * (kernels.Exp(x) - 1)
			}
			return x
		},
		"HardSigmoid": func(c *call, x float32) float32 {
			return unit(float32(c.float("alpha", 0.2)*x) + c.float("beta", 0.5))
		},
		"HardSwish": plain(func(x float32) float32 { return x * unit(float32(x/6)+0.5) }),
		"Gelu": func(c *call, x float32) float32 {
			if c.attr["approximate"].s == "tanh" {
				inner := float32(0.7978845608) * (x + float32(0.044715*x*x*x))
				return 0.5 * x * (1 + kernels.Tanh(inner))
			}
			return kernels.GELU(x)
		},
		"Sigmoid": plain(kernels.Sigmoid), "Tanh": plain(kernels.Tanh), "Exp": plain(kernels.Exp), "Log": plain(kernels.Log),
		"Erf": plain(kernels.Erf), "Sqrt": plain(kernels.Sqrt),
		"Softplus": plain(func(x float32) float32 { return max(x, 0) + kernels.Log(1+kernels.Exp(-float32(math.Abs(float64(x))))) }),
		"Neg":      plain(func(x float32) float32 { return -x }), "Abs": plain(func(x float32) float32 { return float32(math.Abs(float64(x))) }),
		"Floor": plain(func(x float32) float32 { return float32(math.Floor(float64(x))) }), "Ceil": plain(func(x float32) float32 { return float32(math.Ceil(float64(x))) }),
		"Reciprocal": plain(func(x float32) float32 { return 1 / x }),
	}
}

func (c *call) unary() (*Value, error) {
	x := c.arg(0)
	out := newFloats(x.Shape...)
	in := c.floats(0)
	const piece = 1 << 16
	f := unaries()[c.op]
	c.pool.Run((len(in)+piece-1)/piece, func(i int) {
		lo, hi := i*piece, min((i+1)*piece, len(in))
		if c.op == "Relu" {
			kernels.ReLU(out.F[lo:hi], in[lo:hi])
			return
		}
		for k := lo; k < hi; k++ {
			out.F[k] = f(c, in[k])
		}
	})
	return out, nil
}

func (c *call) clip() (*Value, error) {
	lo, hi := c.float("min", float32(math.Inf(-1))), c.float("max", float32(math.Inf(1)))
	if v := c.optional(1); v != nil && len(v.F) > 0 {
		lo = v.F[0]
	}
	if v := c.optional(2); v != nil && len(v.F) > 0 {
		hi = v.F[0]
	}
	out := newFloats(c.arg(0).Shape...)
	kernels.Clamp(out.F, c.floats(0), lo, hi)
	return out, nil
}
