package pipeline

import (
	"strings"
	"testing"
)

// TestThrough shows the stage that the rows of a kind pass through first.
func TestThrough(t *testing.T) {
	v := vocabulary()
	step := *v["test/step"]
	step.through = "test/step"
	v["test/prepared"] = &step
	g, err := Parse("x.yaml", []byte(`seed: 5
stages:
  a: {kind: test/source, matrix: {seed: [1, 2]}, seed: $matrix.seed}
  z: {kind: test/source}
  b: {kind: test/prepared, from: a, seed: 9}
  c: {kind: test/prepared, from: [z, b]}
`), Options{Vocabulary: v})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range g.Nodes {
		text := n.Name + " <-"
		for _, in := range n.In {
			for _, r := range in.Refs {
				text += " " + r.Node.Name
			}
			if in.List {
				text += " list"
			}
		}
		got = append(got, text)
	}
	want := `a[seed=1] <-
a[seed=2] <-
z <-
b:step[seed=1] <- a[seed=1]
b[seed=1] <- b:step[seed=1]
b:step[seed=2] <- a[seed=2]
b[seed=2] <- b:step[seed=2]
c:step[seed=1] <- z b[seed=1] list
c[seed=1] <- c:step[seed=1]
c:step[seed=2] <- z b[seed=2] list
c[seed=2] <- c:step[seed=2]`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	for _, n := range g.Nodes {
		if strings.HasPrefix(n.Name, "b") && n.Seed != 9 || strings.HasPrefix(n.Name, "c") && n.Seed != 5 {
			t.Errorf("%s has seed %d", n.Name, n.Seed)
		}
	}
	only, err := g.Select("b[seed=2]", "b[seed=2]")
	if err != nil || len(only) != 2 {
		t.Errorf("--only and --from b[seed=2] name %d instances: %v, want 2", len(only), err)
	}
}
