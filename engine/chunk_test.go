package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/stages"
)

// noisePictures is a row-wise kind that draws a picture of noise for each row.
func noisePictures(c *calls, side int) *stages.Kind {
	field := arrow.Field{Name: "image", Type: stages.ImageType}
	return stages.Define(stages.Def[none]{
		Name: "map/pictures", Doc: "Draws.", Version: 1, Shape: stages.RowWise, In: rowsPort,
		Outputs: func(*none) []stages.Output { return []stages.Output{{Base: "rows"}} },
		Columns: func(*none, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": arrow.NewSchema([]arrow.Field{field}, nil)}, nil
		},
		Reads: func(*none, string, *arrow.Schema) []string { return []string{"value"} },
		New: func(*none) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return in.One("rows").Each(ctx, func(rec arrow.Record) error {
					c.add("pictures", int(rec.NumRows()))
					b := stages.NewImageBuilder(memory.DefaultAllocator)
					for _, v := range rec.Column(1).(*array.Int64).Int64Values() {
						random := rand.NewChaCha8([32]byte{byte(v), byte(v >> 8)})
						pix := make([]byte, side*side*3)
						random.Read(pix)
						b.Append(stages.ImageCell{Ref: "rgb8", Data: pix, Height: side, Width: side})
					}
					s := arrow.NewSchema([]arrow.Field{rec.Schema().Field(0), field}, nil)
					return out.Write("", array.NewRecord(s, []arrow.Array{rec.Column(0), b.NewArray()}, rec.NumRows()))
				})
			}), nil
		},
	})
}

// A partition of large rows lies in several objects, none much larger than a
// batch. When one row of it changes, the others are taken over with the content
// they had, pictures included: it ends as if all had been computed.
func TestLargePartitions(t *testing.T) {
	const side, rows = 112, 700 // 26 MB
	b := newBench(t)
	b.kinds = stages.NewRegistry(append(fakeKinds(&b.calls), noisePictures(&b.calls, side))...)
	fresh := newBench(t)
	fresh.kinds = stages.NewRegistry(append(fakeKinds(&fresh.calls), noisePictures(&fresh.calls, side))...)
	spec := func(bump int) string {
		return fmt.Sprintf("stages:\n  n: {kind: source/numbers, with: {n: %d, bump: %d}}\n  m: {kind: map/pictures, from: n}\n", rows, bump)
	}
	o := engine.Options{Cut: engine.Cut{Mean: rows, Min: rows, Max: rows}}
	if r := b.run(spec(-1), o); r.err != nil || r.calls["pictures"] != rows {
		t.Fatalf("%v, %d rows computed", r.err, r.calls["pictures"])
	}
	files, err := filepath.Glob(filepath.Join(b.dir, "objects", "*", "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("the partition lies in %d objects (%v), want several", len(files), err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Size() > 40<<20 {
			t.Errorf("%s: %v, %v", f, info.Size(), err)
		}
	}
	got, want := b.run(spec(370), o), fresh.run(spec(370), o)
	if got.err != nil || want.err != nil || fmt.Sprint(got.digests) != fmt.Sprint(want.digests) {
		t.Errorf("%v, %v\n got %v\nwant %v", got.err, want.err, got.digests, want.digests)
	}
	if got.calls["pictures"] != 1 {
		t.Errorf("%d rows were computed again, want the one that changed", got.calls["pictures"])
	}
	if all := b.run(spec(370), engine.Options{Cut: engine.CutAround(50)}); all.err != nil || len(all.calls) != 0 {
		t.Errorf("%v, computed %v, want nothing", all.err, all.calls)
	}
}
