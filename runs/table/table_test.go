package table_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs/table"
)

// everyType is a schema with each supported type, bare and nested, null-able and not.
func everyType() *arrow.Schema {
	var fields []arrow.Field
	leaves := []arrow.DataType{
		arrow.FixedWidthTypes.Boolean,
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
		arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
		arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
		arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeBinary,
		&arrow.FixedSizeBinaryType{ByteWidth: 32},
		arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Timestamp_us, arrow.FixedWidthTypes.Timestamp_ms, arrow.FixedWidthTypes.Timestamp_ns,
		&arrow.TimestampType{Unit: arrow.Microsecond},
	}
	for _, t := range leaves {
		fields = append(fields,
			arrow.Field{Name: t.Name() + fmt.Sprint(len(fields)), Type: t},
			arrow.Field{Name: "maybe " + t.Name() + fmt.Sprint(len(fields)), Type: t, Nullable: true})
	}
	image := arrow.StructOf(
		arrow.Field{Name: "path", Type: arrow.BinaryTypes.String, Nullable: true},
		arrow.Field{Name: "bytes", Type: arrow.BinaryTypes.Binary, Nullable: true})
	strict := arrow.StructOf(
		arrow.Field{Name: "n", Type: arrow.PrimitiveTypes.Int16},
		arrow.Field{Name: "list", Type: arrow.ListOfNonNullable(arrow.BinaryTypes.String), Nullable: true},
		arrow.Field{Name: "deep", Type: strictPair(), Nullable: true})
	fields = append(fields,
		arrow.Field{Name: "image", Type: image, Nullable: true},
		arrow.Field{Name: "image.must", Type: image},
		arrow.Field{Name: "strict", Type: strict, Nullable: true},
		arrow.Field{Name: "labels", Type: arrow.ListOf(arrow.PrimitiveTypes.Int64), Nullable: true},
		arrow.Field{Name: "lists", Type: arrow.ListOf(arrow.LargeListOf(arrow.BinaryTypes.String))},
		arrow.Field{Name: "boxes", Type: arrow.ListOf(strict), Nullable: true},
		arrow.Field{Name: "large", Type: arrow.LargeListOfNonNullable(arrow.PrimitiveTypes.Float64), Nullable: true},
		arrow.Field{Name: "pixels", Type: arrow.FixedSizeListOf(12, arrow.PrimitiveTypes.Uint8), Nullable: true},
		arrow.Field{Name: "scores", Type: arrow.FixedSizeListOf(3, arrow.PrimitiveTypes.Float32)},
		arrow.Field{Name: "list of fixed", Type: arrow.ListOf(arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Float32)), Nullable: true,
			Metadata: arrow.NewMetadata([]string{"unit"}, []string{"m"})},
	)
	meta := arrow.NewMetadata([]string{"huggingface", "a"}, []string{`{"info": {"features": {}}}`, "b"})
	return arrow.NewSchema(fields, &meta)
}

func strictPair() arrow.DataType {
	return arrow.StructOf(
		arrow.Field{Name: "x", Type: arrow.PrimitiveTypes.Float32},
		arrow.Field{Name: "y", Type: arrow.PrimitiveTypes.Float32, Nullable: true})
}

