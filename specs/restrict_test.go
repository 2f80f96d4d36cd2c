package specs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages/all"
)

// TestCommonClasses is the protocol of ImageNet-R from end to end: a network of
// twenty classes is judged on sets of which one has six. Both are cut to these, and
// only these can be predicted, as if they had been written out.
func TestCommonClasses(t *testing.T) {
	const spec = `shiftmill: v1
name: common
seed: 5
stages:
  photos:  {kind: source/storefronts, with: {count: 1600, size: 16}}
  parts:   {kind: split/shift, from: photos, with: {base: {camera: new}, shifts: {camera: [old]}, sizes: {train: 200, iid: 160, ood: 120}, stratify: label, group: business_id, classes: all, leakage: off}}
  six:   {kind: split/select, from: parts.camera=old, with: {where: {label: [bakery, bank, gym, hotel, pharmacy, dentist]}}}
  sets:    {kind: split/given, from: {iid: parts.iid, rendition: six}, with: {classes: common}}
  net:     {kind: train/classifier, from: {train: parts.train}, with: {size: 16, budget: {epochs: 2}}}
  all:     {kind: evaluate/classify, from: {model: net, data: sets.tests}}
  common:  {kind: evaluate/classify, from: {model: net, data: sets.tests}, with: {restrict: common}}
  listed:  {kind: evaluate/classify, from: {model: net, data: sets.tests}, with: {restrict: [%s]}}
  report:  {kind: report/robustness, from: {r: common}}
`
	run := func(list string) *engine.Engine {
		t.Helper()
		g, err := pipeline.Parse("common.yaml", fmt.Appendf(nil, spec, list), pipeline.Options{Vocabulary: all.Registry()})
		if err != nil {
			t.Fatal(err)
		}
		store, err := runs.Open(t.TempDir(), runs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		e, err := engine.New(g, all.Registry(), store, engine.Options{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		return e
	}
	column := func(e *engine.Engine, stage, set, name string) (values []string) {
		t.Helper()
		in, _, err := e.Open(context.Background(), stage+"[output="+set+"]", "")
		if err != nil {
			t.Fatal(err)
		}
		err = in.Each(context.Background(), func(rec arrow.Record) error {
			for i := range int(rec.NumRows()) {
				values = append(values, rec.Column(rec.Schema().FieldIndices(name)[0]).(*array.String).ValueStr(i))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	// The classes that both sets have are known from the labels.
	e := run("bakery, bank")
	in := map[string]map[string]bool{}
	for _, set := range []string{"iid", "rendition"} {
		in[set] = map[string]bool{}
		for _, l := range column(e, "all", set, "label") {
			in[set][l] = true
		}
	}
	var shared []string
	for l := range in["rendition"] {
		if !in["iid"][l] {
			t.Errorf("class %s is in one set alone", l)
		}
		shared = append(shared, l)
	}
	if len(shared) < 3 || len(in["iid"]) != len(shared) {
		t.Fatalf("sets of classes %v", in)
	}
	e = run(strings.Join(shared, ", "))
	free := 0
	for _, set := range []string{"iid", "rendition"} {
		common := column(e, "common", set, "predicted")
		if listed := column(e, "listed", set, "predicted"); fmt.Sprint(common) != fmt.Sprint(listed) {
			t.Errorf("%s: common predicts %v, the list %v", set, common, listed)
		}
		for _, p := range common {
			if !in["rendition"][p] {
				t.Errorf("%s: predicted %s, which is not among the classes", set, p)
			}
		}
		for _, p := range column(e, "all", set, "predicted") {
			if !in["rendition"][p] {
				free++
			}
		}
	}
	if free == 0 {
		t.Error("without the mask no other class was predicted: the test tests nothing")
	}
}
