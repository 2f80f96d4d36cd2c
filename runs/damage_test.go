package runs_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shiftmill/runs"
)

// bigStore makes a store with at least 200 files in every kind: objects, packs,
// journals, index. It returns what it holds.
func bigStore(t *testing.T, dir string) map[runs.Digest][]byte {
	t.Helper()
	held := map[runs.Digest][]byte{}
	for session := range 30 {
		s, err := runs.Open(dir, runs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 6 {
			n := session*100 + i
			small, large := content(n, 200+n), content(n, 64<<10+n)
			r := runs.Record{Key: key(n), Kind: "step", Objects: []runs.Digest{put(t, s, small), put(t, s, large)}}
			held[r.Objects[0]], held[r.Objects[1]] = small, large
			if err := s.Append(r); err != nil {
				t.Fatal(err)
			}
		}
		if session == 15 {
			// Writes the index; nothing is old enough to go.
			if _, err := s.GC(t.Context(), runs.GCOptions{Apply: true}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return held
}

func storeFiles(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestDamage flips a byte of each of 200 files (a third of them without SHIFTMILL_SWEEP), or
// cuts it short, one file at a time: never is a wrong byte served, and Verify names the file.
func TestDamage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	held := bigStore(t, dir)
	s := open(t, dir, runs.Options{ReadOnly: true})
	if damage, err := s.Verify(t.Context(), nil); err != nil || len(damage) > 0 {
		t.Fatalf("an undamaged store: %v, %v", damage, err)
	}
	files := storeFiles(t, dir)
	if len(files) < 200 {
		t.Fatalf("the store has %d files, want 200 or more", len(files))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	kinds := map[string]int{}
	for i, path := range files {
		if i%sweepStep(3) != 0 {
			continue
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		hurt := bytes.Clone(whole)
		what := "cut"
		if i%2 == 0 {
			at := rng.IntN(len(hurt))
			hurt[at] ^= byte(1 + rng.IntN(255))
			what = fmt.Sprintf("flipped at %d of %d", at, len(hurt))
		} else {
			hurt = hurt[:rng.IntN(len(hurt))]
			what = fmt.Sprintf("cut to %d of %d", len(hurt), len(whole))
		}
		if err := os.WriteFile(path, hurt, 0o666); err != nil {
			t.Fatal(err)
		}
		rel, _ := filepath.Rel(dir, path)
		kinds[strings.Split(rel, string(filepath.Separator))[0]]++
		checkDamaged(t, dir, rel, what, held)
		if err := os.WriteFile(path, whole, 0o666); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("damaged files by folder: %v", kinds)
}

func checkDamaged(t *testing.T, dir, rel, what string, held map[runs.Digest][]byte) {
	t.Helper()
	s, err := runs.Open(dir, runs.Options{ReadOnly: true})
	if rel == "VERSION" {
		if err == nil || !strings.Contains(err.Error(), "VERSION") {
			t.Errorf("%s %s: opened: %v", rel, what, err)
		}
		return
	}
	if err != nil {
		t.Errorf("%s %s: %v", rel, what, err)
		return
	}
	defer s.Close()
	lost, others := 0, 0
	for d, want := range held {
		// A file of objects can only be served under its own name.
		if strings.HasPrefix(rel, "objects") && !strings.HasSuffix(rel, d.String()) {
			if others++; others > 10 {
				continue
			}
		}
		got, err := s.Get(d)
		switch {
		case err == nil && !bytes.Equal(got, want):
			t.Errorf("%s %s: object %s has other bytes", rel, what, d)
		case err != nil && !errors.Is(err, runs.ErrAbsent):
			t.Errorf("%s %s: object %s: %v", rel, what, d, err)
		case err != nil:
			lost++
		}
	}
	damage, err := s.Verify(t.Context(), nil)
	if err != nil {
		t.Errorf("%s %s: verify: %v", rel, what, err)
	}
	found := false
	for _, d := range damage {
		found = found || d.Path == filepath.Join(dir, rel)
	}
	if !found {
		t.Errorf("%s %s: Verify found %v", rel, what, damage)
	}
	if strings.HasPrefix(rel, "objects") && lost != 1 {
		t.Errorf("%s %s: %d objects are lost, want 1", rel, what, lost)
	}
}

// TestQuarantine lets a writing session meet damage: it moves the file away, says why, and
// putting the object again heals the store.
func TestQuarantine(t *testing.T) {
	for _, size := range []int{1000, 100 << 10} {
		dir := t.TempDir()
		s := open(t, dir, runs.Options{})
		data := content(1, size)
		d := put(t, s, data)
		if err := s.Append(runs.Record{Key: key(1), Kind: "step", Objects: []runs.Digest{d}}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for _, path := range storeFiles(t, dir) {
			if strings.Contains(path, "/objects/") || strings.Contains(path, "/packs/") {
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				b[len(b)-1]++
				if err := os.WriteFile(path, b, 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}
		s = open(t, dir, runs.Options{})
		if !s.Has(d) {
			t.Error("Has reads the bytes, which is dear")
		}
		if _, err := s.Get(d); !errors.Is(err, runs.ErrAbsent) || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("Get of a damaged object: %v", err)
		}
		if s.Has(d) {
			t.Error("Has an object that was found damaged")
		}
		put(t, s, data)
		if got, err := s.Get(d); err != nil || !bytes.Equal(got, data) {
			t.Errorf("put again: %d bytes, %v", len(got), err)
		}
		if err := s.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := open(t, dir, runs.Options{ReadOnly: true}).Get(d); err != nil || !bytes.Equal(got, data) {
			t.Errorf("put again, for another process: %d bytes, %v", len(got), err)
		}
	}
}

// TestDamagedIndexCostsTimeOnly damages each part of the index, whose every bucket is asked for.
func TestDamagedIndexCostsTimeOnly(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, runs.Options{})
	for i := range 3000 {
		d := put(t, s, content(i, 100))
		if err := s.Append(runs.Record{Key: key(i), Kind: "step", Objects: []runs.Digest{d}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.GC(t.Context(), runs.GCOptions{Apply: true, Grace: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "index")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(whole); at += len(whole)/60 + 1 {
		hurt := bytes.Clone(whole)
		hurt[at] ^= 0x10
		if err := os.WriteFile(name, hurt, 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := runs.Open(dir, runs.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3000 {
			known := s.Result(key(i))
			r, ok := s.Lookup(key(i))
			if !ok || !s.Has(r.Objects[0]) || !known.Found || !known.Gone.IsZero() {
				t.Fatalf("byte %d of the index changed: record %d is %v, %v, its result %v, %v", at, i, r, ok, known, known.Found)
			}
		}
		if len(s.Found()) == 0 {
			t.Errorf("byte %d of the index changed, and nobody says so", at)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
