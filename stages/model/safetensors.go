package model

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"
)

// ErrFormat is wrapped by every error of [Decode].
var ErrFormat = errors.New("not a sound safetensors file")

// maxHeader is the largest header that is read, the limit of the reference
// implementation.
const maxHeader = 100_000_000

// metadataKey is the name in the header that is no tensor's.
const metadataKey = "__metadata__"

// A Tensor is a named array as a safetensors file holds it.
type Tensor struct {
	Name  string
	DType string // "F32", "F16", "I64", ...
	Shape []int  // empty for a scalar
	Data  []byte // little-endian, row-major
}

// F32 makes a tensor of float32 values; NaNs are written as one pattern.
func F32(name string, shape []int, values []float32) Tensor {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		u := math.Float32bits(v)
		if v != v {
			u = 0x7fc00000
		}
		data = binary.LittleEndian.AppendUint32(data, u)
	}
	return Tensor{Name: name, DType: "F32", Shape: append([]int(nil), shape...), Data: data}
}

// Float32s returns the values of a tensor of type F32, F16 or BF16, exactly,
// and those of type F64 rounded.
func (t Tensor) Float32s() ([]float32, error) {
	switch t.DType {
	case "F32":
		v := make([]float32, len(t.Data)/4)
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
		}
		return v, nil
	case "BF16":
		v := make([]float32, len(t.Data)/2)
		for i := range v {
			v[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(t.Data[2*i:])) << 16)
		}
		return v, nil
	case "F16":
		v := make([]float32, len(t.Data)/2)
		for i := range v {
			v[i] = half(binary.LittleEndian.Uint16(t.Data[2*i:]))
		}
		return v, nil
	}
	if t.DType == "F64" {
		v := make([]float32, len(t.Data)/8)
		for i := range v {
			v[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(t.Data[8*i:])))
		}
		return v, nil
	}
	return nil, fmt.Errorf("tensor %q is of type %s, want F32, F16, BF16 or F64", t.Name, t.DType)
}

// half widens an IEEE binary16 value.
func half(u uint16) float32 {
	sign, e, m := uint32(u>>15)<<31, uint32(u>>10)&31, uint32(u)&1023
	switch e {
	case 0:
		v := float32(m) * 0x1p-24
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | m<<13)
	}
	return math.Float32frombits(sign | (e+112)<<23 | m<<13)
}

// sizes of an element in bytes.
var dtypeSize = map[string]int{
	"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
	"I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8,
}

// count is the number of elements of a shape, or -1 where it overflows.
func count(shape []int) int {
	n := 1
	for _, d := range shape {
		if d < 0 || d > 0 && n > math.MaxInt/16/d {
			return -1
		}
		n *= d
	}
	return n
}

type entry struct {
	DType   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

// Encode writes a safetensors file: metadata first, tensors by name, without
// gaps, the header padded with spaces to a multiple of eight bytes. Equal
// content gives equal bytes.
// It fails on a duplicate name, on an unknown type, and when data and shape disagree.
func Encode(metadata map[string]string, tensors []Tensor) ([]byte, error) {
	ts := append([]Tensor(nil), tensors...)
	sort.Slice(ts, func(i, j int) bool { return ts[i].Name < ts[j].Name })
	var header bytes.Buffer
	header.WriteString("{")
	if len(metadata) > 0 {
		text, err := json.Marshal(metadata) // keys ascend
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&header, "%q:%s", metadataKey, text)
	}
	at := 0
	for i, t := range ts {
		size, ok := dtypeSize[t.DType]
		switch n := count(t.Shape); {
		case !ok:
			return nil, fmt.Errorf("tensor %q is of unknown type %q", t.Name, t.DType)
		case n < 0 || n*size != len(t.Data):
			return nil, fmt.Errorf("tensor %q of shape %v and type %s has %d bytes", t.Name, t.Shape, t.DType, len(t.Data))
		case i > 0 && ts[i-1].Name == t.Name || t.Name == metadataKey:
			return nil, fmt.Errorf("tensor name %q is taken", t.Name)
		}
		name, err := json.Marshal(t.Name)
		if err != nil {
			return nil, err
		}
		e := entry{t.DType, t.Shape, [2]int{at, at + len(t.Data)}}
		if e.Shape == nil {
			e.Shape = []int{}
		}
		text, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		if header.Len() > 1 {
			header.WriteString(",")
		}
		fmt.Fprintf(&header, "%s:%s", name, text)
		at += len(t.Data)
	}
	header.WriteString("}")
	header.WriteString(strings.Repeat(" ", (8-header.Len()%8)%8))
	out := make([]byte, 0, 8+header.Len()+at)
	out = binary.LittleEndian.AppendUint64(out, uint64(header.Len()))
	out = append(out, header.Bytes()...)
	for _, t := range ts {
		out = append(out, t.Data...)
	}
	return out, nil
}

