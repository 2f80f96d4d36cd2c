package specs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"shiftmill/pipeline"
	"shiftmill/specs"
	"shiftmill/stages/all"
)

// The JSON Schema that editors are given accepts every shipped spec, and refuses each with
// one thing spoilt, as an independent validator reads it.
func TestSchemaOfShippedSpecs(t *testing.T) {
	data, err := pipeline.Schema(all.Registry())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("spec.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("spec.json")
	if err != nil {
		t.Fatal(err)
	}
	accepts := func(text string) error {
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			return err
		}
		asJSON, err := json.Marshal(textKeys(v))
		if err != nil {
			return err
		}
		plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			return err
		}
		return schema.Validate(plain)
	}
	for _, name := range specs.Names() {
		data, _ := specs.Read(name)
		if err := accepts(string(data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	data, _ = specs.Read("quickstart.yaml")
	good := string(data)
	for _, spoil := range [][2]string{
		{"kind: train/classifier", "kind: train/classifer"},
		{"{count: 8000,", "{cuont: 8000,"},
		{"budget: {epochs:", "budget: {epoch:"},
		{"online: $matrix.method.online", "online: [hflop]"},
		{"online: $matrix.method.online", "model: resnet99"},
		{"online: $matrix.method.online", "model: {arch: resnet18, attention: see}"},
		{"train: 1400,", "train: 1400.5,"},
		{"from: {train: split.train}", "from: {trian: split.train}"},
	} {
		bad := strings.Replace(good, spoil[0], spoil[1], 1)
		if bad == good {
			t.Errorf("the quickstart has no %q", spoil[0])
		}
		if accepts(bad) == nil {
			t.Errorf("%q for %q is accepted", spoil[1], spoil[0])
		}
	}
}

// textKeys makes texts of all keys, as JSON has them.
func textKeys(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = textKeys(v[k])
		}
	case map[any]any:
		m := map[string]any{}
		for k := range v {
			m[fmt.Sprint(k)] = textKeys(v[k])
		}
		return m
	case []any:
		for i := range v {
			v[i] = textKeys(v[i])
		}
	}
	return v
}
