package specs_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/specs"
	"shiftmill/stages/all"
)

func load(t *testing.T, name string, set ...string) *pipeline.Graph {
	t.Helper()
	text, ok := specs.Read(name)
	if !ok {
		t.Fatalf("no shipped spec %s", name)
	}
	g, err := pipeline.Parse(name, text, pipeline.Options{
		Vocabulary: all.Registry(), Set: set, Partial: true,
		ReadFile: func(name string) ([]byte, error) {
			if data, ok := specs.Read(filepath.Base(name)); ok {
				return data, nil
			}
			return nil, fmt.Errorf("no shipped spec %s", name)
		},
	})
	if err != nil {
		t.Fatalf("%s:\n%v", name, err)
	}
	return g
}

func TestShippedSpecsAreCorrect(t *testing.T) {
	for _, name := range specs.Names() {
		e, err := engine.New(load(t, name), all.Registry(), nil, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Check(); err != nil {
			t.Errorf("%s:\n%v", name, err)
		}
	}
}

// small is the quickstart at a size for tests.
const small = `shiftmill: v1
name: small
seed: 3
stages:
  photos: {kind: source/storefronts, with: {count: 900, size: 16}}
  split:
    kind: split/shift
    from: photos
    with:
      base: {country: [US, MX, CA], year: 2019, camera: new}
      shifts: {country: [FR], camera: [old]}
      sizes: {train: 100, iid: 40, ood: 40}
      stratify: label
      group: business_id
      classes: all
  copies: {kind: augment/noise2net, from: split.train, with: {size: 16}}
  net:
    kind: train/classifier
    matrix:
      method:
        none: {data: split.train}
        noise2net: {data: split.train, online: [hflip, {noise2net: {share: 0.5}}]}
        offline: {data: [split.train, copies]}
    from: {train: $matrix.method.data}
    with: {size: 16, batch_size: 20, budget: {epochs: 2}, online: $matrix.method.online}
  scores: {kind: evaluate/classify, from: {model: net, data: split.tests}}
  report: {kind: report/robustness, from: {small: scores}, with: {method: method, baseline: none, group: business_id}}
`

// run runs a spec in a fresh store and returns the content ids of all outputs.
func run(t *testing.T, spec string, o engine.Options) string {
	t.Helper()
	g, err := pipeline.Parse("small.yaml", []byte(spec), pipeline.Options{Vocabulary: all.Registry()})
	if err != nil {
		t.Fatal(err)
	}
	store, err := runs.Open(t.TempDir(), runs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	e, err := engine.New(g, all.Registry(), store, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(e.Outputs())
}

// Every stage, training included, gives the same content for any number of
// workers, batch and partition size, and a fresh store.
func TestSameBits(t *testing.T) {
	want := run(t, small, engine.Options{Workers: 1})
	for _, o := range []engine.Options{
		{Workers: 4},
		{Workers: 2, Batch: 1, Cut: engine.CutAround(64)},
		{Workers: 8, Batch: 7, Cut: engine.CutAround(16)},
	} {
		if got := run(t, small, o); got != want {
			t.Errorf("%+v changes the results:\n got %s\nwant %s", o, got, want)
		}
	}
}
