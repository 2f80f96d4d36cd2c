package runs

import (
	"errors"
	"fmt"
	"slices"
)

// A Record is what is known under a key. The store reads Key, Kind, Objects and Keys;
// Data is the writer's own.
type Record struct {
	Key     Digest   `json:"key"`
	Kind    string   `json:"kind"`              // what the writer calls such records
	Objects []Digest `json:"objects,omitempty"` // objects it needs; a collection keeps them while the record is in use
	Keys    []Digest `json:"keys,omitempty"`    // keys of records it needs, kept likewise
	Data    []byte   `json:"data,omitempty"`    // the writer's own
}

// maxRecord bounds an encoded record, so that a frame holds any one.
const maxRecord = 16 << 20

// Append adds a record. Lookup finds it at once in this process; it is durable, and
// seen by others, after the next commit. The record's slices are copied.
//
// An error is a record without a key or that is too large, a store that is read-only
// or closed, or the failure that ended the session's writing.
func (s *Store) Append(r Record) error {
	if r.Key.IsZero() {
		return errors.New("append a record: it has no key")
	}
	body := encodeRecord(r)
	if len(body) > maxRecord {
		return fmt.Errorf("append record %s (%s): it has %d bytes, more than %d; put the data into an object", r.Key, r.Kind, len(body), maxRecord)
	}
	if err := s.state(entryRecord, body); err != nil {
		return fmt.Errorf("append record %s (%s): %w", r.Key, r.Kind, err)
	}
	s.wake()
	return nil
}

// state makes a statement of this session.
func (s *Store) state(kind entryKind, body []byte) error {
	if err := s.writable(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stateLocked(kind, body)
}

// Lookup returns the newest record under key, as far as this process has read: see
// Refresh. The result must not be changed. A record that does not decode, and an
// index that turns out damaged, count as no record; the journals are read then.
func (s *Store) Lookup(key Digest) (Record, bool) {
	s.mu.RLock()
	found, ok, err := s.st.record(key)
	s.mu.RUnlock()
	if err != nil {
		s.dropIndex(err)
		s.mu.RLock()
		found, ok, _ = s.st.record(key)
		s.mu.RUnlock()
	}
	if !ok {
		return Record{}, false
	}
	r, err := decodeRecord(found.body)
	return r, err == nil
}

// A Result is what is to be known first of a record.
type Result struct {
	Data  []byte // the record's, or the part that Options.Front asks for
	All   bool   // Data is all of it; else Lookup has the rest
	Found bool   // there is such a record
	Gone  Digest // one of its objects that is not there; zero: all are
}

// Result is Lookup for whoever need not read most records to their end. It makes sure,
// as Has does, that the record's objects are there.
func (s *Store) Result(key Digest) Result {
	var found [1]Result
	s.Results([]Digest{key}, found[:])
	return found[0]
}

// Results puts into found, which is as long as keys, what Result says of each key.
func (s *Store) Results(keys []Digest, found []Result) {
	clear(found)
	s.indexed(keys, found)
	for i := range keys {
		if !found[i].Found {
			found[i] = s.recorded(keys[i])
		}
	}
}

// recorded is the result of a record wherever it and its objects are.
func (s *Store) recorded(key Digest) Result {
	rec, ok := s.Lookup(key)
	if !ok {
		return Result{}
	}
	r := Result{Data: rec.Data, All: true, Found: true}
	for _, d := range rec.Objects {
		if !s.Has(d) {
			r.Gone = d
			break
		}
	}
	return r
}

// fetch reads here and there in some results, so that the processor waits for the memory
// of many at once, and not for that of one after another where they are decoded.
//
//go:noinline
func fetch(found []Result) (sum byte) {
	const line = 64
	for i := range found {
		for data := found[i].Data; len(data) > 0; data = data[min(line, len(data)):] {
			sum += data[0]
		}
	}
	return sum
}

// indexed finds results in the index alone: of records of which nothing newer is known,
// and whose objects all lie in one pack, or that have none.
func (s *Store) indexed(keys []Digest, found []Result) {
	packs := make([]uint32, len(keys))
	s.mu.RLock()
	ix := s.st.index
	if ix == nil || len(s.st.damaged) > 0 {
		s.mu.RUnlock()
		return
	}
	for i, key := range keys {
		if _, newer := s.st.records[key]; newer {
			continue
		}
		f, ok, err := ix.front(key)
		if err != nil || !ok || !f.free && (f.pack == 0 || int(f.pack) > len(ix.packs)) {
			continue // Lookup deals with a damaged index
		}
		found[i], packs[i] = Result{Data: f.data, All: f.whole, Found: true}, f.pack
	}
	s.mu.RUnlock()
	fetch(found)
	for i, pack := range packs {
		if pack > 0 && !s.packHolds(ix.packs[pack-1]) {
			found[i] = Result{}
		}
	}
}

// Records returns the newest record under every key whose kind is given, newest
// first. An empty kind asks for all.
func (s *Store) Records(kind string) ([]Record, error) {
	list, err := s.allRecords()
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b stamped) int {
		if a.stamp == b.stamp {
			return 0
		}
		if a.stamp > b.stamp {
			return -1
		}
		return 1
	})
	var records []Record
	for _, e := range list {
		r, err := decodeRecord(e.body)
		if err != nil {
			return nil, err
		}
		if kind == "" || r.Kind == kind {
			records = append(records, r)
		}
	}
	return records, nil
}

// allRecords returns the newest record bodies by key, reading the journals when the
// index is damaged.
func (s *Store) allRecords() ([]stamped, error) {
	s.mu.RLock()
	list, err := s.st.allRecords()
	s.mu.RUnlock()
	if err == nil {
		return list, nil
	}
	s.dropIndex(err)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.st.allRecords()
}
