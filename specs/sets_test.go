//go:build unix

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
	"shiftmill/stages/all"
)

// TestOneProgramForManySets scores the same pictures under many corruptions: the
// program starts once, with all rows; another severity is a start with the rows of
// that alone, and what comes out is what each set gives by itself.
func TestOneProgramForManySets(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "starts")
	spec := func(corruptions, severities string) string {
		return fmt.Sprintf(`shiftmill: v1
name: sets
seed: 5
stages:
  photos: {kind: source/storefronts, with: {count: 12, size: 32}}
  corrupted:
    kind: corrupt/imagenet-c
    matrix: {severity: [%s]}
    from: photos
    with: {corruption: [%s], severity: $matrix.severity}
  predictions:
    kind: predict/command
    from: {data: corrupted.all}
    with: {run: %q, code: [], classes: [a, b], params: {log: %q}}
`, severities, corruptions, program(t, "scorer"), log)
	}
	run := func(store, spec string) map[string]string {
		t.Helper()
		g, err := pipeline.Parse(filepath.Join(dir, "sets.yaml"), []byte(spec), pipeline.Options{Vocabulary: all.Registry()})
		if err != nil {
			t.Fatal(err)
		}
		s, err := runs.Open(filepath.Join(dir, store), runs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		e, err := engine.New(g, all.Registry(), s, engine.Options{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		scores := map[string]string{}
		for name, outputs := range e.Outputs() {
			if strings.HasPrefix(name, "predictions") {
				scores[name] = outputs[""]["scores"].String()
			}
		}
		return scores
	}
	starts := func() string {
		t.Helper()
		data, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(log); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(data))
	}
	run("store", spec("fog, pixelate, contrast", "1, 5"))
	want := `{"contrast-1":12,"contrast-5":12,"fog-1":12,"fog-5":12,"pixelate-1":12,"pixelate-5":12}`
	if got := starts(); got != want {
		t.Errorf("starts for six sets:\n got %s\nwant %s", got, want)
	}
	all := run("store", spec("fog, pixelate, contrast", "1, 3, 5"))
	if got, want := starts(), `{"contrast-3":12,"fog-3":12,"pixelate-3":12}`; got != want {
		t.Errorf("starts for three sets more:\n got %s\nwant %s", got, want)
	}
	// Each pair of sets gives alone what it gave among the others.
	for _, severity := range []string{"1", "3", "5"} {
		for name, id := range run("alone"+severity, spec("fog, contrast", severity)) {
			if len(all[name]) != 64 || all[name] != id {
				t.Errorf("%s: predictions %s, alone %s", name, all[name], id)
			}
		}
	}
	if len(all) != 9 {
		t.Errorf("%d sets of predictions, want 9", len(all))
	}
}
