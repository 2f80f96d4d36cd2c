package engine

import (
	"context"
	"fmt"
	"sort"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/runs"
	"shiftmill/stages"
)

// A takenRow is a row of an input partition whose output stands in an object of
// an earlier one.
type takenRow struct {
	i      int // of the input
	object runs.Digest
	row    int
}

// A merge makes a partition of rows that a stage writes, as they come, and of
// rows taken over from earlier partitions. Rows that come in ascending id are
// on their way to the disk at once; one that comes later than its place makes
// it hold what follows, and merge again in the end.
type merge struct {
	e      *Engine
	maker  *node
	ids    []string      // of the input, ascending
	inputs []runs.Digest // of each
	taken  []takenRow    // ascending
	w      *partWriter
	fields []arrow.Field // of the taken rows, as they stand in the store
	held   []arrow.Record
}

// add takes rows that a stage wrote: "id" and its own columns.
func (m *merge) add(ctx context.Context, rec arrow.Record) error {
	if rec.NumRows() == 0 {
		return nil
	}
	rec, ids, err := sortByID(rec)
	if err != nil {
		return err
	}
	if m.held != nil || m.w != nil && m.w.p.Rows > 0 && ids[0] <= m.w.p.Last {
		m.held = append(m.held, rec)
		return nil
	}
	if m.w == nil {
		m.w = m.e.newPartWriter(m.maker, rec.Schema().Fields()[1:])
	}
	for len(ids) > 0 {
		n := len(ids)
		if len(m.taken) > 0 {
			n = sort.SearchStrings(ids, m.ids[m.taken[0].i])
		}
		if n == 0 {
			if ids[0] == m.ids[m.taken[0].i] {
				return fmt.Errorf("kind %s: row %q came out but was not given to it", m.maker.kind.Name, ids[0])
			}
			if err := m.emit(ctx, ids[0]); err != nil {
				return err
			}
			continue
		}
		if err := m.write(ctx, rec.NewSlice(0, int64(n)), ids[:n]); err != nil {
			return err
		}
		rec, ids = rec.NewSlice(int64(n), rec.NumRows()), ids[n:]
	}
	return nil
}

func (m *merge) write(ctx context.Context, rec arrow.Record, ids []string) error {
	return eachBatch(ctx, rec, len(ids), func(b arrow.Record) error {
		some := ids[:b.NumRows()]
		ids = ids[len(some):]
		inputs, err := inputsOf(some, m.ids, m.inputs)
		if err != nil {
			return fmt.Errorf("kind %s: %w", m.maker.kind.Name, err)
		}
		return m.w.write(ctx, b, some, inputs, nil)
	})
}

// emit writes the taken rows before an id; "" means all that are left.
func (m *merge) emit(ctx context.Context, before string) error {
	for len(m.taken) > 0 && (before == "" || m.ids[m.taken[0].i] < before) {
		n := 1
		for n < len(m.taken) && m.taken[n].object == m.taken[0].object && (before == "" || m.ids[m.taken[n].i] < before) {
			n++
		}
		if err := m.emitFrom(ctx, m.taken[0].object, m.taken[:n]); err != nil {
			return err
		}
		m.taken = m.taken[n:]
	}
	return nil
}

// emitFrom writes taken rows of one object.
func (m *merge) emitFrom(ctx context.Context, object runs.Digest, rows []takenRow) error {
	if m.w == nil {
		m.w = m.e.newPartWriter(m.maker, m.fields)
	}
	columns := ownColumnsOf(m.w.fields)
	rec, err := m.e.objects.table(object, columns)
	if err != nil {
		return err
	}
	picks, ids, inputs := make([]pick, len(rows)), make([]string, len(rows)), make([]runs.Digest, len(rows))
	for k, r := range rows {
		picks[k], ids[k], inputs[k] = pick{0, r.row}, m.ids[r.i], m.inputs[r.i]
	}
	if rec, err = takeRows(rec.Schema(), []arrow.Record{rec}, picks); err != nil {
		return err
	}
	known := map[int][]runs.Digest{}
	for i, f := range m.w.fields {
		if stages.IsImage(f.Type) {
			ds, ok := digestsIn(columnOf(rec, hidden(f.Name)))
			if !ok {
				return fmt.Errorf("object %s lacks the digests of column %q", short(object), f.Name)
			}
			known[i] = ds
		}
	}
	own, err := project(rec, schemaWithID(m.w.fields))
	if err != nil {
		return err
	}
	return m.w.write(ctx, own, ids, inputs, known)
}

// ownColumnsOf lists the columns of an object that hold some fields: "id",
// their own, and the digests of pictures.
func ownColumnsOf(fields []arrow.Field) []string {
	columns := []string{idColumn}
	for _, f := range fields {
		columns = append(columns, f.Name)
		if stages.IsImage(f.Type) {
			columns = append(columns, hidden(f.Name))
		}
	}
	return columns
}

// close stores what is left. The partition has no rows when all were left out;
// fields are then those that the stage declares.
func (m *merge) close(ctx context.Context, declared []arrow.Field) (part, []arrow.Field, error) {
	if err := m.emit(ctx, ""); err != nil {
		return part{}, nil, err
	}
	if m.w == nil {
		return part{}, declared, nil
	}
	p, err := m.w.close(ctx)
	if err != nil || m.held == nil {
		return p, m.w.fields, err
	}
	return m.again(ctx, p)
}

// again merges rows that came too late into what is stored of the partition.
func (m *merge) again(ctx context.Context, p part) (part, []arrow.Field, error) {
	again := &merge{e: m.e, maker: m.maker, ids: m.ids, inputs: m.inputs, fields: m.w.fields}
	for _, d := range p.objects() {
		rec, err := m.e.objects.table(d, []string{idColumn})
		if err != nil {
			return p, nil, err
		}
		for row := range int(rec.NumRows()) {
			id := rec.Column(0).(*array.String).Value(row)
			again.taken = append(again.taken, takenRow{sort.SearchStrings(m.ids, id), d, row})
		}
	}
	late, err := concatLike(schemaWithID(m.w.fields), m.held)
	if err != nil {
		return p, nil, err
	}
	if err := again.add(ctx, late); err != nil {
		return p, nil, err
	}
	return again.close(ctx, nil)
}

// concatLike joins records whose schemas differ in metadata at most.
func concatLike(schema *arrow.Schema, recs []arrow.Record) (arrow.Record, error) {
	for i, r := range recs {
		recs[i] = array.NewRecord(schema, r.Columns(), r.NumRows())
	}
	return concatRecords(schema, recs)
}
