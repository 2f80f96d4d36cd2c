package source

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
)

// A csvTable reads comma-separated values as RFC 4180 has them, with any
// delimiter. All columns are text; the texts listed as nulls are missing.
type csvTable struct {
	file  *os.File
	r     *csv.Reader
	names []string
	nulls []string
}

func newCSV(f *os.File, delimiter rune, encoding string, nulls []string) (*csvTable, error) {
	text, err := inUTF8(f, encoding)
	if err != nil {
		return nil, err
	}
	t := &csvTable{file: f, r: csv.NewReader(text), nulls: nulls}
	t.r.Comma = delimiter
	t.r.FieldsPerRecord = -1
	t.r.ReuseRecord = true
	header, err := t.r.Read()
	if err == io.EOF {
		return nil, errors.New("it is empty: a table begins with a line of column names")
	}
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	t.names = slices.Clone(header)
	nameIndex(t.names)
	for i, n := range t.names {
		if !utf8.ValidString(n) {
			return nil, fmt.Errorf("the name of column %d is not UTF-8: say which encoding the table has, such as encoding: windows-1252", i+1)
		}
	}
	return t, checkHeader(t.names)
}

// Fields are the columns of the header.
func (t *csvTable) Fields() []tableField {
	fields := make([]tableField, len(t.names))
	for i, n := range t.names {
		fields[i] = tableField{name: n, typ: arrow.BinaryTypes.String}
	}
	return fields
}

// Skipped is empty: text has no types that could not be held.
func (t *csvTable) Skipped() []string { return nil }

// Close closes the file.
func (t *csvTable) Close() error { return t.file.Close() }

// Each reads the rows below the header. A line without any character is none.
func (t *csvTable) Each(ctx context.Context, bad func(int64, string) error, f func(arrow.Record, []int64) error) error {
	b := newTextBatch(t.names)
	defer b.release()
	for {
		row, err := t.r.Read()
		if err == io.EOF {
			return b.flush(f)
		}
		var pe *csv.ParseError
		if errors.As(err, &pe) {
			if err := bad(int64(pe.StartLine), fmt.Sprintf("character %d of the line: %v", pe.Column, pe.Err)); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		line, _ := t.r.FieldPos(0)
		if why := t.wrong(row); why != "" {
			if err := bad(int64(line), why); err != nil {
				return err
			}
			continue
		}
		for i, v := range row {
			if slices.Contains(t.nulls, v) {
				b.builders[i].AppendNull()
			} else {
				b.builders[i].Append(v)
			}
		}
		b.lines = append(b.lines, int64(line))
		if len(b.lines) == tableBatch {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := b.flush(f); err != nil {
				return err
			}
		}
	}
}

// wrong says why a row cannot be one of this table, or "".
func (t *csvTable) wrong(row []string) string {
	if len(row) != len(t.names) {
		return fmt.Sprintf("it has %d fields, the header %d", len(row), len(t.names))
	}
	for i, v := range row {
		if !utf8.ValidString(v) {
			return fmt.Sprintf("column %q: %q is not UTF-8: say which encoding the table has, such as encoding: windows-1252", t.names[i], v)
		}
	}
	return ""
}
