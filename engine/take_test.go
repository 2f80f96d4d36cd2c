package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/stages"
)

// mixedSchema has every type whose values are gathered one by one, and one that is not.
var mixedSchema = arrow.NewSchema([]arrow.Field{
	idField,
	{Name: "text", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "bytes", Type: arrow.BinaryTypes.Binary, Nullable: true},
	{Name: "whole", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "small", Type: arrow.PrimitiveTypes.Int8},
	{Name: "real", Type: arrow.PrimitiveTypes.Float32, Nullable: true},
	{Name: "yes", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	{Name: "when", Type: arrow.FixedWidthTypes.Timestamp_us, Nullable: true},
	{Name: "digest", Type: digestType},
	{Name: "image", Type: stages.ImageType, Nullable: true},
	{Name: "list", Type: arrow.ListOf(arrow.PrimitiveTypes.Int32), Nullable: true},
}, nil)

// mixedRecord has rows with ids from..from+n-1 that hold values which follow from the id.
func mixedRecord(ids []int) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, mixedSchema)
	defer b.Release()
	for _, id := range ids {
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("row-%07d", id))
		for k, null := range []bool{id%3 == 0, id%5 == 0, id%7 == 0, false, id%11 == 0, id%2 == 0, id%13 == 0, false, id%17 == 0, id%4 == 0} {
			f := b.Field(1 + k)
			if null {
				f.AppendNull()
				continue
			}
			switch f := f.(type) {
			case *array.StringBuilder:
				f.Append(fmt.Sprint("text ", id))
			case *array.BinaryBuilder:
				f.Append(make([]byte, id%9))
			case *array.Int64Builder:
				f.Append(int64(id) << 20)
			case *array.Int8Builder:
				f.Append(int8(id))
			case *array.Float32Builder:
				f.Append(float32(id) / 3)
			case *array.BooleanBuilder:
				f.Append(id%6 < 3)
			case *array.TimestampBuilder:
				f.Append(arrow.Timestamp(id))
			case *array.FixedSizeBinaryBuilder:
				d := digestText(fmt.Sprint(id))
				f.Append(d[:])
			case *array.StructBuilder:
				stages.ImageBuilderOf(f).Append(stages.ImageCell{Ref: fmt.Sprint("file:", id), Height: id})
			case *array.ListBuilder:
				f.Append(true)
				for i := range id % 3 {
					f.ValueBuilder().(*array.Int32Builder).Append(int32(i))
				}
			}
		}
	}
	return b.NewRecord()
}

func TestTakeColumn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	all := mixedRecord(rng.Perm(500))
	recs := []arrow.Record{all.NewSlice(17, 200), all.NewSlice(3, 4), all.NewSlice(300, 500)}
	var picks []pick
	for range 400 {
		r := rng.IntN(len(recs))
		picks = append(picks, pick{r, rng.IntN(int(recs[r].NumRows()))})
	}
	got, err := takeRows(mixedSchema, recs, picks)
	if err != nil {
		t.Fatal(err)
	}
	for c, f := range mixedSchema.Fields() {
		var parts []arrow.Array
		for _, p := range picks {
			parts = append(parts, array.NewSlice(recs[p.rec].Column(c), int64(p.row), int64(p.row+1)))
		}
		want, err := array.Concatenate(parts, memory.DefaultAllocator)
		if err != nil {
			t.Fatal(err)
		}
		if !array.Equal(got.Column(c), want) {
			t.Errorf("column %s:\n got %v\nwant %v", f.Name, got.Column(c), want)
		}
		if known := takeColumn(f.Type, []arrow.Array{all.Column(c)}, []pick{{0, 1}}) != nil; known != (f.Name != "list") {
			t.Errorf("column %s is gathered one by one: %v", f.Name, known)
		}
	}
}
