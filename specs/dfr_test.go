package specs_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/specs"
	"shiftmill/stages/all"
)

// categories are the classes of DeepFashion2, by category_id less one.
var categories = []string{"short sleeve top", "long sleeve top", "short sleeve outwear", "long sleeve outwear", "vest", "sling", "shorts",
	"trousers", "skirt", "short sleeve dress", "long sleeve dress", "vest dress", "sling dress"}

// deepFashion2 writes n annotation files with random items; their images are
// empty shells, since a split opens none.
func deepFashion2(t *testing.T, n int) string {
	t.Helper()
	root, r := t.TempDir(), rand.New(rand.NewPCG(8, 3))
	for _, part := range []string{"train", "validation"} {
		for _, dir := range []string{"image", "annos"} {
			if err := os.MkdirAll(filepath.Join(root, part, dir), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range n {
		part := []string{"train", "validation"}[i%2]
		var b strings.Builder
		fmt.Fprintf(&b, `{"source": %q, "pair_id": %d`, []string{"shop", "user"}[r.IntN(2)], r.IntN(n))
		for k := range r.IntN(5) {
			of := func(likely int) int { // three of four items at the default
				if r.IntN(4) > 0 {
					return likely
				}
				return 1 + r.IntN(3)
			}
			c := r.IntN(13)
			fmt.Fprintf(&b, `, "item%d": {"category_name": %q, "category_id": %d, "style": 0, "bounding_box": [1, 2, 30, 40], "landmarks": [1, 2, 0], "segmentation": [[1, 2, 3, 4]], "scale": %d, "occlusion": %d, "zoom_in": %d, "viewpoint": %d}`,
				k+1, categories[c], c+1, of(2), of(2), of(1), of(2))
		}
		b.WriteString("}")
		for name, text := range map[string]string{"annos/%06d.json": b.String(), "image/%06d.jpg": "\xff\xd8\xff\xd9"} {
			if err := os.WriteFile(filepath.Join(root, part, fmt.Sprintf(name, i/2+1)), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

// TestDFR compares all nine splits of generated annotation files (5,000 with
// SHIFTMILL_SWEEP=1), image ids and label vectors, with those of a brute-force
// oracle in Python.
func TestDFR(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("needs python3 (its standard library alone)")
	}
	files := 1200
	if os.Getenv("SHIFTMILL_SWEEP") != "" {
		files = 5000
	}
	root := deepFashion2(t, files)
	for _, image := range []string{"any", "all"} {
		args := []string{"testdata/dfr_oracle.py", root}
		if image == "all" {
			args = append(args, "strict")
		}
		text, err := exec.Command(python, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		want := strings.Split(strings.TrimSpace(string(text)), "\n")
		got := dfr(t, root, image)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("image: %s: %d images in sets, the oracle has %d; got %.3q, want %.3q", image, len(got), len(want), got[:3], want[:3])
		}
		t.Logf("image: %s: %d images in nine sets", image, len(got))
	}
}

// dfr runs the shipped spec and lists "SET ID VECTOR" for every image.
func dfr(t *testing.T, root, image string) []string {
	t.Helper()
	text, _ := specs.Read("dfr")
	g, err := pipeline.Parse("dfr.yaml", text, pipeline.Options{Vocabulary: all.Registry(), Set: []string{"params.data=" + root, "params.image=" + image, "params.leakage=off"}})
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
	var lines []string
	for _, set := range append([]string{"train"}, e.OutputsOf("split", "tests")...) {
		in, _, err := e.Open(context.Background(), "split", set)
		if err != nil {
			t.Fatal(err)
		}
		err = in.Each(context.Background(), func(rec arrow.Record) error {
			ids := rec.Column(0).(*array.String)
			labels := rec.Column(rec.Schema().FieldIndices("labels")[0]).(*array.List)
			names := labels.ListValues().(*array.String)
			for i := range ids.Len() {
				vector := []byte("0000000000000")
				for lo, hi := labels.ValueOffsets(i); lo < hi; lo++ {
					vector[slices.Index(categories, names.Value(int(lo)))] = '1'
				}
				lines = append(lines, fmt.Sprintf("%s %s %s", set, ids.Value(i), vector))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return lines
}
