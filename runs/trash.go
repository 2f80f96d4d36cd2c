package runs

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
)

// openOrRescue opens a file of the store, fetching it back from the trash when a
// collection has moved it there.
func (s *Store) openOrRescue(name string) (File, error) {
	f, err := s.fs.Open(name)
	if !isGone(err) {
		return f, err
	}
	if s.readOnly {
		for _, g := range s.generations() {
			if f, err := s.fs.Open(s.path("trash", g, filepath.Base(name))); err == nil {
				return f, nil
			}
		}
	} else if s.rescue(name) {
		return s.fs.Open(name)
	}
	return nil, err
}

// generations lists the trash, oldest first; a failure counts as an empty one.
func (s *Store) generations() []string {
	list, err := s.fs.List(s.path("trash"))
	if err != nil {
		return nil
	}
	names := make([]string, len(list))
	for i, g := range list {
		names[i] = g.Name
	}
	return names
}

// rescue brings a file back from the trash and reports whether it is in place.
func (s *Store) rescue(name string) bool {
	if s.readOnly {
		return false
	}
	for _, g := range s.generations() {
		if s.fs.Rename(s.path("trash", g, filepath.Base(name)), name) == nil {
			s.mu.Lock()
			s.pending.addDir(filepath.Dir(name))
			s.mu.Unlock()
			s.wake()
			return true
		}
	}
	// Another process may have been faster.
	_, err := s.fs.Stat(name)
	return err == nil
}

// usedEvery is how often a use of a file is noted in its modification time, which
// the eviction of a collection goes by.
const usedEvery = time.Hour

// used notes that a file was read. It is advice, so failures do not matter.
func (s *Store) used(name string) {
	if s.readOnly {
		return
	}
	now := s.now()
	s.sightMu.Lock()
	last, ok := s.touched[name]
	if !ok || now.Sub(last) >= usedEvery {
		s.touched[name] = now
		ok = false
	}
	s.sightMu.Unlock()
	if ok {
		return
	}
	info, err := s.fs.Stat(name)
	if err == nil && now.Sub(info.ModTime) >= usedEvery {
		_ = s.fs.Touch(name, now)
	}
}

// generationFile says which sessions were alive when a generation was made, and with
// which epoch of their holds.
type generationFile struct {
	Made     time.Time         `json:"made"`
	Sessions map[string]uint64 `json:"sessions"`
}

const generationName = "GENERATION"

// writeGeneration lists the sessions after the files have moved, so that a session
// which began meanwhile, and put an object that went with them, counts.
func (s *Store) writeGeneration(dir string, at time.Time) error {
	g := generationFile{Made: at, Sessions: map[string]uint64{}}
	ids, err := s.sessions()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !s.alive(id) {
			continue
		}
		// Damaged holds count as never renewed.
		epoch, _, _, _ := s.readHolds(id)
		g.Sessions[id.String()] = epoch
	}
	data, err := json.Marshal(g)
	if err != nil {
		return err
	}
	// Not synced: a generation whose list is lost counts as made when that is seen.
	name := filepath.Join(dir, generationName)
	if err := createFile(s.fs, name+".new", data, false); err != nil {
		return err
	}
	return giveName(s.fs, name+".new", name)
}

// sweepTrash restores from older generations what is in use, and deletes those that no
// session can want any more.
func (s *Store) sweepTrash(ctx context.Context, c *collection) error {
	packs, err := s.packContents()
	if err != nil {
		return err
	}
	generations, err := s.fs.List(s.path("trash"))
	if err != nil {
		return err
	}
	for _, g := range generations {
		dir := s.path("trash", g.Name)
		files, err := s.fs.List(dir)
		if err != nil {
			return err
		}
		bytes := int64(0)
		for _, f := range files {
			home, used := s.home(f.Name, c.marks, packs)
			if !used {
				bytes += f.Size
				continue
			}
			if err := s.fs.Rename(filepath.Join(dir, f.Name), home); err != nil && !isGone(err) {
				return err
			}
			s.mu.Lock()
			s.pending.addDir(filepath.Dir(home))
			s.mu.Unlock()
			c.report.Restored++
		}
		old, err := s.outlived(dir, c.marks)
		if err != nil {
			return err
		}
		if old {
			// A restored name must not be lost with the folder it came from.
			if err := s.Commit(ctx); err != nil {
				return err
			}
			if err := removeAll(s.fs, dir); err != nil {
				return err
			}
			c.report.Deleted += bytes
		}
	}
	return nil
}

// home returns where a file in the trash came from and whether it is in use.
func (s *Store) home(name string, m *marks, packs map[packID][]packed) (string, bool) {
	if id, ok := parsePackID(name); ok {
		return s.packPath(id), slices.ContainsFunc(packs[id], func(p packed) bool { return m.has(p.object) })
	}
	if d, err := ParseDigest(name); err == nil {
		return s.objectPath(d), m.has(d)
	}
	return "", false
}

// outlived reports whether every session that was alive when a generation was made has
// ended or renewed its holds since.
func (s *Store) outlived(dir string, m *marks) (bool, error) {
	data, err := ReadFile(s.fs, filepath.Join(dir, generationName))
	var g generationFile
	if err != nil || json.Unmarshal(data, &g) != nil {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		// Cut off while it was made: counts as made now.
		for _, name := range []string{generationName, generationName + ".new"} {
			if err := s.fs.Remove(filepath.Join(dir, name)); err != nil && !isGone(err) {
				return false, err
			}
		}
		return false, s.writeGeneration(dir, s.now().UTC())
	}
	for name, epoch := range g.Sessions {
		id, ok := parseSessionID(name)
		if now, alive := m.alive[id]; !ok || (alive && now <= epoch) {
			return false, nil
		}
	}
	return true, nil
}
