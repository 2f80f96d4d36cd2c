package evaluate

import (
	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// scoresColumn holds a row's scores.
const scoresColumn = "scores"

// Config are the parameters of evaluate/classify.
type Config struct {
	Label    string   `yaml:"label" doc:"column of class names"`
	Test     Tests    `yaml:"test" doc:"how pictures are prepared, where it is not as the model says: a list of steps, or lists by the name of the test set"`
	Restrict Restrict `yaml:"restrict" doc:"classes that can be predicted: common (those that the labels of the data have, as ImageNet-R is scored), imagenet-r, or a list; the others' scores are left out"`
}

// Classify is evaluate/classify: it predicts the class of every row, with the
// model at its second port, or from scores that the rows have already.
//
// It writes predicted (text), correct (bool) and scores: a fixed-size list of
// float32, the model's scores of the classes, whose names stand as a JSON
// list in the field's metadata under "classes". What is known of the model
// stands in the metadata of predicted.
func Classify() *stages.Kind {
	return stages.Define(stages.Def[Config]{
		Name: "evaluate/classify", Version: 2, Shape: stages.RowWise, // 2: facts about the model with the predictions
		Doc: "Predicts the class of every row and says whether it is right.",
		In: []stages.Port{
			{Name: "data", Doc: "rows with image and label, or with scores and label where no model is given"},
			{Name: "model", Doc: "what train/classifier, model/onnx or model/safetensors made", Type: stages.Files, Optional: true},
		},
		Config:  Config{Label: "label"},
		Check:   func(c *Config) []pipeline.Problem { return c.Test.check() },
		Outputs: func(*Config) []stages.Output { return []stages.Output{{Base: "data"}} },
		Columns: columns,
		Sketch: func(*Config, stages.Schemas) stages.Schemas {
			return stages.Schemas{"": verdictSchema([]string{""}, arrow.Metadata{})}
		},
		Reads: reads,
		Uses:  []string{transform.Version, model.Version, nn.Version},
		New: func(c *Config) (stages.Stage, error) {
			return &classify{judge: judge{label: c.Label, tests: c.Test, restrict: c.Restrict}}, nil
		},
	})
}

// reads takes the picture, and scores as well where rows have them: whether a
// model is given is known only when the stage runs.
func reads(c *Config, port string, in *arrow.Schema) []string {
	switch {
	case port != "data":
		return nil
	case in == nil:
		return []string{model.ImageColumn, c.Label}
	}
	columns := model.Present(in, model.ImageColumn, scoresColumn, c.Label)
	if c.Restrict.Common && len(in.FieldIndices(keptColumn)) > 0 {
		columns = append(columns, keptColumn)
	}
	return columns
}

// keptColumn is the column in whose metadata a split says which classes it kept.
const keptColumn = "cell"

// columns checks the data. What is written depends on the number of classes,
// which a model's file says, or the scores that rows have.
func columns(c *Config, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
	s := in["data"]
	if s == nil {
		return nil, nil
	}
	problems := model.LabelProblems(s, "data", c.Label)
	if len(s.FieldIndices(scoresColumn)) == 0 {
		problems = append(problems, model.ImageProblems(s, "data")...)
	}
	return nil, problems
}
