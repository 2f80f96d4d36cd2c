package runs_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"shiftmill/runs"
)

// oneRun is a session that leaves a record of its own, one that the next session replaces,
// and a run's document.
func oneRun(t *testing.T, dir string, i int, o runs.Options) {
	t.Helper()
	s, err := runs.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []runs.Record{
		{Key: key(i), Kind: "step", Objects: []runs.Digest{put(t, s, content(i, 500))}},
		{Key: key(-1), Kind: "last", Data: []byte{'0' + byte(i%10)}},
	} {
		if err := s.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// wantRuns wants all that n sessions have said.
func wantRuns(t *testing.T, s *runs.Store, n int) {
	t.Helper()
	for i := range n {
		r, ok := s.Lookup(key(i))
		if !ok || len(r.Objects) != 1 {
			t.Fatalf("record %d: %v, %v", i, r, ok)
		}
		if _, err := s.Get(r.Objects[0]); err != nil {
			t.Fatalf("object %d: %v", i, err)
		}
	}
	if r, ok := s.Lookup(key(-1)); !ok || string(r.Data) != string('0'+byte((n-1)%10)) {
		t.Errorf("the record that is said again and again: %q, %v", r.Data, ok)
	}
}

func journals(t *testing.T, dir string) []string {
	t.Helper()
	return storeFiles(t, filepath.Join(dir, "journal"))
}

func TestFold(t *testing.T) {
	const n, after = 120, 20
	dir := t.TempDir()
	o := runs.Options{FoldAfter: after}
	oneRun(t, dir, 0, o)
	beside := open(t, dir, runs.Options{}) // does not look again until all is over
	for i := 1; i < n; i++ {
		oneRun(t, dir, i, o)
	}
	if list := journals(t, dir); len(list) > after+2 {
		t.Errorf("%d journals after %d runs, want at most %d", len(list), n, after+2)
	}
	for _, index := range []string{"the old index", "no index", "a new index"} {
		if index == "no index" {
			if err := os.Remove(filepath.Join(dir, "index")); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		s, err := runs.Open(dir, runs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if found := s.Found(); len(found) > 0 {
			t.Errorf("%s: found %q", index, found)
		}
		wantRuns(t, s, n)
		if damage, err := s.Verify(t.Context(), nil); err != nil || len(damage) > 0 {
			t.Errorf("%s: %v, %v", index, damage, err)
		}
		if index == "no index" { // writes one
			report := collect(t, s, runs.GCOptions{Apply: true})
			if report.Folded == 0 || report.Objects > 0 {
				t.Errorf("a collection folded %d journals and took %d objects", report.Folded, report.Objects)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := beside.Refresh(); err != nil {
		t.Fatal(err)
	}
	wantRuns(t, beside, n)
	size := int64(0)
	for _, path := range journals(t, dir) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if most := int64(n * 500); size > most {
		t.Errorf("the journals have %d bytes, want at most %d: what is said anew is dropped", size, most)
	}
}

// TestFoldLeavesDoubtfulJournals wants damaged journals to stay where verify finds them, and
// those of sessions that were found dead until nobody can be writing to them.
func TestFoldLeavesDoubtfulJournals(t *testing.T) {
	dir := t.TempDir()
	c := &clock{t: time.Now()}
	o := runs.Options{Now: c.now}
	for i := range 3 {
		oneRun(t, dir, i, o)
	}
	hurt := journals(t, dir)[1]
	data, err := os.ReadFile(hurt)
	if err != nil {
		t.Fatal(err)
	}
	data[40]++
	if err := os.WriteFile(hurt, data, 0o666); err != nil {
		t.Fatal(err)
	}
	// A session that lives on after a reboot of its host, as far as the others can tell.
	slow := runs.Options{Now: c.now, Machine: runs.Machine{Host: "h", Boot: "1"}}
	if err := open(t, dir, slow).Append(runs.Record{Key: key(9), Kind: "step"}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // until it is committed
	o.Machine = runs.Machine{Host: "h", Boot: "2"}
	s := open(t, dir, o)
	if len(s.Found()) != 2 {
		t.Errorf("found %q, want a damaged journal and a dead session", s.Found())
	}
	if report := collect(t, s, runs.GCOptions{Apply: true}); report.Folded != 2 {
		t.Errorf("%d journals were folded, want the 2 sound ones", report.Folded)
	}
	c.add(25 * time.Hour)
	if report := collect(t, s, runs.GCOptions{Apply: true}); report.Folded != 1 {
		t.Errorf("%d journals were folded a day later, want that of the dead session", report.Folded)
	}
	if _, ok := s.Lookup(key(9)); !ok {
		t.Error("what the dead session said is lost")
	}
	damage, err := s.Verify(t.Context(), nil)
	if err != nil || len(damage) != 1 || damage[0].Path != hurt {
		t.Errorf("verify finds %v, %v; want %s", damage, err, hurt)
	}
}
