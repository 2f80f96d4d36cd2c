package stagetest

import (
	"context"
	"fmt"
	"sort"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// A Column is a named list of values, one for each row of a [Table].
type Column struct {
	Name   string
	Values any // []string, []bool, []int64, []float64, []float32, [][]float32, []stages.ImageCell, or []any of strings and nil
}

// A Table is a dataset in memory. It is a stages.Input.
type Table struct {
	StageName, OutputName string
	Axes                  []pipeline.Coord
	Batch                 int // rows in a record of Each; 0 gives all in one

	schema *arrow.Schema
	rows   arrow.Record
}

// Rows makes a table; the ids may come in any order. It panics on columns of
// unequal lengths, on duplicate ids and on values of other types.
func Rows(ids []string, columns ...Column) *Table {
	order := make([]int, len(ids))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool { return ids[order[i]] < ids[order[j]] })
	fields, arrays := []arrow.Field{}, []arrow.Array{}
	for _, c := range append([]Column{{"id", ids}}, columns...) {
		a := build(c, order)
		fields = append(fields, arrow.Field{Name: c.Name, Type: a.DataType(), Nullable: c.Name != "id"})
		arrays = append(arrays, a)
	}
	return FromRecord(array.NewRecord(arrow.NewSchema(fields, nil), arrays, int64(len(ids))))
}

// FromRecord makes a table of a record that has an "id" column in ascending
// order; it panics if that does not hold.
func FromRecord(rec arrow.Record) *Table {
	id := rec.Column(rec.Schema().FieldIndices("id")[0]).(*array.String)
	for i := 1; i < id.Len(); i++ {
		if id.Value(i) <= id.Value(i-1) {
			panic(fmt.Sprintf("stagetest: id %q stands after %q", id.Value(i), id.Value(i-1)))
		}
	}
	return &Table{StageName: "data", schema: rec.Schema(), rows: rec}
}

func build(c Column, order []int) arrow.Array {
	mem := memory.DefaultAllocator
	switch v := c.Values.(type) {
	case []string:
		b := array.NewStringBuilder(mem)
		for _, i := range order {
			b.Append(v[i])
		}
		return b.NewArray()
	case []any:
		b := array.NewStringBuilder(mem)
		for _, i := range order {
			if v[i] == nil {
				b.AppendNull()
			} else {
				b.Append(v[i].(string))
			}
		}
		return b.NewArray()
	case []bool:
		b := array.NewBooleanBuilder(mem)
		for _, i := range order {
			b.Append(v[i])
		}
		return b.NewArray()
	case []int64:
		b := array.NewInt64Builder(mem)
		for _, i := range order {
			b.Append(v[i])
		}
		return b.NewArray()
	case []float64:
		b := array.NewFloat64Builder(mem)
		for _, i := range order {
			b.Append(v[i])
		}
		return b.NewArray()
	case []float32:
		b := array.NewFloat32Builder(mem)
		for _, i := range order {
			b.Append(v[i])
		}
		return b.NewArray()
	case [][]string:
		b := array.NewListBuilder(mem, arrow.BinaryTypes.String)
		for _, i := range order {
			b.Append(true)
			b.ValueBuilder().(*array.StringBuilder).AppendValues(v[i], nil)
		}
		return b.NewArray()
	case [][]float32:
		b := array.NewFixedSizeListBuilder(mem, int32(len(v[0])), arrow.PrimitiveTypes.Float32)
		for _, i := range order {
			b.Append(true)
			b.ValueBuilder().(*array.Float32Builder).AppendValues(v[i], nil)
		}
		return b.NewArray()
	case []stages.ImageCell:
		b := stages.NewImageBuilder(mem)
		for _, i := range order {
			if v[i].Ref == "" {
				b.AppendNull()
			} else {
				b.Append(v[i])
			}
		}
		return b.NewArray()
	}
	panic(fmt.Sprintf("stagetest: column %q of %T", c.Name, c.Values))
}

// Stage is the name of the stage that the table stands for.
func (t *Table) Stage() string { return t.StageName }

