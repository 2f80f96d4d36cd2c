package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/parquet-go/parquet-go"
)

// A parquetTable reads the flat columns of a Parquet file.
type parquetTable struct {
	file    *os.File
	pf      *parquet.File
	leaves  []*parquet.Column
	fields  []tableField
	names   [][]string          // of the classes that a column of numbers stands for, or nil
	lists   map[int]*listLevels // of columns of lists
	table   string              // name, for references
	steps   []int64             // of time columns: units in a microsecond, or, negative, microseconds in a unit
	nulls   [][]int64           // of the leaves of the file, by row group; -1 where the file does not say
	skipped []skippedColumn
}

// newParquet opens a table; image is the column that the parameters take the pictures from, and label the
// classes.
func newParquet(f *os.File, table, image, label string) (made *parquetTable, err error) {
	defer panics(&err)
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	pf, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("it is no Parquet file: %w", err)
	}
	t := &parquetTable{file: f, pf: pf, table: table, lists: map[int]*listLevels{}}
	if t.nulls, err = nullCounts(f, info.Size()); err != nil {
		return nil, fmt.Errorf("it is no Parquet file: %w", err)
	}
	var names []string
	description, _ := pf.Lookup("huggingface")
	classes := classNames(description)
	add := func(c *parquet.Column, field tableField, step int64) {
		t.leaves, t.fields, t.steps = append(t.leaves, c), append(t.fields, field), append(t.steps, step)
		t.names = append(t.names, classes[field.name])
		names = append(names, field.name)
	}
	for _, c := range pf.Root().Columns() {
		bytes, path := picture(c)
		if bytes == c {
			if c.Name() != image {
				bytes = nil
			} else if ok, err := holdsPictures(pf, c); err != nil {
				return nil, fmt.Errorf("column %q: %w", image, err)
			} else if !ok {
				bytes = nil
			}
		}
		if bytes != nil {
			add(bytes, tableField{name: c.Name(), typ: arrow.BinaryTypes.String, embedded: true}, 0)
			if path != nil {
				add(path, tableField{name: c.Name() + "_path", typ: arrow.BinaryTypes.String}, 0)
			}
			continue
		}
		if elements, slots := parquetList(c, classes[c.Name()] != nil); elements != nil && c.Name() == label {
			t.lists[len(t.leaves)] = newListLevels(c, slots)
			add(elements, tableField{name: c.Name(), typ: arrow.BinaryTypes.String, lists: true}, 0)
			continue
		}
		typ, step, ok := parquetType(c)
		if ok && anyBytes(c) {
			if ok, err = holdsText(pf, c); err != nil {
				return nil, fmt.Errorf("column %q: %w", c.Name(), err)
			}
		}
		if !ok {
			t.skipped = append(t.skipped, skippedColumn{c.Name(), describeParquet(c)})
			continue
		}
		if classes[c.Name()] != nil && typ.ID() == arrow.INT64 {
			typ = arrow.BinaryTypes.String
		}
		add(c, tableField{name: c.Name(), typ: typ, null: allNull(c), instant: isInstant(c)}, step)
	}
	return t, checkHeader(names)
}

// Fields are the columns that a source can hold.
func (t *parquetTable) Fields() []tableField { return t.fields }

// Skipped names the others.
func (t *parquetTable) Skipped() []skippedColumn { return t.skipped }

// Close closes the file.
func (t *parquetTable) Close() error { return t.file.Close() }

// Each reads the row groups; lines are row numbers from 1.
func (t *parquetTable) Each(ctx context.Context, bad func(int64, string) error, f func(arrow.Record, []int64) error) error {
	row := int64(0)
	for k, g := range t.pf.RowGroups() {
		cursors := make([]*parquetCursor, len(t.leaves))
		for i, c := range t.leaves {
			if t.fields[i].embedded && t.nulls[k][c.Index()] == 0 {
				continue // not read before somebody needs the picture
			}
			cursors[i] = &parquetCursor{pages: g.ColumnChunks()[c.Index()].Pages(), step: t.steps[i], name: t.fields[i].name, classes: t.names[i], value: parquetValue(c)}
			if l := t.lists[i]; l != nil {
				cursors[i].lists = &listLevels{l.there, l.filled, g.ColumnChunks()[c.Index()].NumValues()}
			}
		}
		err := t.group(ctx, cursors, g.NumRows(), row, bad, f)
		for _, c := range cursors {
			if c != nil {
				err = errors.Join(err, c.pages.Close())
			}
		}
		if err != nil {
			return err
		}
		row += g.NumRows()
	}
	return nil
}

