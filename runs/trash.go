package runs

import (
	"path/filepath"
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
