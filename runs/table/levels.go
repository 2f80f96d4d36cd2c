package table

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/parquet-go/parquet-go"
)

// A leaf turns one leaf of Arrow columns into Parquet values with their repetition and
// definition levels, as the Dremel paper (Melnik et al., VLDB 2010) defines them.
type leaf struct {
	column int   // index of the Parquet column
	path   []int // from the record: column, then child numbers of structs
	steps  []step
	name   string

	values []parquet.Value // of the rows at hand
	sizes  []int32         // bytes of each value in parquet-go's buffers, at most
}

// overhead is what parquet-go's buffers need beside a value, at most: levels, offsets
// and, for the first value of a row, where the row begins.
const overhead = 24

// step is one level on the way from a column to the leaf.
type step struct {
	kind     stepKind
	nullable bool
	child    int // of a struct
}

type stepKind int

const (
	structStep stepKind = iota
	listStep
	leafStep
)

// leavesOf lists the leaves of a schema in the order of Parquet's columns.
func leavesOf(schema *arrow.Schema) []*leaf {
	var leaves []*leaf
	var walk func(f arrow.Field, name string, top int, steps []step)
	walk = func(f arrow.Field, name string, top int, steps []step) {
		steps = steps[:len(steps):len(steps)]
		switch t := f.Type.(type) {
		case *arrow.StructType:
			for i, c := range t.Fields() {
				walk(c, name+"."+c.Name, top, append(steps, step{structStep, f.Nullable, i}))
			}
		case arrow.ListLikeType:
			e := t.ElemField()
			walk(e, name+"."+e.Name, top, append(steps, step{kind: listStep, nullable: f.Nullable}))
		default:
			leaves = append(leaves, &leaf{
				column: len(leaves), path: []int{top}, name: name,
				steps: append(steps, step{kind: leafStep, nullable: f.Nullable}),
			})
		}
	}
	for i, f := range schema.Fields() {
		walk(f, f.Name, i, nil)
	}
	return leaves
}

// load takes in the rows [from, to) of a record.
func (l *leaf) load(rec arrow.Record, from, to int) error {
	l.values, l.sizes = l.values[:0], l.sizes[:0]
	return l.walk(rec.Column(l.path[0]), l.steps, from, to, position{})
}

// position is where the walk stands: rep is the repetition level of the first value of
// a range, rest that of the others, def the definition level reached so far.
type position struct{ rep, rest, def, depth int }

// after is the position for what follows the first value.
func (p position) after() position { p.rep = p.rest; return p }

func (l *leaf) walk(arr arrow.Array, steps []step, from, to int, p position) error {
	st := steps[0]
	present := p
	if st.nullable {
		present.def++
	}
	switch st.kind {
	case structStep:
		child := arr.(*array.Struct).Field(st.child)
		return l.runs(arr, st, from, to, p, func(a, b int, p position) error {
			p.def = present.def
			return l.walk(child, steps[1:], a, b, p)
		})
	case listStep:
		list := arr.(array.ListLike)
		return l.runs(arr, st, from, to, p, func(a, b int, p position) error {
			for i := a; i < b; i, p = i+1, p.after() {
				start, end := list.ValueOffsets(i)
				if start == end {
					l.null(p.rep, present.def)
					continue
				}
				inner := position{rep: p.rep, rest: p.depth + 1, def: present.def + 1, depth: p.depth + 1}
				if err := l.walk(list.ListValues(), steps[1:], int(start), int(end), inner); err != nil {
					return err
				}
			}
			return nil
		})
	default:
		return l.runs(arr, st, from, to, p, func(a, b int, p position) error {
			return l.append(arr, a, b, p.rep, p.rest, present.def)
		})
	}
}

// runs calls f for every run of values that are not null and puts nulls between.
func (l *leaf) runs(arr arrow.Array, st step, from, to int, p position, f func(a, b int, p position) error) error {
	if arr.NullN() == 0 {
		if from == to {
			return nil
		}
		return f(from, to, p)
	}
	if !st.nullable {
		for i := from; i < to; i++ {
			if arr.IsNull(i) {
				return fmt.Errorf("column %s has a null in row %d, which its schema rules out", l.name, i)
			}
		}
		return f(from, to, p)
	}
	for i := from; i < to; {
		if arr.IsNull(i) {
			l.null(p.rep, p.def)
			i, p = i+1, p.after()
			continue
		}
		end := i + 1
		for end < to && arr.IsValid(end) {
			end++
		}
		if err := f(i, end, p); err != nil {
			return err
		}
		i, p = end, p.after()
	}
	return nil
}

