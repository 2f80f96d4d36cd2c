package manifest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs/table"
)

// A Row is what all readers of a manifest want of a row.
type Row struct {
	ID     string `json:"id"`
	Output string `json:"output"`
	Path   string `json:"path"`
	Offset *int64 `json:"offset"`
	Size   *int64 `json:"size"`
	SHA256 string `json:"sha256"`
	Line   []byte `json:"-"` // as the Merkle tree takes it
}

// Read calls f with every row of a manifest, either file, and returns its
// header.
func Read(path string, f func(Row) error) (Header, error) {
	file, err := os.Open(path)
	if err != nil {
		return Header{}, err
	}
	defer file.Close()
	magic := make([]byte, 4)
	if _, err := io.ReadFull(file, magic); err != nil {
		return Header{}, fmt.Errorf("%s is no manifest: %w", path, err)
	}
	read := readLines
	if bytes.Equal(magic, []byte("PAR1")) {
		read = readParquet
	}
	h, err := read(file, f)
	if err != nil {
		return h, fmt.Errorf("manifest %s: %w", path, err)
	}
	return h, nil
}

func (h *Header) parse(text []byte) error {
	if err := json.Unmarshal(text, h); err != nil {
		return fmt.Errorf("it is no manifest: its header is no JSON object: %w", err)
	}
	if h.Manifest != Version {
		return fmt.Errorf("its format is %d, and this program reads %d", h.Manifest, Version)
	}
	return nil
}

func readLines(file *os.File, f func(Row) error) (h Header, err error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return h, err
	}
	r := bufio.NewReaderSize(file, 1<<20)
	for n := 1; ; n++ {
		text, err := r.ReadBytes('\n')
		if err == io.EOF && len(text) == 0 {
			if n == 1 {
				return h, errors.New("it is empty")
			}
			return h, nil
		}
		if err != nil {
			return h, fmt.Errorf("line %d is cut off", n)
		}
		text = text[:len(text)-1]
		if n == 1 {
			if err := h.parse(text); err != nil {
				return h, err
			}
			continue
		}
		row := Row{Line: text}
		if err := json.Unmarshal(text, &row); err != nil {
			return h, fmt.Errorf("line %d: %w", n, err)
		}
		if err := f(row); err != nil {
			return h, err
		}
	}
}

func readParquet(file *os.File, f func(Row) error) (h Header, err error) {
	info, err := file.Stat()
	if err != nil {
		return h, err
	}
	t, err := table.Open(file, info.Size(), nil, memory.DefaultAllocator)
	if err != nil {
		return h, err
	}
	meta := t.Schema().Metadata()
	at := meta.FindKey(Key)
	if at < 0 {
		return h, errors.New("the file has no header: it is no manifest")
	}
	if err := h.parse([]byte(meta.Values()[at])); err != nil {
		return h, err
	}
	for {
		rec, err := t.Next()
		if err == io.EOF {
			return h, nil
		}
		if err != nil {
			return h, err
		}
		err = eachRow(rec, f)
		rec.Release()
		if err != nil {
			return h, err
		}
	}
}

func eachRow(rec arrow.Record, f func(Row) error) error {
	text := func(name string, i int) string {
		at := rec.Schema().FieldIndices(name)
		if len(at) == 0 || rec.Column(at[0]).IsNull(i) {
			return ""
		}
		return rec.Column(at[0]).ValueStr(i)
	}
	number := func(name string, i int) *int64 {
		at := rec.Schema().FieldIndices(name)
		if len(at) == 0 || rec.Column(at[0]).IsNull(i) {
			return nil
		}
		n, ok := rec.Column(at[0]).(*array.Int64)
		if !ok {
			return nil
		}
		v := n.Value(i)
		return &v
	}
	for i := range int(rec.NumRows()) {
		full, err := Line(rec, i)
		if err != nil {
			return err
		}
		row := Row{ID: text("id", i), Output: text("output", i), Path: text("path", i), Offset: number("offset", i),
			Size: number("size", i), SHA256: text("sha256", i), Line: full}
		if err := f(row); err != nil {
			return err
		}
	}
	return nil
}
