package nn

import (
	"encoding/binary"
	"fmt"
	"hash"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"shiftmill/kernels"
)

// An op is one operation of a graph: a Gorgonia Op that can be derived
// symbolically, and whose arithmetic is an operation of package kernels, so
// that any device can do it.
type op struct {
	name   string // operation with all its settings, for people
	number uint32 // distinguishes it from every other operation of the process's graphs
	in     []tensor.Shape
	out    tensor.Shape

	// does is the arithmetic. Its first result is the node's value, its further
	// results are makes. Its last sources are reads, those before them the
	// inputs; inputs beyond that only say what must have run before.
	does  kernels.Op
	makes []*memory
	reads []*memory

	// inPlace is the input whose place out may take, or -1. does must then
	// allow the two to be the same.
	inPlace int

	// wrt says for which inputs there is a derivative; diff gives the nodes
	// that compute them, nil where wrt is false.
	wrt  []bool
	diff func(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error)
}

var (
	_ gorgonia.Op   = (*op)(nil)
	_ gorgonia.SDOp = (*op)(nil)
)

// A memory holds a further result of an operation. Gorgonia's operations have
// one result each, so an operation that reads it takes the first result as an
// input as well, and thereby runs later. Every device has its own.
type memory struct {
	size   int
	values []float32 // on the processor; made when first used
}

func (m *memory) host() []float32 {
	if m.values == nil {
		m.values = make([]float32, m.size)
	}
	return m.values
}

func typeOf(s tensor.Shape) hm.Type {
	if s.Dims() == 0 {
		return tensor.Float32
	}
	return gorgonia.TensorType{Dims: s.Dims(), Of: tensor.Float32}
}

// Arity is the number of inputs.
func (o *op) Arity() int { return len(o.in) }

// Type is the function from the inputs' types to the output's.
func (o *op) Type() hm.Type {
	types := make([]hm.Type, 0, len(o.in)+1)
	for _, s := range o.in {
		types = append(types, typeOf(s))
	}
	return hm.NewFnType(append(types, typeOf(o.out))...)
}

// InferShape checks the inputs' shapes and returns the output's.
func (o *op) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	shapes, err := gorgonia.DimSizersToShapes(in)
	if err != nil {
		return nil, err
	}
	for i, s := range shapes {
		if !s.Eq(o.in[i]) {
			return nil, fmt.Errorf("%s: input %d has the shape %v, want %v", o.name, i, s, o.in[i])
		}
	}
	return o.out.Clone(), nil
}

// operands are the results and sources of does, given the node's value, those of
// its inputs, and where memories lie.
func operands[T any](o *op, out T, in []T, held func(*memory) T) (results, sources []T) {
	results = []T{out}
	for _, m := range o.makes {
		results = append(results, held(m))
	}
	_, want := o.does.Operands()
	sources = append(sources, in[:len(want)-len(o.reads)]...)
	for _, m := range o.reads {
		sources = append(sources, held(m))
	}
	return results, sources
}

// Do computes the operation into a fresh value. Programs never call it.
func (o *op) Do(values ...gorgonia.Value) (gorgonia.Value, error) {
	in := make([][]float32, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case *gorgonia.F32:
			in[i] = []float32{float32(*v)}
		case tensor.Tensor:
			in[i] = v.Data().([]float32)
		default:
			return nil, fmt.Errorf("%s: input %d is a %T", o.name, i, v)
		}
	}
	out := make([]float32, o.out.TotalSize())
	results, sources := operands(o, out, in, (*memory).host)
	o.does.Run(nil, results, sources)
	if o.out.Dims() == 0 {
		return gorgonia.NewF32(out[0]), nil
	}
	return tensor.New(tensor.WithShape(o.out...), tensor.WithBacking(out)), nil
}

// ReturnsPtr says that values are not copied.
func (o *op) ReturnsPtr() bool { return true }

// CallsExtern says that there is no foreign code behind it.
func (o *op) CallsExtern() bool { return false }

// OverwritesInput forbids it to Gorgonia's own machines, whose register
// allocation is not ours; programs use inPlace.
func (o *op) OverwritesInput() int { return -1 }

// WriteHash writes the name and the number.
func (o *op) WriteHash(h hash.Hash) {
	fmt.Fprint(h, o.name)
	_ = binary.Write(h, binary.LittleEndian, o.number) // a hash.Hash never fails
}

// Hashcode is the number, so that no two operations are ever taken for equal.
func (o *op) Hashcode() uint32 { return o.number }

func (o *op) String() string { return o.name }

// DiffWRT says for which inputs there is a derivative.
func (o *op) DiffWRT(n int) []bool {
	if o.wrt == nil {
		return make([]bool, n)
	}
	return o.wrt
}

// SymDiff adds the nodes that compute the derivatives.
func (o *op) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return o.diff(in, out, grad)
}
