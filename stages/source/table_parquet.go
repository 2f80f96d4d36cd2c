package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// A parquetTable reads the flat columns of a Parquet file.
type parquetTable struct {
	file    *os.File
	pf      *parquet.File
	leaves  []*parquet.Column
	fields  []tableField
	names   [][]string // of the classes that a column of numbers stands for, or nil
	table   string     // name, for references
	steps   []int64    // of time columns: units in a microsecond, or, negative, microseconds in a unit
	skipped []string
}

// newParquet opens a table; image is the column that the parameters take the pictures from.
func newParquet(f *os.File, table, image string) (*parquetTable, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	pf, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("it is no Parquet file: %w", err)
	}
	t := &parquetTable{file: f, pf: pf, table: table}
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
		typ, step, ok := parquetType(c)
		if !ok {
			t.skipped = append(t.skipped, fmt.Sprintf("%s (%s)", c.Name(), describeParquet(c)))
			continue
		}
		if classes[c.Name()] != nil && typ.ID() == arrow.INT64 {
			typ = arrow.BinaryTypes.String
		}
		add(c, tableField{name: c.Name(), typ: typ}, step)
	}
	return t, checkHeader(names)
}

func describeParquet(c *parquet.Column) string {
	if !c.Leaf() {
		return "nested"
	}
	if c.Repeated() {
		return "repeated"
	}
	return c.Type().String()
}

// parquetType is the type of a source's column that holds a Parquet column.
func parquetType(c *parquet.Column) (typ arrow.DataType, step int64, ok bool) {
	if !c.Leaf() || c.Repeated() {
		return nil, 0, false
	}
	var logical format.LogicalTypeValue
	if l := c.Type().LogicalType(); l != nil {
		logical = l.Value
	}
	switch kind := c.Type().Kind(); kind {
	case parquet.Boolean:
		return arrow.FixedWidthTypes.Boolean, 0, true
	case parquet.Float, parquet.Double:
		return arrow.PrimitiveTypes.Float64, 0, true
	case parquet.ByteArray:
		switch logical.(type) {
		case nil, *format.StringType, *format.EnumType, *format.JsonType:
			return arrow.BinaryTypes.String, 0, true
		}
	case parquet.Int32, parquet.Int64:
		switch l := logical.(type) {
		case nil:
			return arrow.PrimitiveTypes.Int64, 0, true
		case *format.IntType:
			wide := kind == parquet.Int64 && !l.IsSigned
			return arrow.PrimitiveTypes.Int64, 0, !wide
		case *format.DateType:
			return timeType, -86_400_000_000, true
		case *format.TimestampType:
			if l.Unit.Value == nil {
				return nil, 0, false
			}
			d := l.Unit.Value.Duration()
			if d < time.Microsecond {
				return timeType, int64(time.Microsecond / d), true
			}
			return timeType, -int64(d / time.Microsecond), true
		}
	}
	return nil, 0, false
}

// Fields are the columns that a source can hold.
func (t *parquetTable) Fields() []tableField { return t.fields }

// Skipped names the others.
func (t *parquetTable) Skipped() []string { return t.skipped }

// Close closes the file.
func (t *parquetTable) Close() error { return t.file.Close() }

// Each reads the row groups; lines are row numbers from 1.
func (t *parquetTable) Each(ctx context.Context, bad func(int64, string) error, f func(arrow.Record, []int64) error) error {
	row := int64(0)
	for k, g := range t.pf.RowGroups() {
		cursors := make([]*parquetCursor, len(t.leaves))
		for i, c := range t.leaves {
			if t.fields[i].embedded && t.pf.Metadata().RowGroups[k].Columns[c.Index()].MetaData.Statistics.NullCount == 0 {
				continue // not read before somebody needs the picture
			}
			cursors[i] = &parquetCursor{pages: g.ColumnChunks()[c.Index()].Pages(), step: t.steps[i], name: t.fields[i].name, classes: t.names[i]}
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
		for i, c := range cursors {
			if t.fields[i].embedded {
				err := t.pictures(b.Field(i).(*array.StringBuilder), c, t.fields[i].name, first+at, n)
				if err != nil {
					b.Release()
					return fmt.Errorf("column %q: %w", t.fields[i].name, err)
				}
				continue
			}
			if err := c.read(b.Field(i), n); err != nil {
				b.Release()
				return fmt.Errorf("column %q: %w", c.name, err)
			}
		}
		rec := b.NewRecord()
		b.Release()
		err := f(rec, lines)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
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
	classes []string // what numbers stand for, or nil
	pages   parquet.Pages
	step    int64
	values  parquet.ValueReader
	page    parquet.Page
	buf     [1024]parquet.Value
	rest    []parquet.Value
}

// read appends n values.
func (c *parquetCursor) read(b array.Builder, n int) error {
	b.Reserve(n)
	for n > 0 {
		if len(c.rest) == 0 {
			if err := c.fill(); err != nil {
				return err
			}
			continue
		}
		k := min(n, len(c.rest))
		for _, v := range c.rest[:k] {
			if err := c.append(b, v); err != nil {
				return err
			}
		}
		c.rest = c.rest[k:]
		n -= k
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

func (c *parquetCursor) append(b array.Builder, v parquet.Value) error {
	if v.IsNull() {
		b.AppendNull()
		return nil
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		if c.classes != nil {
			k := parquetWhole(v)
			if k < 0 || k >= int64(len(c.classes)) {
				b.AppendNull() // -1 is a missing label
				return nil
			}
			b.Append(c.classes[k])
			return nil
		}
		text := v.ByteArray()
		if !utf8.Valid(text) {
			return fmt.Errorf("%q is not UTF-8", text)
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
	return nil
}

func parquetWhole(v parquet.Value) int64 {
	if v.Kind() == parquet.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}
