package evaluate

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// mapKey is the key of a score field's metadata that names the form of mAP
// that a report should give.
const mapKey = "map"

// MultiConfig are the parameters of evaluate/multilabel.
type MultiConfig struct {
	Label string `yaml:"label" doc:"column of lists of class names"`
	Test  Tests  `yaml:"test" doc:"how pictures are prepared, where it is not as the model says: a list of steps, or lists by the name of the test set"`
	MAP   string `yaml:"map" enum:"macro|reference" doc:"form of mAP in reports: macro is the mean of average precision over classes; reference is that of DeepFashion Remixed's code, areas by trapezoids, weighted by frequency"`
}

// Multilabel is evaluate/multilabel: it scores every class for every row, of
// rows that have several labels. It writes labels (lists of class names) and
// scores, as evaluate/classify does; mAP is taken over rows by the report.
func Multilabel() *stages.Kind {
	return stages.Define(stages.Def[MultiConfig]{
		Name: "evaluate/multilabel", Version: 1, Shape: stages.RowWise,
		Doc: "Scores every class for every row, for data whose rows have several labels.",
		In: []stages.Port{
			{Name: "data", Doc: "rows with image and lists of labels, or with scores and labels where no model is given"},
			{Name: "model", Doc: "what train/classifier (with loss: bce), model/onnx or model/safetensors made", Type: stages.Files, Optional: true},
		},
		Config:  MultiConfig{Label: "labels", MAP: "macro"},
		Check:   func(c *MultiConfig) []pipeline.Problem { return c.Test.check() },
		Outputs: func(*MultiConfig) []stages.Output { return []stages.Output{{Base: "data"}} },
		Columns: func(c *MultiConfig, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			s := in["data"]
			if s == nil {
				return nil, nil
			}
			problems := model.LabelsProblems(s, "data", c.Label)
			if len(s.FieldIndices(scoresColumn)) == 0 {
				problems = append(problems, model.ImageProblems(s, "data")...)
			}
			return nil, problems
		},
		Sketch: func(*MultiConfig, stages.Schemas) stages.Schemas {
			return stages.Schemas{"": multiSchema(1, arrow.Metadata{})}
		},
		Reads: func(c *MultiConfig, port string, in *arrow.Schema) []string {
			return reads(&Config{Label: c.Label}, port, in)
		},
		Uses: []string{transform.Version, model.Version, nn.Version},
		New: func(c *MultiConfig) (stages.Stage, error) {
			return &multilabel{judge: judge{label: c.Label, tests: c.Test}, form: c.MAP}, nil
		},
	})
}

type multilabel struct {
	judge
	form string
}

// Run scores the rows of one part.
func (m *multilabel) Run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	for _, p := range model.LabelsProblems(in.One("data").Schema(), "data", m.label) {
		return fmt.Errorf("%s", p.Msg) // where the columns were unknown before the run
	}
	known := map[string]bool{}
	unknown := 0
	err := m.each(ctx, in, func(p prediction, rec arrow.Record, lo int, scores []float32) error {
		for _, c := range p.classes {
			known[c] = true
		}
		rows, strange, err := m.rows(p, known, rec, lo, scores)
		if err != nil {
			return err
		}
		defer rows.Release()
		unknown += strange
		return out.Write("", rows)
	})
	if unknown > 0 {
		out.Note("%d rows have a label that is none of the model's %d classes; it is left out", unknown, len(known))
	}
	return err
}

// multiSchema is what is written of rows with several labels.
func multiSchema(classes int, facts arrow.Metadata) *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String},
		{Name: labelsColumn, Type: arrow.ListOf(arrow.BinaryTypes.String)},
		{Name: scoresColumn, Type: arrow.FixedSizeListOf(int32(classes), arrow.PrimitiveTypes.Float32), Metadata: facts},
	}, nil)
}

// rows makes the output for rows from lo on, and counts those with labels that
// the model does not know.
func (m *multilabel) rows(p prediction, known map[string]bool, rec arrow.Record, lo int, scores []float32) (arrow.Record, int, error) {
	names, err := json.Marshal(p.classes)
	if err != nil {
		return nil, 0, err
	}
	keys, values := []string{classesKey, mapKey}, []string{string(names), m.form}
	if facts := p.metadata(); facts.Len() > 0 {
		keys, values = append(keys, facts.Keys()...), append(values, facts.Values()...)
	}
	schema := multiSchema(len(p.classes), arrow.NewMetadata(keys, values))
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	k, column, strange := len(p.classes), column(rec, m.label), 0
	lists, scored := b.Field(1).(*array.ListBuilder), b.Field(2).(*array.FixedSizeListBuilder)
	for i := 0; i*k < len(scores); i++ {
		if column.IsNull(lo + i) {
			return nil, 0, &stages.RowError{ID: id(rec, lo+i), Err: fmt.Errorf("it has no %q; leave rows without labels out with a split or a filter", m.label)}
		}
		b.Field(0).(*array.StringBuilder).Append(id(rec, lo+i))
		lists.Append(true)
		odd := false
		for _, l := range model.LabelsAt(column, lo+i) {
			if !known[l] {
				odd = true
				continue
			}
			lists.ValueBuilder().(*array.StringBuilder).Append(l)
		}
		if odd {
			strange++
		}
		scored.Append(true)
		scored.ValueBuilder().(*array.Float32Builder).AppendValues(scores[i*k:(i+1)*k], nil)
	}
	return b.NewRecord(), strange, nil
}

// labelsColumn holds a row's labels, for reports.
const labelsColumn = "labels"
