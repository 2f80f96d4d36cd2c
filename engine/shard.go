package engine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs/table"
)

// shardBytes is about how large an exported Parquet file grows unless Options
// say otherwise.
const shardBytes = 256 << 20

// Shards says how far the files of an export have come.
type Shards struct{ Rows, Files int }

// A shardWriter writes records to files of about shardBytes. Where one ends
// follows from its rows alone, so an export that goes on behind a whole file
// writes what it would have written undisturbed.
type shardWriter struct {
	dir    string
	schema *arrow.Schema
	limit  int                // bytes of a file
	done   Shards             // whole files
	keep   func(Shards) error // told of each
	file   *os.File
	table  *table.Writer
	rows   int
	size   int
}

func (w *shardWriter) name(i int) string {
	return filepath.Join(w.dir, fmt.Sprintf("part-%05d.parquet", i))
}

func (w *shardWriter) write(rec arrow.Record) error {
	from := 0
	for i := range int(rec.NumRows()) {
		for _, c := range rec.Columns() {
			w.size += arrayBytes(c, i, i+1)
		}
		if w.size < w.limit {
			continue
		}
		if err := w.add(rec.NewSlice(int64(from), int64(i+1))); err != nil {
			return err
		}
		from = i + 1
		if err := w.close(); err != nil {
			return err
		}
	}
	if from == int(rec.NumRows()) && from > 0 {
		return nil
	}
	return w.add(rec.NewSlice(int64(from), rec.NumRows()))
}

// add adds rows to the open file.
func (w *shardWriter) add(rec arrow.Record) error {
	defer rec.Release()
	if w.table == nil {
		f, err := os.Create(w.name(w.done.Files))
		if err != nil {
			return err
		}
		w.file = f
		if w.table, err = table.NewWriter(io.Writer(f), w.schema, table.Options{}); err != nil {
			return err
		}
	}
	w.rows += int(rec.NumRows())
	return w.table.Write(rec)
}

// close ends the open file.
func (w *shardWriter) close() error {
	if w.table == nil {
		return nil
	}
	err := errors.Join(w.table.Close(), w.file.Close())
	if err != nil {
		return err
	}
	w.done.Rows, w.done.Files = w.done.Rows+w.rows, w.done.Files+1
	w.table, w.file, w.rows, w.size = nil, nil, 0, 0
	return w.keep(w.done)
}

// abandon leaves the open file as it is.
func (w *shardWriter) abandon() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}

// rename gives the files their final names, which say how many there are. Some
// may have them already, of an export that was stopped here.
func (w *shardWriter) rename() ([]string, error) {
	if w.done.Files == 0 { // no rows: one empty table, so that the schema is there
		if err := w.add(array.NewRecord(w.schema, emptyColumns(w.schema), 0)); err != nil {
			return nil, err
		}
		if err := w.close(); err != nil {
			return nil, err
		}
	}
	var names []string
	for i := range w.done.Files {
		name := fmt.Sprintf("data-%05d-of-%05d.parquet", i, w.done.Files)
		err := os.Rename(w.name(i), filepath.Join(w.dir, name))
		if _, had := os.Stat(filepath.Join(w.dir, name)); err != nil && had != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

func emptyColumns(s *arrow.Schema) []arrow.Array {
	cols := make([]arrow.Array, s.NumFields())
	for i, f := range s.Fields() {
		b := array.NewBuilder(memory.DefaultAllocator, f.Type)
		cols[i] = b.NewArray()
		b.Release()
	}
	return cols
}
