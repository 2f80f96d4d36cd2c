package pipeline

import (
	"slices"
	"testing"
)

// TestConditions reads maps of conditions: sorted by column, whatever their order in the spec.
func TestConditions(t *testing.T) {
	for _, tt := range []struct{ text, want, wrong string }{
		{"{}", "{}", ""},
		{"{b: 1, a: [x, y], 'ö': 2..}", `{"a": ["x", "y"], "b": "1", "\u00f6": 2..}`, ""},
		{"{a: {not: null}}", `{"a": {not: null}}`, ""},
		{"null", "", ": x.yaml:1:1: has no value: write one, or leave the line out for the default"},
		{"[a]", "", ": x.yaml:1:1: must be a map, got a list"},
		{"a", "", `: x.yaml:1:1: must be a map, got "a"`},
		{"{b: [], a: {not: [..]}}", "", "b: x.yaml:1:5: an empty list means no value at all: name at least one; a.not.0: x.yaml:1:19: the range \"..\" has no end: write a..b, a.., ..b or ..<b; quote it if it is meant as text"},
	} {
		v, err := ParseValue("x.yaml", tt.text)
		if err != nil {
			t.Fatal(err)
		}
		var cs Conditions
		wrong := ""
		for _, p := range cs.DecodeSpec(v) {
			if wrong != "" {
				wrong += "; "
			}
			wrong += p.Field + ": " + p.Pos.String() + ": " + p.Msg
		}
		if wrong != tt.wrong {
			t.Errorf("%s: problems:\n got %s\nwant %s", tt.text, wrong, tt.wrong)
		}
		if got := cs.SpecText(); wrong == "" && got != tt.want {
			t.Errorf("%s: text is %s, want %s", tt.text, got, tt.want)
		}
		if !slices.IsSorted(cs.Columns()) {
			t.Errorf("%s: columns are %q", tt.text, cs.Columns())
		}
		for _, name := range cs.Columns() {
			if _, ok := cs.On(name); !ok {
				t.Errorf("%s: no condition on %s", tt.text, name)
			}
		}
	}
	if _, ok := (Conditions{}).On("a"); ok {
		t.Error("a condition on a column of none")
	}
}
