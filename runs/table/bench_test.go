package table_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs/table"
)

// benchRecords are partitions as stages have them.
func benchRecords() map[string]arrow.Record {
	rng := rand.New(rand.NewPCG(1, 1))
	meta := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String},
		{Name: "label", Type: arrow.PrimitiveTypes.Int64},
		{Name: "country", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "score", Type: arrow.PrimitiveTypes.Float32},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, meta)
	for i := range 4096 {
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("train/%08d.jpg", i))
		b.Field(1).(*array.Int64Builder).Append(int64(rng.IntN(1000)))
		b.Field(2).(*array.StringBuilder).Append([]string{"US", "FR", "MX"}[rng.IntN(3)])
		b.Field(3).(*array.Float32Builder).Append(rng.Float32())
	}
	pixels := arrow.NewSchema([]arrow.Field{{Name: "pixels", Type: arrow.FixedSizeListOf(3*64*64, arrow.PrimitiveTypes.Uint8)}}, nil)
	p := array.NewRecordBuilder(memory.DefaultAllocator, pixels)
	list := p.Field(0).(*array.FixedSizeListBuilder)
	images := arrow.NewSchema([]arrow.Field{{Name: "bytes", Type: arrow.BinaryTypes.LargeBinary}}, nil)
	im := array.NewRecordBuilder(memory.DefaultAllocator, images)
	for range 256 {
		row := make([]byte, 3*64*64)
		for i := range row {
			row[i] = byte(rng.Uint32())
		}
		list.Append(true)
		list.ValueBuilder().(*array.Uint8Builder).AppendValues(row, nil)
		im.Field(0).(*array.BinaryBuilder).Append(row)
	}
	return map[string]arrow.Record{"metadata": b.NewRecord(), "pixels": p.NewRecord(), "bytes": im.NewRecord()}
}

func BenchmarkWrite(b *testing.B) {
	for name, rec := range benchRecords() {
		b.Run("rows="+name, func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				size = len(write(b, rec, table.Options{}, int(rec.NumRows())))
			}
			b.ReportMetric(float64(size), "filebytes")
			b.ReportMetric(float64(rec.NumRows())*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for name, rec := range benchRecords() {
		data := write(b, rec, table.Options{}, int(rec.NumRows()))
		b.Run("rows="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				got, err := table.Read(data, nil, memory.DefaultAllocator)
				if err != nil {
					b.Fatal(err)
				}
				got.Release()
			}
			b.ReportMetric(float64(rec.NumRows())*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