// Output is the name of the output that the table stands for.
func (t *Table) Output() string { return t.OutputName }

// Coords are the table's axes.
func (t *Table) Coords() []pipeline.Coord { return t.Axes }

// Schema holds "id" and the table's columns.
func (t *Table) Schema() *arrow.Schema { return t.schema }

// Len is the number of rows.
func (t *Table) Len() int { return int(t.rows.NumRows()) }

// Record is the whole table; it stays the table's.
func (t *Table) Record() arrow.Record { return t.rows }

// Each calls f with records of Batch rows.
func (t *Table) Each(ctx context.Context, f func(arrow.Record) error) error {
	step := t.Batch
	if step <= 0 {
		step = max(t.Len(), 1)
	}
	for at := 0; at < t.Len(); at += step {
		if err := ctx.Err(); err != nil {
			return err
		}
		rec := t.rows.NewSlice(int64(at), int64(min(at+step, t.Len())))
		err := f(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// Take returns the rows of the given ordinals.
func (t *Table) Take(ctx context.Context, ordinals []int) (arrow.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	columns := make([]arrow.Array, t.rows.NumCols())
	for c := range columns {
		parts := make([]arrow.Array, len(ordinals))
		for i, o := range ordinals {
			if o < 0 || o >= t.Len() {
				return nil, fmt.Errorf("take row %d of %d", o, t.Len())
			}
			parts[i] = array.NewSlice(t.rows.Column(c), int64(o), int64(o+1))
		}
		if len(parts) == 0 {
			parts = append(parts, array.NewSlice(t.rows.Column(c), 0, 0))
		}
		a, err := array.Concatenate(parts, memory.DefaultAllocator)
		if err != nil {
			return nil, err
		}
		columns[c] = a
	}
	return array.NewRecord(t.schema, columns, int64(len(ordinals))), nil
}

// FileNames is empty: a table has rows.
func (t *Table) FileNames() []string { return nil }

// File fails: a table has rows.
func (t *Table) File(name string) ([]byte, error) {
	return nil, fmt.Errorf("no file %q: the input has rows", name)
}

// slice is the rows lo <= row < hi of the table.
func (t *Table) slice(lo, hi int) *Table {
	s := *t
	s.rows = t.rows.NewSlice(int64(lo), int64(hi))
	return &s
}

// only is the table with "id" and the named columns; a missing one is an error.
func (t *Table) only(columns []string) (*Table, error) {
	fields, arrays := []arrow.Field{}, []arrow.Array{}
	seen := map[string]bool{}
	for _, name := range append([]string{"id"}, columns...) {
		if seen[name] {
			continue
		}
		seen[name] = true
		at := t.schema.FieldIndices(name)
		if len(at) != 1 {
			return nil, fmt.Errorf("stage reads column %q, which the input lacks", name)
		}
		fields = append(fields, t.schema.Field(at[0]))
		arrays = append(arrays, t.rows.Column(at[0]))
	}
	s := *t
	s.schema = arrow.NewSchema(fields, nil)
	s.rows = array.NewRecord(s.schema, arrays, t.rows.NumRows())
	return &s, nil
}

// Beside is base with the columns of made added or replaced, as the engine
// joins what a row-wise stage wrote to the rows it read; both have the same ids.
func Beside(base, made *Table) *Table {
	fields, cols := base.schema.Fields(), base.rows.Columns()
	fields, cols = append([]arrow.Field{}, fields...), append([]arrow.Array{}, cols...)
	for i, f := range made.schema.Fields() {
		if f.Name == "id" {
			continue
		}
		if at := base.schema.FieldIndices(f.Name); len(at) == 1 {
			fields[at[0]], cols[at[0]] = f, made.rows.Column(i)
			continue
		}
		fields, cols = append(fields, f), append(cols, made.rows.Column(i))
	}
	t := FromRecord(array.NewRecord(arrow.NewSchema(fields, nil), cols, base.rows.NumRows()))
	t.StageName, t.OutputName, t.Axes = base.StageName, base.OutputName, base.Axes
	return t
}
