package engine_test

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

type trainConfig struct {
	Steps int `yaml:"steps" doc:"passes over the rows"`
}

// fakeTrain learns one number of all rows, step by step, from its seed on.
func fakeTrain(c *calls) *stages.Kind {
	return stages.Define(stages.Def[trainConfig]{
		Name: "train/sum", Doc: "Learns a number.", Version: 1, Shape: stages.Aggregate, Random: true, Config: trainConfig{Steps: 2},
		In:      []stages.Port{{Name: "rows", Type: stages.Rows}},
		Outputs: func(*trainConfig) []stages.Output { return []stages.Output{{Type: stages.Files}} },
		Reads:   func(*trainConfig, string, *arrow.Schema) []string { return []string{"value"} },
		New: func(cfg *trainConfig) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				c.add("train", 1)
				w := in.Seed
				for step := range cfg.Steps {
					if err := in.One("rows").Each(ctx, func(rec arrow.Record) error {
						for i := range int(rec.NumRows()) {
							w = w*31 + uint64(rec.Column(1).(*array.Int64).Value(i))
						}
						return nil
					}); err != nil {
						return err
					}
					if err := out.Checkpoint([]byte(fmt.Sprint(step, w))); err != nil {
						return err
					}
				}
				return out.WriteFile("", "weights", []byte(fmt.Sprint(w%1000)))
			}), nil
		},
	})
}

// fakeApply adds what was learnt to every row.
func fakeApply(c *calls) *stages.Kind {
	return stages.Define(stages.Def[none]{
		Name: "map/apply", Doc: "Adds what was learnt.", Version: 1, Shape: stages.RowWise,
		In:      []stages.Port{{Name: "rows", Type: stages.Rows}, {Name: "model", Type: stages.Files}},
		Outputs: func(*none) []stages.Output { return []stages.Output{{Base: "rows"}} },
		Columns: func(*none, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": int64s("scaled")}, nil
		},
		Reads: func(_ *none, port string, _ *arrow.Schema) []string {
			if port == "rows" {
				return []string{"value"}
			}
			return nil
		},
		New: func(*none) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				data, err := in.One("model").File("weights")
				if err != nil {
					return err
				}
				var w int64
				if _, err := fmt.Sscan(string(data), &w); err != nil {
					return err
				}
				return in.One("rows").Each(ctx, func(rec arrow.Record) error {
					c.add("apply", int(rec.NumRows()))
					var ids []string
					var values []int64
					for i := range int(rec.NumRows()) {
						ids = append(ids, rec.Column(0).(*array.String).Value(i))
						values = append(values, rec.Column(1).(*array.Int64).Value(i)+w)
					}
					return out.Write("", record(ids, "scaled", values))
				})
			}), nil
		},
	})
}

// fakeJoin keeps the rows of one input that another has too, and takes its
// value along.
func fakeJoin(c *calls) *stages.Kind {
	return stages.Define(stages.Def[none]{
		Name: "index/join", Doc: "Joins by id.", Version: 1, Shape: stages.Index,
		In:      []stages.Port{{Name: "left", Type: stages.Rows}, {Name: "right", Type: stages.Rows}},
		Outputs: func(*none) []stages.Output { return []stages.Output{{Base: "left"}} },
		Columns: func(*none, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": int64s("other")}, nil
		},
		Reads: func(_ *none, port string, _ *arrow.Schema) []string {
			if port == "right" {
				return []string{"value"}
			}
			return nil
		},
		New: func(*none) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				c.add("join", 1)
				right := map[string]int64{}
				if err := in.One("right").Each(ctx, func(rec arrow.Record) error {
					for i := range int(rec.NumRows()) {
						right[rec.Column(0).(*array.String).Value(i)] = rec.Column(1).(*array.Int64).Value(i)
					}
					return nil
				}); err != nil {
					return err
				}
				return in.One("left").Each(ctx, func(rec arrow.Record) error {
					var ids []string
					var values []int64
					for i := range int(rec.NumRows()) {
						id := rec.Column(0).(*array.String).Value(i)
						if v, ok := right[id]; ok {
							ids, values = append(ids, id), append(values, v)
						}
					}
					return out.Write("", record(ids, "other", values))
				})
			}), nil
		},
	})
}
