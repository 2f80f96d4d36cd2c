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

// TestImageNetR makes the benchmark of a flat validation folder with its table
// and a folder of renditions, as they are distributed: each by the common
// classes alone.
func TestImageNetR(t *testing.T) {
	root := t.TempDir()
	table := "ImageId,PredictionString\n"
	put := func(name string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("\xff\xd8\xff\xd9"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i, synset := range []string{"n01440764", "n01443537", "n01484850", "n01443537", "n01491361"} {
		put(fmt.Sprintf("val/ILSVRC2012_val_%08d.JPEG", i+1))
		table += fmt.Sprintf("ILSVRC2012_val_%08d,%s 1 2 3 4 %[2]s 5 6 7 8 \n", i+1, synset)
	}
	if err := os.WriteFile(filepath.Join(root, "LOC_val_solution.csv"), []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"n01443537/art_0.jpg", "n01443537/sketch_4.jpg", "n01484850/toy_1.jpg", "n01494475/tattoo_2.jpg"} {
		put("r/" + name)
	}
	text, _ := specs.Read("imagenet-r")
	split, _, _ := strings.Cut(string(text), "\n  net:") // and no network
	g, err := pipeline.Parse("imagenet-r.yaml", []byte(split), pipeline.Options{Vocabulary: all.Registry(),
		Set: []string{"params.imagenet=" + root, "params.imagenet_r=" + filepath.Join(root, "r")}})
	if err != nil {
		t.Fatal(err)
	}
	store, err := runs.Open(t.TempDir(), runs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	e, err := engine.New(g, all.Registry(), store, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	for set, want := range map[string]int{"iid": 3, "rendition": 3} { // of goldfish and great white shark
		in, _, err := e.Open(context.Background(), "r", set)
		if err != nil {
			t.Fatal(err)
		}
		if in.Len() != want {
			t.Errorf("%s has %d rows, want %d", set, in.Len(), want)
		}
	}
}
