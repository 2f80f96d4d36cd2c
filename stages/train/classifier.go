package train

import (
	"context"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// kind and version enter the keys of random numbers too.
const (
	kind    = "train/classifier"
	version = 1
)

// Classifier is train/classifier: it trains a network on labelled images.
//
// Output: weights.safetensors, a [model.Classifier], and history.csv, a line
// for each epoch.
func Classifier() *stages.Kind { return classifier(keepBytes) }

// keepBytes is how many bytes of prepared pictures a training keeps in memory;
// rows beyond it are decoded again in each epoch.
const keepBytes = 1 << 30

func classifier(keep int64) *stages.Kind {
	return stages.Define(stages.Def[Config]{
		Name: kind, Version: version, Shape: stages.Aggregate, Random: true,
		Doc: "Trains a network on labelled images by stochastic gradient descent on cross-entropy.",
		In: []stages.Port{
			{Name: "train", Doc: "rows to learn from: image and label"},
			{Name: "val", Doc: "rows whose error is reported after each epoch; nothing is chosen by it", Optional: true},
		},
		Config:  defaults(),
		Check:   func(c *Config) []pipeline.Problem { return c.check() },
		Outputs: func(*Config) []stages.Output { return []stages.Output{{Type: stages.Files}} },
		Columns: columns,
		Reads: func(c *Config, _ string, in *arrow.Schema) []string {
			return model.Present(in, model.ImageColumn, c.Label)
		},
		Uses: []string{transform.Version, model.Version, nn.Version},
		New: func(c *Config) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				t, err := prepare(ctx, c, in, out)
				if err != nil {
					return err
				}
				return t.run(ctx, keep)
			}), nil
		},
	})
}

// columns checks the inputs; files have no columns.
func columns(c *Config, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
	var problems []pipeline.Problem
	for _, port := range []string{"train", "val"} {
		if s := in[port]; s != nil {
			problems = append(problems, model.ImageProblems(s, port)...)
			problems = append(problems, model.LabelProblems(s, port, c.Label)...)
		}
	}
	return nil, problems
}