// Decode reads a safetensors file; tensors come by name and share data's
// memory. It refuses what the format forbids: a header that is no JSON object or too
// long, repeated names, gaps, overlaps, and data that do not fit their shapes.
// Errors wrap [ErrFormat] and say what is wrong.
func Decode(data []byte) (map[string]string, []Tensor, error) {
	bad := func(format string, args ...any) (map[string]string, []Tensor, error) {
		return nil, nil, fmt.Errorf("%w: %s", ErrFormat, fmt.Sprintf(format, args...))
	}
	if len(data) < 8 {
		return bad("it has %d bytes, the header's length alone takes 8", len(data))
	}
	n := binary.LittleEndian.Uint64(data)
	if n > maxHeader || n > uint64(len(data)-8) {
		return bad("the header is said to have %d bytes; the file has %d", n, len(data))
	}
	body := data[8+n:]
	entries, err := object(data[8 : 8+n])
	if err != nil {
		return bad("header: %v", err)
	}
	metadata := map[string]string{}
	var tensors []Tensor
	var offsets [][2]int
	for _, e := range entries {
		if e.key == metadataKey {
			if err := json.Unmarshal(e.value, &metadata); err != nil {
				return bad("metadata: %v", err)
			}
			continue
		}
		var f entry
		dec := json.NewDecoder(bytes.NewReader(e.value))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&f); err != nil {
			return bad("tensor %q: %v", e.key, err)
		}
		size, ok := dtypeSize[f.DType]
		lo, hi := f.Offsets[0], f.Offsets[1]
		switch elements := count(f.Shape); {
		case !ok:
			return bad("tensor %q is of unknown type %q", e.key, f.DType)
		case lo < 0 || hi < lo || hi > len(body):
			return bad("tensor %q lies at bytes %d to %d of %d", e.key, lo, hi, len(body))
		case elements < 0 || elements > len(body) || elements*size != hi-lo:
			return bad("tensor %q of shape %v and type %s has %d bytes", e.key, f.Shape, f.DType, hi-lo)
		}
		tensors = append(tensors, Tensor{Name: e.key, DType: f.DType, Shape: f.Shape, Data: body[lo:hi:hi]})
		offsets = append(offsets, f.Offsets)
	}
	sort.Slice(offsets, func(i, j int) bool {
		return offsets[i][0] < offsets[j][0] || offsets[i][0] == offsets[j][0] && offsets[i][1] < offsets[j][1]
	})
	end := 0
	for _, o := range offsets {
		if o[0] != end {
			return bad("tensors leave a gap or overlap at byte %d", o[0])
		}
		end = o[1]
	}
	if end != len(body) {
		return bad("%d bytes stand after the last tensor", len(body)-end)
	}
	sort.Slice(tensors, func(i, j int) bool { return tensors[i].Name < tensors[j].Name })
	return metadata, tensors, nil
}

type member struct {
	key   string
	value json.RawMessage
}

// object reads a JSON object's members in their order and refuses repeated
// keys, which encoding/json lets pass.
func object(data []byte) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	t, err := dec.Token()
	if err != nil {
		return nil, err
	}
	if t != json.Delim('{') {
		return nil, fmt.Errorf("it begins with %v, want an object", t)
	}
	var members []member
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		m := member{key: t.(string)}
		if seen[m.key] {
			return nil, fmt.Errorf("%q stands twice", m.key)
		}
		seen[m.key] = true
		if err := dec.Decode(&m.value); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if rest := bytes.TrimSpace(data[dec.InputOffset():]); len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes stand after it", len(rest))
	}
	return members, nil
}
