package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// setColumn says which set a row is of, in what a program is handed.
const setColumn = "set"

// joinedSets are several sets of rows as one input for a program: one after
// the other, with a column that names each row's set.
//
// A row is known to the program by its handle: its id, or NUMBER/ID where ids
// stand in several of the sets.
type joinedSets struct {
	sets    []stages.Input
	names   []string
	ids     [][]string // by set, ascending
	handles [][]string // of the same rows
	also    []string   // further columns to hand over
	schema  *arrow.Schema
	rows    int
}

// joinSets reads the ids of sets, which all have the columns of the first.
func joinSets(ctx context.Context, sets []stages.Input, also []string) (*joinedSets, error) {
	j := &joinedSets{sets: sets, also: also, schema: sets[0].Schema(), names: namesOf(sets)}
	if !slices.Contains(also, setColumn) { // a column of the user's own stands
		j.also = append(slices.Clone(also), setColumn)
		j.schema = arrow.NewSchema(append(slices.Clone(j.schema.Fields()), arrow.Field{Name: setColumn, Type: arrow.BinaryTypes.String}), nil)
	}
	seen, clash := map[string]bool{}, false
	for _, set := range sets {
		ids, err := idsOf(ctx, set)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			clash = clash || seen[id]
			if len(sets) > 1 {
				seen[id] = true
			}
		}
		j.ids = append(j.ids, ids)
		j.rows += len(ids)
	}
	j.handles = j.ids
	if clash {
		j.handles = make([][]string, len(sets))
		for s, ids := range j.ids {
			for _, id := range ids {
				j.handles[s] = append(j.handles[s], fmt.Sprintf("%d/%s", s, id))
			}
		}
	}
	return j, nil
}

// namesOf are the names of the outputs that sets are, or of their stages; where
// two would be the same, with where they stand in the matrix.
func namesOf(sets []stages.Input) []string {
	names, count := make([]string, len(sets)), map[string]int{}
	for i, in := range sets {
		if names[i] = in.Output(); names[i] == "" {
			names[i] = in.Stage()
		}
		count[names[i]]++
	}
	for i, in := range sets {
		var at []string
		for _, c := range in.Coords() {
			if c.Value != in.Output() {
				at = append(at, c.Axis+"="+c.Value)
			}
		}
		if count[names[i]] > 1 && len(at) > 0 {
			names[i] += "[" + strings.Join(at, ",") + "]"
		}
	}
	return names
}

// sortedIDs are all handles, ascending.
func (j *joinedSets) sortedIDs() []string {
	all := make([]string, 0, j.rows)
	for _, h := range j.handles {
		all = append(all, h...)
	}
	slices.Sort(all)
	return all
}

// Each hands on the rows of all sets with their handles as ids.
func (j *joinedSets) Each(ctx context.Context, f func(arrow.Record) error) error {
	for s, set := range j.sets {
		next := 0
		err := set.Each(ctx, func(rec arrow.Record) error {
			n := int(rec.NumRows())
			handed := j.record(rec, s, j.handles[s][next:next+n])
			defer handed.Release()
			next += n
			return f(handed)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (j *joinedSets) record(rec arrow.Record, set int, handles []string) arrow.Record {
	ids, names := array.NewStringBuilder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator)
	defer ids.Release()
	defer names.Release()
	ids.AppendValues(handles, nil)
	for range handles {
		names.Append(j.names[set])
	}
	cols := make([]arrow.Array, 0, j.schema.NumFields())
	for _, f := range j.schema.Fields() {
		if at := rec.Schema().FieldIndices(f.Name); f.Name != "id" && len(at) > 0 {
			cols = append(cols, rec.Column(at[0]))
			continue
		}
		b := names
		if f.Name == "id" {
			b = ids
		}
		a := b.NewArray()
		defer a.Release()
		cols = append(cols, a)
	}
	return array.NewRecord(j.schema, cols, rec.NumRows())
}

// The rest of an input: what programs are handed has one schema and is read
// from the first row to the last.

func (j *joinedSets) Stage() string            { return j.sets[0].Stage() }
func (j *joinedSets) Output() string           { return j.sets[0].Output() }
func (j *joinedSets) Coords() []pipeline.Coord { return j.sets[0].Coords() }
func (j *joinedSets) Schema() *arrow.Schema    { return j.schema }
func (j *joinedSets) Len() int                 { return j.rows }
func (j *joinedSets) FileNames() []string      { return nil }

func (j *joinedSets) File(string) ([]byte, error) { return nil, errors.New("rows have no files") }

func (j *joinedSets) Take(context.Context, []int) (arrow.Record, error) {
	return nil, errors.New("rows for a program are read in order")
}

// idsOf lists the ids of an input, ascending.
func idsOf(ctx context.Context, input stages.Input) ([]string, error) {
	ids := make([]string, 0, input.Len())
	err := input.Each(ctx, func(rec arrow.Record) error {
		col := column(rec, "id").(*array.String)
		for i := range col.Len() {
			ids = append(ids, strings.Clone(col.Value(i)))
		}
		return nil
	})
	return ids, err
}
