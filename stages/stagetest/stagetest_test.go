package stagetest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/stagetest"
)

type config struct{ Suffix string }

// upper is a row-wise kind that writes the column "loud".
func upper(write string) *stages.Kind {
	loud := arrow.NewSchema([]arrow.Field{{Name: "loud", Type: arrow.BinaryTypes.String}}, nil)
	return stages.Define(stages.Def[config]{
		Name: "test/upper", Doc: "Writes the label in capitals.", Version: 1, Shape: stages.RowWise,
		In:      []stages.Port{{Name: "data"}},
		Outputs: func(*config) []stages.Output { return []stages.Output{{Base: "data"}} },
		Columns: func(*config, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": loud}, nil
		},
		Reads: func(*config, string, *arrow.Schema) []string { return []string{"label"} },
		New: func(c *config) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return in.One("data").Each(ctx, func(rec arrow.Record) error {
					schema := arrow.NewSchema([]arrow.Field{rec.Schema().Field(0), {Name: write, Type: arrow.BinaryTypes.String}}, nil)
					b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
					defer b.Release()
					for i := range int(rec.NumRows()) {
						b.Field(0).(*array.StringBuilder).Append(rec.Column(0).(*array.String).Value(i))
						b.Field(1).(*array.StringBuilder).Append(strings.ToUpper(rec.Column(1).(*array.String).Value(i)) + c.Suffix)
					}
					r := b.NewRecord()
					defer r.Release()
					return out.Write("", r)
				})
			}), nil
		},
	})
}

func data() map[string][]stages.Input {
	return map[string][]stages.Input{"data": {stagetest.Rows([]string{"c", "a", "b", "d", "e"},
		stagetest.Column{Name: "label", Values: []string{"dog", "ant", "bee", "eel", "fox"}},
		stagetest.Column{Name: "unread", Values: []bool{true, false, true, false, true}})}}
}

func TestConform(t *testing.T) {
	a := stagetest.Conform(t, stagetest.Case{Kind: upper("loud"), Ports: data()})
	b := stagetest.Conform(t, stagetest.Case{Kind: upper("loud"), Config: &config{"!"}, Ports: data()})
	if a == b {
		t.Error("another result has the same digest")
	}
}

func TestSinkRefusesOtherColumns(t *testing.T) {
	_, err := stagetest.Case{Kind: upper("other"), Ports: data()}.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "declared are id and") {
		t.Errorf("writing another column than declared: %v", err)
	}
}

func TestTake(t *testing.T) {
	rec, err := data()["data"][0].Take(t.Context(), []int{4, 0, 0})
	if err != nil {
		t.Fatal(err)
	}
	if got := rec.Column(0).String(); got != `["e" "a" "a"]` {
		t.Errorf("ids %s", got)
	}
}
