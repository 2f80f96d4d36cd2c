package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// An arrowTable reads an Arrow IPC file or stream.
type arrowTable struct {
	file     *os.File
	name     string // of the table
	next     func() (arrow.Record, error)
	close    func()
	columns  []int          // of the record, those that a source can hold
	names    [][]string     // of the classes that such a column of numbers stands for, or nil
	fields   []tableField   // first theirs, then those of pictures, and behind each its paths'
	pictures []arrowPicture // columns of pictures
	places   arrowPlaces
	skipped  []skippedColumn
}

// newArrowIPC opens a table; image is the column that the parameters take the pictures from, and label the
// classes.
func newArrowIPC(f *os.File, name, image, label string) (made *arrowTable, err error) {
	defer panics(&err)
	t := &arrowTable{file: f, name: name, places: arrowPlaces{file: f}}
	magic := make([]byte, 6)
	if _, err := io.ReadFull(f, magic); err != nil {
		return nil, errors.New("it is no Arrow IPC file")
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var schema *arrow.Schema
	if bytes.Equal(magic, []byte("ARROW1")) {
		r, err := ipc.NewFileReader(f)
		if err != nil {
			return nil, fmt.Errorf("it is no Arrow IPC file: %w", err)
		}
		at := 0
		t.places.at = 8 // behind the magic
		schema, t.close = r.Schema(), func() { r.Close() }
		t.next = func() (arrow.Record, error) {
			if at == r.NumRecords() {
				return nil, io.EOF
			}
			at++
			return r.RecordAt(at - 1)
		}
	} else {
		r, err := ipc.NewReader(f)
		if err != nil {
			return nil, fmt.Errorf("it is neither an Arrow IPC file nor a stream: %w", err)
		}
		schema, t.close = r.Schema(), r.Release
		t.next = func() (arrow.Record, error) {
			if r.Next() {
				rec := r.Record()
				rec.Retain()
				return rec, nil
			}
			if err := r.Err(); err != nil {
				return nil, err
			}
			return nil, io.EOF
		}
	}
	t.bind(schema, image, label)
	var names []string
	for _, f := range t.fields {
		names = append(names, f.name)
	}
	return t, checkHeader(names)
}

// bind chooses the columns.
func (t *arrowTable) bind(schema *arrow.Schema, image, label string) {
	var shown []tableField
	description, _ := schema.Metadata().GetValue("huggingface")
	classes := classNames(description)
	buffers, known := 0, true
	for i, f := range schema.Fields() {
		typ, ok := plainType(f.Type)
		p, pictures := pictureIn(f, buffers, f.Name == image)
		n, counted := arrowBuffers(f.Type)
		switch {
		case f.Name == label && arrowList(f.Type, classes[f.Name] != nil):
			t.columns, t.names = append(t.columns, i), append(t.names, classes[f.Name])
			t.fields = append(t.fields, tableField{name: f.Name, typ: arrow.BinaryTypes.String, lists: true})
		case ok:
			var names []string
			if typ.ID() == arrow.INT64 && classes[f.Name] != nil {
				names, typ = classes[f.Name], arrow.BinaryTypes.String
			}
			t.columns, t.names = append(t.columns, i), append(t.names, names)
			zone, _ := f.Type.(*arrow.TimestampType)
			t.fields = append(t.fields, tableField{name: f.Name, typ: typ, null: f.Type.ID() == arrow.NULL, instant: zone != nil && zone.TimeZone != ""})
		case pictures && known:
			p.column = i
			t.pictures = append(t.pictures, p)
			shown = append(shown, tableField{name: f.Name, typ: arrow.BinaryTypes.String, embedded: true})
			if p.path >= 0 {
				shown = append(shown, tableField{name: f.Name + "_path", typ: arrow.BinaryTypes.String})
			}
		default:
			t.skipped = append(t.skipped, skippedColumn{f.Name, f.Type.String()})
		}
		buffers, known = buffers+n, known && counted
	}
	t.fields = append(t.fields, shown...)
}

// plainType is the type of a source's column that holds all values of t.
func plainType(t arrow.DataType) (arrow.DataType, bool) {
	switch t := t.(type) {
	case *arrow.StringType, *arrow.LargeStringType, *arrow.NullType:
		return arrow.BinaryTypes.String, true
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type, *arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type:
		return arrow.PrimitiveTypes.Int64, true
	case *arrow.Float32Type, *arrow.Float64Type:
		return arrow.PrimitiveTypes.Float64, true
	case *arrow.BooleanType:
		return arrow.FixedWidthTypes.Boolean, true
	case *arrow.TimestampType, *arrow.Date32Type, *arrow.Date64Type:
		return timeType, true
	case *arrow.Decimal128Type:
		if t.Scale == 0 && t.Precision <= 18 {
			return arrow.PrimitiveTypes.Int64, true
		}
		return arrow.PrimitiveTypes.Float64, true
	case *arrow.DictionaryType:
		typ, ok := plainType(t.ValueType)
		return typ, ok && typ.ID() == arrow.STRING
	}
	return nil, false
}

// Fields are the columns that a source can hold.
func (t *arrowTable) Fields() []tableField { return t.fields }

// Skipped names the others.
func (t *arrowTable) Skipped() []skippedColumn { return t.skipped }

// Close closes the file.
func (t *arrowTable) Close() error {
	t.close()
	return t.file.Close()
}

// Each reads the record batches; lines are row numbers from 1.
func (t *arrowTable) Each(ctx context.Context, _ func(int64, string) error, f func(arrow.Record, []int64) error) error {
	row := int64(0)
	for {
		rec, err := t.record()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			rec.Release()
			return context.Cause(ctx)
		}
		n := rec.NumRows()
		batch, err := t.batch(n)
		for at := int64(0); at < n && err == nil; at += tableBatch {
			part := rec.NewSlice(at, min(at+tableBatch, n))
			err = t.hand(part, batch, row+at, f)
			part.Release()
		}
		row += n
		rec.Release()
		if err != nil {
			return err
		}
	}
}

