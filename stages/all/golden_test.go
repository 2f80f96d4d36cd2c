package all_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shiftmill/stages/all"
)

// without are kinds whose results have no golden digest, and why.
var without = map[string]string{
	"augment/adversarial": "its networks are trained in the test, by a package of its own",
	"train/command":       "the program is the user's",
	"predict/command":     "the program is the user's",
}

// A kind whose result may change unnoticed, while its version stays, would serve
// old results as new ones: each has a digest in some golden file.
func TestEveryKindHasAGoldenDigest(t *testing.T) {
	files, err := filepath.Glob("../*/testdata/golden.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	pinned := map[string]bool{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(data), "\n") {
			name, _, _ := strings.Cut(line, " ")
			pinned[name] = true
		}
	}
	names := all.Registry().Names()
	for _, name := range names {
		if why := without[name]; pinned[name] == (why != "") {
			t.Errorf("%s: golden digest: %v; reason to have none: %q", name, pinned[name], why)
		}
	}
	for name := range without {
		if !slices.Contains(names, name) {
			t.Errorf("there is no kind %s", name)
		}
	}
}
