package engine_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/stages"
)

type wavesConfig struct {
	Order string `yaml:"order" doc:"how rows come"`
}

// waves is an index that hands on the rows whose value is even and those whose
// value is odd, in records of 37 rows, which come in order, or do not.
func waves() *stages.Kind {
	return stages.Define(stages.Def[wavesConfig]{
		Name: "index/waves", Doc: "Divides.", Version: 1, Shape: stages.Index, In: rowsPort,
		Outputs: func(*wavesConfig) []stages.Output {
			return []stages.Output{{Name: "even", Base: "rows"}, {Name: "odd", Base: "rows"}}
		},
		Columns: func(*wavesConfig, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"even": int64s("half"), "odd": int64s("half")}, nil
		},
		Reads: func(*wavesConfig, string, *arrow.Schema) []string { return []string{"value"} },
		New: func(c *wavesConfig) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				ids, halves := [2][]string{}, [2][]int64{}
				err := in.One("rows").Each(ctx, func(rec arrow.Record) error {
					for i, v := range rec.Column(1).(*array.Int64).Int64Values() {
						ids[v%2] = append(ids[v%2], strings.Clone(rec.Column(0).(*array.String).Value(i)))
						halves[v%2] = append(halves[v%2], v/2)
					}
					return nil
				})
				if err != nil {
					return err
				}
				for k, name := range []string{"even", "odd"} {
					var recs []arrow.Record
					for from := 0; from < len(ids[k]); from += 37 {
						to := min(from+37, len(ids[k]))
						recs = append(recs, record(ids[k][from:to], "half", halves[k][from:to]))
					}
					n := len(recs)
					switch c.Order {
					case "late": // one from the middle comes last
						recs = append(append(recs[:n/2:n/2], recs[n/2+1:]...), recs[n/2])
					case "down":
						for i := range n / 2 {
							recs[i], recs[n-1-i] = recs[n-1-i], recs[i]
						}
					case "twice":
						recs = append(recs, recs[n-1])
					case "alien":
						recs = append(recs, record([]string{"z"}, "half", []int64{0}))
					}
					for _, rec := range recs {
						if err := out.Write(name, rec); err != nil {
							return err
						}
					}
				}
				return nil
			}), nil
		},
	})
}

// Rows that come in ascending id are stored as they come, others are sorted
// first: it ends the same, and so do mistakes.
func TestRowsInAndOutOfOrder(t *testing.T) {
	var first map[string]string
	for _, workers := range []int{1, 2} { // two read ahead, and know the ids of the base
		for _, order := range []string{"up", "late", "down", "twice", "alien"} {
			b := newBench(t, waves())
			spec := fmt.Sprintf("stages:\n  n: {kind: source/numbers, with: {n: 3000}}\n  w: {kind: index/waves, from: n, with: {order: %s}}\n", order)
			r := b.run(spec, engine.Options{Workers: workers, Cut: engine.CutAround(100)})
			want := map[string]string{"twice": `stands twice`, "alien": `row "z" is not in its base`}[order]
			switch {
			case want != "":
				if r.err == nil || !strings.Contains(r.err.Error(), want) {
					t.Errorf("%s, %d workers: error %v, want %s", order, workers, r.err, want)
				}
			case r.err != nil:
				t.Errorf("%s, %d workers: %v", order, workers, r.err)
			case first == nil:
				first = r.digests
			case !maps.Equal(r.digests, first):
				t.Errorf("%s, %d workers:\n got %v\nwant %v", order, workers, r.digests, first)
			}
		}
	}
	if len(first) == 0 {
		t.Error("no digests were compared")
	}
}

type refsConfig struct {
	Root  pipeline.Dir `yaml:"root" doc:"folder of the pictures"`
	Order string       `yaml:"order" doc:"how rows come"`
}

// refs is a source of 300 pictures, in records of 37 rows that come in order, or do
// not: references to one file, and with pixels some drawn ones at the end.
func refs() *stages.Kind {
	return stages.Define(stages.Def[refsConfig]{
		Name: "source/refs", Doc: "Refers.", Version: 1, Shape: stages.Source,
		Outputs: func(*refsConfig) []stages.Output { return []stages.Output{{}} },
		Columns: func(*refsConfig, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": arrow.NewSchema([]arrow.Field{{Name: "image", Type: stages.ImageType}}, nil)}, nil
		},
		Source: &stages.Access[refsConfig]{File: func(c *refsConfig, ref string) (stages.FileRange, error) {
			return stages.FileRange{Path: filepath.Join(string(c.Root), strings.TrimPrefix(ref, "file:")), Size: -1}, nil
		}},
		New: func(c *refsConfig) (stages.Stage, error) {
			return stages.RunFunc(func(_ context.Context, _ *stages.Inputs, out stages.Sink) error {
				var recs []arrow.Record
				for from := 0; from < 300; from += 37 {
					ids, cells := array.NewStringBuilder(memory.DefaultAllocator), stages.NewImageBuilder(memory.DefaultAllocator)
					for i := from; i < min(from+37, 300); i++ {
						ids.Append(fmt.Sprintf("r%03d", i))
						cell := stages.ImageCell{Ref: "file:one"}
						if i > 290 {
							cell = stages.ImageCell{Ref: "rgb8", Data: []byte{byte(i), 1, 2}, Height: 1, Width: 1}
						}
						cells.Append(cell)
					}
					schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "image", Type: stages.ImageType}}, nil)
					recs = append(recs, array.NewRecord(schema, []arrow.Array{ids.NewArray(), cells.NewArray()}, int64(min(37, 300-from))))
				}
				if c.Order == "late" {
					recs[2], recs[5] = recs[5], recs[2]
				}
				for _, rec := range recs {
					if err := out.Write("", rec); err != nil {
						return err
					}
				}
				return nil
			}), nil
		},
	})
}

// The same holds for pictures: references are stored as they come, until rows come late
// or with pixels.
func TestPicturesInAndOutOfOrder(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "one"), []byte("7"), 0o666); err != nil {
		t.Fatal(err)
	}
	var first map[string]string
	for _, order := range []string{"up", "late"} {
		b := newBench(t, refs())
		b.file = filepath.Join(dir, "x.yaml")
		r := b.run(fmt.Sprintf("stages:\n  n: {kind: source/refs, with: {root: ., order: %s}}\n", order), engine.Options{Cut: engine.CutAround(20)})
		switch {
		case r.err != nil:
			t.Fatalf("%s: %v", order, r.err)
		case first == nil:
			if first = r.digests; len(first) == 0 {
				t.Error("no digests to compare")
			}
		case !maps.Equal(r.digests, first):
			t.Errorf("%s:\n got %v\nwant %v", order, r.digests, first)
		}
	}
}
