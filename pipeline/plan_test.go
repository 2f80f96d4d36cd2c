package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestPlans holds specs against what they expand to. The archives under
// testdata/plans are built as those of TestBad, with .plan for .want.
func TestPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/plans/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string][]byte{}
		for _, f := range ar.Files {
			texts[f.Name] = f.Data
		}
		for i, f := range ar.Files {
			name, ok := strings.CutSuffix(f.Name, ".plan")
			if !ok {
				continue
			}
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+name, func(t *testing.T) {
				data, o, err := fromArchive(t, name+".yaml", texts)
				if err != nil {
					t.Fatal(err)
				}
				g, err := Parse(name+".yaml", data, o)
				if err != nil {
					t.Fatalf("%s\n%v", data, err)
				}
				checkOrder(t, g)
				got := plan(g)
				if *update {
					ar.Files[i].Data = []byte(got)
				} else if got != string(f.Data) {
					t.Errorf("%s\n got %s\nwant %s", data, got, f.Data)
				}
			})
		}
		if *update {
			if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestExamples expands the six specs that the language was made to say.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("testdata/examples/*.yaml")
	if err != nil || len(files) != 6 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		g, err := Load(file, Options{Vocabulary: vocabulary(), Partial: true})
		if err != nil {
			t.Error(err)
			continue
		}
		checkOrder(t, g)
		golden := strings.TrimSuffix(file, ".yaml") + ".plan"
		got := plan(g) + "open: " + strings.Join(g.Open, " ") + "\n"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s\n got %s\nwant %s", file, got, want)
		}
		// What is missing is said once a parameter, at its place.
		_, err = Load(file, Options{Vocabulary: vocabulary()})
		if errs, ok := err.(Errors); !ok || len(errs) != len(g.Open) {
			t.Errorf("%s without data: got %v, want one error for each of %v", file, err, g.Open)
		}
	}
}

// checkOrder holds the promises of Graph.
func checkOrder(t *testing.T, g *Graph) {
	t.Helper()
	seen := map[*Node]bool{}
	names := map[string]bool{}
	for _, n := range g.Nodes {
		for _, in := range n.In {
			if len(in.Refs) == 0 {
				t.Errorf("%s: input %s has no reference", n.Name, in.Port)
			}
			for _, r := range in.Refs {
				if r.Foreign == nil && !seen[r.Node] {
					t.Errorf("%s stands before its input %s", n.Name, r.Node.Name)
				}
			}
		}
		seen[n] = true
		if names[n.Name] {
			t.Errorf("two nodes are named %s", n.Name)
		}
		names[n.Name] = true
	}
}
