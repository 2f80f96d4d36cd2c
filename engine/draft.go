package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"shiftmill/runs"
)

// A Draft is a folder that is being made. It lies hidden beside the place that
// it is for, and takes its name when it is whole, so that nobody finds half of
// it. Whoever makes it may keep how far it has come; a later process that makes
// the same goes on from there.
type Draft struct {
	Dir   string // where to write
	note  draftNote
	found bool
	kept  bool
}

// A draftNote lies in a draft and says of what it is.
type draftNote struct {
	Recipe string          `json:"recipe"` // what is made, with all that it follows from
	State  json.RawMessage `json:"state,omitempty"`
}

// Names of a draft's own files.
const (
	draftState = ".shiftmill-export.json"
	draftLock  = ".shiftmill-export.lock"
)

// MakeFolder makes a folder that must not exist. fill works in a draft, which
// takes the name when fill is done. If fill fails or the process ends, the draft
// stays, as far as it was kept, for the next call with the same recipe: the
// digest of all that the folder follows from. A draft of another recipe is
// removed, and dropped, if it is not nil, told of it.
func MakeFolder(dir string, recipe runs.Digest, dropped func(text string), fill func(*Draft) error) error {
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("%s exists already; name a new folder", dir)
	}
	parent, base := filepath.Split(filepath.Clean(dir))
	if parent == "" {
		parent = "."
	}
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	d := &Draft{Dir: filepath.Join(parent, "."+base+".unfinished")}
	release, err := d.lock(dir)
	if err != nil {
		return err
	}
	defer func() { release() }()
	had, err := d.begin(recipe.String())
	if err != nil {
		return err
	}
	if had != "" && dropped != nil {
		dropped(had)
	}
	if err := fill(d); err != nil {
		if !d.kept {
			return errors.Join(err, os.RemoveAll(d.Dir))
		}
		return err
	}
	if err := syncTree(d.Dir); err != nil {
		return err
	}
	// Not all systems remove or rename what is open.
	release()
	release = func() error { return nil }
	err = errors.Join(os.Remove(filepath.Join(d.Dir, draftState)), os.Remove(filepath.Join(d.Dir, draftLock)))
	if err != nil {
		return err
	}
	if err := os.Rename(d.Dir, dir); err != nil {
		return err
	}
	return runs.OS{}.SyncDir(parent)
}

// lock makes the draft this process's own.
func (d *Draft) lock(dir string) (release func() error, err error) {
	if err := os.MkdirAll(d.Dir, 0o777); err != nil {
		return nil, err
	}
	name := filepath.Join(d.Dir, draftLock)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	release, ok, err := runs.OS{}.TryLock(name, false)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return func() error { return nil }, nil
	case err != nil:
		return nil, err
	case !ok:
		return nil, fmt.Errorf("another process is writing %s", dir)
	}
	return release, nil
}

// begin takes up a draft of the same recipe, or clears what lies there and says
// what that was.
func (d *Draft) begin(recipe string) (dropped string, err error) {
	data, err := os.ReadFile(filepath.Join(d.Dir, draftState))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err == nil && json.Unmarshal(data, &d.note) == nil && d.note.Recipe == recipe && d.note.State != nil {
		d.found, d.kept = true, true
		return "", nil
	}
	if d.note.State != nil { // without one it is nothing that could have been gone on with
		dropped = "an unfinished export of other rows, parameters or layout is removed: it cannot be gone on with"
		if info, err := os.Stat(filepath.Join(d.Dir, draftState)); err == nil {
			dropped = fmt.Sprintf("an unfinished export of other rows, parameters or layout, last written %s, is removed: it cannot be gone on with", info.ModTime().Format("2006-01-02 15:04"))
		}
	}
	d.note = draftNote{Recipe: recipe}
	entries, err := os.ReadDir(d.Dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if e.Name() == draftLock {
			continue
		}
		if err := os.RemoveAll(filepath.Join(d.Dir, e.Name())); err != nil {
			return "", err
		}
	}
	return dropped, d.write()
}

// Resume reads the state that was kept last into v, and reports whether there
// is one.
func (d *Draft) Resume(v any) (bool, error) {
	if !d.found {
		return false, nil
	}
	return true, json.Unmarshal(d.note.State, v)
}

// Keep keeps how far the draft has come. What its files hold by now is there
// after a kill, and on Linux after a power cut too.
func (d *Draft) Keep(v any) error {
	state, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := syncTree(d.Dir); err != nil {
		return err
	}
	d.note.State, d.kept = state, true
	return d.write()
}

func (d *Draft) write() error {
	data, err := json.Marshal(d.note)
	if err != nil {
		return err
	}
	name := filepath.Join(d.Dir, draftState)
	if err := os.Remove(name + ".new"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // one that was left by a kill
	}
	return runs.WriteFile(runs.OS{}, name, name+".new", data)
}