func (l *leaf) null(rep, def int) {
	l.values = append(l.values, parquet.NullValue().Level(rep, def, l.column))
	l.sizes = append(l.sizes, overhead)
}

// append adds the values [from, to) of a leaf array, none of which is null.
func (l *leaf) append(arr arrow.Array, from, to, rep, rest, def int) error {
	l.values, l.sizes = slices.Grow(l.values, to-from), slices.Grow(l.sizes, to-from)
	size := int32(8 + overhead)
	add := func(v parquet.Value) {
		l.values = append(l.values, v.Level(rep, def, l.column))
		l.sizes = append(l.sizes, size)
		rep = rest
	}
	bytes := func(b []byte, v parquet.Value) {
		size = int32(len(b)) + overhead
		add(v)
	}
	switch a := arr.(type) {
	case *array.Boolean:
		for i := from; i < to; i++ {
			add(parquet.BooleanValue(a.Value(i)))
		}
	case *array.Int8:
		addAll(a.Int8Values()[from:to], func(v int8) { add(parquet.Int32Value(int32(v))) })
	case *array.Int16:
		addAll(a.Int16Values()[from:to], func(v int16) { add(parquet.Int32Value(int32(v))) })
	case *array.Int32:
		addAll(a.Int32Values()[from:to], func(v int32) { add(parquet.Int32Value(v)) })
	case *array.Int64:
		addAll(a.Int64Values()[from:to], func(v int64) { add(parquet.Int64Value(v)) })
	case *array.Uint8:
		addAll(a.Uint8Values()[from:to], func(v uint8) { add(parquet.Int32Value(int32(v))) })
	case *array.Uint16:
		addAll(a.Uint16Values()[from:to], func(v uint16) { add(parquet.Int32Value(int32(v))) })
	case *array.Uint32:
		addAll(a.Uint32Values()[from:to], func(v uint32) { add(parquet.Int32Value(int32(v))) })
	case *array.Uint64:
		addAll(a.Uint64Values()[from:to], func(v uint64) { add(parquet.Int64Value(int64(v))) })
	case *array.Float32:
		addAll(a.Float32Values()[from:to], func(v float32) { add(parquet.FloatValue(v)) })
	case *array.Float64:
		addAll(a.Float64Values()[from:to], func(v float64) { add(parquet.DoubleValue(v)) })
	case *array.Date32:
		addAll(a.Date32Values()[from:to], func(v arrow.Date32) { add(parquet.Int32Value(int32(v))) })
	case *array.Timestamp:
		addAll(a.TimestampValues()[from:to], func(v arrow.Timestamp) { add(parquet.Int64Value(int64(v))) })
	case *array.FixedSizeBinary:
		for i := from; i < to; i++ {
			bytes(a.Value(i), parquet.FixedLenByteArrayValue(a.Value(i)))
		}
	default:
		value, err := bytesOf(arr)
		if err != nil {
			return fmt.Errorf("column %s: %w", l.name, err)
		}
		for i := from; i < to; i++ {
			b := value(i)
			bytes(b, parquet.ByteArrayValue(b))
		}
	}
	return nil
}

func addAll[T any](values []T, add func(T)) {
	for _, v := range values {
		add(v)
	}
}

// bytesOf returns how to read the values of a string or binary array without a copy.
func bytesOf(arr arrow.Array) (func(i int) []byte, error) {
	switch a := arr.(type) {
	case *array.Binary:
		return a.Value, nil
	case *array.LargeBinary:
		return a.Value, nil
	case *array.String:
		data, base := a.ValueBytes(), a.ValueOffset(0)
		return func(i int) []byte { return data[a.ValueOffset(i)-base : a.ValueOffset(i+1)-base] }, nil
	case *array.LargeString:
		data, base := a.ValueBytes(), a.ValueOffset(0)
		return func(i int) []byte { return data[a.ValueOffset(i)-base : a.ValueOffset(i+1)-base] }, nil
	}
	return nil, fmt.Errorf("type %s cannot be stored", arr.DataType())
}
