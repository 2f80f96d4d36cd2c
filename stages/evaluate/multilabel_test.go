package evaluate_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/evaluate"
	"shiftmill/stages/stagetest"
)

func decode(t testing.TB, kind *stages.Kind, text string) any {
	t.Helper()
	v, err := pipeline.ParseValue("x.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	c := kind.NewConfig()
	if errs := pipeline.Decode(v, c); len(errs) > 0 {
		t.Fatal(errs)
	}
	return c
}

func lists(labels ...[]string) stagetest.Column {
	return stagetest.Column{Name: "labels", Values: labels}
}

func TestMultilabel(t *testing.T) {
	shapes := stagetest.Shapes(3, 3, 8).Record()
	images := make([]stages.ImageCell, 3)
	for i := range images {
		images[i] = stages.Image(shapes.Column(shapes.Schema().FieldIndices("image")[0]), i)
	}
	data := stagetest.Rows([]string{"a", "b", "c"}, stagetest.Column{Name: "image", Values: images}, lists([]string{"class0", "class2"}, nil, []string{"other", "class1"}))
	c := testCase(data, weights(t, "class0", "class1", "class2"))
	c.Kind = evaluate.Multilabel()
	c.Config = decode(t, c.Kind, "{map: reference}")
	stagetest.Golden(t, "", c)
	rows, out := run(t, c)
	labels, scores := column[*array.List](rows, "labels"), column[*array.FixedSizeList](rows, "scores")
	if got := fmt.Sprint(labels); got != `[["class0" "class2"] [] ["class1"]]` {
		t.Errorf("labels %s", got)
	}
	if scores.Len() != 3 || len(out.Notes) != 1 || !strings.HasPrefix(out.Notes[0], "1 rows have a label that is none of the model's 3 classes") {
		t.Errorf("%d rows of scores, notes %q", scores.Len(), out.Notes)
	}
	f := rows.Schema().Field(rows.Schema().FieldIndices("scores")[0])
	form, _ := f.Metadata.GetValue("map")
	facts, _ := f.Metadata.GetValue("model")
	if form != "reference" || !strings.Contains(facts, `"parameters":`) {
		t.Errorf("metadata of the scores: map %q, model %q", form, facts)
	}
}

// TestRestrict checks that only some classes can be predicted, that their
// scores add up to 1, and that equal masks give equal verdicts.
func TestRestrict(t *testing.T) {
	data := stagetest.Shapes(40, 3, 8)
	c := testCase(data, weights(t, "class0", "class1", "class2"))
	whole, _ := run(t, c)
	c.Config = decode(t, c.Kind, "{restrict: [class2, class0]}")
	rows, _ := run(t, c)
	all, some := column[*array.FixedSizeList](whole, "scores").ListValues().(*array.Float32), column[*array.FixedSizeList](rows, "scores").ListValues().(*array.Float32)
	predicted := column[*array.String](rows, "predicted")
	for i := range 40 {
		x, y := all.Value(3*i), all.Value(3*i+2)
		if sum := some.Value(2*i) + some.Value(2*i+1); sum < 0.9999 || sum > 1.0001 {
			t.Errorf("row %d: scores sum to %v", i, sum)
		}
		want := "class0"
		if y > x {
			want = "class2"
		}
		if predicted.Value(i) != want {
			t.Errorf("row %d: predicted %s, want %s", i, predicted.Value(i), want)
		}
	}
	f := rows.Schema().Field(rows.Schema().FieldIndices("scores")[0])
	var classes []string
	text, _ := f.Metadata.GetValue("classes")
	if err := json.Unmarshal([]byte(text), &classes); err != nil || fmt.Sprint(classes) != "[class0 class2]" {
		t.Errorf("classes %q, %v", text, err)
	}
	c.Config = decode(t, c.Kind, "{restrict: [class2, nothing]}")
	if _, err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "1 of the model's 3 classes are left") {
		t.Error(err)
	}
	c.Config = decode(t, c.Kind, "{restrict: common}")
	if _, err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "restrict: common needs to know the classes of the data") {
		t.Error(err)
	}
	// With the classes in the metadata of the labels' field it is known.
	rec := data.Record()
	fields := append([]arrow.Field(nil), rec.Schema().Fields()...)
	at := rec.Schema().FieldIndices("label")[0]
	fields[at].Metadata = arrow.NewMetadata([]string{"classes"}, []string{`["class0","class2"]`})
	c.Ports["data"] = []stages.Input{stagetest.FromRecord(array.NewRecord(arrow.NewSchema(fields, nil), rec.Columns(), rec.NumRows()))}
	again, _ := run(t, c)
	if !array.RecordEqual(again.Record(), rows.Record()) {
		t.Error("restrict: common differs from the list of the same classes")
	}
}

// TestPreparationBySet checks that a set's own steps replace the model's.
func TestPreparationBySet(t *testing.T) {
	data := stagetest.Shapes(10, 3, 12)
	c := testCase(data, weights(t, "class0", "class1", "class2"))
	plain, _ := run(t, c)
	c.Config = decode(t, c.Kind, "{test: [{center-crop: 8}]}")
	cropped, _ := run(t, c)
	if array.RecordEqual(plain.Record(), cropped.Record()) {
		t.Error("another preparation changed no score")
	}
	c.Config = decode(t, c.Kind, `{test: {"": [{center-crop: 8}], other: [{resize: [8, 8]}]}}`)
	named, _ := run(t, c)
	if !array.RecordEqual(named.Record(), cropped.Record()) {
		t.Error("the steps for the set differ from the same steps for all")
	}
	c.Config = decode(t, c.Kind, "{test: [{center-crop: 9}]}")
	if _, err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "must give pictures of 8 x 8, as the model takes them") {
		t.Error(err)
	}
}
