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
	key := c.Kind.Name
	if name != "" {
		key += " " + name
	}
	Pin(t, key, fmt.Sprintf("v%d", c.Kind.Version), Conform(t, c))
}

// Pin compares a digest with the line "NAME VERSION DIGEST" of
// testdata/golden.txt; it is Golden for what kinds share, such as transforms.
// VERSION holds no space.
func Pin(t testing.TB, name, version, digest string) {
	t.Helper()
	file := filepath.Join("testdata", "golden.txt")
	data, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	line := fmt.Sprintf("%s %s %s", name, version, digest)
	for _, had := range strings.Split(string(data), "\n") {
		rest, ok := strings.CutPrefix(had, name+" ")
		if !ok {
			continue
		}
		old, want, ok := strings.Cut(rest, " ")
		switch {
		case !ok || strings.Contains(want, " "):
			continue // a longer name
		case old != version:
			t.Errorf("%s: the line is of version %s; write\n%s", file, old, line)
		case want != digest:
			t.Errorf("%s: the result of %s changed, its version did not: raise the version, or undo the change. There was\n%s\nand with the version raised the digest is %s",
				file, name, had, digest)
		}
		return
	}
	t.Errorf("%s has no line for %s; add\n%s", file, name, line)
}
