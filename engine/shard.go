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

// shardBytes is about how large an exported Parquet file grows.
const shardBytes = 256 << 20

// A shardWriter writes records to files of about shardBytes.
type shardWriter struct {
	dir    string
	schema *arrow.Schema
	n      int
	file   *os.File
	table  *table.Writer
	size   int
}

func (w *shardWriter) name(i int) string {
	return filepath.Join(w.dir, fmt.Sprintf("part-%05d.parquet", i))
}

func (w *shardWriter) write(rec arrow.Record) error {
	if w.table == nil {
		f, err := os.Create(w.name(w.n))
		if err != nil {
			return err
		}
		w.file, w.size = f, 0
		if w.table, err = table.NewWriter(io.Writer(f), w.schema, table.Options{}); err != nil {
			return err
		}
		w.n++
	}
	w.size += recordBytes(rec)
	if err := w.table.Write(rec); err != nil {
		return err
	}
	if w.size >= shardBytes {
		return w.close()
	}
	return nil
}

func (w *shardWriter) close() error {
	if w.table == nil {
		return nil
	}
	err := errors.Join(w.table.Close(), w.file.Close())
	w.table, w.file = nil, nil
	return err
}

// rename gives the files their final names, which say how many there are.
func (w *shardWriter) rename() ([]string, error) {
	if w.n == 0 { // no rows: one empty table, so that the schema is there
		if err := w.write(array.NewRecord(w.schema, emptyColumns(w.schema), 0)); err != nil {
			return nil, err
		}
		if err := w.close(); err != nil {
			return nil, err
		}
	}
	var names []string
	for i := range w.n {
		name := fmt.Sprintf("data-%05d-of-%05d.parquet", i, w.n)
		if err := os.Rename(w.name(i), filepath.Join(w.dir, name)); err != nil {
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
