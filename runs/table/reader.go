package table

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/parquet-go/parquet-go"
)

// A Reader reads a Parquet file row group by row group. It is not safe for concurrent
// use.
type Reader struct {
	file    *parquet.File
	nodes   []*node
	schema  *arrow.Schema
	skipped []error
	mem     memory.Allocator
	next    int // row group
}

// Open reads the footer of a Parquet file of size bytes. Columns are top-level names,
// in the order wanted; nil asks for all that can be read. The caller keeps r open
// while it reads.
//
// An error is a file that is not Parquet or is damaged, or a column that the file lacks
// or whose type is not supported.
func Open(r io.ReaderAt, size int64, columns []string, mem memory.Allocator) (t *Reader, err error) {
	defer catch(&err, "read a table")
	file, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("read a table: %w", err)
	}
	var stored *arrow.Schema
	if text, ok := file.Lookup(arrowSchemaKey); ok {
		// A schema that does not decode only costs its refinements.
		stored, _ = decodeArrowSchema(text)
	}
	nodes, skipped := planFields(file, stored)
	t = &Reader{file: file, mem: mem, nodes: nodes}
	if columns == nil {
		for _, c := range file.Root().Columns() {
			if err := skipped[c.Name()]; err != nil {
				t.skipped = append(t.skipped, err)
			}
		}
	} else if t.nodes, err = choose(nodes, skipped, columns); err != nil {
		return nil, fmt.Errorf("read a table: %w", err)
	}
	fields := make([]arrow.Field, len(t.nodes))
	for i, n := range t.nodes {
		fields[i] = n.field
	}
	meta := fileMetadata(file, stored)
	t.schema = arrow.NewSchema(fields, &meta)
	return t, nil
}

func choose(nodes []*node, skipped map[string]error, columns []string) ([]*node, error) {
	var chosen []*node
	for _, name := range columns {
		i := slices.IndexFunc(nodes, func(n *node) bool { return n.field.Name == name })
		if i < 0 {
			if err := skipped[name]; err != nil {
				return nil, err
			}
			var known []string
			for _, n := range nodes {
				known = append(known, n.field.Name)
			}
			return nil, fmt.Errorf("there is no column %q; there are %q", name, known)
		}
		chosen = append(chosen, nodes[i])
	}
	return chosen, nil
}

// fileMetadata returns the metadata of the stored schema, or else the file's.
func fileMetadata(file *parquet.File, stored *arrow.Schema) arrow.Metadata {
	if stored != nil {
		return stored.Metadata()
	}
	var keys, values []string
	for _, kv := range file.Metadata().KeyValueMetadata {
		if kv.Key != arrowSchemaKey {
			keys, values = append(keys, kv.Key), append(values, kv.Value)
		}
	}
	return arrow.NewMetadata(keys, values)
}

// Schema returns the schema of the records that Next returns.
func (t *Reader) Schema() *arrow.Schema { return t.schema }

// NumRows returns the number of rows of the file.
func (t *Reader) NumRows() int64 { return t.file.NumRows() }

// Skipped says which columns are left out because their types are not supported.
func (t *Reader) Skipped() []error { return t.skipped }

// Next returns the rows of the next row group, or io.EOF. The caller releases the
// record.
func (t *Reader) Next() (rec arrow.Record, err error) {
	groups := t.file.RowGroups()
	if t.next >= len(groups) {
		return nil, io.EOF
	}
	rec, err = t.read(t.next, t.next+1)
	if err != nil {
		return nil, fmt.Errorf("read a table: row group %d: %w", t.next, err)
	}
	t.next++
	return rec, nil
}

// read returns the rows of the row groups [from, to) as one record.
func (t *Reader) read(from, to int) (rec arrow.Record, err error) {
	defer catch(&err, "damaged")
	b := &builder{mem: t.mem, columns: map[int]*collector{}}
	var arrays []arrow.Array
	defer func() {
		for _, a := range arrays {
			a.Release()
		}
	}()
	rows := int64(0)
	for _, g := range t.file.RowGroups()[from:to] {
		rows += g.NumRows()
	}
	for _, n := range t.nodes {
		if err := t.collect(b, n, from, to); err != nil {
			return nil, fmt.Errorf("column %s: %w", n.field.Name, err)
		}
		d, err := b.build(n)
		if err != nil {
			return nil, err
		}
		a := array.MakeFromData(d)
		d.Release()
		arrays = append(arrays, a)
		clear(b.columns)
		if int64(a.Len()) != rows {
			return nil, fmt.Errorf("column %s has %d rows, want %d", n.field.Name, a.Len(), rows)
		}
	}
	return array.NewRecord(t.schema, arrays, rows), nil
}

// collect gathers the Parquet columns below n.
func (t *Reader) collect(b *builder, n *node, from, to int) error {
	if len(n.children) > 0 {
		for _, c := range n.children {
			if err := t.collect(b, c, from, to); err != nil {
				return err
			}
		}
		return nil
	}
	k := newCollector(t.leafColumn(n.column))
	for i, g := range t.file.RowGroups()[from:to] {
		meta := t.file.Metadata().RowGroups[from+i].Columns[n.column].MetaData
		if err := k.add(g.ColumnChunks()[n.column], g.NumRows(), meta.TotalUncompressedSize); err != nil {
			return err
		}
	}
	b.columns[n.column] = k
	return nil
}

func (t *Reader) leafColumn(index int) *parquet.Column {
	var find func(c *parquet.Column) *parquet.Column
	find = func(c *parquet.Column) *parquet.Column {
		if c.Leaf() {
			if c.Index() == index {
				return c
			}
			return nil
		}
		for _, child := range c.Columns() {
			if found := find(child); found != nil {
				return found
			}
		}
		return nil
	}
	return find(t.file.Root())
}

// Read returns a whole file as one record, which the caller releases. Columns and
// errors are as for Open.
func Read(data []byte, columns []string, mem memory.Allocator) (arrow.Record, error) {
	t, err := Open(bytes.NewReader(data), int64(len(data)), columns, mem)
	if err != nil {
		return nil, err
	}
	rec, err := t.read(0, len(t.file.RowGroups()))
	if err != nil {
		return nil, fmt.Errorf("read a table: %w", err)
	}
	return rec, nil
}