func (t *parquetTable) group(ctx context.Context, cursors []*parquetCursor, rows, first int64, bad func(int64, string) error, f func(arrow.Record, []int64) error) error {
	fields := make([]arrow.Field, len(t.fields))
	for i, f := range t.fields {
		fields[i] = arrow.Field{Name: f.name, Type: f.typ, Nullable: true}
	}
	schema := arrow.NewSchema(fields, nil)
	for at := int64(0); at < rows; at += tableBatch {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n := int(min(tableBatch, rows-at))
		lines := make([]int64, n)
		for i := range lines {
			lines[i] = first + at + int64(i) + 1
		}
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		wrong := map[int]string{} // rows of which a value cannot be read
		if err := t.fill(b, cursors, first+at, n, wrong); err != nil {
			b.Release()
			return err
		}
		rec := b.NewRecord()
		b.Release()
		if len(wrong) > 0 {
			var err error
			if rec, lines, err = t.without(rec, lines, wrong, bad); err != nil {
				return err
			}
		}
		err := f(rec, lines)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// fill appends n rows to the columns; wrong says why some of them are bad.
func (t *parquetTable) fill(b *array.RecordBuilder, cursors []*parquetCursor, first int64, n int, wrong map[int]string) (err error) {
	column := ""
	defer func() {
		if err != nil {
			err = fmt.Errorf("column %q: %w", column, err)
		}
	}()
	defer panics(&err)
	for i, c := range cursors {
		column = t.fields[i].name
		switch {
		case t.fields[i].embedded:
			err = t.pictures(b.Field(i).(*array.StringBuilder), c, column, first, n)
		case c.lists != nil:
			err = c.readLists(b.Field(i), n, wrong)
		default:
			err = c.read(b.Field(i), n, wrong)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// panics makes an error of a panic: the library indexes by what a file says, also where the file is damaged.
func panics(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("it is damaged: %v", p)
	}
}

// without takes rows out of a record, which it releases, after telling bad of them in their order.
func (t *parquetTable) without(rec arrow.Record, lines []int64, wrong map[int]string, bad func(int64, string) error) (arrow.Record, []int64, error) {
	defer rec.Release()
	good := make([]bool, len(lines))
	var left []int64
	for i, line := range lines {
		why, is := wrong[i]
		if !is {
			good[i] = true
			left = append(left, line)
			continue
		}
		if err := bad(line, why); err != nil {
			return nil, nil, err
		}
	}
	cols := make([]arrow.Array, rec.NumCols())
	for i, col := range rec.Columns() {
		var err error
		if cols[i], err = kept(col, good, int64(len(left))); err != nil {
			return nil, nil, err
		}
		defer cols[i].Release()
	}
	return array.NewRecord(rec.Schema(), cols, int64(len(left))), left, nil
}

// pictures names the pictures of n rows. A row without bytes has no name here:
// its picture is a file of its own, which its path names, or there is none. The
// cursor is nil where all rows have bytes, which then stay unread.
func (t *parquetTable) pictures(b *array.StringBuilder, c *parquetCursor, column string, first int64, n int) error {
	for row := range int64(n) {
		if c != nil {
			missing, err := c.skip()
			if err != nil {
				return err
			}
			if missing {
				b.AppendNull()
				continue
			}
		}
		b.Append(pictureRef(t.table, first+row, column))
	}
	return nil
}

// A parquetCursor reads the values of a column chunk in their order.
type parquetCursor struct {
	name    string
	classes []string                                // what numbers stand for, or nil
	value   func(array.Builder, parquet.Value) bool // appends values that no plain type of Go holds, or nil
	lists   *listLevels                             // nil: one value a row
	pages   parquet.Pages
	step    int64
	values  parquet.ValueReader
	page    parquet.Page
	buf     [1024]parquet.Value
	rest    []parquet.Value
}

// read appends n values. Those that cannot be read are null, and wrong says why by row.
func (c *parquetCursor) read(b array.Builder, n int, wrong map[int]string) error {
	b.Reserve(n)
	for at := 0; at < n; {
		if len(c.rest) == 0 {
			if err := c.fill(); err != nil {
				return err
			}
			continue
		}
		k := min(n-at, len(c.rest))
		for i, v := range c.rest[:k] {
			if why := c.append(b, v); why != "" && wrong[at+i] == "" {
				wrong[at+i] = fmt.Sprintf("column %q: %s", c.name, why)
			}
		}
		c.rest = c.rest[k:]
		at += k
	}
	return nil
}

// skip passes over a value and says whether it is missing.
func (c *parquetCursor) skip() (missing bool, err error) {
	for len(c.rest) == 0 {
		if err := c.fill(); err != nil {
			return false, err
		}
	}
	missing = c.rest[0].IsNull()
	c.rest = c.rest[1:]
	return missing, nil
}

func (c *parquetCursor) fill() error {
	for {
		if c.values == nil {
			page, err := c.pages.ReadPage()
			if err == io.EOF {
				return errors.New("it ends before its row group does")
			}
			if err != nil {
				return err
			}
			c.page, c.values = page, page.Values()
		}
		n, err := c.values.ReadValues(c.buf[:])
		if err != nil && err != io.EOF {
			return err
		}
		if c.rest = c.buf[:n]; n > 0 {
			return nil
		}
		parquet.Release(c.page)
		c.values = nil
	}
}

// append adds a value; why says what is wrong with it, and it is then null.
func (c *parquetCursor) append(b array.Builder, v parquet.Value) (why string) {
	if v.IsNull() {
		b.AppendNull()
		return ""
	}
	if c.value != nil {
		if !c.value(b, v) {
			b.AppendNull()
			return fmt.Sprintf("%s is more than a number of 64 bits holds", v)
		}
		return ""
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		if c.classes != nil {
			k := parquetWhole(v)
			if k < 0 || k >= int64(len(c.classes)) {
				b.AppendNull() // -1 is a missing label
				return ""
			}
			b.Append(c.classes[k])
			return ""
		}
		text := v.ByteArray()
		if !utf8.Valid(text) {
			b.AppendNull()
			return fmt.Sprintf("%q is not UTF-8", text[:min(len(text), 60)])
		}
		b.BinaryBuilder.Append(text)
	case *array.BooleanBuilder:
		b.Append(v.Boolean())
	case *array.Float64Builder:
		if v.Kind() == parquet.Float {
			b.Append(float64(v.Float()))
		} else {
			b.Append(v.Double())
		}
	case *array.Int64Builder:
		b.Append(parquetWhole(v))
	case *array.TimestampBuilder:
		x := parquetWhole(v)
		switch {
		case c.step < 0:
			x *= -c.step
		case c.step > 1:
			x = (x - (x%c.step+c.step)%c.step) / c.step
		}
		b.Append(arrow.Timestamp(x))
	}
	return ""
}

func parquetWhole(v parquet.Value) int64 {
	if v.Kind() == parquet.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}
