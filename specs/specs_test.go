package specs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

// A trial hands on files as they are: a model from elsewhere has no rows to draw a
// sample of.
func TestTrialOfAModel(t *testing.T) {
	g, err := engine.Try(load(t, "cifar10-c.yaml"), all.Registry(), 40)
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(g, all.Registry(), nil, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Check(); err != nil {
		t.Error(err)
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

// runIn runs a graph in a store and returns the content ids of all outputs.
func runIn(t *testing.T, dir string, g *pipeline.Graph, o engine.Options) string {
	t.Helper()
	store, err := runs.Open(dir, runs.Options{Front: engine.Front})
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

// run runs a spec in a fresh store.
func run(t *testing.T, spec string, o engine.Options) string {
	t.Helper()
	return runIn(t, t.TempDir(), parse(t, spec), o)
}

func parse(t *testing.T, spec string) *pipeline.Graph {
	t.Helper()
	g, err := pipeline.Parse("small.yaml", []byte(spec), pipeline.Options{Vocabulary: all.Registry()})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Every stage, training included, gives the same content for any number of
// workers, batch and partition size, in a fresh store and in one that has seen
// another version of the spec, whose rows and results are taken over.
func TestSameBits(t *testing.T) {
	want := run(t, small, engine.Options{Workers: 1})
	warm := t.TempDir()
	before := strings.NewReplacer("count: 900", "count: 880", "train: 100", "train: 96", "{epochs: 2}", "{epochs: 1}").Replace(small)
	runIn(t, warm, parse(t, before), engine.Options{Workers: 2, Cut: engine.CutAround(64)})
	if got := runIn(t, warm, parse(t, small), engine.Options{Workers: 2, Batch: 7}); got != want {
		t.Errorf("a store that was used before changes the results:\n got %s\nwant %s", got, want)
	}
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

// realData are the folders under ../shared/data that stand in for params.data of
// the specs that need it.
var realData = map[string]string{
	"camera.yaml": "camera-photos", "cifar10-c.yaml": "cifar10", "combined.yaml": "pacs", "deepaugment.yaml": "pacs", "doodles.yaml": "photo-doodle",
	"pacs-domains.yaml": "pacs", "pacs-methods.yaml": "pacs", "pacs.yaml": "pacs", "pretraining.yaml": "pacs", "sketch.yaml": "photo-doodle",
}

// withData gives a spec the real data that it needs.
func withData(t *testing.T, name string) []string {
	folder, ok := realData[name]
	if !ok {
		return nil
	}
	root, err := filepath.Abs("../../shared/data")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, folder)); err != nil {
		t.Skip("../shared/data is missing: no real data to read")
	}
	set := []string{"params.data=" + filepath.Join(root, folder)}
	switch name {
	case "cifar10-c.yaml":
		set = append(set, "params.model="+filepath.Join(root, "models", "resnet8-cifar10.onnx"))
	case "combined.yaml", "deepaugment.yaml", "pacs-methods.yaml": // two steps tell as much of settings as many
		set = append(set, "params.edsr_steps=2", "params.cae_steps=2")
	}
	return set
}

// The shipped specs whose data are here, each as a trial, give the same content
// under every setting, in fresh stores and in stores where half of the graph was
// run before with other settings. Hours: SHIFTMILL_SWEEP=1 asks for it, -run
// GiveSameBits/pacs.yaml/workers=8 for a part of it.
func TestShippedSpecsGiveSameBits(t *testing.T) {
	if os.Getenv("SHIFTMILL_SWEEP") == "" {
		t.Skip("takes hours: SHIFTMILL_SWEEP=1 asks for it")
	}
	for _, name := range specs.Names() {
		t.Run(name, func(t *testing.T) {
			set := withData(t, name)
			if open := load(t, name, set...).Open; len(open) > 0 {
				t.Skipf("there are no data for its parameters %s", strings.Join(open, ", "))
			}
			trial := func() *pipeline.Graph { // a trial changes the graph it is given
				g, err := engine.Try(load(t, name, set...), all.Registry(), 24)
				if err != nil {
					t.Fatal(err)
				}
				return g
			}
			want := runIn(t, t.TempDir(), trial(), engine.Options{Workers: 1})
			for _, workers := range []int{1, 2, 8} {
				for _, batch := range []int{1, 7, 256} {
					for _, cut := range []int{64, 1024} {
						t.Run(fmt.Sprintf("workers=%d/batch=%d/partition=%d", workers, batch, cut), func(t *testing.T) {
							o := engine.Options{Workers: workers, Batch: batch, Cut: engine.CutAround(cut)}
							if got := runIn(t, t.TempDir(), trial(), o); got != want {
								t.Error("these settings change the results")
							}
							warm, g := t.TempDir(), trial()
							runIn(t, warm, engine.Part(g, g.Nodes[:len(g.Nodes)/2]), engine.Options{Workers: 3, Batch: 5, Cut: engine.CutAround(200)})
							if got := runIn(t, warm, trial(), o); got != want {
								t.Error("these settings change the results of a store that was used before")
							}
						})
					}
				}
			}
		})
	}
}
