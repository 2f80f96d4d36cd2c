package engine_test

import (
	"bytes"
	"context"
	"crypto/sha256"
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

type digestConfig struct {
	Salt int `yaml:"salt" doc:"differs, so that the input is read again"`
}

// blobKinds are a row-wise kind that makes incompressible bytes of each row, and
// an aggregate that digests them.
func blobKinds(c *calls) []*stages.Kind {
	bytesOf := func(*none, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
		return stages.Schemas{"": arrow.NewSchema([]arrow.Field{{Name: "blob", Type: arrow.BinaryTypes.Binary}}, nil)}, nil
	}
	blob := stages.Define(stages.Def[none]{
		Name: "map/blob", Doc: "Makes bytes.", Version: 1, Shape: stages.RowWise, In: rowsPort,
		Outputs: func(*none) []stages.Output { return []stages.Output{{Base: "rows"}} },
		Columns: bytesOf,
		Reads:   func(*none, string, *arrow.Schema) []string { return []string{"value"} },
		New: func(*none) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return in.One("rows").Each(ctx, func(rec arrow.Record) error {
					c.add("blob", int(rec.NumRows()))
					b := array.NewBinaryBuilder(memory.DefaultAllocator, arrow.BinaryTypes.Binary)
					for _, v := range rec.Column(1).(*array.Int64).Int64Values() {
						random := rand.NewChaCha8([32]byte{byte(v), byte(v >> 8)})
						data := make([]byte, 6000)
						random.Read(data)
						b.Append(data)
					}
					s := arrow.NewSchema([]arrow.Field{rec.Schema().Field(0), {Name: "blob", Type: arrow.BinaryTypes.Binary}}, nil)
					return out.Write("", array.NewRecord(s, []arrow.Array{rec.Column(0), b.NewArray()}, rec.NumRows()))
				})
			}), nil
		},
	})
	digest := stages.Define(stages.Def[digestConfig]{
		Name: "report/digest", Doc: "Digests bytes.", Version: 1, Shape: stages.Aggregate, In: rowsPort,
		Outputs: func(*digestConfig) []stages.Output { return []stages.Output{{Type: stages.Files}} },
		Reads:   func(*digestConfig, string, *arrow.Schema) []string { return []string{"blob"} },
		New: func(*digestConfig) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				h := sha256.New()
				err := in.One("rows").Each(ctx, func(rec arrow.Record) error {
					for i := range int(rec.NumRows()) {
						h.Write(rec.Column(1).(*array.Binary).Value(i))
					}
					return nil
				})
				if err != nil {
					return err
				}
				return out.WriteFile("", "sum.txt", fmt.Appendf(nil, "%x", h.Sum(nil)))
			}), nil
		},
	})
	return []*stages.Kind{blob, digest}
}

// A byte of each of 200 stored files in turn is flipped, or the file cut short,
// and all of it is read again: what was damaged is computed anew, and never
// reaches a stage.
func TestBitRot(t *testing.T) {
	b := newBench(t)
	b.kinds = stages.NewRegistry(append(fakeKinds(&b.calls), blobKinds(&b.calls)...)...)
	spec := func(salt int) string {
		return fmt.Sprintf("stages:\n  n: {kind: source/numbers, with: {n: 3600}}\n  m: {kind: map/blob, from: n}\n  d: {kind: report/digest, from: m, with: {salt: %d}}\n", salt)
	}
	o := engine.Options{Workers: 2, Cut: engine.Cut{Mean: 16, Min: 14, Max: 18}}
	first := b.run(spec(0), o)
	if first.err != nil {
		t.Fatal(first.err)
	}
	files, err := filepath.Glob(filepath.Join(b.dir, "objects", "*", "*"))
	if err != nil || len(files) < 200 {
		t.Fatalf("%d files, %v; want 200 or more", len(files), err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	damaged, computed := 0, 0
	for i := 0; i < 200; i += sweepStep(45) {
		whole, err := os.ReadFile(files[i])
		if err != nil {
			t.Fatal(err)
		}
		hurt := bytes.Clone(whole)
		if i%2 == 0 {
			hurt[random.IntN(len(hurt))] ^= byte(1 + random.IntN(255))
		} else {
			hurt = hurt[:random.IntN(len(hurt))]
		}
		if err := os.WriteFile(files[i], hurt, 0o666); err != nil {
			t.Fatal(err)
		}
		damaged++
		r := b.run(spec(i+1), o)
		if r.err != nil || r.digests["d"] != first.digests["d"] || r.digests["m"] != first.digests["m"] {
			t.Fatalf("%s damaged: %v\n got %v\nwant %v", files[i], r.err, r.digests, first.digests)
		}
		if n := r.calls["blob"]; n == 0 || n > 18 {
			t.Fatalf("%s damaged: %d rows were computed again, want those of one partition", files[i], n)
		}
		computed += r.calls["blob"]
		if healed, err := os.ReadFile(files[i]); err != nil || !bytes.Equal(healed, whole) {
			t.Fatalf("%s is not what it was: %v", files[i], err)
		}
	}
	t.Logf("%d files damaged, %d rows computed again", damaged, computed)
}
