package check

import (
	"context"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// Fingerprint is the configuration of check/fingerprint.
type Fingerprint struct{}

// Columns of a fingerprint.
const (
	shaColumn   = "sha256"
	phashColumn = "phash"
	lookColumn  = "look"
)

// printColumns are sha256 of the file's bytes (of height, width and pixels
// where there is no file) and the 64-bit perceptual hash, both as hexadecimal
// digits, and what near.Look.Bytes gives. The latter two are missing where the
// picture cannot be decoded, all where there is none.
var printColumns = arrow.NewSchema([]arrow.Field{
	{Name: shaColumn, Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: phashColumn, Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: lookColumn, Type: arrow.BinaryTypes.Binary, Nullable: true},
}, nil)

// FingerprintKind describes check/fingerprint to a registry.
func FingerprintKind() *stages.Kind {
	return stages.Define(stages.Def[Fingerprint]{
		Name:    "check/fingerprint",
		Doc:     "Adds to each row what its picture can be found again by: the digest of its bytes, a perceptual hash, and its coarse look.",
		Version: 1,
		Shape:   stages.RowWise,
		In:      []stages.Port{{Name: "rows", Doc: "rows, with image where there are pictures", Type: stages.Rows}},
		Uses:    []string{"imageio/1"},
		Outputs: func(*Fingerprint) []stages.Output { return []stages.Output{{Type: stages.Rows, Base: "rows"}} },
		Columns: func(*Fingerprint, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": printColumns}, nil
		},
		Reads: func(_ *Fingerprint, _ string, in *arrow.Schema) []string { return imageOf(in) },
		New: func(*Fingerprint) (stages.Stage, error) {
			return stages.RunFunc(runFingerprint), nil
		},
	})
}

// imageOf is the column of pictures, if there is one.
func imageOf(in *arrow.Schema) []string {
	if in == nil {
		return nil
	}
	if at := in.FieldIndices("image"); len(at) == 1 && stages.IsImage(in.Field(at[0]).Type) {
		return []string{"image"}
	}
	return nil
}

func runFingerprint(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	schema := arrow.NewSchema(append([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}}, printColumns.Fields()...), nil)
	return in.One("rows").Each(ctx, func(rec arrow.Record) error {
		n := int(rec.NumRows())
		ids := rec.Column(rec.Schema().FieldIndices("id")[0]).(*array.String)
		prints := make([]Print, n)
		if at := rec.Schema().FieldIndices("image"); len(at) == 1 {
			errs := make([]error, n)
			spread(n, in.Workers, func(i int) { prints[i], errs[i] = printOf(ctx, in.Images, ids.Value(i), rec.Column(at[0]), i) })
			for _, err := range errs {
				if err != nil {
					return err
				}
			}
		}
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		defer b.Release()
		for i, p := range prints {
			b.Field(0).(*array.StringBuilder).Append(ids.Value(i))
			for k, text := range []string{p.SHA256, p.Phash} {
				if f := b.Field(1 + k).(*array.StringBuilder); text == "" {
					f.AppendNull()
				} else {
					f.Append(text)
				}
			}
			if f := b.Field(3).(*array.BinaryBuilder); p.Look == nil {
				f.AppendNull()
			} else {
				f.Append(p.Look)
			}
		}
		made := b.NewRecord()
		defer made.Release()
		return out.Write("", made)
	})
}

// printOf takes the fingerprint of a row's picture.
func printOf(ctx context.Context, images stages.Images, id string, col arrow.Array, i int) (p Print, err error) {
	if col.IsNull(i) || ctx.Err() != nil {
		return p, context.Cause(ctx)
	}
	cell := stages.Image(col, i)
	pic, err := images.Open(ctx, cell)
	if err != nil {
		return p, &stages.RowError{ID: id, File: cell.Name(), Err: err}
	}
	return PrintOf(pic), nil
}

// spread calls f for every number below n, from several goroutines.
func spread(n, workers int, f func(i int)) {
	workers = max(1, min(workers, n))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
}
