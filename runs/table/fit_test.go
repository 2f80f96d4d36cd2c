package table_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs/table"
)

// texts is a record of columns that want different encodings: ascending ids, a
// few values with nulls, many values, a few and then many, and nothing but nulls.
func texts(rows int) arrow.Record {
	rng := rand.New(rand.NewPCG(3, 3))
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "few", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "many", Type: arrow.BinaryTypes.LargeString, Nullable: true}, {Name: "later", Type: arrow.BinaryTypes.String},
		{Name: "none", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range rows {
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("é/%06d%s", i, strings.Repeat("x", i%5)))
		b.Field(4).AppendNull()
		if rng.IntN(9) == 0 {
			b.Field(1).AppendNull()
		} else {
			b.Field(1).(*array.StringBuilder).Append([]string{"", "US", "FR", "Ö"}[rng.IntN(4)])
		}
		if rng.IntN(9) == 0 {
			b.Field(2).AppendNull()
		} else {
			b.Field(2).(*array.LargeStringBuilder).Append(fmt.Sprint(rng.Uint64()))
		}
		later := "same"
		if i > rows/3 {
			later = fmt.Sprint("one of many texts, number ", i)
		}
		b.Field(3).(*array.StringBuilder).Append(later)
	}
	return b.NewRecord()
}

// TestEncodings reads every encoding of every column back, whatever pages and
// row groups cut, and has the same bytes however the rows came.
func TestEncodings(t *testing.T) {
	rec := texts(5000)
	defer rec.Release()
	fit := table.Fit(rec)
	if want := map[string]table.Encoding{"id": table.Front, "few": table.Dictionary}; !maps.Equal(fit, want) {
		t.Errorf("Fit chose %v, want %v", fit, want)
	}
	encodings := []map[string]table.Encoding{fit, nil}
	for _, e := range []table.Encoding{table.Front, table.Dictionary} {
		all := map[string]table.Encoding{}
		for _, f := range rec.Schema().Fields() {
			all[f.Name] = e
		}
		encodings = append(encodings, all)
	}
	for _, e := range encodings {
		for _, o := range []table.Options{{}, {RowGroupRows: 777, PageBytes: 3000}} {
			o.Encoding = e
			data := write(t, rec, o, 5000)
			if !bytes.Equal(data, write(t, rec, o, 13)) {
				t.Errorf("%v: other bytes when the rows come in other records", o)
			}
			got, err := table.Read(data, nil, memory.DefaultAllocator)
			if err != nil {
				t.Fatalf("%v: %v", o, err)
			}
			sameRecord(t, got, rec)
			got.Release()
		}
	}
	if plain, fitted := len(write(t, rec, table.Options{}, 5000)), len(write(t, rec, table.Options{Encoding: fit}, 5000)); fitted > plain {
		t.Errorf("%d bytes with the encodings that fit, %d without", fitted, plain)
	}
	_, err := table.NewWriter(&bytes.Buffer{}, rec.Schema(), table.Options{Encoding: map[string]table.Encoding{"labels": table.Front}})
	if err == nil || !strings.Contains(err.Error(), "labels") {
		t.Errorf("an encoding of a column that is not there: %v", err)
	}
}

// What Fit chooses does not depend on how rows are cut into records.
func TestFitOfSeveral(t *testing.T) {
	rec := texts(3000)
	want := table.Fit(rec)
	for _, size := range []int64{1, 7, 1000, 2999} {
		var parts []arrow.Record
		for from := int64(0); from < rec.NumRows(); from += size {
			parts = append(parts, rec.NewSlice(from, min(from+size, rec.NumRows())))
		}
		if got := table.Fit(parts...); !maps.Equal(got, want) {
			t.Errorf("in records of %d rows: %v, want %v", size, got, want)
		}
	}
}
