package engine

import (
	"fmt"
	"sort"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// idColumn is the name of the column of ids, the first of every record.
const idColumn = "id"

var idField = arrow.Field{Name: idColumn, Type: arrow.BinaryTypes.String}

// idsOf returns the ids of a record, in its order.
func idsOf(rec arrow.Record) ([]string, error) {
	i := rec.Schema().FieldIndices(idColumn)
	if len(i) != 1 {
		return nil, fmt.Errorf("a record has %d columns named %q, wants one", len(i), idColumn)
	}
	col, ok := rec.Column(i[0]).(*array.String)
	if !ok {
		return nil, fmt.Errorf("column %q is %s, wants text", idColumn, rec.Column(i[0]).DataType())
	}
	ids := make([]string, col.Len())
	for j := range ids {
		if col.IsNull(j) {
			return nil, fmt.Errorf("row %d has no id", j)
		}
		ids[j] = col.Value(j)
	}
	return ids, nil
}

// columnOf returns a column by name, or nil.
func columnOf(rec arrow.Record, name string) arrow.Array {
	if i := rec.Schema().FieldIndices(name); len(i) > 0 {
		return rec.Column(i[0])
	}
	return nil
}

// project returns the columns of a record that a schema names, in its order
// and with the metadata of the record's own fields.
func project(rec arrow.Record, schema *arrow.Schema) (arrow.Record, error) {
	cols := make([]arrow.Array, schema.NumFields())
	fields := make([]arrow.Field, schema.NumFields())
	for i, f := range schema.Fields() {
		at := rec.Schema().FieldIndices(f.Name)
		if len(at) == 0 {
			return nil, fmt.Errorf("column %q is missing", f.Name)
		}
		cols[i], fields[i] = rec.Column(at[0]), rec.Schema().Field(at[0])
		if !arrow.TypeEqual(fields[i].Type, f.Type) {
			return nil, fmt.Errorf("column %q is %s, wants %s", f.Name, fields[i].Type, f.Type)
		}
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), cols, rec.NumRows()), nil
}

// A pick names a row of one of several records.
type pick struct{ rec, row int }

// shortStretch is how many consecutive rows are worth copying at once.
const shortStretch = 16

// takeRows gathers rows of records with one schema, in the order of picks.
// Where they are mostly consecutive, stretches of them are copied at once.
func takeRows(schema *arrow.Schema, recs []arrow.Record, picks []pick) (arrow.Record, error) {
	stretches := 1
	for i := 1; i < len(picks); i++ {
		if picks[i].rec != picks[i-1].rec || picks[i].row != picks[i-1].row+1 {
			stretches++
		}
	}
	cols := make([]arrow.Array, schema.NumFields())
	for c := range cols {
		if len(picks) < shortStretch*stretches && len(picks) > 1 {
			from := make([]arrow.Array, len(recs))
			for i, r := range recs {
				from[i] = r.Column(c)
			}
			if cols[c] = takeColumn(schema.Field(c).Type, from, picks); cols[c] != nil {
				continue
			}
		}
		var slices []arrow.Array
		for i := 0; i < len(picks); {
			j := i + 1
			for j < len(picks) && picks[j].rec == picks[i].rec && picks[j].row == picks[i].row+j-i {
				j++
			}
			from := int64(picks[i].row)
			slices = append(slices, array.NewSlice(recs[picks[i].rec].Column(c), from, from+int64(j-i)))
			i = j
		}
		switch len(slices) {
		case 0:
			b := array.NewBuilder(memory.DefaultAllocator, schema.Field(c).Type)
			cols[c] = b.NewArray()
			b.Release()
		case 1:
			cols[c] = slices[0]
		default:
			out, err := array.Concatenate(slices, memory.DefaultAllocator)
			if err != nil {
				return nil, err
			}
			cols[c] = out
		}
	}
	return array.NewRecord(schema, cols, int64(len(picks))), nil
}

// concatRecords joins records of one schema; none give an empty record.
func concatRecords(schema *arrow.Schema, recs []arrow.Record) (arrow.Record, error) {
	if len(recs) == 1 {
		recs[0].Retain()
		return recs[0], nil
	}
	var picks []pick
	for r, rec := range recs {
		for row := range int(rec.NumRows()) {
			picks = append(picks, pick{r, row})
		}
	}
	return takeRows(schema, recs, picks)
}

// sortByID puts a record's rows into ascending id and refuses an id that
// stands twice.
func sortByID(rec arrow.Record) (arrow.Record, []string, error) {
	ids, err := idsOf(rec)
	if err != nil {
		return nil, nil, err
	}
	if !sort.StringsAreSorted(ids) {
		order := make([]int, len(ids))
		for i := range order {
			order[i] = i
		}
		sort.SliceStable(order, func(a, b int) bool { return ids[order[a]] < ids[order[b]] })
		picks := make([]pick, len(order))
		sorted := make([]string, len(order))
		for i, o := range order {
			picks[i] = pick{0, o}
			sorted[i] = ids[o]
		}
		if rec, err = takeRows(rec.Schema(), []arrow.Record{rec}, picks); err != nil {
			return nil, nil, err
		}
		ids = sorted
	}
	for i := 1; i < len(ids); i++ {
		if ids[i] == ids[i-1] {
			return nil, nil, fmt.Errorf("id %q stands twice; ids must be unique", ids[i])
		}
	}
	return rec, ids, nil
}

// schemaWithID is "id" followed by other fields.
func schemaWithID(fields []arrow.Field) *arrow.Schema {
	return arrow.NewSchema(append([]arrow.Field{idField}, fields...), nil)
}