// fill appends a random value to a builder.
func fill(b array.Builder, nullable bool, rng *rand.Rand) {
	if nullable && rng.IntN(4) == 0 {
		b.AppendNull()
		return
	}
	text := func() string { return strings.Repeat("xyü", rng.IntN(5)) }
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(rng.IntN(2) == 0)
	case *array.Int8Builder:
		b.Append(int8(rng.Uint32()))
	case *array.Int16Builder:
		b.Append(int16(rng.Uint32()))
	case *array.Int32Builder:
		b.Append(int32(rng.Uint32()))
	case *array.Int64Builder:
		b.Append(int64(rng.Uint64()))
	case *array.Uint8Builder:
		b.Append(uint8(rng.Uint32()))
	case *array.Uint16Builder:
		b.Append(uint16(rng.Uint32()))
	case *array.Uint32Builder:
		b.Append(rng.Uint32())
	case *array.Uint64Builder:
		b.Append(rng.Uint64())
	case *array.Float32Builder:
		b.Append(rng.Float32() - 0.5)
	case *array.Float64Builder:
		b.Append(rng.Float64() - 0.5)
	case *array.StringBuilder:
		b.Append(text())
	case *array.LargeStringBuilder:
		b.Append(text())
	case *array.BinaryBuilder:
		b.Append([]byte(text()))
	case *array.FixedSizeBinaryBuilder:
		b.Append(bytes.Repeat([]byte{byte(rng.Uint32())}, b.Type().(*arrow.FixedSizeBinaryType).ByteWidth))
	case *array.Date32Builder:
		b.Append(arrow.Date32(rng.Int32N(40000) - 10000))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(rng.Int64N(1 << 50)))
	case *array.StructBuilder:
		b.Append(true)
		for i, f := range b.Type().(*arrow.StructType).Fields() {
			fill(b.FieldBuilder(i), f.Nullable, rng)
		}
	case *array.FixedSizeListBuilder:
		b.Append(true)
		t := b.Type().(*arrow.FixedSizeListType)
		for range t.Len() {
			fill(b.ValueBuilder(), t.ElemField().Nullable, rng)
		}
	case array.ListLikeBuilder:
		b.Append(true)
		for range rng.IntN(4) {
			fill(b.ValueBuilder(), b.Type().(arrow.ListLikeType).ElemField().Nullable, rng)
		}
	default:
		panic(fmt.Sprintf("no values for %T", b))
	}
}

func randomRecord(schema *arrow.Schema, rows int, seed uint64, mem memory.Allocator) arrow.Record {
	rng := rand.New(rand.NewPCG(seed, 1))
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	for range rows {
		for i, f := range schema.Fields() {
			fill(b.Field(i), f.Nullable, rng)
		}
	}
	return b.NewRecord()
}

// write writes a record cut into pieces of the given rows.
func write(t testing.TB, rec arrow.Record, o table.Options, cut int) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := table.NewWriter(&buf, rec.Schema(), o)
	if err != nil {
		t.Fatal(err)
	}
	for from := int64(0); from < rec.NumRows(); from += int64(cut) {
		piece := rec.NewSlice(from, min(from+int64(cut), rec.NumRows()))
		err := w.Write(piece)
		piece.Release()
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func sameRecord(t testing.TB, got, want arrow.Record) {
	t.Helper()
	if !got.Schema().Equal(want.Schema()) {
		for i, f := range want.Schema().Fields() {
			if i < int(got.NumCols()) && !got.Schema().Field(i).Equal(f) {
				t.Errorf("field:\n got %v\nwant %v", got.Schema().Field(i), f)
			}
		}
		t.Fatalf("%d columns, want %d", got.NumCols(), want.NumCols())
	}
	if gm, wm := got.Schema().Metadata(), want.Schema().Metadata(); gm.String() != wm.String() {
		t.Errorf("metadata: got %s, want %s", gm, wm)
	}
	if got.NumRows() != want.NumRows() {
		t.Fatalf("%d rows, want %d", got.NumRows(), want.NumRows())
	}
	for i := range int(got.NumCols()) {
		if !array.Equal(got.Column(i), want.Column(i)) {
			t.Errorf("column %s:\n got %s\nwant %s", got.ColumnName(i), got.Column(i), want.Column(i))
		}
	}
}

func TestRoundTrip(t *testing.T) {
	schema := everyType()
	for _, rows := range []int{0, 1, 2, 7, 300, 1500} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			defer mem.AssertSize(t, 0)
			rec := randomRecord(schema, rows, uint64(rows), mem)
			defer rec.Release()
			o := table.Options{RowGroupRows: 400, PageBytes: 2000}
			data := write(t, rec, o, rows+1)
			got, err := table.Read(data, nil, mem)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Release()
			sameRecord(t, got, rec)
			for _, cut := range []int{1, 3, 64, 257} {
				if rows > 0 && !bytes.Equal(write(t, rec, o, cut), data) {
					t.Errorf("cut into records of %d rows, the bytes differ", cut)
				}
			}
		})
	}
}

