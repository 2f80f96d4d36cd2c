package runs_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shiftmill/runs"
)

// TestResult asks for results that the index sums up, and for what has changed since.
func TestResult(t *testing.T) {
	dir := t.TempDir()
	o := runs.Options{Front: func(kind string, data []byte) int {
		if kind == "step" {
			return len(data) / 2
		}
		return len(data)
	}}
	s := open(t, dir, o)
	data := func(i int) []byte { return fmt.Appendf(nil, "front%05dbehind%04d", i, i) }
	const n = 300
	large := put(t, s, content(n, 100_000)) // a file of its own, so in no pack
	for i := range n {
		r := runs.Record{Key: key(i), Kind: "step", Data: data(i)}
		switch i % 3 {
		case 0:
			r.Objects = []runs.Digest{put(t, s, content(i, 100)), put(t, s, content(i+1000, 100))}
		case 1:
			r.Kind = "memo"
		case 2:
			r.Objects = []runs.Digest{large}
		}
		if err := s.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.GC(t.Context(), runs.GCOptions{Apply: true, Grace: time.Hour}); err != nil { // writes the index
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, o)
	for i := range n {
		r := s.Result(key(i))
		want := data(i)
		if r.All != (i%3 != 0) { // of those whose objects lie in one pack the front is enough
			t.Errorf("result %d: all of the data: %v", i, r.All)
		}
		if !r.All {
			want = want[:len(want)/2]
		}
		if !r.Found || !bytes.Equal(r.Data, want) || !r.Gone.IsZero() {
			t.Errorf("result %d: %q, %v, gone %v; want %q", i, r.Data, r.Found, r.Gone, want)
		}
		if rec, ok := s.Lookup(key(i)); !ok || !bytes.Equal(rec.Data, data(i)) {
			t.Errorf("record %d: %q, %v", i, rec.Data, ok)
		}
	}
	if s.Result(key(n)).Found {
		t.Error("a result that nobody has made")
	}

	// A newer record counts, and what it says is gone is told.
	lost := runs.Sum([]byte("lost"))
	if err := s.Append(runs.Record{Key: key(0), Kind: "step", Data: []byte("new"), Objects: []runs.Digest{lost}}); err != nil {
		t.Fatal(err)
	}
	if r := s.Result(key(0)); !r.Found || string(r.Data) != "new" || r.Gone != lost {
		t.Errorf("the newer result: %q, %v, gone %v", r.Data, r.Found, r.Gone)
	}

	// Of a pack that is not there every object is gone.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	packs, err := filepath.Glob(filepath.Join(dir, "packs", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packs {
		if err := os.Remove(p); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, dir, runs.Options{ReadOnly: true, Front: o.Front})
	if r := s.Result(key(3)); !r.Found || r.Gone != runs.Sum(content(3, 100)) {
		t.Errorf("a result whose pack is gone: %v, gone %v", r.Found, r.Gone)
	}
	if r := s.Result(key(4)); !r.Found || !r.Gone.IsZero() {
		t.Errorf("a result that needs no object: %v, gone %v", r.Found, r.Gone)
	}
}
