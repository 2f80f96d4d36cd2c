package evaluate

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// Tests are the steps by which pictures are prepared instead of the model's
// own: for every test set, or by its name. ImageNet-C, whose pictures are
// 224 x 224 already, is only cropped, since a second resize would shift every
// score.
type Tests struct {
	All transform.List
	By  map[string]transform.List
}

var (
	_ pipeline.SpecDecoder = (*Tests)(nil)
	_ pipeline.SpecTexter  = Tests{}
)

// DecodeSpec reads a list of steps, or a map of names to lists. A map whose
// only name is that of a step is a step.
func (t *Tests) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	*t = Tests{}
	if v.Kind() == pipeline.Map && !isStep(v) {
		t.By = map[string]transform.List{}
		var problems []pipeline.Problem
		for _, e := range v.Map() {
			var l transform.List
			for _, p := range l.DecodeSpec(e.Value) {
				p.Field = strings.TrimSuffix(e.Key+"."+p.Field, ".")
				problems = append(problems, p)
			}
			t.By[e.Key] = l
		}
		return problems
	}
	return t.All.DecodeSpec(v)
}

// SpecSchema describes a list of steps, or a map of names to lists.
func (t *Tests) SpecSchema() map[string]any {
	steps := new(transform.List).SpecSchema()
	return map[string]any{"anyOf": []map[string]any{steps, {"type": "object", "additionalProperties": steps}}}
}

func isStep(v pipeline.Value) bool {
	if len(v.Map()) != 1 {
		return false
	}
	for _, w := range transform.Words() {
		if w.Name == v.Map()[0].Key {
			return true
		}
	}
	return false
}

// SpecText is the list, or the lists by name.
func (t Tests) SpecText() string {
	if t.By == nil {
		return t.All.SpecText()
	}
	by := map[string]json.RawMessage{}
	for name, l := range t.By {
		by[name] = json.RawMessage(l.SpecText())
	}
	text, err := json.Marshal(by) // keys ascend
	if err != nil {
		panic("evaluate: " + err.Error()) // SpecText of a list is JSON
	}
	return string(text)
}

func (t Tests) check() []pipeline.Problem {
	var problems []pipeline.Problem
	if t.All.Random() {
		problems = append(problems, pipeline.Problem{Field: "test", Msg: "has a random step; the same picture must always get the same scores"})
	}
	for _, name := range sortedKeys(t.By) {
		if t.By[name].Random() {
			problems = append(problems, pipeline.Problem{Field: "test." + name, Msg: "has a random step; the same picture must always get the same scores"})
		}
	}
	return problems
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// of are the steps for the data's output: its own, the one for all, the
// model's. An output such as corrupted.fog-3 has the name before its first
// point or hyphen too.
func (t Tests) of(output string, c *model.Classifier) (transform.List, error) {
	steps := t.All
	for name, l := range t.By {
		if name == output {
			steps = l
		}
	}
	if len(steps) == 0 {
		return c.Test, nil
	}
	h, w, ok := steps.Size()
	if wh, ww := c.Size(); !ok || h != wh || w != ww {
		return nil, fmt.Errorf("test: %s must give pictures of %d x %d, as the model takes them; end it with a crop", steps.SpecText(), wh, ww)
	}
	return steps, nil
}

// A Restrict says which classes can be predicted.
type Restrict struct {
	Common  bool
	Classes []string // nil for all
}

var (
	_ pipeline.SpecDecoder = (*Restrict)(nil)
	_ pipeline.SpecTexter  = Restrict{}
)

// DecodeSpec reads common, the name of a known list, or a list.
func (r *Restrict) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	*r = Restrict{}
	if v.Kind() == pipeline.Scalar && v.Text() == "common" {
		r.Common = true
		return nil
	}
	var list model.Classes
	problems := list.DecodeSpec(v)
	r.Classes = list
	return problems
}

// SpecSchema describes all forms.
func (r *Restrict) SpecSchema() map[string]any {
	common := pipeline.SchemaWords([2]string{"common", "the classes that all test sets have"})
	return map[string]any{"anyOf": []map[string]any{common, new(model.Classes).SpecSchema()}}
}

// SpecText is the word, or the list as JSON.
func (r Restrict) SpecText() string {
	switch {
	case r.Common:
		return `"common"`
	case r.Classes == nil:
		return "null"
	}
	return model.Classes(r.Classes).SpecText()
}

// A mask keeps some of the scores of each row.
type mask struct {
	classes []string
	of      int   // scores a row
	at      []int // those that are kept; nil for all
}

// mask finds the classes that are kept among the model's. What the labels of
// the data can be stands in the metadata of their field.
func (r Restrict) mask(classes []string, s *arrow.Schema, label string) (mask, error) {
	m := mask{classes: classes, of: len(classes)}
	keep := r.Classes
	if r.Common {
		text := ""
		for _, name := range []string{label, keptColumn} { // data of one's own may say it with the labels
			if at := s.FieldIndices(name); len(at) > 0 && text == "" {
				text, _ = s.Field(at[0]).Metadata.GetValue(classesKey)
			}
		}
		if text == "" {
			return m, fmt.Errorf("restrict: common needs to know the classes of the data, which split/given with classes: common says; or write restrict: imagenet-r, or a list of classes")
		}
		if err := json.Unmarshal([]byte(text), &keep); err != nil {
			return m, fmt.Errorf("column %q: metadata %q: %w", label, classesKey, err)
		}
	}
	if keep == nil {
		return m, nil
	}
	m.classes = nil
	for i, c := range classes { // in the order of the scores
		if slices.Contains(keep, c) {
			m.classes, m.at = append(m.classes, c), append(m.at, i)
		}
	}
	if len(m.at) < 2 {
		return m, fmt.Errorf("restrict: %d of the model's %d classes are left (%q, ... are to be kept, the model has %q, ...)", len(m.at), len(classes), keep[0], classes[0])
	}
	return m, nil
}

// apply leaves the other scores out and lets the sum of the rest be 1 where it
// was: the softmax over the classes that are kept.
func (m mask) apply(scores []float32) []float32 {
	if m.at == nil {
		return scores
	}
	k := len(m.at)
	out := make([]float32, len(scores)/m.of*k)
	for row := 0; row*m.of < len(scores); row++ {
		from, to := scores[row*m.of:(row+1)*m.of], out[row*k:(row+1)*k]
		all, kept := 0.0, 0.0
		for _, v := range from {
			all += float64(v)
		}
		for i, at := range m.at {
			to[i] = from[at]
			kept += float64(to[i])
		}
		if all > 0.999 && all < 1.001 && kept > 0 {
			for i, v := range to {
				to[i] = float32(float64(v) / kept)
			}
		}
	}
	return out
}
