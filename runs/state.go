package runs

import (
	"slices"
	"sort"
)

// state is what a process knows from journals on top of the index, plus what it has
// itself put and appended. The store's mutex guards it.
type state struct {
	records    map[Digest]stamped
	locations  map[Digest]location
	tombstones map[Digest]tombstone
	extents    map[sessionID]extent
	damaged    map[Digest]string // objects this process found damaged, and how
	index      *index            // nil when there is none
}

// stamped is the body of a record with its stamp.
type stamped struct {
	stamp int64
	body  []byte
}

func newState() *state {
	return &state{
		records:    map[Digest]stamped{},
		locations:  map[Digest]location{},
		tombstones: map[Digest]tombstone{},
		extents:    map[sessionID]extent{},
		damaged:    map[Digest]string{},
	}
}

// apply takes in one entry of a journal. The entry's body is kept.
func (st *state) apply(e entry) error {
	switch e.kind {
	case entryRecord:
		if len(e.body) < len(Digest{}) {
			return errBadEntry
		}
		key := Digest(e.body[:32])
		if old, ok := st.records[key]; !ok || newer(e.stamp, e.body, old.stamp, old.body) {
			st.records[key] = stamped{e.stamp, e.body}
		}
	case entryLocation:
		d, l, err := decodeLocation(e.body)
		if err != nil {
			return err
		}
		l.stamp = e.stamp
		if old, ok := st.locations[d]; !ok || l.replaces(d, old) {
			st.locations[d] = l
		}
	case entryTombstone:
		d, reason, err := decodeTombstone(e.body)
		if err != nil {
			return err
		}
		if old, ok := st.tombstones[d]; !ok || newer(e.stamp, []byte(reason), old.stamp, []byte(old.reason)) {
			st.tombstones[d] = tombstone{e.stamp, reason}
		}
	case entryExtent:
		x, err := decodeExtent(e.body)
		if err != nil {
			return err
		}
		// Two processes may bury one session; what the session said itself stands.
		if old, ok := st.extents[x.session]; !ok || (!old.closed && (x.closed || x.journal > old.journal)) {
			st.extents[x.session] = x
		}
	}
	return nil
}

// replaces reports whether the location l of d holds rather than old.
func (l location) replaces(d Digest, old location) bool {
	if l.stamp != old.stamp {
		return l.stamp > old.stamp
	}
	return string(encodeLocation(d, l)) > string(encodeLocation(d, old))
}

// record returns the newest record body under key.
func (st *state) record(key Digest) (stamped, bool, error) {
	r, ok := st.records[key]
	if st.index == nil {
		return r, ok, nil
	}
	old, found, err := st.index.record(key)
	if err != nil {
		return stamped{}, false, err
	}
	if found && (!ok || newer(old.stamp, old.body, r.stamp, r.body)) {
		return old, true, nil
	}
	return r, ok, nil
}

// location returns the newest location of d.
func (st *state) location(d Digest) (location, bool, error) {
	l, ok := st.locations[d]
	if st.index == nil {
		return l, ok, nil
	}
	old, found, err := st.index.location(d)
	if err != nil {
		return location{}, false, err
	}
	if found && (!ok || old.replaces(d, l)) {
		return old, true, nil
	}
	return l, ok, nil
}

// tombstone returns the newest tombstone of d.
func (st *state) tombstone(d Digest) (tombstone, bool) {
	t, ok := st.tombstones[d]
	if st.index != nil {
		// A part of the index that cannot be read leaves reasons untold.
		if g, err := st.index.gone(); err == nil {
			if old, found := g.tombstones[d]; found && (!ok || old.stamp > t.stamp) {
				return old, true
			}
		}
	}
	return t, ok
}

// extent returns how far a session's files reach, if anyone has stated it.
func (st *state) extent(id sessionID) (extent, bool) {
	x, ok := st.journalExtent(id)
	if !ok && st.index != nil {
		if g, err := st.index.gone(); err == nil {
			x, ok = g.extents[id]
		}
	}
	return x, ok
}

// journalExtent is extent for a session that has a journal, which the index tells at once.
func (st *state) journalExtent(id sessionID) (extent, bool) {
	x, ok := st.extents[id]
	if !ok && st.index != nil {
		x, ok = st.index.extents[id]
	}
	return x, ok
}

// allRecords returns the newest record bodies by ascending key.
func (st *state) allRecords() ([]stamped, error) {
	byKey := make(map[Digest]stamped, len(st.records))
	if st.index != nil {
		if err := st.index.eachRecord(func(key Digest, r stamped) { byKey[key] = r }); err != nil {
			return nil, err
		}
	}
	for key, r := range st.records {
		if old, ok := byKey[key]; !ok || newer(r.stamp, r.body, old.stamp, old.body) {
			byKey[key] = r
		}
	}
	list := make([]stamped, 0, len(byKey))
	for _, key := range sortedDigests(byKey) {
		list = append(list, byKey[key])
	}
	return list, nil
}

// allLocations returns the newest location of every packed object.
func (st *state) allLocations() (map[Digest]location, error) {
	all := make(map[Digest]location, len(st.locations))
	if st.index != nil {
		if err := st.index.eachLocation(func(d Digest, l location) { all[d] = l }); err != nil {
			return nil, err
		}
	}
	for d, l := range st.locations {
		if old, ok := all[d]; !ok || l.replaces(d, old) {
			all[d] = l
		}
	}
	return all, nil
}

func sortedDigests[V any](m map[Digest]V) []Digest {
	keys := make([]Digest, 0, len(m))
	for d := range m {
		keys = append(keys, d)
	}
	slices.SortFunc(keys, Digest.Compare)
	return keys
}

func sortedSessions[V any](m map[sessionID]V) []sessionID {
	ids := make([]sessionID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	sort.Slice(ids, func(i, j int) bool { return string(ids[i][:]) < string(ids[j][:]) })
	return ids
}