func TestOpenReadsRowGroups(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	rec := randomRecord(everyType(), 1000, 5, mem)
	defer rec.Release()
	data := write(t, rec, table.Options{RowGroupRows: 300}, 1000)
	r, err := table.Open(bytes.NewReader(data), int64(len(data)), []string{"boxes", "image"}, mem)
	if err != nil {
		t.Fatal(err)
	}
	if r.NumRows() != 1000 || r.Schema().Field(0).Name != "boxes" || len(r.Schema().Fields()) != 2 {
		t.Fatalf("opened %d rows of %s", r.NumRows(), r.Schema())
	}
	for _, rows := range []int64{300, 300, 300, 100} {
		got, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if got.NumRows() != rows {
			t.Errorf("a row group of %d rows, want %d", got.NumRows(), rows)
		}
		got.Release()
	}
	if _, err := r.Next(); err == nil || err.Error() != "EOF" {
		t.Errorf("after the last row group: %v", err)
	}
}

func TestImageBytesAreKeptAsTheyAre(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "image", Type: arrow.StructOf(
		arrow.Field{Name: "bytes", Type: arrow.BinaryTypes.Binary, Nullable: true},
		arrow.Field{Name: "path", Type: arrow.BinaryTypes.String, Nullable: true})}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	rng := rand.NewChaCha8([32]byte{1})
	total := 0
	for i := range 200 {
		img := make([]byte, 20000+i)
		rng.Read(img)
		total += len(img)
		s := b.Field(0).(*array.StructBuilder)
		s.Append(true)
		s.FieldBuilder(0).(*array.BinaryBuilder).Append(img)
		s.FieldBuilder(1).(*array.StringBuilder).Append(fmt.Sprintf("train/%d.jpg", i))
	}
	rec := b.NewRecord()
	defer rec.Release()
	data := write(t, rec, table.Options{}, 50)
	if more := len(data) - total; more > total/100 {
		t.Errorf("%d bytes of images make a file with %d bytes more, want at most 1 %%", total, more)
	}
}

func TestWriterErrors(t *testing.T) {
	one := func(name string, dt arrow.DataType) *arrow.Schema {
		return arrow.NewSchema([]arrow.Field{{Name: name, Type: dt}}, nil)
	}
	tests := []struct {
		name   string
		schema *arrow.Schema
		o      table.Options
		want   string
	}{
		{"no columns", arrow.NewSchema(nil, nil), table.Options{}, "write a table: the schema has no columns"},
		{"twice", arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String}, {Name: "a", Type: arrow.BinaryTypes.String}}, nil), table.Options{},
			`write a table: two columns are called "a"`},
		{"type", one("d", &arrow.Decimal128Type{Precision: 5, Scale: 2}), table.Options{},
			"write a table: column d: type decimal(5, 2) cannot be stored; cast it to one of those that package table lists"},
		{"empty struct", one("s", arrow.StructOf()), table.Options{},
			"write a table: column s: a struct without fields cannot be stored in Parquet"},
		{"compression", one("s", arrow.BinaryTypes.String), table.Options{Compression: map[string]table.Compression{"t": table.None}},
			`write a table: compression is given for ["t"], which the schema has no column for`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := table.NewWriter(&bytes.Buffer{}, tt.schema, tt.o)
			if got := fmt.Sprint(err); got != tt.want {
				t.Errorf("NewWriter:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestReaderErrors(t *testing.T) {
	rec := randomRecord(everyType(), 50, 9, memory.DefaultAllocator)
	defer rec.Release()
	data := write(t, rec, table.Options{}, 50)
	if _, err := table.Read(data, []string{"image", "imag"}, memory.DefaultAllocator); err == nil || !strings.Contains(err.Error(), `there is no column "imag"`) {
		t.Errorf("an unknown column: %v", err)
	}
	// Cut or changed anywhere, the file gives an error or some record, no panic.
	for cut := 0; cut < len(data); cut += 97 {
		if _, err := table.Read(data[:cut], nil, memory.DefaultAllocator); err == nil {
			t.Errorf("the first %d of %d bytes read as a table", cut, len(data))
		}
		flipped := bytes.Clone(data)
		flipped[cut] ^= 0x41
		if rec, err := table.Read(flipped, nil, memory.DefaultAllocator); err == nil {
			rec.Release()
		}
	}
}