// record is the next record; io.EOF is that there is none.
func (t *arrowTable) record() (rec arrow.Record, err error) {
	defer panics(&err)
	return t.next()
}

// batch is where the next record of so many rows lies; nil where no pictures are wanted.
func (t *arrowTable) batch(rows int64) (next *arrowBatch, err error) {
	defer panics(&err)
	if len(t.pictures) == 0 {
		return nil, nil
	}
	b, err := t.places.next()
	if err == nil && b.rows != rows {
		err = fmt.Errorf("a record batch has %d rows where one of %d was expected", b.rows, rows)
	}
	return b, err
}

func (t *arrowTable) hand(rec arrow.Record, batch *arrowBatch, row int64, f func(arrow.Record, []int64) error) error {
	fields := make([]arrow.Field, len(t.fields))
	for i, f := range t.fields {
		fields[i] = arrow.Field{Name: f.name, Type: f.typ, Nullable: true}
	}
	var cols []arrow.Array
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	if err := t.convert(rec, batch, row, &cols); err != nil {
		return err
	}
	lines := make([]int64, rec.NumRows())
	for i := range lines {
		lines[i] = row + int64(i) + 1
	}
	out := array.NewRecord(arrow.NewSchema(fields, nil), cols, rec.NumRows())
	defer out.Release()
	return f(out, lines)
}

// convert appends the columns of a record as a source holds them.
func (t *arrowTable) convert(rec arrow.Record, batch *arrowBatch, row int64, cols *[]arrow.Array) (err error) {
	defer panics(&err) // of places that a damaged file gives, beyond its buffers
	add := func(col arrow.Array) { *cols = append(*cols, col) }
	for i, c := range t.columns {
		switch {
		case t.fields[i].lists:
			add(arrowLists(rec.Column(c), t.names[i]))
		case t.names[i] != nil:
			add(named(rec.Column(c), t.names[i]))
		default:
			col := plain(rec.Column(c), t.fields[i].typ)
			add(col)
			if text, ok := col.(*array.String); ok {
				for i := range text.Len() {
					if v := text.Value(i); text.IsValid(i) && !utf8.ValidString(v) {
						return fmt.Errorf("column %q, row %d: %q is not UTF-8", rec.ColumnName(c), row+int64(i)+1, short(v))
					}
				}
			}
		}
	}
	for _, p := range t.pictures {
		col := rec.Column(p.column)
		b := array.NewStringBuilder(memory.DefaultAllocator)
		err := p.pictures(b, col, batch, t.name, rec.ColumnName(p.column), row)
		add(b.NewArray())
		b.Release()
		if err != nil {
			return err
		}
		if p.path >= 0 {
			add(plain(col.(*array.Struct).Field(p.path), arrow.BinaryTypes.String))
		}
	}
	return nil
}

// plain copies a column into the plain type.
func plain(col arrow.Array, typ arrow.DataType) arrow.Array {
	if arrow.TypeEqual(col.DataType(), typ) {
		col.Retain()
		return col
	}
	b := array.NewBuilder(memory.DefaultAllocator, typ)
	defer b.Release()
	b.Reserve(col.Len())
	for i := range col.Len() {
		if col.IsNull(i) || col.DataType().ID() == arrow.NULL { // whose values have no bitmap that says so
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.StringBuilder:
			b.Append(col.ValueStr(i))
		case *array.Int64Builder:
			if d, ok := col.(*array.Decimal128); ok {
				appendDecimal(b, d.Value(i).BigInt(), 0)
				continue
			}
			b.Append(wholeValue(col, i))
		case *array.Float64Builder:
			if d, ok := col.(*array.Decimal128); ok {
				appendDecimal(b, d.Value(i).BigInt(), d.DataType().(*arrow.Decimal128Type).Scale)
				continue
			}
			b.Append(float64(col.(*array.Float32).Value(i)))
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(micros(col, i)))
		}
	}
	return b.NewArray()
}

// named turns numbers of classes into their names; others, such as -1, are missing.
func named(col arrow.Array, names []string) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range col.Len() {
		if col.IsValid(i) {
			if k := wholeValue(col, i); k >= 0 && k < int64(len(names)) {
				b.Append(names[k])
				continue
			}
		}
		b.AppendNull()
	}
	return b.NewArray()
}

// wholeValue is a value of a column of whole numbers.
func wholeValue(col arrow.Array, i int) int64 {
	switch c := col.(type) {
	case *array.Int8:
		return int64(c.Value(i))
	case *array.Int16:
		return int64(c.Value(i))
	case *array.Int32:
		return int64(c.Value(i))
	case *array.Int64:
		return c.Value(i)
	case *array.Uint8:
		return int64(c.Value(i))
	case *array.Uint16:
		return int64(c.Value(i))
	}
	return int64(col.(*array.Uint32).Value(i))
}

// micros is a time in microseconds, rounded down.
func micros(col arrow.Array, i int) int64 {
	switch d := col.(type) {
	case *array.Date32:
		return int64(d.Value(i)) * 86_400_000_000
	case *array.Date64:
		return int64(d.Value(i)) * 1_000
	}
	v := int64(col.(*array.Timestamp).Value(i))
	switch col.DataType().(*arrow.TimestampType).Unit {
	case arrow.Second:
		return v * 1_000_000
	case arrow.Millisecond:
		return v * 1_000
	case arrow.Nanosecond:
		return (v - (v%1000+1000)%1000) / 1000
	}
	return v
}
