package runs_test

import (
	"bytes"
	"io/fs"
	"sync"
	"testing"
	"time"

	"shiftmill/runs"
)

// deniedFS is a file system on which somebody may read and nothing else.
type deniedFS struct {
	runs.FS
	mu    sync.Mutex
	tried []string
}

func (d *deniedFS) deny(what, name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tried = append(d.tried, what+" "+name)
	return &fs.PathError{Op: what, Path: name, Err: fs.ErrPermission}
}

func (d *deniedFS) Create(name string) (runs.File, error) { return nil, d.deny("create", name) }
func (d *deniedFS) Mkdir(name string) error               { return d.deny("mkdir", name) }
func (d *deniedFS) Rename(from, _ string) error           { return d.deny("rename", from) }
func (d *deniedFS) Link(from, _ string) error             { return d.deny("link", from) }
func (d *deniedFS) Remove(name string) error              { return d.deny("remove", name) }
func (d *deniedFS) SyncDir(name string) error             { return d.deny("sync", name) }
func (d *deniedFS) Touch(name string, _ time.Time) error  { return d.deny("touch", name) }

// TestReaderWritesNothing wants everything that only looks to work without permission to
// write, beside a session at work, one that died, damage, and objects in the trash.
func TestReaderWritesNothing(t *testing.T) {
	dir := t.TempDir()
	c := &clock{t: time.Now()}
	o := runs.Options{Now: c.now, MaxObject: 100 << 10, Machine: runs.Machine{Host: "h", Boot: "1"}}
	s := open(t, dir, o)
	kept, gone := step(t, s, 1), step(t, s, 2)
	chunks := content(3, 250<<10)
	if err := s.Append(runs.Record{Key: key(3), Kind: "step", Objects: []runs.Digest{put(t, s, chunks)}}); err != nil {
		t.Fatal(err)
	}
	if err := s.RegisterRoot(runs.Root{Path: "a.lock", Keys: []runs.Digest{key(1), key(3)}}); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveRun("run", []byte(`{}`), key(1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c.add(100 * 24 * time.Hour)
	s = open(t, dir, o)
	if report := collect(t, s, runs.GCOptions{Apply: true, KeepLast: 1, KeepRuns: time.Hour}); report.Objects == 0 {
		t.Fatal("nothing went to the trash")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	live := open(t, dir, o) // at work, or dead to who looks from another boot
	if err := live.Hold([]runs.Digest{key(1)}, nil); err != nil {
		t.Fatal(err)
	}
	for _, boot := range []string{"1", "2"} {
		denied := &deniedFS{FS: runs.OS{}}
		s, err := runs.Open(dir, runs.Options{FS: denied, ReadOnly: true, Machine: runs.Machine{Host: "h", Boot: boot}})
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range []runs.Record{kept, gone} {
			if _, ok := s.Lookup(key(i + 1)); !ok || alive(s, r) != 2 {
				t.Errorf("record %d: %v, %d of its objects", i+1, ok, alive(s, r))
			}
		}
		if got, err := s.Get(runs.Sum(chunks)); err != nil || !bytes.Equal(got, chunks) {
			t.Errorf("an object in chunks: %d bytes, %v", len(got), err)
		}
		if list, err := s.Runs(); err != nil || len(list) != 1 {
			t.Errorf("runs: %v, %v", list, err)
		}
		if _, err := s.Stats(); err != nil {
			t.Error(err)
		}
		if damage, err := s.Verify(t.Context(), nil); err != nil || len(damage) > 0 {
			t.Errorf("verify: %v, %v", damage, err)
		}
		if _, err := s.GC(t.Context(), runs.GCOptions{}); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if len(denied.tried) > 0 {
			t.Errorf("seen from boot %s: %q", boot, denied.tried)
		}
	}
}
