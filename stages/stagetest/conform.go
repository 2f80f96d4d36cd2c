package stagetest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Conform checks that a case gives one result however it is run: one worker or
// several, its rows in other batches and parts, in another order of parts. It
// returns the digest of that result.
func Conform(t testing.TB, c Case) string {
	t.Helper()
	want := digest(t, c)
	for round := range uint64(4) {
		v := c
		v.Sink = nil
		v.Workers = []int{1, 2, 3, 8}[round]
		v.Cut = rand.New(rand.NewPCG(round, 0))
		if got := digest(t, v); got != want {
			t.Errorf("%s: workers %d, cuts of seed %d: digest %s, want %s as with one worker and one record",
				c.Kind.Name, v.Workers, round, got, want)
		}
	}
	return want
}

func digest(t testing.TB, c Case) string {
	t.Helper()
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", c.Kind.Name, err)
	}
	d, err := out.Digest()
	if err != nil {
		t.Fatalf("%s: %v", c.Kind.Name, err)
	}
	return d
}

// Golden runs Conform and compares the digest with the line "NAME vVERSION
// DIGEST" of testdata/golden.txt, where NAME is the kind's name and, after a
// space, the name of the case unless that is empty. A result that changed
// while Version did not fails, with the line to write.
func Golden(t testing.TB, name string, c Case) {
	t.Helper()
	got := Conform(t, c)
	key := c.Kind.Name
	if name != "" {
		key += " " + name
	}
	file := filepath.Join("testdata", "golden.txt")
	data, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	line := fmt.Sprintf("%s v%d %s", key, c.Kind.Version, got)
	for _, had := range strings.Split(string(data), "\n") {
		rest, ok := strings.CutPrefix(had, key+" v")
		if !ok {
			continue
		}
		version, want, _ := strings.Cut(rest, " ")
		switch {
		case version != fmt.Sprint(c.Kind.Version):
			t.Errorf("%s: %s is of version %s; write the line\n%s", file, key, version, line)
		case want != got:
			t.Errorf("%s: result of %s changed, its Version did not: raise Version, or undo the change. Had\n%s\nand with Version raised the digest is %s",
				file, key, had, got)
		}
		return
	}
	t.Errorf("%s has no line for %s; add\n%s", file, key, line)
}
