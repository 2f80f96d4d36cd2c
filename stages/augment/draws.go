package augment

import (
	"context"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/kernels"
	"shiftmill/pipeline"
	"shiftmill/stages"
)

// draws and drawsVersion enter the keys of random numbers too.
const (
	draws        = "augment/draws"
	drawsVersion = 1
)

// drawColumn holds the id of the row whose draw a row shares.
const drawColumn = "draw"

// Shared are the parameters of augment/draws.
type Shared struct {
	P float64 `yaml:"p" above:"0" max:"1" doc:"probability that a row begins a draw of its own"`
}

// Draws is augment/draws: it says which rows share something that is drawn
// anew now and then, such as the distorted weights of DeepAugment. Each row
// tosses a coin of its own, by its id, and shares the draw of the nearest row
// at or before it, in order of ids, whose coin fell, else of the first row. So
// a new row changes only the rows up to the next coin.
//
// It writes draw: the id of that row.
func Draws() *stages.Kind {
	written := arrow.NewSchema([]arrow.Field{{Name: drawColumn, Type: arrow.BinaryTypes.String}}, nil)
	return stages.Define(stages.Def[Shared]{
		Name: draws, Version: drawsVersion, Shape: stages.Index, Random: true,
		Doc:     "Says which rows share a draw: runs of rows, about 1/p of them each.",
		In:      []stages.Port{{Name: "data", Doc: "rows; only their ids are read"}},
		Config:  Shared{P: 0.05},
		Outputs: func(*Shared) []stages.Output { return []stages.Output{{Base: "data"}} },
		Columns: func(*Shared, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": written}, nil
		},
		New: func(c *Shared) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return c.run(ctx, in, out)
			}), nil
		},
	})
}

func (c *Shared) run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	key := kernels.NewKey(draws, drawsVersion, in.Seed, "coin", 0)
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: drawColumn, Type: arrow.BinaryTypes.String}}, nil)
	draw, first := "", true
	return in.One("data").Each(ctx, func(rec arrow.Record) error {
		ids := rec.Column(rec.Schema().FieldIndices("id")[0]).(*array.String)
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		defer b.Release()
		for i := range ids.Len() {
			id := ids.Value(i)
			if first || float64(key.Row(id).Uniform(0)) < c.P {
				draw, first = strings.Clone(id), false
			}
			b.Field(0).(*array.StringBuilder).Append(id)
			b.Field(1).(*array.StringBuilder).Append(draw)
		}
		made := b.NewRecord()
		defer made.Release()
		return out.Write("", made)
	})
}
