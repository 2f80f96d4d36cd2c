package source

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
)

// A csvTable reads comma-separated values as RFC 4180 has them, with any
// delimiter, or without quotes. A line end within quotes is a line feed, however it is written. All columns are text; the texts listed as nulls are missing. Columns
// without a name, which spreadsheets write behind the last, are not read.
type csvTable struct {
	file  *textFile
	read  func() (fields []string, line int64, err error) // the fields hold until the next call
	names []string
	keep  []int // the columns that have a name
	nulls []string
}

// newCSV opens a table and reads its header.
func newCSV(f *textFile, standard rune, c *Table) (*csvTable, error) {
	text, err := inUTF8(f, c.Encoding)
	if err != nil {
		return nil, err
	}
	t := &csvTable{file: f, nulls: c.Nulls}
	if delimiter := c.delimiter(standard); c.Quotes == "none" {
		t.read = (&plainLines{text: text, delimiter: string(delimiter)}).read
	} else {
		r := csv.NewReader(text)
		r.Comma = delimiter
		r.FieldsPerRecord = -1
		r.ReuseRecord = true
		t.read = func() ([]string, int64, error) {
			row, err := r.Read()
			if err != nil {
				return nil, 0, err
			}
			line, _ := r.FieldPos(0)
			return row, int64(line), nil
		}
	}
	header, _, err := t.read()
	if err == io.EOF {
		return nil, errors.New("it is empty: a table begins with a line of column names")
	}
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	t.names = slices.Clone(header)
	nameIndex(t.names)
	for i, n := range t.names {
		switch {
		case !utf8.ValidString(n):
			return nil, fmt.Errorf("the name of column %d is not UTF-8: say which encoding the table has, such as encoding: windows-1252", i+1)
		case strings.Contains(n, "\x00"):
			return nil, fmt.Errorf("the name of column %d holds zero bytes: if it is UTF-16 without a mark, set encoding: utf-16", i+1)
		case strings.Contains(n, "\r"):
			return nil, fmt.Errorf("the name of column %d holds a carriage return: lines must end in line feeds, with or without carriage returns before them", i+1)
		case n != "":
			t.keep = append(t.keep, i)
		}
	}
	if len(t.keep) == 0 {
		return nil, errors.New("its first line names no column: a table begins with a line of column names")
	}
	return t, checkHeader(t.columns())
}

// columns are the names of the columns that are read.
func (t *csvTable) columns() []string {
	names := make([]string, len(t.keep))
	for k, i := range t.keep {
		names[k] = t.names[i]
	}
	return names
}

// Fields are the columns of the header.
func (t *csvTable) Fields() []tableField {
	var fields []tableField
	for _, n := range t.columns() {
		fields = append(fields, tableField{name: n, typ: arrow.BinaryTypes.String})
	}
	return fields
}

// Skipped are the columns without a name.
func (t *csvTable) Skipped() (skipped []skippedColumn) {
	for i, n := range t.names {
		if n == "" {
			skipped = append(skipped, skippedColumn{"", fmt.Sprintf("column %d", i+1)})
		}
	}
	return skipped
}

// Close closes the file.
func (t *csvTable) Close() error { return t.file.Close() }

// Each reads the rows below the header. A line without any character is none.
func (t *csvTable) Each(ctx context.Context, bad func(int64, string) error, f func(arrow.Record, []int64) error) error {
	b := newTextBatch(t.columns())
	defer b.release()
	for {
		row, line, err := t.read()
		if err == io.EOF {
			return b.flush(f)
		}
		var pe *csv.ParseError
		if errors.As(err, &pe) {
			if pe.Line > pe.StartLine {
				// Which of these lines are rows, nobody can tell: leaving out one would leave out all.
				return &openQuote{int64(pe.StartLine), int64(pe.Line)}
			}
			if err := bad(int64(pe.StartLine), fmt.Sprintf("character %d of the line: %v%s", pe.Column, pe.Err, quoteAdvice)); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if why := t.wrong(row); why != "" {
			if err := bad(line, why); err != nil {
				return err
			}
			continue
		}
		for k, i := range t.keep {
			if v := row[i]; slices.Contains(t.nulls, v) {
				b.builders[k].AppendNull()
			} else {
				b.builders[k].Append(v)
			}
		}
		b.lines = append(b.lines, line)
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

const quoteAdvice = "; a quote within a quoted field is written twice, and quotes: none takes quotes as they stand"

// An openQuote is a quoted field that does not end where it could, lines behind its beginning.
type openQuote struct{ from, to int64 }

func (e *openQuote) Error() string {
	return fmt.Sprintf("a quote that opens here takes in all lines down to %d and is not closed as it should be%s", e.to, quoteAdvice)
}

// plainLines reads rows of lines that are split wherever the delimiter stands.
type plainLines struct {
	text      *bufio.Reader
	delimiter string
	line      int64
	fields    []string
}

func (p *plainLines) read() ([]string, int64, error) {
	for {
		text, err := p.text.ReadString('\n')
		if text == "" && err != nil {
			return nil, 0, err
		}
		p.line++
		if text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r"); text == "" {
			continue
		}
		p.fields = p.fields[:0]
		for field := range strings.SplitSeq(text, p.delimiter) {
			p.fields = append(p.fields, field)
		}
		return p.fields, p.line, nil
	}
}

// wrong says why a row cannot be one of this table, or "".
func (t *csvTable) wrong(row []string) string {
	if len(row) != len(t.names) {
		return fmt.Sprintf("it has %d fields, the header %d", len(row), len(t.names))
	}
	for i, v := range row {
		if !utf8.ValidString(v) {
			return fmt.Sprintf("column %q: %q is not UTF-8: say which encoding the table has, such as encoding: windows-1252", t.names[i], v[:min(len(v), 80)])
		}
	}
	return ""
}
