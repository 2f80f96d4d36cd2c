package onnx

import (
	"fmt"
	"sort"
	"strings"

	"shiftmill/kernels"
)

// A call is one operation being computed.
type call struct {
	*node
	m    *Model
	pool *kernels.Pool
	args []*Value // nil for an input that is left out
}

// operators are what can be computed.
func operators() map[string]func(*call) ([]*Value, error) {
	one := func(f func(*call) (*Value, error)) func(*call) ([]*Value, error) {
		return func(c *call) ([]*Value, error) {
			v, err := f(c)
			return []*Value{v}, err
		}
	}
	ops := map[string]func(*call) ([]*Value, error){
		"Conv": one((*call).conv), "BatchNormalization": one((*call).batchNorm), "InstanceNormalization": one((*call).instanceNorm),
		"MaxPool": one((*call).pooling), "AveragePool": one((*call).pooling), "GlobalAveragePool": one((*call).globalPool), "GlobalMaxPool": one((*call).globalPool),
		"Gemm": one((*call).gemm), "MatMul": one((*call).matMul), "Softmax": one((*call).softmax), "LogSoftmax": one((*call).softmax),
		"Flatten": one((*call).flatten), "Reshape": one((*call).reshape), "Squeeze": one((*call).squeeze), "Unsqueeze": one((*call).unsqueeze),
		"Transpose": one((*call).transpose), "Concat": one((*call).concat), "Slice": one((*call).slice), "Split": (*call).split, "Gather": one((*call).gather),
		"Shape": one((*call).shapeOf), "Constant": one((*call).constant), "ConstantOfShape": one((*call).constantOfShape), "Expand": one((*call).expand),
		"Cast": one((*call).cast), "Identity": one((*call).identity), "Dropout": one((*call).identity), "Pad": one((*call).pad), "Clip": one((*call).clip),
		"ReduceMean": one((*call).reduce), "ReduceSum": one((*call).reduce), "ReduceMax": one((*call).reduce),
		"ConvTranspose": one((*call).convTranspose), "DepthToSpace": one((*call).depthToSpace), "Resize": one((*call).resize),
	}
	for name := range binaries() {
		ops[name] = one((*call).binary)
	}
	for name := range unaries() {
		ops[name] = one((*call).unary)
	}
	return ops
}

// check says which operators the model needs and we lack, and whether every
// value that is read is made before.
func (m *Model) check() error {
	known := operators()
	missing := map[string]bool{}
	made := map[string]bool{"": true}
	for name := range m.weights {
		made[name] = true
	}
	for _, p := range m.Inputs {
		made[p.Name] = true
	}
	for _, n := range m.nodes {
		if n.domain != "" && n.domain != "ai.onnx" {
			missing[n.domain+"."+n.op] = true
		} else if known[n.op] == nil {
			missing[n.op] = true
		}
		for _, in := range n.in {
			if !made[in] {
				return fmt.Errorf("%w: %s %q reads %q, which nothing before it makes", errWire, n.op, n.name, in)
			}
		}
		for _, out := range n.out {
			made[out] = true
		}
	}
	if len(missing) > 0 {
		list := make([]string, 0, len(missing))
		for name := range missing {
			list = append(list, name)
		}
		sort.Strings(list)
		return fmt.Errorf("the model needs the operators %s, which runtime: own does not have; choose runtime: onnxruntime", strings.Join(list, ", "))
	}
	for _, p := range m.Outputs {
		if !made[p.Name] {
			return fmt.Errorf("%w: nothing makes the output %q", errWire, p.Name)
		}
	}
	return nil
}

// Run computes the named outputs; nil means all.
func (m *Model) Run(pool *kernels.Pool, inputs map[string]*Value, outputs []string) (map[string]*Value, error) {
	if outputs == nil {
		for _, p := range m.Outputs {
			outputs = append(outputs, p.Name)
		}
	}
	values := make(map[string]*Value, len(m.nodes)+len(m.weights))
	for name, v := range m.weights {
		values[name] = v
	}
	for _, p := range m.Inputs {
		v := inputs[p.Name]
		if v == nil {
			return nil, fmt.Errorf("input %q is not given", p.Name)
		}
		values[p.Name] = v
	}
	left := make(map[string]int, len(m.reads))
	for name, n := range m.reads {
		left[name] = n
	}
	for _, name := range outputs {
		left[name]++
	}
	known := operators()
	for i := range m.nodes {
		n := &m.nodes[i]
		c := &call{node: n, m: m, pool: pool, args: make([]*Value, len(n.in))}
		for j, name := range n.in {
			c.args[j] = values[name]
		}
		made, err := c.compute(known[n.op])
		if err != nil {
			return nil, fmt.Errorf("%s %q: %w", n.op, n.name, err)
		}
		for j, name := range n.out {
			if name != "" && j < len(made) {
				values[name] = made[j]
			}
		}
		for _, name := range n.in {
			if left[name]--; left[name] == 0 {
				delete(values, name)
			}
		}
	}
	result := map[string]*Value{}
	for _, name := range outputs {
		v := values[name]
		if v == nil {
			return nil, fmt.Errorf("the model has no output %q", name)
		}
		result[name] = v
	}
	return result, nil
}

// compute runs an operation; a shape that does not fit, which kernels panic
// at, is an error.
func (c *call) compute(f func(*call) ([]*Value, error)) (v []*Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v (inputs %s)", r, c.shapes())
		}
	}()
	return f(c)
}

func (c *call) shapes() string {
	var list []string
	for _, a := range c.args {
		if a == nil {
			list = append(list, "none")
		} else {
			list = append(list, fmt.Sprint(a.Shape))
		}
	}
	return strings.Join(list, ", ")
}

// arg is an input that must be there.
func (c *call) arg(i int) *Value {
	if i >= len(c.args) || c.args[i] == nil {
		panic(fmt.Sprintf("input %d is missing", i))
	}
	return c.args[i]
}

func (c *call) optional(i int) *Value {
	if i >= len(c.args) {
		return nil
	}
	return c.args[i]
}

// floats are the numbers of an input that must be float32.
func (c *call) floats(i int) []float32 {
	v := c.arg(i)
	if v.F == nil && v.count() > 0 {
		panic(fmt.Sprintf("input %d holds whole numbers", i))
	}
	return v.F
}

func (c *call) int(name string, otherwise int) int {
	if a := c.attr[name]; a.given {
		return int(a.i)
	}
	return otherwise
}

func (c *call) float(name string, otherwise float32) float32 {
	if a := c.attr[name]; a.given {
		return a.f
	}
	return otherwise
}

func (c *call) ints(name string, otherwise ...int) []int {
	a := c.attr[name]
	if !a.given {
		return otherwise
	}
	return toInts(a.ints)
}

func toInts(v []int64) []int {
	out := make([]int, len(v))
	for i, x := range v {
		out[i] = int(x)
	}
	return out
}

// axes are those of an attribute or, in later opsets, of an input.
func (c *call) axes(input int) ([]int, bool) {
	if a := c.attr["axes"]; a.given {
		return toInts(a.ints), true
	}
	if v := c.optional(input); v != nil {
		return toInts(v.I), true
	}
	return nil, false
}

// place counts an axis from the end where it is negative.
func place(axis, dims int) int {
	if axis < 0 {
		axis += dims
	}
	if axis < 0 || axis >= max(dims, 1) {
		panic(fmt.Sprintf("axis %d of %d", axis, dims))
	}
	return axis
}

func newFloats(shape ...int) *Value {
	return &Value{Shape: append([]int(nil), shape...), F: make([]float32, count(shape))}
}
