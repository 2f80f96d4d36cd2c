package runs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shiftmill/runs"
)

// now is a clock that tests move on.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }

func (c *clock) add(d time.Duration) { c.mu.Lock(); c.t = c.t.Add(d); c.mu.Unlock() }

// step puts a small and a large object under a record, with keys of others it needs.
func step(t testing.TB, s *runs.Store, i int, keys ...runs.Digest) runs.Record {
	t.Helper()
	r := runs.Record{Key: key(i), Kind: "step", Keys: keys,
		Objects: []runs.Digest{put(t, s, content(i, 2000)), put(t, s, content(i+1_000_000, 66<<10))}}
	if err := s.Append(r); err != nil {
		t.Fatal(err)
	}
	return r
}

func alive(s *runs.Store, r runs.Record) (n int) {
	for _, d := range r.Objects {
		if _, err := s.Get(d); err == nil {
			n++
		}
	}
	return n
}

func collect(t testing.TB, s *runs.Store, o runs.GCOptions) runs.GCReport {
	t.Helper()
	report, err := s.GC(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestCollect(t *testing.T) {
	dir := t.TempDir()
	c := &clock{t: time.Now()}
	o := runs.Options{Now: c.now}
	s := open(t, dir, o)
	locked, needed := step(t, s, 1, key(2)), step(t, s, 2)
	ran, loose, other := step(t, s, 3), step(t, s, 4), step(t, s, 5)
	if err := s.RegisterRoot(runs.Root{Path: "/p/a.lock.yaml", Keys: []runs.Digest{key(1)}}); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveRun("r1", []byte(`{}`), key(3)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c.add(48 * time.Hour)

	s = open(t, dir, o)
	if report := collect(t, s, runs.GCOptions{Grace: 72 * time.Hour}); report.Objects != 0 {
		t.Errorf("within the grace age: %+v", report)
	}
	dry := collect(t, s, runs.GCOptions{})
	if dry.Applied || dry.Objects != 2 || dry.Generation != "" {
		t.Errorf("a dry run: %+v", dry)
	}
	report := collect(t, s, runs.GCOptions{Apply: true})
	if report.Objects != 2 || report.Bytes != dry.Bytes || report.Generation == "" {
		t.Errorf("a dry run promised %+v, done was %+v", dry, report)
	}
	for name, r := range map[string]runs.Record{"locked": locked, "needed by it": needed, "of a recent run": ran} {
		if alive(s, r) != 2 {
			t.Errorf("the objects of the step %s are gone", name)
		}
	}
	// The session that reads them gets them back from the trash.
	if alive(s, loose) != 2 {
		t.Error("collected objects cannot be fetched back")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	// All sessions of that time have ended; the next collection but one deletes.
	s = open(t, dir, o)
	report = collect(t, s, runs.GCOptions{Apply: true})
	if report.Deleted == 0 {
		t.Errorf("trash is not deleted: %+v", report)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, o)
	collect(t, s, runs.GCOptions{Apply: true})
	_, err := s.Get(other.Objects[1]) // the small one shares a pack with objects in use
	if !errors.Is(err, runs.ErrAbsent) || !strings.Contains(err.Error(), "collected by gc on ") {
		t.Errorf("Get of a collected object: %v", err)
	}
	if _, ok := s.Lookup(key(4)); !ok {
		t.Error("the record went with its objects")
	}
	if alive(s, locked)+alive(s, needed)+alive(s, ran) != 6 {
		t.Error("objects in use are gone")
	}
	if damage, err := s.Verify(t.Context(), nil); err != nil || len(damage) > 0 {
		t.Errorf("verify: %v, %v", damage, err)
	}
	// Old runs count no more, nor do forgotten lock files.
	if err := s.ForgetRoot("/p/a.lock.yaml"); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if err := s.SaveRun(fmt.Sprint("later", i), []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c.add(40 * 24 * time.Hour)
	for range 3 {
		s = open(t, dir, o)
		collect(t, s, runs.GCOptions{Apply: true})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, dir, o)
	if n := alive(s, locked) + alive(s, needed) + alive(s, ran); n != 0 {
		t.Errorf("%d objects of old runs and forgotten lock files are left", n)
	}
	stats, err := s.Stats()
	if err != nil || stats.Trash > 1000 || stats.Records == 0 { // a list of sessions may be left
		t.Errorf("Stats = %+v, %v", stats, err)
	}
}

func TestCollectReadsLockFiles(t *testing.T) {
	dir := t.TempDir()
	c := &clock{t: time.Now()}
	o := runs.Options{Now: c.now}
	s := open(t, dir, o)
	a, b := step(t, s, 1), step(t, s, 2)
	for _, path := range []string{"here", "unreadable"} {
		if err := s.RegisterRoot(runs.Root{Path: path, Keys: []runs.Digest{key(1)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c.add(48 * time.Hour)
	s = open(t, dir, o)
	report := collect(t, s, runs.GCOptions{ReadRoot: func(path string) (runs.Root, error) {
		if path == "unreadable" {
			return runs.Root{}, errors.New("the disk is not mounted")
		}
		return runs.Root{Path: path, Keys: []runs.Digest{key(2)}}, nil
	}})
	want := []string{"unreadable cannot be read (the disk is not mounted); what it last named is kept"}
	if fmt.Sprint(report.Notes) != fmt.Sprint(want) || report.Objects != 0 {
		t.Errorf("%+v; want no objects and the notes %q", report, want)
	}
	if alive(s, a)+alive(s, b) != 4 {
		t.Error("objects are gone in a dry run")
	}
}

func TestCap(t *testing.T) {
	dir := t.TempDir()
	c := &clock{t: time.Now()}
	o := runs.Options{Now: c.now}
	s := open(t, dir, o)
	var steps []runs.Record
	for i := range 6 {
		steps = append(steps, step(t, s, i))
		if err := s.SaveRun(fmt.Sprint(i), []byte(`{}`), key(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.RegisterRoot(runs.Root{Path: "a.lock", Keys: []runs.Digest{key(0)}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c.add(48 * time.Hour)
	s = open(t, dir, o)
	if _, err := s.Get(steps[1].Objects[1]); err != nil { // used just now
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c.add(48 * time.Hour)
	s = open(t, dir, o)
	report := collect(t, s, runs.GCOptions{Apply: true, MaxBytes: 250 << 10})
	if report.Kept > 250<<10 || report.Kept < 150<<10 {
		t.Errorf("%d bytes are kept, want about the cap: %+v", report.Kept, report)
	}
	large := func(i int) bool {
		_, err := os.Stat(filepath.Join(dir, "objects", steps[i].Objects[1].String()[:2], steps[i].Objects[1].String()))
		return err == nil
	}
	if !large(0) || !large(1) {
		t.Error("a locked object, or the one used last, went before others")
	}
	report = collect(t, s, runs.GCOptions{MaxBytes: 1})
	if len(report.Notes) != 1 || !strings.Contains(report.Notes[0], "more than the 1 asked for") {
		t.Errorf("an impossible cap: %+v", report)
	}
}

func TestOneCollectionAtATime(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir, runs.Options{}), open(t, dir, runs.Options{})
	reading, done := make(chan bool), make(chan error)
	if err := a.RegisterRoot(runs.Root{Path: "x"}); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, err := a.GC(context.Background(), runs.GCOptions{Apply: true, ReadRoot: func(string) (runs.Root, error) {
			reading <- true
			<-reading
			return runs.Root{}, nil
		}})
		done <- err
	}()
	<-reading
	if _, err := b.GC(t.Context(), runs.GCOptions{Apply: true}); !errors.Is(err, runs.ErrBusy) {
		t.Errorf("a second collection: %v, want ErrBusy", err)
	}
	reading <- true
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestCollectBesideRuns loops collections without any grace beside two projects that put,
// reuse and read: no object that a project's steps need is ever lost to it.
func TestCollectBesideRuns(t *testing.T) {
	rounds := 25
	if os.Getenv("SHIFTMILL_SWEEP") != "" {
		rounds = 1000
	}
	dir := t.TempDir()
	stop := make(chan struct{})
	var projects sync.WaitGroup
	sessions := make([]int, 2)
	for p := range sessions {
		projects.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := project(t, dir, p, n); err != nil {
					t.Errorf("project %d, session %d: %v", p, n, err)
					return
				}
				sessions[p]++
			}
		})
	}
	moved, restored, deleted := 0, 0, int64(0)
	for round := range rounds {
		s, err := runs.Open(dir, runs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		report, err := s.GC(t.Context(), runs.GCOptions{Apply: true, Grace: time.Nanosecond, KeepRuns: time.Nanosecond, KeepLast: 1})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		moved, restored, deleted = moved+report.Objects, restored+report.Restored, deleted+report.Deleted
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	projects.Wait()
	t.Logf("%d collections moved %d objects, restored %d files, deleted %d bytes, beside %v sessions", rounds, moved, restored, deleted, sessions)
	if moved == 0 || deleted == 0 {
		t.Error("the collections had nothing to do")
	}
	s := open(t, dir, runs.Options{})
	if damage, err := s.Verify(t.Context(), nil); err != nil || len(damage) > 0 {
		t.Errorf("verify: %v, %v", damage, err)
	}
}

// project is one session of a project: it puts the objects of ten steps, some new and some
// as every session has them, keeps the first ones in a lock file, and reads all at the end.
func project(t *testing.T, dir string, p, n int) (err error) {
	s, err := runs.Open(dir, runs.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	lock := fmt.Sprint("project", p)
	roots, err := s.Roots()
	if err != nil {
		return err
	}
	for _, r := range roots {
		// What the lock file names must be there, from the last session.
		for _, k := range r.Keys {
			if r.Path != lock {
				continue
			}
			rec, ok := s.Lookup(k)
			if !ok {
				return fmt.Errorf("locked record %s is gone", k)
			}
			for _, d := range rec.Objects {
				if _, err := s.Get(d); err != nil {
					return fmt.Errorf("locked: %w", err)
				}
			}
		}
	}
	var made []runs.Record
	var locked []runs.Digest
	for i := range 10 {
		id := i // the same in every session and project
		if i%2 == 1 {
			id = 1000 + 100_000*p + 10*n + i
		}
		r := runs.Record{Key: runs.Sum([]byte(fmt.Sprint(p, n, i))), Kind: "step"}
		for _, size := range []int{900, 66 << 10} {
			d, err := s.PutBytes(context.Background(), content(id, size))
			if err != nil {
				return err
			}
			if got, err := s.Get(d); err != nil || !bytes.Equal(got, content(id, size)) {
				return fmt.Errorf("just put: %w", err)
			}
			r.Objects = append(r.Objects, d)
		}
		if err := s.Append(r); err != nil {
			return err
		}
		made = append(made, r)
		if i < 3 {
			locked = append(locked, r.Key)
		}
	}
	if err := s.Commit(context.Background()); err != nil {
		return err
	}
	for _, r := range made {
		for _, d := range r.Objects {
			if _, err := s.Get(d); err != nil {
				return fmt.Errorf("committed: %w", err)
			}
		}
	}
	return s.RegisterRoot(runs.Root{Path: lock, Keys: locked})
}
