package table

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/parquet-go/parquet-go"
)

// A Writer writes one Parquet file. It is not safe for concurrent use.
type Writer struct {
	schema *arrow.Schema
	o      Options
	//lint:ignore SA1019 the generic writer wants a Go type, and columns of Arrow have none
	file   *parquet.Writer
	leaves []*leaf
	pages  []int64 // bytes of values in the open page of each leaf

	groupRows  int
	groupBytes int64
	closed     bool
	err        error
}

// NewWriter starts a file that holds records of the given schema. The schema's
// metadata becomes that of the file, where pyarrow and Hugging Face datasets find it.
//
// An error names the column whose type or options cannot be stored.
func NewWriter(w io.Writer, schema *arrow.Schema, o Options) (*Writer, error) {
	if err := o.validate(schema); err != nil {
		return nil, fmt.Errorf("write a table: %w", err)
	}
	o = o.withDefaults()
	form, err := parquetSchema(schema, o)
	if err != nil {
		return nil, fmt.Errorf("write a table: %w", err)
	}
	text, err := encodeArrowSchema(schema)
	if err != nil {
		return nil, fmt.Errorf("write a table: %w", err)
	}
	options := []parquet.WriterOption{
		form,
		// parquet-go's own depends on how the program was built.
		parquet.CreatedBy("shiftmill", "1", "parquet-go"), parquet.DataPageStatistics(false),
		parquet.KeyValueMetadata(arrowSchemaKey, text),
		// Pages end where writeRows says: its count of bytes is never below that of
		// parquet-go, which ends a page by itself at 0.98 of this size.
		parquet.PageBufferSize(int(o.PageBytes + o.PageBytes/32 + 64)),
		parquet.MaxRowsPerRowGroup(int64(o.RowGroupRows)), parquet.DictionaryMaxBytes(dictionaryBytes),
	}
	meta := schema.Metadata()
	for i, k := range meta.Keys() {
		if k != arrowSchemaKey {
			options = append(options, parquet.KeyValueMetadata(k, meta.Values()[i]))
		}
	}
	for _, path := range form.Columns() {
		if leaf, ok := form.Lookup(path...); ok && unbounded(leaf.Node.Type()) {
			// A bound copies whole values: images would be in the file twice.
			options = append(options, parquet.SkipPageBounds(path...))
		}
	}
	leaves := leavesOf(schema)
	return &Writer{
		schema: schema, o: o, file: parquet.NewWriter(w, options...),
		leaves: leaves, pages: make([]int64, len(leaves)),
	}, nil
}

// unbounded reports whether bounds of a column would be of no use and large.
func unbounded(t parquet.Type) bool {
	switch t.Kind() {
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return t.LogicalType() == nil
	}
	return false
}

// maxValues bounds the values that are held as Parquet values at a time, 24 bytes
// each; only a single row may exceed it.
const maxValues = 1 << 16

// Write appends the rows of a record, which the caller keeps. The schema must be the
// writer's, metadata aside. After an error the file is of no use.
func (w *Writer) Write(rec arrow.Record) error {
	if w.closed {
		return errors.New("write a table: it is closed")
	}
	if w.err == nil {
		w.err = w.write(rec)
	}
	return w.err
}

func (w *Writer) write(rec arrow.Record) (err error) {
	if !sameFields(rec.Schema(), w.schema) {
		return fmt.Errorf("write a table: the record has the schema %s, want %s", rec.Schema(), w.schema)
	}
	defer catch(&err, "write a table")
	rows := int(rec.NumRows())
	step := 1
	for from := 0; from < rows; {
		to := min(from+step, rows)
		most := 0
		for _, l := range w.leaves {
			if err := l.load(rec, from, to); err != nil {
				return fmt.Errorf("write a table: %w", err)
			}
			most = max(most, len(l.values))
		}
		if err := w.writeRows(to - from); err != nil {
			return fmt.Errorf("write a table: %w", err)
		}
		// Rows of a table are alike, so the next step goes by this one.
		step = max(1, min(4096, maxValues*(to-from)/max(most, 1)))
		from = to
	}
	return nil
}

func sameFields(a, b *arrow.Schema) bool {
	if len(a.Fields()) != len(b.Fields()) {
		return false
	}
	for i, f := range a.Fields() {
		g := b.Field(i)
		if f.Name != g.Name || f.Nullable != g.Nullable || !arrow.TypeEqual(f.Type, g.Type) {
			return false
		}
	}
	return true
}

// writeRows hands the loaded rows to the columns, ending pages and row groups by what
// the rows hold alone.
func (w *Writer) writeRows(rows int) error {
	at := make([]int, len(w.leaves))      // next value to look at
	written := make([]int, len(w.leaves)) // next value to hand over
	for range rows {
		for i, l := range w.leaves {
			before := w.pages[i]
			at[i] = l.rowEnd(at[i], &w.pages[i])
			w.groupBytes += w.pages[i] - before
			if w.pages[i] >= w.o.PageBytes {
				if err := w.flushPage(i, &written[i], at[i], true); err != nil {
					return err
				}
			}
		}
		w.groupRows++
		if w.groupRows < w.o.RowGroupRows && w.groupBytes < w.o.RowGroupBytes {
			continue
		}
		for i := range w.leaves {
			if err := w.flushPage(i, &written[i], at[i], true); err != nil {
				return err
			}
		}
		if err := w.file.Flush(); err != nil {
			return err
		}
		w.groupRows, w.groupBytes = 0, 0
	}
	for i := range w.leaves {
		if err := w.flushPage(i, &written[i], at[i], false); err != nil {
			return err
		}
	}
	return nil
}

// rowEnd returns the index after the row that begins at i, and adds its bytes to size.
func (l *leaf) rowEnd(i int, size *int64) int {
	*size += int64(l.sizes[i])
	for i++; i < len(l.values) && l.values[i].RepetitionLevel() > 0; i++ {
		*size += int64(l.sizes[i])
	}
	return i
}

// flushPage hands values up to end over to a column, and ends its page if asked to.
func (w *Writer) flushPage(i int, written *int, end int, page bool) error {
	c := w.file.ColumnWriters()[i]
	if *written < end {
		if _, err := c.WriteRowValues(w.leaves[i].values[*written:end]); err != nil {
			return fmt.Errorf("column %s: %w", w.leaves[i].name, err)
		}
		*written = end
	}
	if !page {
		return nil
	}
	w.pages[i] = 0
	if err := c.Flush(); err != nil {
		return fmt.Errorf("column %s: %w", w.leaves[i].name, err)
	}
	return nil
}

// Close writes what is left and the footer. It does not close the underlying writer.
func (w *Writer) Close() (err error) {
	if w.closed || w.err != nil {
		return w.err
	}
	w.closed = true
	defer catch(&err, "write a table")
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("write a table: %w", err)
	}
	return nil
}

// catch turns a panic of parquet-go, which it raises on bad input, into an error.
func catch(err *error, what string) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s: %v", what, p)
	}
}
