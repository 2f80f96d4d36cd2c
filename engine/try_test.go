package engine_test

import (
	"fmt"
	"testing"

	"shiftmill/engine"
	"shiftmill/stages"
	"shiftmill/stages/stagetest"
)

// A trial keeps a row of every label, also where rows have several: models that
// learn from other rows must know the same classes.
func TestTrialKeepsLabels(t *testing.T) {
	var ids []string
	var labels [][]string
	for i := range 400 {
		ids = append(ids, fmt.Sprintf("%03d", i))
		of := []string{"shirt", "coat"}
		if i%40 == 7 {
			of = append(of, fmt.Sprintf("rare %d", i))
		}
		labels = append(labels, of)
	}
	kind, config := engine.SampleKind(50, 2)
	sink, err := stagetest.Case{Kind: kind, Config: config, Ports: map[string][]stages.Input{
		"rows": {stagetest.Rows(ids, stagetest.Column{Name: "labels", Values: labels})},
	}}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := sink.Rows("")
	if err != nil {
		t.Fatal(err)
	}
	if n := kept.Len(); n < 10 || n > 13 {
		t.Errorf("%d rows are kept, want the ten that have a label of their own and a few", n)
	}
	held := map[string]bool{}
	for i := range kept.Len() {
		held[kept.Record().Column(0).ValueStr(i)] = true
	}
	for i := range 10 {
		id := fmt.Sprintf("%03d", 40*i+7)
		if !held[id] {
			t.Errorf("row %s has a label that no other has, and is not kept", id)
		}
	}
}
