package engine

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/runs"
)

// A dataset is one output of type Rows: partitions in ascending id that hold
// the columns one stage wrote, over a base that holds the rest.
type dataset struct {
	schema  *arrow.Schema // "id" and every column, those of the base included
	own     map[string]arrow.Field
	base    *dataset // nil for fresh rows
	content contents // D(c), as far as it was known when the dataset was made; read by thousands of nodes at once
	passed  passed   // D(c) of columns of the base, as the record of its maker tells
	learnt  atomic.Pointer[learnt]
	rows    int
	maker   *node // whose output it is: opens its cells, recomputes streamed rows
	output  string

	manifest runs.Digest // where the partitions are listed; zero while held in memory only
	streamed bool        // own columns are recomputed, not stored
	concat   *concat     // of a list of inputs: nothing is stored but the cuts

	unfolded atomic.Pointer[unfolded]
}

// A learnt is what is found out of the columns of a dataset after it was made.
type learnt struct {
	mu      sync.Mutex
	content contents // D(c)
	version contents // of columns whose content is not known without hashing files
}

// learn makes room for what is found out.
func (d *dataset) learn() *learnt {
	if l := d.learnt.Load(); l != nil {
		return l
	}
	d.learnt.CompareAndSwap(nil, new(learnt)) // another one may be faster
	return d.learnt.Load()
}

// An unfolded is what is needed of a dataset once its rows are asked for. A plan
// looks at thousands of datasets and asks for the rows of none.
type unfolded struct {
	once  sync.Once
	parts []part
	err   error

	listing sync.Once // of the rows of a concatenation
	listed  []concatRow
	listErr error

	recipe  sync.Once
	task    *rowTask // of streamed rows: what recomputes them
	taskErr error
	bounds  []part // while rows flow in (see active): where partitions lie, those to come included

	mu     sync.Mutex
	hashes [][]uint64 // of the ids, by partition, once a stage has read them all; see has; under mu
}

// unfold makes room for what is needed once rows are asked for.
func (d *dataset) unfold() *unfolded {
	if u := d.unfolded.Load(); u != nil {
		return u
	}
	d.unfolded.CompareAndSwap(nil, new(unfolded)) // another one may be faster
	return d.unfolded.Load()
}

// growing marks a dataset whose partitions are filled in one by one.
func (d *dataset) growing(u *unfolded) *dataset {
	u.once.Do(func() {})
	d.unfolded.Store(u)
	return d
}

// bounds says where the partitions of a dataset lie whose rows flow in; nil for others.
func (d *dataset) bounds() []part {
	if u := d.unfolded.Load(); u != nil {
		return u.bounds
	}
	return nil
}

// level is the dataset of the chain of bases in which a column is stored.
func (d *dataset) level(column string) *dataset {
	for l := d; l != nil; l = l.base {
		if _, ok := l.own[column]; ok || column == idColumn {
			return l
		}
	}
	return nil
}

// holds says whether this level stores a column, hidden ones included.
func (d *dataset) holds(column string) bool {
	_, ok := d.own[strings.TrimPrefix(column, hiddenPrefix)]
	return ok
}

// partitions returns the dataset's partitions, read from the store on first
// use.
func (e *Engine) partitions(d *dataset) ([]part, error) {
	u := d.unfold()
	u.once.Do(func() {
		if d.concat != nil {
			u.parts, u.err = e.concatParts(d)
			return
		}
		if d.streamed {
			// The rows of the base, however those are cut today: a base with
			// equal content may have been cut otherwise when this was recorded.
			base, err := e.partitions(d.base)
			if err != nil {
				u.err = err
				return
			}
			for _, b := range base {
				u.parts = append(u.parts, part{Rows: b.Rows, First: b.First, Last: b.Last,
					Content: map[string]runs.Digest{idColumn: b.Content[idColumn]}})
			}
			return
		}
		if d.manifest.IsZero() {
			return
		}
		var m []part
		if u.err = e.getJSON(d.manifest, &m); u.err == nil {
			u.parts = m
		}
	})
	return u.parts, u.err
}

// readPart reads a partition: "id" and the given columns, in that order.
func (e *Engine) readPart(ctx context.Context, d *dataset, p int, columns []string) (arrow.Record, error) {
	return e.readSome(ctx, d, p, nil, columns)
}

