package augment

import (
	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// piece is how many pictures are held at a time.
const piece = 64

// pictures describes a kind that gives every row of the port data one new
// picture, drawn by seed and row id.
func pictures[C any](name string, version int, doc string, defaults C, build func(*C) (stages.Stage, error)) *stages.Kind {
	written := arrow.NewSchema([]arrow.Field{{Name: model.ImageColumn, Type: stages.ImageType}}, nil)
	return stages.Define(stages.Def[C]{
		Name: name, Version: version, Shape: stages.RowWise, Random: true, Doc: doc,
		In:      []stages.Port{{Name: "data", Doc: "rows with image"}},
		Config:  defaults,
		Outputs: func(*C) []stages.Output { return []stages.Output{{Base: "data"}} },
		Columns: func(_ *C, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			out := stages.Schemas{"": written}
			if s := in["data"]; s != nil {
				return out, model.ImageProblems(s, "data")
			}
			return out, nil
		},
		Reads: func(_ *C, _ string, in *arrow.Schema) []string { return model.Present(in, model.ImageColumn) },
		Pixels: func(c *C, in float64) float64 {
			if c, ok := any(c).(interface{ side() int }); ok {
				return transform.FitPixels(c.side(), in)
			}
			return in
		},
		Uses: []string{transform.Version},
		New:  build,
	})
}
