package evaluate

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/stages"
	"shiftmill/stages/model"
)

// A classify is evaluate/classify made ready; its parts run concurrently and
// share one model.
type classify struct{ judge }

// Run judges the rows of one part.
func (c *classify) Run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	for _, p := range model.LabelProblems(in.One("data").Schema(), "data", c.label) {
		return fmt.Errorf("%s", p.Msg) // where the columns were unknown before the run
	}
	var v *verdicts
	err := c.each(ctx, in, func(p prediction, rec arrow.Record, lo int, scores []float32) error {
		if v == nil {
			v = newVerdicts(p)
		}
		if err := v.add(rec, c.label, lo, scores); err != nil {
			return err
		}
		return v.write(out)
	})
	if v != nil {
		v.note(out)
		v.release()
	}
	return err
}

func column(rec arrow.Record, name string) arrow.Array {
	return rec.Column(rec.Schema().FieldIndices(name)[0])
}

func id(rec arrow.Record, i int) string { return column(rec, "id").(*array.String).Value(i) }

// classesKey is the key of a score field's metadata that holds the class names
// as a JSON list.
const classesKey = "classes"

// classesOf reads the class names that belong to a column of scores.
func classesOf(f arrow.Field) ([]string, error) {
	t, ok := f.Type.(*arrow.FixedSizeListType)
	if !ok || t.Elem().ID() != arrow.FLOAT32 {
		return nil, fmt.Errorf("column %q holds %s, want fixed-size lists of float32", f.Name, f.Type)
	}
	text, ok := f.Metadata.GetValue(classesKey)
	if !ok {
		return nil, fmt.Errorf("column %q does not say which classes its scores are of: its metadata lacks %q", f.Name, classesKey)
	}
	var classes []string
	if err := json.Unmarshal([]byte(text), &classes); err != nil {
		return nil, fmt.Errorf("column %q: metadata %q: %w", f.Name, classesKey, err)
	}
	if len(classes) != int(t.Len()) || len(classes) == 0 {
		return nil, fmt.Errorf("column %q has %d scores a row and names %d classes", f.Name, t.Len(), len(classes))
	}
	return classes, nil
}

// verdicts builds the output.
type verdicts struct {
	classes []string
	known   map[string]bool
	b       *array.RecordBuilder
	unknown int // rows whose label is no class
}

func newVerdicts(p prediction) *verdicts {
	classes := p.classes
	schema := verdictSchema(classes, p.metadata())
	v := &verdicts{classes: classes, known: map[string]bool{}, b: array.NewRecordBuilder(memory.DefaultAllocator, schema)}
	for _, c := range classes {
		v.known[c] = true
	}
	return v
}

// verdictSchema is what is written of rows with one label.
func verdictSchema(classes []string, facts arrow.Metadata) *arrow.Schema {
	names, err := json.Marshal(classes)
	if err != nil {
		panic("evaluate: " + err.Error()) // strings always marshal
	}
	return arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String},
		{Name: "predicted", Type: arrow.BinaryTypes.String, Metadata: facts},
		{Name: "correct", Type: arrow.FixedWidthTypes.Boolean},
		{Name: scoresColumn, Type: arrow.FixedSizeListOf(int32(len(classes)), arrow.PrimitiveTypes.Float32),
			Metadata: arrow.NewMetadata([]string{classesKey}, []string{string(names)})},
	}, nil)
}

func (v *verdicts) release() { v.b.Release() }

// add judges rows from lo on by their scores.
func (v *verdicts) add(rec arrow.Record, label string, lo int, scores []float32) error {
	labels, k := column(rec, label), len(v.classes)
	list := v.b.Field(3).(*array.FixedSizeListBuilder)
	for i := 0; i*k < len(scores); i++ {
		if labels.IsNull(lo + i) {
			return &stages.RowError{ID: id(rec, lo+i), Err: fmt.Errorf("it has no %q; leave rows without a label out with a split or a filter", label)}
		}
		row := scores[i*k : (i+1)*k]
		predicted := v.classes[model.Best(row)]
		truth := labels.ValueStr(lo + i)
		if !v.known[truth] {
			v.unknown++
		}
		v.b.Field(0).(*array.StringBuilder).Append(id(rec, lo+i))
		v.b.Field(1).(*array.StringBuilder).Append(predicted)
		v.b.Field(2).(*array.BooleanBuilder).Append(predicted == truth)
		list.Append(true)
		list.ValueBuilder().(*array.Float32Builder).AppendValues(row, nil)
	}
	return nil
}

// write hands on what was added.
func (v *verdicts) write(out stages.Sink) error {
	rec := v.b.NewRecord()
	defer rec.Release()
	return out.Write("", rec)
}

func (v *verdicts) note(out stages.Sink) {
	if v.unknown > 0 {
		out.Note("%d rows have a label that is none of the model's %d classes; they count as errors", v.unknown, len(v.classes))
	}
}