// readSome is readPart, but where rows are recomputed it may leave out those
// that some does not name; nil names all. The ids in some ascend.
func (e *Engine) readSome(ctx context.Context, d *dataset, p int, some, columns []string) (arrow.Record, error) {
	if d.concat != nil {
		return e.readConcat(ctx, d, p, some, columns)
	}
	var own, rest []string
	for _, c := range columns {
		if d.holds(c) {
			own = append(own, c)
		} else {
			rest = append(rest, c)
		}
	}
	if d.streamed && len(own) == 0 {
		return e.readSome(ctx, d.base, p, some, columns) // a streamed stage keeps rows and cuts
	}
	rec, err := e.readOwn(ctx, d, p, some, own)
	if err != nil || len(rest) == 0 {
		return rec, err
	}
	if d.base == nil {
		return nil, fmt.Errorf("no column %q", rest[0])
	}
	ids, err := idsOf(rec)
	if err != nil {
		return nil, err
	}
	if some != nil && len(some) < len(ids) {
		picks := make([]pick, 0, len(some))
		for i, id := range ids {
			if _, ok := slices.BinarySearch(some, id); ok {
				picks = append(picks, pick{0, i})
			}
		}
		if rec, err = takeRows(rec.Schema(), []arrow.Record{rec}, picks); err != nil {
			return nil, err
		}
		if ids, err = idsOf(rec); err != nil {
			return nil, err
		}
	}
	other, err := e.readIDs(ctx, d.base, ids, rest)
	if err != nil {
		return nil, err
	}
	fields := []arrow.Field{idField}
	cols := []arrow.Array{rec.Column(0)}
	for _, c := range columns {
		from := rec
		if !d.holds(c) {
			from = other
		}
		i := from.Schema().FieldIndices(c)[0]
		fields = append(fields, from.Schema().Field(i))
		cols = append(cols, from.Column(i))
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), cols, rec.NumRows()), nil
}

// readObject reads "id" and own columns of a partition.
func (e *Engine) readObject(ctx context.Context, d *dataset, p int, own []string) (arrow.Record, error) {
	return e.readOwn(ctx, d, p, nil, own)
}

// readOwn is readSome for own columns.
func (e *Engine) readOwn(ctx context.Context, d *dataset, p int, some, own []string) (arrow.Record, error) {
	parts, err := e.partitions(d)
	switch {
	case err != nil:
		return nil, err
	case d.streamed && len(own) == 0:
		return e.readPart(ctx, d.base, p, nil)
	case d.streamed:
		return e.recompute(ctx, d, p, some, own)
	}
	return e.readObjects(parts[p], some, own)
}

// readIDs reads rows by id: ids ascend and each is in the dataset.
func (e *Engine) readIDs(ctx context.Context, d *dataset, ids []string, columns []string) (arrow.Record, error) {
	parts, err := e.partitions(d)
	if err != nil {
		return nil, err
	}
	var recs []arrow.Record
	var picks []pick
	for len(ids) > 0 {
		p, n := d.find(parts, ids)
		if p == len(parts) {
			return nil, fmt.Errorf("row %q is not in its base", ids[0])
		}
		rec, err := e.readSome(ctx, d, p, ids[:n], columns)
		if err != nil {
			return nil, err
		}
		have, err := idsOf(rec)
		if err != nil {
			return nil, err
		}
		row := 0
		for _, id := range ids[:n] {
			for row < len(have) && have[row] < id {
				row++
			}
			if row == len(have) || have[row] != id {
				return nil, fmt.Errorf("row %q is not in its base", id)
			}
			picks = append(picks, pick{len(recs), row})
		}
		recs = append(recs, rec)
		ids = ids[n:]
	}
	if len(recs) == 0 {
		fields, err := d.fields(columns)
		if err != nil {
			return nil, err
		}
		return takeRows(schemaWithID(fields), nil, nil)
	}
	return takeRows(recs[0].Schema(), recs, picks)
}

// find is the partition that may hold the first of some ascending ids, and how
// many of them lie in its range.
func (d *dataset) find(parts []part, ids []string) (p, n int) {
	if bounds := d.bounds(); bounds != nil {
		parts = bounds
	}
	p = sort.Search(len(parts), func(i int) bool { return parts[i].Last >= ids[0] })
	if p == len(parts) {
		return p, 0
	}
	return p, sort.Search(len(ids), func(i int) bool { return ids[i] > parts[p].Last })
}

// fields returns the fields of the named columns.
func (d *dataset) fields(columns []string) ([]arrow.Field, error) {
	fs := make([]arrow.Field, len(columns))
	for i, c := range columns {
		at := d.schema.FieldIndices(c)
		if len(at) != 1 {
			return nil, fmt.Errorf("no column %q", c)
		}
		fs[i] = d.schema.Field(at[0])
	}
	return fs, nil
}

// hidden is the column beside an image column of pixels that holds d(v), so
// that content ids need no decoding.
func hidden(column string) string { return hiddenPrefix + column }

const hiddenPrefix = "_d."

// inputColumn holds, beside row-wise output, the digest of each row's input.
const inputColumn = "_in"

func (d *dataset) columnType(column string) arrow.DataType {
	if column == idColumn {
		return idField.Type
	}
	return d.schema.Field(d.schema.FieldIndices(column)[0]).Type
}
