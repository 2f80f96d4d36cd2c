package train

import (
	"context"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// kind enters the keys of random numbers too.
const (
	kind    = "train/classifier"
	version = 2 // 2: weights.safetensors says what the training took, curves.svg
)

// Classifier is train/classifier: it trains a network on labelled images.
//
// Output: weights.safetensors, a [model.Classifier]; history.csv, a line for
// each epoch; curves.svg, the same drawn.
func Classifier() *stages.Kind {
	return classifier(limits{keep: 1 << 30, every: 10 * time.Minute})
}

func classifier(l limits) *stages.Kind {
	return stages.Define(stages.Def[Config]{
		Name: kind, Version: version, Shape: stages.Aggregate, Random: true,
		Doc: "Trains a network on labelled images.",
		In: []stages.Port{
			{Name: "train", Doc: "rows to learn from: image and label"},
			{Name: "val", Doc: "rows whose error is told after each epoch; keep: best and patience choose by it", Optional: true},
			{Name: "init", Doc: "weights to start from, of another train/classifier or a model", Type: stages.Files, Optional: true},
		},
		Config:  defaults(),
		Check:   func(c *Config) []pipeline.Problem { return c.check() },
		Outputs: func(*Config) []stages.Output { return []stages.Output{{Type: stages.Files}} },
		Columns: columns,
		Reads: func(c *Config, port string, in *arrow.Schema) []string {
			if port == "init" {
				return nil
			}
			return model.Present(in, model.ImageColumn, c.Label)
		},
		Uses: []string{transform.Version, model.Version, nn.Version},
		Try:  func(c *Config) { c.Budget = Budget{Epochs: 1} },
		New: func(c *Config) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				t, err := prepare(ctx, c, in, out)
				if err != nil {
					return err
				}
				return t.run(ctx, l)
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
			if c.Loss == "bce" {
				problems = append(problems, model.LabelsProblems(s, port, c.Label)...)
			} else {
				problems = append(problems, model.LabelProblems(s, port, c.Label)...)
			}
		}
	}
	return nil, problems
}
