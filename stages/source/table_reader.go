package source

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// A tableReader reads one table. Its columns are text, or int64, float64,
// bool and time as timeType where the format has types of its own.
type tableReader interface {
	// Fields are the columns; of texts also what they are inferred to mean.
	Fields() []tableField
	// Skipped are the columns that a source cannot hold.
	Skipped() []skippedColumn
	// Each calls f with runs of rows. line gives a row's place in the file.
	// bad is told of rows that cannot be read at all; its error ends the reading.
	Each(ctx context.Context, bad func(line int64, reason string) error, f func(rec arrow.Record, line []int64) error) error
	Close() error
}

type tableField struct {
	name     string
	typ      arrow.DataType
	inferred TableType // of a text column whose format tells numbers from text
	embedded bool      // the column holds pictures; its texts are references to them
	lists    bool      // the column holds lists of texts, as JSON has them, which are to be labels
	null     bool      // the table says that the column holds nothing, so that another may say of what type
	instant  bool      // the column holds times of UTC, which another zone shows otherwise
}

// A skippedColumn is one that a source cannot hold; of a column without a name holds says which it is.
type skippedColumn struct{ name, holds string }

// tableBatch is how many rows a reader hands over at once.
const tableBatch = 8192

// openTable opens a table and reads its header.
func openTable(root, name string, c *Table) (tableReader, error) {
	format := c.Format
	if format == "" {
		var ok bool
		if format, ok = formatOf(name); !ok {
			return nil, fmt.Errorf("%s: its ending says nothing of its format: set format", name)
		}
	}
	f, err := os.Open(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return nil, relativeTo(root, err)
	}
	var r tableReader
	var text *textFile
	switch format {
	case "csv", "tsv", "jsonl":
		if text, err = openText(f, name); err != nil {
			break
		}
		switch format {
		case "csv":
			r, err = newCSV(text, ',', c)
		case "tsv":
			r, err = newCSV(text, '\t', c)
		default:
			r, err = newJSONL(text, sortedKeys(c.Types), c.Label.column)
		}
	case "parquet":
		r, err = newParquet(f, name, c.Image, c.Label.column)
	case "arrow":
		r, err = newArrowIPC(f, name, c.Image, c.Label.column)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return withFolders(r, name), nil
}

// formatOf is the format that a table's ending says; text may be packed with gzip.
func formatOf(name string) (string, bool) {
	if packed(name) {
		format, ok := formatOf(strings.TrimSuffix(name, path.Ext(name)))
		return format, ok && (format == "csv" || format == "tsv" || format == "jsonl")
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv", ".txt":
		return "csv", true
	case ".tsv", ".tab":
		return "tsv", true
	case ".jsonl", ".ndjson":
		return "jsonl", true
	case ".parquet":
		return "parquet", true
	case ".arrow", ".feather", ".ipc":
		return "arrow", true
	}
	return "", false
}

// nameIndex names the first column of a header that has no name "index": it is what pandas writes
// for its row numbers.
func nameIndex(names []string) {
	if len(names) > 1 && names[0] == "" && !slices.Contains(names, "index") {
		names[0] = "index"
	}
}

// checkHeader refuses columns without a name or with the same one.
func checkHeader(names []string) error {
	seen := map[string]int{}
	for i, n := range names {
		if n == "" {
			return fmt.Errorf("column %d of the header has no name", i+1)
		}
		if j, ok := seen[n]; ok {
			return fmt.Errorf("columns %d and %d of the header are both named %q", j+1, i+1, n)
		}
		seen[n] = i
	}
	return nil
}

// A textBatch gathers rows of texts.
type textBatch struct {
	schema   *arrow.Schema
	builders []*array.StringBuilder
	lines    []int64
}

func newTextBatch(names []string) *textBatch {
	b := &textBatch{}
	fields := make([]arrow.Field, len(names))
	for i, n := range names {
		fields[i] = arrow.Field{Name: n, Type: arrow.BinaryTypes.String, Nullable: true}
		b.builders = append(b.builders, array.NewStringBuilder(memory.DefaultAllocator))
	}
	b.schema = arrow.NewSchema(fields, nil)
	return b
}

// flush hands the rows to f.
func (b *textBatch) flush(f func(arrow.Record, []int64) error) error {
	if len(b.lines) == 0 {
		return nil
	}
	cols := make([]arrow.Array, len(b.builders))
	for i, sb := range b.builders {
		cols[i] = sb.NewArray()
	}
	rec := array.NewRecord(b.schema, cols, int64(len(b.lines)))
	for _, c := range cols {
		c.Release()
	}
	defer rec.Release()
	err := f(rec, b.lines)
	b.lines = b.lines[:0]
	return err
}

func (b *textBatch) release() {
	for _, sb := range b.builders {
		sb.Release()
	}
}
