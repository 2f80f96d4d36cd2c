package engine

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/runs"
	"shiftmill/runs/table"
	"shiftmill/stages"
)

// A partWriter stores one partition from rows that come in ascending id. It
// holds what is not stored yet, about batchBytes, and the digests so far.
type partWriter struct {
	e     *Engine
	maker *node
	p     part

	fields  []arrow.Field // own columns, as first written
	content []*contentHash
	whole   []*contentHash // of a whole output, which this partition adds to; nil where nobody wants them
	unknown []bool         // by own column: files stand behind it, whose content ids are found on demand
	hidden  []bool         // by own column: d(v) is stored beside it

	schema  *arrow.Schema // of the objects
	pending []arrow.Record
	bytes   int
	first   string // id of the first pending row
}

// newPartWriter starts a partition whose columns are "id" and fields.
func (e *Engine) newPartWriter(maker *node, fields []arrow.Field) *partWriter {
	w := &partWriter{e: e, maker: maker, fields: fields, p: part{Content: map[string]runs.Digest{}},
		content: make([]*contentHash, 1+len(fields)), unknown: make([]bool, len(fields)), hidden: make([]bool, len(fields))}
	w.content[0] = newContentHash(idField.Type)
	for i, f := range fields {
		w.content[1+i] = newContentHash(f.Type)
	}
	return w
}

// write adds rows. rec holds "id" and the own columns; inputs, if not nil, are
// the digests of the rows' inputs. known are digests by own column that cannot
// be told from the cells any more, of rows that were stored before.
func (w *partWriter) write(ctx context.Context, rec arrow.Record, ids []string, inputs []runs.Digest, known map[int][]runs.Digest) error {
	if len(ids) == 0 {
		return nil
	}
	if w.p.Rows == 0 {
		w.p.First = strings.Clone(ids[0]) // not the record that it lies in
	} else if ids[0] <= w.p.Last {
		return fmt.Errorf("row %q comes after row %q", ids[0], w.p.Last) // the caller's mistake
	}
	w.p.Rows += len(ids)
	w.p.Last = strings.Clone(ids[len(ids)-1])
	idDigests, err := valueDigests(rec.Column(0))
	if err != nil {
		return err
	}
	w.digests(0, ids, idDigests)
	fields, cols := []arrow.Field{idField}, []arrow.Array{rec.Column(0)}
	for i, f := range w.fields {
		col := rec.Column(1 + i)
		ds := known[i]
		switch {
		case stages.IsImage(f.Type):
			if col, ds, err = w.images(ctx, i, col, ds); err != nil {
				return fmt.Errorf("column %q: %w", f.Name, err)
			}
		case ds == nil:
			if ds, err = valueDigests(col); err != nil {
				return fmt.Errorf("column %q: %w", f.Name, err)
			}
		}
		fields, cols = append(fields, f), append(cols, col)
		if ds == nil {
			w.unknown[i] = true
			continue
		}
		w.digests(1+i, ids, ds)
		if w.hidden[i] {
			fields = append(fields, arrow.Field{Name: hidden(f.Name), Type: digestType})
			cols = append(cols, digestColumn(ds))
		}
	}
	if inputs != nil {
		fields = append(fields, arrow.Field{Name: inputColumn, Type: digestType})
		cols = append(cols, digestColumn(inputs))
	}
	if w.schema == nil {
		w.schema = arrow.NewSchema(fields, nil)
	}
	stored := array.NewRecord(w.schema, cols, rec.NumRows())
	if len(w.pending) == 0 {
		w.first = strings.Clone(ids[0])
	}
	w.pending = append(w.pending, stored)
	if w.bytes += recordBytes(stored); w.bytes >= batchBytes {
		return w.flush(ctx)
	}
	return nil
}

// digests adds d(v) of a column's rows to its content ids.
func (w *partWriter) digests(column int, ids []string, ds []runs.Digest) {
	if w.whole == nil {
		addRows(ids, ds, w.content[column])
		return
	}
	addRows(ids, ds, w.content[column], w.whole[column])
}

// images encodes the cells of own column i. Whether their digests are stored
// beside them, since they stood for pixels, the first rows decide.
func (w *partWriter) images(ctx context.Context, i int, col arrow.Array, known []runs.Digest) (arrow.Array, []runs.Digest, error) {
	stored, ds, err := w.e.storeImages(ctx, w.maker, col)
	if err != nil {
		return nil, nil, err
	}
	if known != nil {
		ds = known
	}
	pictures := ds != nil && !hasReferences(col)
	switch {
	case w.schema == nil:
		w.hidden[i] = pictures
	case pictures && !w.hidden[i] && col.NullN() < col.Len(), ds == nil && w.hidden[i]:
		return nil, nil, fmt.Errorf("kind %s mixes pixels and references in one partition", w.maker.kind.Name)
	}
	return stored, ds, nil
}

// hasReferences says whether a column of images names files or recipes.
func hasReferences(col arrow.Array) bool {
	for i := range col.Len() {
		if col.IsValid(i) && isReference(stages.Image(col, i)) {
			return true
		}
	}
	return false
}

// flush stores the pending rows as an object.
func (w *partWriter) flush(ctx context.Context) error {
	if len(w.pending) == 0 {
		return nil
	}
	d, _, err := w.e.store.Put(ctx, func(out io.Writer) error {
		t, err := table.NewWriter(out, w.schema, table.Options{Encoding: table.Fit(w.pending...)})
		if err != nil {
			return err
		}
		for i, rec := range w.pending {
			if err := t.Write(rec); err != nil {
				return err
			}
			w.pending[i] = nil
		}
		return t.Close()
	})
	if err != nil {
		return err
	}
	if w.p.Object.IsZero() {
		w.p.Object = d
	} else {
		w.p.More = append(w.p.More, chunk{d, w.first})
	}
	w.pending, w.bytes = nil, 0
	return nil
}

// close stores what is left and returns the partition with P(c) of its columns.
func (w *partWriter) close(ctx context.Context) (part, error) {
	if err := w.flush(ctx); err != nil {
		return w.p, err
	}
	w.p.Content[idColumn] = w.content[0].sum()
	for i, f := range w.fields {
		if w.unknown[i] {
			continue
		}
		w.p.Content[f.Name] = w.content[1+i].sum()
		if w.hidden[i] {
			w.p.Content[hidden(f.Name)] = w.p.Content[f.Name]
		}
	}
	return w.p, nil
}
