package runstest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"shiftmill/runs"
)

// TestFS checks that a file system keeps the contract of runs.FS. Dir is an empty folder
// of it.
func TestFS(t *testing.T, fsys runs.FS, dir string) {
	at := func(elem ...string) string { return filepath.Join(append([]string{dir}, elem...)...) }
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(t *testing.T, what string, err, kind error) {
		t.Helper()
		if !errors.Is(err, kind) {
			t.Errorf("%s: %v, want %v", what, err, kind)
		}
	}
	create := func(t *testing.T, name, text string) {
		t.Helper()
		f, err := fsys.Create(name)
		must(t, err)
		_, err = f.WriteAt([]byte(text), 0)
		must(t, errors.Join(err, f.Sync(), f.Close()))
	}
	read := func(t *testing.T, name string) string {
		t.Helper()
		data, err := runs.ReadFile(fsys, name)
		must(t, err)
		return string(data)
	}

	t.Run("files", func(t *testing.T) {
		f, err := fsys.Create(at("f"))
		must(t, err)
		_, err = f.WriteAt([]byte("world"), 6)
		must(t, err)
		_, err = f.WriteAt([]byte("hello "), 0)
		must(t, err)
		if n, err := f.Size(); n != 11 || err != nil {
			t.Errorf("Size = %d, %v", n, err)
		}
		p := make([]byte, 8)
		if n, err := f.ReadAt(p, 6); n != 5 || !errors.Is(err, io.EOF) || !bytes.Equal(p[:5], []byte("world")) {
			t.Errorf("ReadAt past the end = %d, %v", n, err)
		}
		must(t, errors.Join(f.Sync(), f.Close(), fsys.SyncDir(dir)))
		_, err = fsys.Create(at("f"))
		want(t, "Create of an existing name", err, fs.ErrExist)
		_, err = fsys.Open(at("none"))
		want(t, "Open of a missing name", err, fs.ErrNotExist)
		_, err = fsys.Stat(at("none", "below"))
		want(t, "Stat below a missing name", err, fs.ErrNotExist)
		must(t, fsys.Remove(at("f")))
		want(t, "Remove of a missing name", fsys.Remove(at("f")), fs.ErrNotExist)
	})
	t.Run("folders", func(t *testing.T) {
		must(t, fsys.Mkdir(at("d")))
		want(t, "Mkdir of an existing name", fsys.Mkdir(at("d")), fs.ErrExist)
		want(t, "Mkdir below a missing one", fsys.Mkdir(at("x", "y")), fs.ErrNotExist)
		create(t, at("d", "b"), "2")
		create(t, at("d", "a"), "1")
		list, err := fsys.List(at("d"))
		must(t, err)
		if len(list) != 2 || list[0].Name != "a" || list[1].Name != "b" || list[0].Size != 1 || list[0].Dir {
			t.Errorf("List = %v", list)
		}
		if err := fsys.Remove(at("d")); err == nil {
			t.Error("a folder that is not empty was removed")
		}
		if info, err := fsys.Stat(at("d")); err != nil || !info.Dir || info.Size != 0 || info.Name != "d" {
			t.Errorf("Stat of a folder = %v, %v", info, err)
		}
		_, err = fsys.List(at("none"))
		want(t, "List of a missing folder", err, fs.ErrNotExist)
	})
	t.Run("names", func(t *testing.T) {
		create(t, at("old"), "new text")
		create(t, at("there"), "old text")
		must(t, fsys.Rename(at("old"), at("there")))
		if got := read(t, at("there")); got != "new text" {
			t.Errorf("after Rename the file holds %q", got)
		}
		want(t, "Rename of a missing name", fsys.Rename(at("old"), at("there")), fs.ErrNotExist)
		must(t, fsys.Link(at("there"), at("second")))
		want(t, "Link to an existing name", fsys.Link(at("there"), at("second")), fs.ErrExist)
		want(t, "Link from a missing name", fsys.Link(at("old"), at("third")), fs.ErrNotExist)
		must(t, fsys.Remove(at("there")))
		if got := read(t, at("second")); got != "new text" {
			t.Errorf("the second name holds %q", got)
		}
		moment := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
		must(t, fsys.Touch(at("second"), moment))
		if info, err := fsys.Stat(at("second")); err != nil || !info.ModTime.Equal(moment) {
			t.Errorf("after Touch: %v, %v", info.ModTime, err)
		}
	})
	t.Run("locks", func(t *testing.T) {
		create(t, at("lock"), "")
		try := func(name string, shared, got bool) func() error {
			t.Helper()
			release, ok, err := fsys.TryLock(at(name), shared)
			if errors.Is(err, errors.ErrUnsupported) {
				t.Skip("no locks here")
			}
			must(t, err)
			if ok != got {
				t.Errorf("TryLock(shared %v) = %v, want %v", shared, ok, got)
			}
			return release
		}
		held := try("lock", false, true)
		try("lock", false, false)
		try("lock", true, false)
		must(t, fsys.Rename(at("lock"), at("renamed")))
		try("renamed", true, false)
		must(t, held())
		a, b := try("renamed", true, true), try("renamed", true, true)
		try("renamed", false, false)
		must(t, errors.Join(a(), b()))
		must(t, try("renamed", false, true)())
		_, _, err := fsys.TryLock(at("lock"), true)
		want(t, "TryLock of a missing name", err, fs.ErrNotExist)
	})
}
