package manifest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs/table"
)

// Names of the two files.
const (
	JSONL   = "manifest.jsonl"
	Parquet = "manifest.parquet"
)

// Write writes both files into a folder, and ".rows", which is gone when it is
// done; what lies there of an earlier call that was cut off is replaced. rows calls its argument with records
// of the schema in the manifest's order, and must do so alike each time it is
// called: once for each file. Rows, sets and root of the header are filled in.
func Write(dir string, h Header, schema *arrow.Schema, rows func(func(arrow.Record) error) error) (Header, error) {
	h.Manifest, h.Sets, h.Rows = Version, []Set{}, 0
	body, err := os.Create(filepath.Join(dir, ".rows"))
	if err != nil {
		return h, err
	}
	defer os.Remove(body.Name())
	defer body.Close()
	var tree Tree
	w := bufio.NewWriterSize(body, 1<<20)
	output := schema.FieldIndices("output")[0]
	err = rows(func(rec arrow.Record) error {
		for i := range int(rec.NumRows()) {
			text, err := Line(rec, i)
			if err != nil {
				return err
			}
			tree.Add(text)
			if set := rec.Column(output).ValueStr(i); h.Rows == 0 || h.Sets[len(h.Sets)-1].Output != set {
				h.Sets = append(h.Sets, Set{Output: set})
			}
			h.Sets[len(h.Sets)-1].Rows++
			h.Rows++
			if _, err := w.Write(append(text, '\n')); err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, w.Flush()); err != nil {
		return h, err
	}
	h.Root = tree.Root()
	if err := writeLines(filepath.Join(dir, JSONL), h, body); err != nil {
		return h, err
	}
	return h, writeParquet(filepath.Join(dir, Parquet), h, schema, rows)
}

func writeLines(path string, h Header, body *os.File) error {
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	head, err := line(h)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(head)
	if err == nil {
		_, err = io.Copy(f, body)
	}
	return errors.Join(err, f.Close())
}

func writeParquet(path string, h Header, schema *arrow.Schema, rows func(func(arrow.Record) error) error) error {
	head, err := json.Marshal(h)
	if err != nil {
		return err
	}
	meta := arrow.NewMetadata([]string{Key}, []string{string(head)})
	schema = arrow.NewSchema(schema.Fields(), &meta)
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w, err := table.NewWriter(f, schema, table.Options{})
	if err != nil {
		return errors.Join(err, f.Close())
	}
	err = rows(w.Write)
	return errors.Join(err, w.Close(), f.Close())
}

// Line is a row as JSON, its keys in the order of the columns, missing values
// left out.
func Line(rec arrow.Record, i int) ([]byte, error) {
	b := []byte{'{'}
	for k, col := range rec.Columns() {
		if col.IsNull(i) {
			continue
		}
		name, err := line(rec.ColumnName(k))
		if err != nil {
			return nil, err
		}
		value, err := line(col.GetOneForMarshal(i))
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", rec.ColumnName(k), err)
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, name[:len(name)-1]...), ':'), value[:len(value)-1]...)
	}
	return append(b, '}'), nil
}
