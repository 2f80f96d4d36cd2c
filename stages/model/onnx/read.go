package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// Numbers of TensorProto.DataType.
const (
	typeFloat   = 1
	typeUint8   = 2
	typeInt8    = 3
	typeInt32   = 6
	typeInt64   = 7
	typeBool    = 9
	typeFloat16 = 10
	typeDouble  = 11
)

// A Value is a tensor: float32 numbers, or whole numbers such as shapes.
type Value struct {
	Shape []int
	F     []float32
	I     []int64 // of whole numbers and truth values; then F is nil
}

func (v *Value) count() int { return count(v.Shape) }

func count(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// A Port is an input or output of a model.
type Port struct {
	Name  string
	Type  int   // number of the element type as in ONNX: 1 float32, 10 float16, 11 float64
	Shape []int // -1 where it depends on the input, such as the batch
}

// A node is one operation.
type node struct {
	name, op, domain string
	in, out          []string
	attr             map[string]attribute
}

type attribute struct {
	i      int64
	f      float32
	s      string
	ints   []int64
	floats []float32
	t      *Value
	given  bool
}

// A Model is a graph with its weights. It is safe for concurrent use.
type Model struct {
	Inputs  []Port // without those that are weights
	Outputs []Port
	Opset   int

	nodes   []node
	weights map[string]*Value
	reads   map[string]int // how often a value is read, outputs of the model not counted
}

// External gives the bytes of a file of weights beside the model, by the name
// that the model calls it by.
type External func(name string) ([]byte, error)

// Read reads a model. External is asked for files of weights beside it. Errors
// say what is wrong or which operators are missing.
func Read(data []byte, external External) (*Model, error) {
	m := &Model{weights: map[string]*Value{}, reads: map[string]int{}}
	var graph []byte
	err := fields(data, func(x field) error {
		switch x.number {
		case 7:
			graph = x.bytes
		case 8:
			domain, version := "", int64(0)
			err := fields(x.bytes, func(y field) error {
				switch y.number {
				case 1:
					domain = string(y.bytes)
				case 2:
					version = int64(y.varint)
				}
				return nil
			})
			if domain == "" || domain == "ai.onnx" {
				m.Opset = int(version)
			}
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if graph == nil {
		return nil, fmt.Errorf("%w: it has no graph", errWire)
	}
	if m.Opset < 7 || m.Opset > 21 {
		return nil, fmt.Errorf("the model is of opset %d, opsets 7 to 21 are read; export it with opset_version=17, or choose runtime: onnxruntime", m.Opset)
	}
	if err := m.readGraph(graph, external); err != nil {
		return nil, err
	}
	return m, m.check()
}

// Ports are the inputs, without weights, and the outputs of a model whose
// operators need not be known.
func Ports(data []byte) (inputs, outputs []Port, err error) {
	weights := map[string]bool{}
	err = fields(data, func(x field) error {
		if x.number != 7 {
			return nil
		}
		return fields(x.bytes, func(y field) error {
			switch y.number {
			case 5:
				return fields(y.bytes, func(z field) error {
					if z.number == 8 {
						weights[string(z.bytes)] = true
					}
					return nil
				})
			case 11, 12:
				p, err := readPort(y.bytes)
				if y.number == 11 {
					inputs = append(inputs, p)
				} else {
					outputs = append(outputs, p)
				}
				return err
			}
			return nil
		})
	})
	kept := inputs[:0]
	for _, p := range inputs {
		if !weights[p.Name] {
			kept = append(kept, p)
		}
	}
	return kept, outputs, err
}

// ExternalFiles lists the files of weights that a model names, in the order in
// which it first names them.
func ExternalFiles(data []byte) ([]string, error) {
	var names []string
	seen := map[string]bool{}
	m := &Model{weights: map[string]*Value{}, reads: map[string]int{}}
	err := fields(data, func(x field) error {
		if x.number != 7 {
			return nil
		}
		return m.readGraph(x.bytes, func(name string) ([]byte, error) {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
			return nil, errOnlyNames
		})
	})
	if len(names) > 0 {
		return names, nil
	}
	return nil, err
}

var errOnlyNames = fmt.Errorf("only names are asked for")

func (m *Model) readGraph(graph []byte, external External) error {
	var missing error
	err := fields(graph, func(x field) error {
		switch x.number {
		case 1:
			n, err := readNode(x.bytes, external)
			m.nodes = append(m.nodes, n)
			return err
		case 5:
			name, v, err := readTensor(x.bytes, external)
			if err == errOnlyNames {
				missing, err = err, nil
			}
			m.weights[name] = v
			return err
		case 11:
			p, err := readPort(x.bytes)
			m.Inputs = append(m.Inputs, p)
			return err
		case 12:
			p, err := readPort(x.bytes)
			m.Outputs = append(m.Outputs, p)
			return err
		}
		return nil
	})
	if err == nil {
		err = missing
	}
	var inputs []Port
	for _, p := range m.Inputs {
		if _, ok := m.weights[p.Name]; !ok {
			inputs = append(inputs, p)
		}
	}
	m.Inputs = inputs
	for _, n := range m.nodes {
		for _, in := range n.in {
			m.reads[in]++
		}
	}
	return err
}

func readNode(data []byte, external External) (node, error) {
	n := node{attr: map[string]attribute{}}
	err := fields(data, func(x field) error {
		switch x.number {
		case 1:
			n.in = append(n.in, string(x.bytes))
		case 2:
			n.out = append(n.out, string(x.bytes))
		case 3:
			n.name = string(x.bytes)
		case 4:
			n.op = string(x.bytes)
		case 7:
			n.domain = string(x.bytes)
		case 5:
			name, a, err := readAttribute(x.bytes, external)
			n.attr[name] = a
			return err
		}
		return nil
	})
	return n, err
}

func readAttribute(data []byte, external External) (string, attribute, error) {
	name := ""
	a := attribute{given: true}
	err := fields(data, func(x field) (err error) {
		switch x.number {
		case 1:
			name = string(x.bytes)
		case 2:
			a.f = math.Float32frombits(uint32(x.varint))
		case 3:
			a.i = int64(x.varint)
		case 4:
			a.s = string(x.bytes)
		case 5:
			_, a.t, err = readTensor(x.bytes, external)
		case 7:
			var words []uint32
			words, err = x.fixed32(nil)
			for _, w := range words {
				a.floats = append(a.floats, math.Float32frombits(w))
			}
		case 8:
			a.ints, err = x.ints(a.ints)
		}
		return err
	})
	return name, a, err
}

func readPort(data []byte) (Port, error) {
	var p Port
	err := fields(data, func(x field) error {
		switch x.number {
		case 1:
			p.Name = string(x.bytes)
		case 2: // TypeProto
			return fields(x.bytes, func(y field) error {
				if y.number != 1 { // tensor_type
					return nil
				}
				return fields(y.bytes, func(z field) error {
					switch z.number {
					case 1:
						p.Type = int(z.varint)
					case 2: // shape
						return fields(z.bytes, func(d field) error {
							size := -1
							err := fields(d.bytes, func(v field) error {
								if v.number == 1 {
									size = int(v.varint)
								}
								return nil
							})
							p.Shape = append(p.Shape, size)
							return err
						})
					}
					return nil
				})
			})
		}
		return nil
	})
	return p, err
}

// A tensorMessage is a TensorProto as it is written.
type tensorMessage struct {
	name     string
	dims     []int64
	dtype    int
	raw      []byte
	hasRaw   bool
	floats   []uint32
	ints     []int64
	doubles  []byte
	location map[string]string
	outside  bool
}

func readTensor(data []byte, external External) (string, *Value, error) {
	t := tensorMessage{location: map[string]string{}}
	err := fields(data, func(x field) (err error) {
		switch x.number {
		case 1:
			t.dims, err = x.ints(t.dims)
		case 2:
			t.dtype = int(x.varint)
		case 4:
			t.floats, err = x.fixed32(t.floats)
		case 5, 7:
			t.ints, err = x.ints(t.ints)
		case 8:
			t.name = string(x.bytes)
		case 9:
			t.raw, t.hasRaw = x.bytes, true
		case 10:
			if x.wire == 2 {
				t.doubles = append(t.doubles, x.bytes...)
			} else {
				t.doubles = binary.LittleEndian.AppendUint64(t.doubles, x.varint)
			}
		case 13:
			key, value := "", ""
			err = fields(x.bytes, func(y field) error {
				if y.number == 1 {
					key = string(y.bytes)
				} else if y.number == 2 {
					value = string(y.bytes)
				}
				return nil
			})
			t.location[key] = value
		case 14:
			t.outside = x.varint == 1
		}
		return err
	})
	if err != nil {
		return t.name, nil, err
	}
	v, err := t.value(external)
	if err != nil && err != errOnlyNames {
		err = fmt.Errorf("tensor %q: %w", t.name, err)
	}
	return t.name, v, err
}

// value turns the message into numbers.
func (t *tensorMessage) value(external External) (*Value, error) {
	v := &Value{Shape: make([]int, len(t.dims))}
	total := int64(1)
	for i, d := range t.dims {
		if d < 0 || d > 1<<40 || total*max(d, 1) > 1<<40 {
			return nil, fmt.Errorf("%w: it has the shape %v", errWire, t.dims)
		}
		total *= d
		v.Shape[i] = int(d)
	}
	if t.outside {
		if err := t.fetch(external); err != nil {
			return nil, err
		}
	}
	n := int(total)
	width := map[int]int{typeFloat: 4, typeUint8: 1, typeInt8: 1, typeInt32: 4, typeInt64: 8, typeBool: 1, typeFloat16: 2, typeDouble: 8}[t.dtype]
	if width == 0 {
		return nil, fmt.Errorf("numbers of ONNX type %d, which is not read; float32, float16, float64 and whole numbers are", t.dtype)
	}
	if t.hasRaw {
		if len(t.raw) != n*width {
			return nil, fmt.Errorf("%w: %d bytes for the shape %v", errWire, len(t.raw), t.dims)
		}
		t.unpack(v, n)
		return v, nil
	}
	switch t.dtype {
	case typeFloat:
		for _, w := range t.floats {
			v.F = append(v.F, math.Float32frombits(w))
		}
	case typeFloat16:
		for _, w := range t.ints {
			v.F = append(v.F, Half(uint16(w)))
		}
	case typeDouble:
		t.raw = t.doubles
		if len(t.raw) == 8*n {
			t.unpack(v, n)
		}
	default:
		v.I = append(make([]int64, 0, n), t.ints...)
	}
	if len(v.F)+len(v.I) != n {
		return nil, fmt.Errorf("%w: %d numbers for the shape %v", errWire, len(v.F)+len(v.I), t.dims)
	}
	return v, nil
}

// fetch takes the bytes from the file beside the model.
func (t *tensorMessage) fetch(external External) error {
	name := t.location["location"]
	if external == nil {
		return fmt.Errorf("its numbers are in the file %q beside the model", name)
	}
	file, err := external(name)
	if err != nil {
		return err
	}
	offset, length := 0, -1
	if s := t.location["offset"]; s != "" {
		if offset, err = strconv.Atoi(s); err != nil {
			return fmt.Errorf("%w: offset %q", errWire, s)
		}
	}
	if s := t.location["length"]; s != "" {
		if length, err = strconv.Atoi(s); err != nil {
			return fmt.Errorf("%w: length %q", errWire, s)
		}
	}
	if length < 0 {
		length = len(file) - offset
	}
	if offset < 0 || offset > len(file) || length < 0 || length > len(file)-offset {
		return fmt.Errorf("its numbers lie at bytes %d to %d of %q, which has %d", offset, offset+length, name, len(file))
	}
	t.raw, t.hasRaw = file[offset:offset+length], true
	return nil
}

// unpack reads n little-endian numbers.
func (t *tensorMessage) unpack(v *Value, n int) {
	b := t.raw
	switch t.dtype {
	case typeFloat, typeFloat16, typeDouble:
		v.F = make([]float32, n)
		for i := range v.F {
			switch t.dtype {
			case typeFloat:
				v.F[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
			case typeFloat16:
				v.F[i] = Half(binary.LittleEndian.Uint16(b[2*i:]))
			default:
				v.F[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:])))
			}
		}
		return
	}
	v.I = make([]int64, n)
	for i := range v.I {
		switch t.dtype {
		case typeInt64:
			v.I[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
		case typeInt32:
			v.I[i] = int64(int32(binary.LittleEndian.Uint32(b[4*i:])))
		case typeInt8:
			v.I[i] = int64(int8(b[i]))
		default:
			v.I[i] = int64(b[i])
		}
	}
}

// Half widens an IEEE binary16 value.
func Half(u uint16) float32 {
	sign, e, m := uint32(u>>15)<<31, uint32(u>>10)&31, uint32(u)&1023
	switch e {
	case 0:
		return math.Float32frombits(math.Float32bits(float32(m)*0x1p-24) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | m<<13)
	}
	return math.Float32frombits(sign | (e+112)<<23 | m<<13)
}
