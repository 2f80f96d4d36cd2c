package engine

import (
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// An origin is where an input comes from, as stages see it.
type origin struct {
	node   *node
	output string
	coords []pipeline.Coord
}

func (o origin) Stage() string            { return o.node.spec.Stage }
func (o origin) Output() string           { return o.output }
func (o origin) Coords() []pipeline.Coord { return o.coords }

// A rowsInput hands a stage a dataset: "id" and the columns it reads.
type rowsInput struct {
	origin
	e       *Engine
	data    *dataset
	columns []string
	schema  *arrow.Schema
	starts  []int // ordinal of each partition's first row
	workers int   // that may read ahead
	checked bool  // the ids that are read are those that outputs are checked against
}

func (e *Engine) newRowsInput(o origin, d *dataset, columns []string) (*rowsInput, error) {
	fields, err := d.fields(columns)
	if err != nil {
		return nil, err
	}
	parts, err := e.partitions(d)
	if err != nil {
		return nil, err
	}
	in := &rowsInput{origin: o, e: e, data: d, columns: columns, schema: schemaWithID(fields)}
	at := 0
	for _, p := range parts {
		in.starts = append(in.starts, at)
		at += p.Rows
	}
	return in, nil
}

func (in *rowsInput) Schema() *arrow.Schema { return in.schema }
func (in *rowsInput) Len() int              { return in.data.rows }
func (in *rowsInput) FileNames() []string   { return nil }
func (in *rowsInput) File(name string) ([]byte, error) {
	return nil, fmt.Errorf("%s has rows, no file %q", in.node.spec.Name, name)
}

// handOver gives a record the schema a stage was promised and marks image
// cells with their source.
func (e *Engine) handOver(d *dataset, rec arrow.Record, schema *arrow.Schema) (arrow.Record, error) {
	cols := make([]arrow.Array, rec.NumCols())
	for i := range cols {
		cols[i] = rec.Column(i)
		if name := rec.ColumnName(i); stages.IsImage(cols[i].DataType()) {
			cols[i] = mark(cols[i], d.level(name).maker)
		}
	}
	return array.NewRecord(schema, cols, rec.NumRows()), nil
}

func (in *rowsInput) Each(ctx context.Context, f func(arrow.Record) error) error {
	parts, err := in.e.partitions(in.data)
	if err != nil {
		return err
	}
	if ahead, err := in.readsAhead(parts); err != nil {
		return err
	} else if ahead {
		return in.eachAhead(ctx, parts, f)
	}
	return in.From(ctx, 0, f)
}

func (in *rowsInput) Take(ctx context.Context, ordinals []int) (arrow.Record, error) {
	wanted := slices.Clone(ordinals)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	// Ordinals ascend with ids; only these rows are read, recomputed or held.
	ids := make([]string, 0, len(wanted))
	for i := 0; i < len(wanted); {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		if o := wanted[i]; o < 0 || o >= in.Len() {
			return nil, fmt.Errorf("row %d of %d", o, in.Len())
		}
		p := sort.Search(len(in.starts), func(k int) bool { return in.starts[k] > wanted[i] }) - 1
		rec, err := in.e.readPart(ctx, in.data, p, nil)
		if err != nil {
			return nil, err
		}
		have, ok := rec.Column(0).(*array.String)
		if !ok {
			return nil, fmt.Errorf("column %q is %s, wants text", idColumn, rec.Column(0).DataType())
		}
		if end := in.starts[p] + have.Len(); wanted[i] >= end {
			return nil, fmt.Errorf("a partition of %s ends at row %d, before row %d", in.node.spec.Name, end, wanted[i])
		}
		for ; i < len(wanted) && wanted[i] < in.starts[p]+have.Len(); i++ {
			ids = append(ids, have.Value(wanted[i]-in.starts[p]))
		}
	}
	rec, err := in.e.readIDs(ctx, in.data, ids, in.columns)
	if err != nil {
		return nil, err
	}
	if rec, err = in.e.handOver(in.data, rec, in.schema); err != nil {
		return nil, err
	}
	return takeOrdinals(rec, in.schema, wanted, ordinals)
}

// A partInput hands a row-wise stage some rows of a partition of its first
// port, read as the stage asks for them.
type partInput struct {
	origin
	e       *Engine
	data    *dataset
	p       int
	ids     []string // of the rows, ascending
	all     bool     // they are the whole partition
	columns []string
	schema  *arrow.Schema
	reads   reads
	member  *member // of a convoy; nil for one that goes alone
}

func (in *partInput) Schema() *arrow.Schema { return in.schema }
func (in *partInput) Len() int              { return len(in.ids) }
func (in *partInput) FileNames() []string   { return nil }
func (in *partInput) File(name string) ([]byte, error) {
	return nil, fmt.Errorf("%s has rows, no file %q", in.node.spec.Name, name)
}

func (in *partInput) Each(ctx context.Context, f func(arrow.Record) error) error {
	hand := func(rec arrow.Record) error {
		rec, err := in.e.handOver(in.data, rec, in.schema)
		if err != nil {
			return err
		}
		return f(rec)
	}
	if in.member.join() {
		return in.inStep(ctx, hand)
	}
	ids := in.ids
	if in.all {
		ids = nil
	}
	return in.e.batches(ctx, in.data, in.p, ids, in.columns, hand)
}

// inStep is Each beside the other members of a convoy. As pictures are read, it
// is a few rows at a time.
func (in *partInput) inStep(ctx context.Context, hand func(arrow.Record) error) error {
	defer in.member.finish()
	most := in.e.o.Batch
	for rest := in.ids; len(rest) > 0; {
		n, err := in.member.next(ctx, rest, most)
		if err != nil {
			return err
		}
		rec, err := in.member.record(in.reads, rest[:n], func() (arrow.Record, error) {
			return in.e.readIDs(ctx, in.data, rest[:n], in.columns)
		})
		if err != nil {
			return err
		}
		if err := eachBatch(ctx, rec, in.e.o.Batch, hand); err != nil {
			return err
		}
		most = in.e.o.batchOf(handedBytes(rec) / n)
		rest = rest[n:]
	}
	return nil
}

func (in *partInput) Take(ctx context.Context, ordinals []int) (arrow.Record, error) {
	wanted := slices.Clone(ordinals)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	ids := make([]string, len(wanted))
	for i, o := range wanted {
		if o < 0 || o >= in.Len() {
			return nil, fmt.Errorf("row %d of %d", o, in.Len())
		}
		ids[i] = in.ids[o]
	}
	rec, err := in.e.readIDs(ctx, in.data, ids, in.columns)
	if err != nil {
		return nil, err
	}
	if rec, err = in.e.handOver(in.data, rec, in.schema); err != nil {
		return nil, err
	}
	return takeOrdinals(rec, in.schema, wanted, ordinals)
}

// takeOrdinals puts the rows of distinct ascending ordinals into the order, and
// as often, as they were asked for.
func takeOrdinals(rec arrow.Record, schema *arrow.Schema, have, ordinals []int) (arrow.Record, error) {
	picks := make([]pick, len(ordinals))
	for i, o := range ordinals {
		at, _ := slices.BinarySearch(have, o)
		picks[i] = pick{0, at}
	}
	return takeRows(schema, []arrow.Record{rec}, picks)
}

// A filesInput hands a stage named files.
type filesInput struct {
	origin
	e     *Engine
	files []storedFile
}

func (in *filesInput) Schema() *arrow.Schema { return nil }
func (in *filesInput) Len() int              { return 0 }
func (in *filesInput) Each(context.Context, func(arrow.Record) error) error {
	return fmt.Errorf("%s has files, no rows", in.node.spec.Name)
}
func (in *filesInput) Take(context.Context, []int) (arrow.Record, error) {
	return nil, fmt.Errorf("%s has files, no rows", in.node.spec.Name)
}
func (in *filesInput) FileNames() []string {
	names := make([]string, len(in.files))
	for i, f := range in.files {
		names[i] = f.Name
	}
	return names
}
func (in *filesInput) File(name string) ([]byte, error) {
	for _, f := range in.files {
		if f.Name == name {
			return in.e.store.Get(f.Object)
		}
	}
	return nil, fmt.Errorf("%s has no file %q", in.node.spec.Name, name)
}
