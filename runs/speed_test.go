//go:build unix

package runs_test

import (
	"flag"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"shiftmill/runs"
)

// filled makes a closed store with n records, each with a small object.
func filled(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	s, err := runs.Open(dir, runs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		d, err := s.PutBytes(t.Context(), content(i, 150))
		if err != nil {
			t.Fatal(err)
		}
		r := runs.Record{Key: key(i), Kind: "partition", Objects: []runs.Digest{d}, Keys: []runs.Digest{key(i + 1)},
			Data: fmt.Appendf(nil, `{"rows":1024,"p":%q}`, key(i+2))}
		if err := s.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func lookUp(t testing.TB, s *runs.Store, keys []runs.Digest) {
	t.Helper()
	for _, k := range keys {
		r, ok := s.Lookup(k)
		if !ok || !s.Has(r.Objects[0]) {
			t.Fatalf("record %s: %v, %v", k, r, ok)
		}
	}
}

func keys(n int) []runs.Digest {
	list := make([]runs.Digest, n)
	for i := range list {
		list[i] = key(i)
	}
	return list
}

// cpuTime is what this process has used so far, which other processes do not change.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestColdLookups opens a store and looks up 10,000 records and their objects.
func TestColdLookups(t *testing.T) {
	const n = 10_000
	dir, wanted := filled(t, n), keys(n)
	best := time.Hour
	for range 10 {
		runtime.GC()
		begin := cpuTime(t)
		s, err := runs.Open(dir, runs.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		lookUp(t, s, wanted)
		best = min(best, cpuTime(t)-begin)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("opened, and looked up %d records and objects, in %v of CPU time", n, best)
	if limit := 20 * time.Millisecond; best > limit && !raceEnabled {
		t.Errorf("took %v, want at most %v", best, limit)
	}
}

var manyRuns = flag.Int("runs", 300, "sessions of TestManyRuns")

// TestManyRuns makes as many sessions as years of work leave, each with a record of its own,
// a small object and a run's document, and measures what it takes to open the store then.
// For -runs 100000 a folder in memory (TMPDIR) spares the disk.
func TestManyRuns(t *testing.T) {
	n := *manyRuns
	dir := t.TempDir()
	for i := range n {
		s, err := runs.Open(dir, runs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Append(runs.Record{Key: key(i), Kind: "step", Objects: []runs.Digest{put(t, s, content(i, 200))}}); err != nil {
			t.Fatal(err)
		}
		if err := s.SaveRun(fmt.Sprint("run-", i), []byte(`{}`), key(i)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	best := time.Hour
	for range 10 {
		begin := cpuTime(t)
		s, err := runs.Open(dir, runs.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			if r, ok := s.Lookup(key(i * n / 100)); !ok || !s.Has(r.Objects[0]) {
				t.Fatalf("record %d is lost", i*n/100)
			}
		}
		best = min(best, cpuTime(t)-begin)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	list := journals(t, dir)
	t.Logf("after %d runs: %d journals; opened, and looked up 100 records, in %v of CPU time", n, len(list), best)
	if most := 300 + n/100; len(list) > most {
		t.Errorf("%d journals are left, want at most %d", len(list), most)
	}
}

// BenchmarkOpenAndLookup is a process that looks up 10,000 records; index=no reads them from
// the journal.
func BenchmarkOpenAndLookup(b *testing.B) {
	const n = 10_000
	dir, wanted := filled(b, n), keys(n)
	for _, readOnly := range []bool{true, false} {
		b.Run(fmt.Sprintf("readonly=%v", readOnly), func(b *testing.B) {
			for b.Loop() {
				s, err := runs.Open(dir, runs.Options{ReadOnly: readOnly})
				if err != nil {
					b.Fatal(err)
				}
				lookUp(b, s, wanted)
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLookup is one lookup in an open store.
func BenchmarkLookup(b *testing.B) {
	s := open(b, filled(b, 10_000), runs.Options{ReadOnly: true})
	i := 0
	for b.Loop() {
		if _, ok := s.Lookup(key(i % 10_000)); !ok {
			b.Fatal(i)
		}
		i++
	}
}

// BenchmarkSteps puts, appends and commits durably, as an engine does with steps of no
// work; an iteration is one step.
func BenchmarkSteps(b *testing.B) {
	for _, size := range []int{200, 100 << 10} {
		b.Run(fmt.Sprintf("object=%d", size), func(b *testing.B) {
			s := open(b, b.TempDir(), runs.Options{})
			data := content(1, size)
			b.SetBytes(int64(size))
			i := 0
			for b.Loop() {
				i++
				copy(data, fmt.Sprint(i))
				d, err := s.PutBytes(b.Context(), data)
				if err != nil {
					b.Fatal(err)
				}
				if err := s.Append(runs.Record{Key: key(i), Kind: "step", Objects: []runs.Digest{d}}); err != nil {
					b.Fatal(err)
				}
			}
			if err := s.Commit(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
