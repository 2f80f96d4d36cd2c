package runs

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// marks says which objects are in use, and how firmly.
type marks struct {
	held   map[Digest]bool // by lock files and sessions: never collected
	recent map[Digest]bool // by recent runs alone: collected only to meet a cap
	alive  map[sessionID]uint64
	chunks map[Digest][]Digest // of the objects that are kept so
	notes  []string
}

// add marks objects, and the chunks of those that are kept so.
func (m *marks) add(set map[Digest]bool, objects []Digest) {
	for _, d := range objects {
		set[d] = true
		for _, c := range m.chunks[d] {
			set[c] = true
		}
	}
}

func (m *marks) has(d Digest) bool { return m.held[d] || m.recent[d] }

// mark follows the records from all roots.
func (s *Store) mark(o GCOptions) (*marks, error) {
	m := &marks{held: map[Digest]bool{}, recent: map[Digest]bool{}, alive: map[sessionID]uint64{}}
	var err error
	if m.chunks, err = s.allChunked(); err != nil {
		return nil, err
	}
	var keys []Digest
	roots, err := s.Roots()
	if err != nil {
		return nil, err
	}
	for _, r := range roots {
		if o.ReadRoot != nil {
			now, err := o.ReadRoot(r.Path)
			if err == nil {
				r = now
			} else {
				m.notes = append(m.notes, fmt.Sprintf("%s cannot be read (%v); what it last named is kept", r.Path, err))
			}
		}
		keys = append(keys, r.Keys...)
		m.add(m.held, r.Objects)
	}
	ids, err := s.sessions()
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if !s.alive(id) {
			continue
		}
		epoch, held, objects, err := s.readHolds(id)
		if err != nil {
			// Its objects can still be fetched from the trash.
			m.notes = append(m.notes, err.Error())
		}
		m.alive[id] = epoch
		keys = append(keys, held...)
		m.add(m.held, objects)
		said, _, err := s.statements(id)
		if err != nil {
			return nil, err
		}
		for _, e := range said {
			switch e.kind {
			case entryRecord:
				keys = append(keys, Digest(e.body[:32]))
			case entryLocation:
				m.held[Digest(e.body[:32])] = true
			}
		}
	}
	s.follow(m, keys, m.held)
	infos, err := s.Runs()
	if err != nil {
		return nil, err
	}
	keys = nil
	for i, r := range infos {
		if i < o.KeepLast || s.now().Sub(r.Time) <= o.KeepRuns {
			keys = append(keys, runKey(r.ID))
		}
	}
	s.follow(m, keys, m.recent)
	return m, nil
}

// follow marks the objects of records and of the records they refer to.
func (s *Store) follow(m *marks, keys []Digest, marked map[Digest]bool) {
	seen := map[Digest]bool{}
	for len(keys) > 0 {
		key := keys[len(keys)-1]
		keys = keys[:len(keys)-1]
		if seen[key] {
			continue
		}
		seen[key] = true
		if r, ok := s.Lookup(key); ok {
			m.add(marked, r.Objects)
			keys = append(keys, r.Keys...)
		}
	}
}

// statements returns what a session has said in its journal so far, and how many of its
// bytes say it.
func (s *Store) statements(id sessionID) ([]entry, int64, error) {
	f, err := s.fs.Open(s.path("journal", id.String()))
	if isGone(err) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	var said []entry
	t := tail{file: f}
	err = t.read(id, func(e entry) error {
		if e.kind != entryExtent && len(e.body) < 32 {
			return errBadEntry
		}
		said = append(said, e)
		return nil
	})
	return said, t.offset, errors.Join(err, t.close())
}

// heap is one file that a collection may take: an object, or a pack.
type heap struct {
	name    string // full path
	size    int64
	used    time.Time
	objects []Digest // the objects whose bytes it holds
	live    int64    // bytes of those in use
	held    bool     // something in it is in use
	recent  bool     // something in it is in use by recent runs alone
	pack    bool
	young   bool // within the grace age, or a live session's
}

// heaps lists all objects and packs.
func (s *Store) heaps(m *marks, o GCOptions) ([]*heap, error) {
	var list []*heap
	dirs, err := s.fs.List(s.path("objects"))
	if err != nil {
		return nil, err
	}
	young := func(t time.Time) bool { return s.now().Sub(t) < o.Grace }
	for _, dir := range dirs {
		files, err := s.fs.List(s.path("objects", dir.Name))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			d, err := ParseDigest(f.Name)
			if err != nil {
				continue // verify reports it
			}
			h := &heap{name: s.path("objects", dir.Name, f.Name), size: f.Size, used: f.ModTime, objects: []Digest{d}, young: young(f.ModTime)}
			h.held, h.recent = m.held[d], m.recent[d]
			list = append(list, h)
		}
	}
	packs, err := s.packContents()
	if err != nil {
		return nil, err
	}
	files, err := s.fs.List(s.path("packs"))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		id, ok := parsePackID(f.Name)
		if !ok {
			continue
		}
		h := &heap{name: s.path("packs", f.Name), size: f.Size, used: f.ModTime, pack: true, young: young(f.ModTime)}
		// Only of a session whose end has been read do we know all that is packed.
		s.mu.RLock()
		_, ended := s.st.extent(id.session)
		s.mu.RUnlock()
		h.young = h.young || !ended
		for _, p := range packs[id] {
			h.objects = append(h.objects, p.object)
			if m.has(p.object) {
				h.live += int64(p.length)
			}
			h.held = h.held || m.held[p.object]
			h.recent = h.recent || m.recent[p.object]
		}
		list = append(list, h)
	}
	return list, nil
}

type packed struct {
	object Digest
	length uint32
}

// packContents returns the objects of each pack whose newest copy lies there, by
// ascending digest.
func (s *Store) packContents() (map[packID][]packed, error) {
	s.mu.RLock()
	all, err := s.st.allLocations()
	s.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	packs := map[packID][]packed{}
	for _, d := range sortedDigests(all) {
		l := all[d]
		packs[l.pack] = append(packs[l.pack], packed{d, l.length})
	}
	return packs, nil
}

// base is the name a file keeps in the trash.
func (h *heap) base() string { return filepath.Base(h.name) }
