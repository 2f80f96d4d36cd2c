package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSelect(t *testing.T) {
	g, err := Parse("x.yaml", []byte(`stages:
  a: {kind: test/source, matrix: {seed: [1, 2]}, seed: $matrix.seed}
  b: {kind: test/step, from: a}
  c: {kind: test/step, from: b, matrix: {rate: [0.1, 0.2]}, with: {lr: $matrix.rate}}
  d: {kind: test/gather, from: c}
  z: {kind: test/source}
`), Options{Vocabulary: vocabulary()})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ only, from, want string }{
		{"", "", "a[seed=1] a[seed=2] b[seed=1] b[seed=2] c[rate=0.1,seed=1] c[rate=0.1,seed=2] c[rate=0.2,seed=1] c[rate=0.2,seed=2] d z"},
		{"b", "", "a[seed=1] a[seed=2] b[seed=1] b[seed=2]"},
		{"c[rate=0.1,seed=2]", "", "a[seed=2] b[seed=2] c[rate=0.1,seed=2]"},
		{"c[seed=2]", "", "a[seed=2] b[seed=2] c[rate=0.1,seed=2] c[rate=0.2,seed=2]"},
		{"", "c[rate=0.2]", "c[rate=0.2,seed=1] c[rate=0.2,seed=2] d"},
		{"", "z", "z"},
		{"c", "b[seed=1]", "b[seed=1] c[rate=0.1,seed=1] c[rate=0.2,seed=1]"},
	} {
		nodes, err := g.Select(tt.only, tt.from)
		if err != nil {
			t.Error(err)
			continue
		}
		var names []string
		for _, n := range nodes {
			names = append(names, n.Name)
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("only %q from %q:\n got %s\nwant %s", tt.only, tt.from, got, tt.want)
		}
	}
	_, err = g.Select("a", "b")
	if got, want := fmt.Sprint(err), "--only a --from b: nothing is left: a needs nothing that follows b"; got != want {
		t.Errorf("nothing selected:\n got %s\nwant %s", got, want)
	}
}

func TestFindLocal(t *testing.T) {
	root := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(root, "config"))
	t.Setenv("HOME", filepath.Join(root, "home"))
	spec := filepath.Join(root, "work", "specs")
	user := filepath.Join(root, "config", "shiftmill")
	for _, dir := range []string{spec, user} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(dir, text string) {
		if err := os.WriteFile(filepath.Join(dir, LocalFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if l, err := FindLocal(spec); l != nil || err != nil {
		t.Errorf("got %v, %v, want nothing", l, err)
	}
	steps := []struct {
		dir, text string
		workers   int
		store     string
	}{
		{user, "workers: 1\nstore: s\n", 1, filepath.Join(user, "s")},
		{filepath.Join(root, "work"), "workers: 2\nstore: ~/s\nmemory: 8GiB\n", 2, filepath.Join(root, "home", "s")},
		{spec, "workers: 3\nparams: {data: /d}\n", 3, ""},
	}
	for _, s := range steps {
		write(s.dir, s.text)
		l, err := FindLocal(spec)
		if err != nil {
			t.Fatal(err)
		}
		if l.Workers != s.workers || l.Store != s.store {
			t.Errorf("after %s: workers %d, store %s, want %d, %s", s.dir, l.Workers, l.Store, s.workers, s.store)
		}
	}
	write(spec, "workers: many\n")
	if _, err := FindLocal(spec); err == nil || !strings.Contains(err.Error(), "shiftmill.local.yaml:1:10: workers: must be") {
		t.Errorf("error is %v", err)
	}
}
