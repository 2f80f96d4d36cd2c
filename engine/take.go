package engine

import (
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// takeColumn gathers values of columns of one type, one by one: what takes most when rows
// are put into another order. It returns nil for types that it does not know.
func takeColumn(t arrow.DataType, cols []arrow.Array, picks []pick) arrow.Array {
	switch t := t.(type) {
	case *arrow.StringType:
		size, ok := bytesOf(cols, picks)
		if !ok {
			return nil
		}
		b := array.NewStringBuilder(memory.DefaultAllocator)
		b.ReserveData(size)
		takeEach(b, cols, picks, func(c arrow.Array, i int) { b.Append(c.(*array.String).Value(i)) })
		return b.NewArray()
	case *arrow.BinaryType:
		size, ok := bytesOf(cols, picks)
		if !ok {
			return nil
		}
		b := array.NewBinaryBuilder(memory.DefaultAllocator, t)
		b.ReserveData(size)
		takeEach(b, cols, picks, func(c arrow.Array, i int) { b.Append(c.(*array.Binary).Value(i)) })
		return b.NewArray()
	case *arrow.StructType:
		return takeStruct(t, cols, picks)
	case *arrow.BooleanType:
		b := array.NewBooleanBuilder(memory.DefaultAllocator)
		takeEach(b, cols, picks, func(c arrow.Array, i int) { b.Append(c.(*array.Boolean).Value(i)) })
		return b.NewArray()
	case arrow.FixedWidthDataType:
		if t.BitWidth()%8 == 0 && t.ID() != arrow.FIXED_SIZE_LIST && t.ID() != arrow.DICTIONARY {
			return takeFixed(t, cols, picks)
		}
	}
	return nil
}

// takeFixed gathers values that have one width in bytes.
func takeFixed(t arrow.FixedWidthDataType, cols []arrow.Array, picks []pick) arrow.Array {
	width := t.BitWidth() / 8
	from := make([][]byte, len(cols))
	for i, c := range cols {
		if c.Len() > 0 {
			from[i] = c.Data().Buffers()[1].Bytes()[c.Data().Offset()*width:]
		}
	}
	out := make([]byte, 0, len(picks)*width)
	for _, p := range picks {
		out = append(out, from[p.rec][p.row*width:][:width]...)
	}
	valid, nulls := takeValid(cols, picks)
	data := array.NewData(t, len(picks), []*memory.Buffer{valid, memory.NewBufferBytes(out)}, nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// bytesOf is how many bytes values take; false when they are more than a column can hold.
func bytesOf(cols []arrow.Array, picks []pick) (int, bool) {
	size := 0
	for _, p := range picks {
		size += cols[p.rec].(array.BinaryLike).ValueLen(p.row)
	}
	return size, size <= math.MaxInt32
}

// takeEach gathers values by a builder.
func takeEach(b array.Builder, cols []arrow.Array, picks []pick, add func(c arrow.Array, i int)) {
	b.Reserve(len(picks))
	for _, p := range picks {
		if c := cols[p.rec]; c.IsNull(p.row) {
			b.AppendNull()
		} else {
			add(c, p.row)
		}
	}
}

// takeStruct gathers values of structs, field by field.
func takeStruct(t *arrow.StructType, cols []arrow.Array, picks []pick) arrow.Array {
	children := make([]arrow.ArrayData, t.NumFields())
	for f := range children {
		fields := make([]arrow.Array, len(cols))
		for i, c := range cols {
			fields[i] = c.(*array.Struct).Field(f)
		}
		child := takeColumn(t.Field(f).Type, fields, picks)
		if child == nil {
			return nil
		}
		children[f] = child.Data()
	}
	valid, nulls := takeValid(cols, picks)
	data := array.NewData(t, len(picks), []*memory.Buffer{valid}, children, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// takeValid gathers which values are there; nil when all are.
func takeValid(cols []arrow.Array, picks []pick) (*memory.Buffer, int) {
	some := false
	for _, c := range cols {
		some = some || c.NullN() > 0
	}
	if !some {
		return nil, 0
	}
	bits, nulls := make([]byte, bitutil.BytesForBits(int64(len(picks)))), 0
	for i, p := range picks {
		if cols[p.rec].IsValid(p.row) {
			bitutil.SetBit(bits, i)
		} else {
			nulls++
		}
	}
	return memory.NewBufferBytes(bits), nulls
}
