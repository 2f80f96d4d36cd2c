package evaluate_test

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/stages"
	"shiftmill/stages/evaluate"
	"shiftmill/stages/model"
	"shiftmill/stages/stagetest"
	"shiftmill/stages/transform"
)

// weights are those of an untrained network for pictures of 8 x 8.
func weights(t testing.TB, classes ...string) *stagetest.Files {
	t.Helper()
	net, err := nn.New(nn.Arch{Name: "convnet", Width: 4, Classes: len(classes), Size: 8})
	if err != nil {
		t.Fatal(err)
	}
	net.Init(kernels.NewKey("evaluate-test", 1, 1, "init", 0))
	c := &model.Classifier{Net: net, Classes: classes, Std: [3]float32{0.25, 0.25, 0.25}, Test: transform.Fit(8)}
	data, err := c.Save()
	if err != nil {
		t.Fatal(err)
	}
	return &stagetest.Files{StageName: "net", Data: map[string][]byte{"weights.safetensors": data}}
}

func testCase(data, files stages.Input) stagetest.Case {
	c := stagetest.Case{Kind: evaluate.Classify(), Ports: map[string][]stages.Input{"data": {data}}}
	if files != nil {
		c.Ports["model"] = []stages.Input{files}
	}
	return c
}

func TestGolden(t *testing.T) {
	stagetest.Golden(t, "", testCase(stagetest.Shapes(70, 3, 12), weights(t, "class0", "class1", "class2")))
}

func run(t *testing.T, c stagetest.Case) (*stagetest.Table, *stagetest.Sink) {
	t.Helper()
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := out.Rows("")
	if err != nil {
		t.Fatal(err)
	}
	return rows, out
}

func column[T arrow.Array](t *stagetest.Table, name string) T {
	return t.Record().Column(t.Schema().FieldIndices(name)[0]).(T)
}

// TestVerdicts checks the columns against each other, and that judging by the
// scores that were written gives the same verdicts.
func TestVerdicts(t *testing.T) {
	data := stagetest.Shapes(40, 4, 8) // class3 is unknown to the model
	rows, out := run(t, testCase(data, weights(t, "class0", "class1", "class2")))
	if rows.Len() != 40 {
		t.Fatalf("%d verdicts on 40 rows", rows.Len())
	}
	predicted, correct, scores := column[*array.String](rows, "predicted"), column[*array.Boolean](rows, "correct"), column[*array.FixedSizeList](rows, "scores")
	labels := column[*array.String](data, "label")
	values := scores.ListValues().(*array.Float32)
	for i := range 40 {
		best, sum := 0, float32(0)
		for k := range 3 {
			v := values.Value(3*i + k)
			sum += v
			if v > values.Value(3*i+best) {
				best = k
			}
		}
		if sum < 0.9999 || sum > 1.0001 {
			t.Errorf("row %d: scores sum to %v", i, sum)
		}
		if want := []string{"class0", "class1", "class2"}[best]; predicted.Value(i) != want {
			t.Errorf("row %d: predicted %s, best score is of %s", i, predicted.Value(i), want)
		}
		if correct.Value(i) != (predicted.Value(i) == labels.Value(i)) {
			t.Errorf("row %d: predicted %s, label %s, correct %v", i, predicted.Value(i), labels.Value(i), correct.Value(i))
		}
	}
	if want := "10 rows have a label that is none of the model's 3 classes; they count as errors"; len(out.Notes) != 1 || out.Notes[0] != want {
		t.Errorf("notes %q, want %q", out.Notes, want)
	}
	if got, _ := rows.Schema().Field(3).Metadata.GetValue("classes"); got != `["class0","class1","class2"]` {
		t.Errorf("classes in the field's metadata: %s", got)
	}

	fields := append(rows.Schema().Fields(), arrow.Field{Name: "label", Type: arrow.BinaryTypes.String})
	columns := append(rows.Record().Columns(), data.Record().Column(data.Schema().FieldIndices("label")[0]))
	again, _ := run(t, testCase(stagetest.FromRecord(array.NewRecord(arrow.NewSchema(fields, nil), columns, 40)), nil))
	if !array.RecordEqual(again.Record(), rows.Record()) {
		t.Errorf("verdicts from scores differ:\n%v\n%v", again.Record(), rows.Record())
	}
}

func TestRefuses(t *testing.T) {
	ids := []string{"a", "b"}
	labels := stagetest.Column{Name: "label", Values: []any{"x", nil}}
	scores := stagetest.Column{Name: "scores", Values: [][]float32{{1, 0}, {0, 1}}}
	image := stagetest.Column{Name: "image", Values: []stages.ImageCell{{Ref: "rgb8", Data: make([]byte, 192), Height: 8, Width: 8}, {Ref: "file:b.jpg", Data: []byte("\xff\xd8\xff")}}}
	net := weights(t, "x", "y")
	for _, tt := range []struct {
		data  *stagetest.Table
		files stages.Input
		want  string
	}{
		{stagetest.Rows(ids, image), net, `-: with.label: port data has no column "label"; it has id, image`},
		{stagetest.Rows(ids, labels), net, `-: with.: port data has no column "image"; it has id, label`},
		{stagetest.Rows(ids, labels, scores), net, `port data has no column "image"; it has id, scores, label`},
		{stagetest.Rows(ids, labels, image), nil, `there is neither a model nor a column "scores" in the data; give from: {model: STAGE, data: ...}`},
		{stagetest.Rows(ids, labels, scores), nil, `column "scores" does not say which classes its scores are of: its metadata lacks "classes"`},
		{stagetest.Rows(ids, labels, image), &stagetest.Files{StageName: "net", Data: map[string][]byte{"weights.safetensors": []byte("12345678")}},
			`read model of net, file weights.safetensors: not a sound safetensors file: the header is said to have 4050765991979987505 bytes; the file has 8`},
		{stagetest.Rows(ids, labels, image), net, `row "b" (b.jpg): `},
		{stagetest.Rows(ids[:1], stagetest.Column{Name: "label", Values: []any{nil}}, stagetest.Column{Name: "image", Values: image.Values.([]stages.ImageCell)[:1]}), net,
			`row "a": it has no "label"; leave rows without a label out with a split or a filter`},
	} {
		_, err := testCase(tt.data, tt.files).Run(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("got %v\nwant %s", err, tt.want)
		}
	}
}
