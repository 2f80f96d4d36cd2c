package runs

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// encodeIndex sums up a state; front says how much of a record's data comes first.
// Extents are those of sessions with a journal, the others are among what is gone.
func encodeIndex(front func(kind string, data []byte) int, journals map[sessionID]int64, extents map[sessionID]extent, g gone,
	records []stamped, locations map[Digest]location) []byte {
	var head []byte
	head = binary.AppendUvarint(head, uint64(len(journals)))
	for _, id := range sortedSessions(journals) {
		head = append(head, id[:]...)
		head = binary.AppendUvarint(head, uint64(journals[id]))
	}
	head = appendExtents(head, extents)
	packs := packsOf(locations)
	head = binary.AppendUvarint(head, uint64(len(packs)))
	for _, p := range packs {
		head = binary.AppendUvarint(append(head, p.session[:]...), uint64(p.n))
	}
	headLength := len(head) + (1+sections*indexBuckets)*bucketRef
	offset := int64(len(indexMagic) + 4 + headLength + 32)
	var body []byte
	fronts, bodies := recordBuckets(records, front, func(objects []Digest) uint32 { return packOfAll(objects, locations, packs) })
	for _, bucket := range slices.Concat([][]byte{encodeGone(g)}, fronts, locationBuckets(locations), bodies) {
		head = binary.LittleEndian.AppendUint64(head, uint64(offset)+uint64(len(body)))
		head = binary.LittleEndian.AppendUint32(head, uint32(len(bucket)))
		head = binary.LittleEndian.AppendUint64(head, checksum(bucket))
		body = append(body, bucket...)
	}
	out := binary.LittleEndian.AppendUint32([]byte(indexMagic), uint32(len(head)))
	sum := Sum(out, head)
	out = append(append(out, head...), sum[:]...)
	return append(out, body...)
}

func appendExtents(b []byte, extents map[sessionID]extent) []byte {
	b = binary.AppendUvarint(b, uint64(len(extents)))
	for _, id := range sortedSessions(extents) {
		x := encodeExtent(extents[id])
		b = append(binary.AppendUvarint(b, uint64(len(x))), x...)
	}
	return b
}

func encodeGone(g gone) []byte {
	b := appendExtents(nil, g.extents)
	b = binary.AppendUvarint(b, uint64(len(g.tombstones)))
	for _, d := range sortedDigests(g.tombstones) {
		t := g.tombstones[d]
		b = binary.AppendUvarint(append(b, d[:]...), uint64(t.stamp))
		b = append(binary.AppendUvarint(b, uint64(len(t.reason))), t.reason...)
	}
	return b
}

// packsOf lists the packs of locations in a fixed order.
func packsOf(locations map[Digest]location) []packID {
	seen := map[packID]bool{}
	for _, l := range locations {
		seen[l.pack] = true
	}
	return slices.SortedFunc(maps.Keys(seen), packID.compare)
}

// packOfAll is the number of the pack, counting from 1, in which all objects lie, and
// freeFront for no objects; 0 when there is no such pack.
func packOfAll(objects []Digest, locations map[Digest]location, packs []packID) uint32 {
	if len(objects) == 0 {
		return freeFront
	}
	first, ok := locations[objects[0]]
	for _, d := range objects[1:] {
		l, packed := locations[d]
		ok = ok && packed && l.pack == first.pack
	}
	if !ok {
		return 0
	}
	at, _ := slices.BinarySearchFunc(packs, first.pack, packID.compare)
	return uint32(at) + 1
}

// recordBuckets lays out records, which come by ascending key: fronts and bodies.
func recordBuckets(records []stamped, front func(kind string, data []byte) int, pack func(objects []Digest) uint32) (fronts, bodies [][]byte) {
	fronts, bodies = make([][]byte, indexBuckets), make([][]byte, indexBuckets)
	for first := range fronts {
		n := 0
		for n < len(records) && int(records[n].body[0]) == first {
			n++
		}
		slots := binary.LittleEndian.AppendUint32(nil, uint32(n))
		var datas []byte
		body := make([]byte, 4)
		for _, r := range records[:n] {
			var data []byte
			var flags uint32
			if rec, err := decodeRecord(r.body); err == nil {
				data, flags = rec.Data, pack(rec.Objects)
				if k := front(rec.Kind, data); k < len(data) {
					data = data[:k]
				} else {
					flags |= wholeFront
				}
			}
			slots = append(slots, r.body[:32]...)
			slots = binary.LittleEndian.AppendUint64(slots, uint64(r.stamp))
			for _, v := range []int{4 + n*frontSlot + len(datas), len(data), int(flags), len(body), len(r.body)} {
				slots = binary.LittleEndian.AppendUint32(slots, uint32(v))
			}
			datas, body = append(datas, data...), append(body, r.body...)
		}
		fronts[first], bodies[first], records = append(slots, datas...), body, records[n:]
	}
	return fronts, bodies
}

func locationBuckets(locations map[Digest]location) [][]byte {
	buckets := make([][]byte, indexBuckets)
	for i := range buckets {
		buckets[i] = make([]byte, 4)
	}
	for _, d := range sortedDigests(locations) {
		l, b := locations[d], buckets[d[0]]
		binary.LittleEndian.PutUint32(b, binary.LittleEndian.Uint32(b)+1)
		b = append(b, d[:]...)
		b = binary.LittleEndian.AppendUint64(b, uint64(l.stamp))
		b = append(b, l.pack.session[:]...)
		b = binary.LittleEndian.AppendUint32(b, l.pack.n)
		b = binary.LittleEndian.AppendUint64(b, uint64(l.offset))
		buckets[d[0]] = binary.LittleEndian.AppendUint32(b, l.length)
	}
	return buckets
}

// The index is written anew when that many statements lie outside of it, or that many
// journals had to be opened beside it. Reading them takes about 2 ms.
const (
	indexAfter         = 2000
	indexAfterJournals = 64
)

// refreshIndex writes the index anew when enough has been said since.
func (s *Store) refreshIndex() error {
	s.mu.RLock()
	n, journals := len(s.st.records)+len(s.st.locations)+len(s.st.tombstones), s.journalsRead
	s.mu.RUnlock()
	if n < indexAfter && journals < indexAfterJournals {
		return nil
	}
	return s.writeIndex()
}

// writeIndex sums up all that is known. It may outlive frames of others that were not
// synced yet; they speak of objects that are durable, so no harm is done.
func (s *Store) writeIndex() error {
	if err := s.Refresh(); err != nil {
		return err
	}
	s.mu.RLock()
	ix := s.st.index
	s.mu.RUnlock()
	if ix != nil {
		if _, err := ix.gone(); err != nil {
			s.dropIndex(err)
		}
	}
	records, err := s.allRecords()
	if err != nil {
		return err
	}
	s.mu.RLock()
	data, err := s.encodeIndexLocked(records)
	s.mu.RUnlock()
	if err != nil {
		return fmt.Errorf("write the index: %w", err)
	}
	temp := s.path("tmp", s.id.String()+".index")
	// Its folder is not synced: the old index, or none, will do after a power cut.
	if err := replaceFile(s.fs, s.path("index"), temp, data); err != nil {
		return fmt.Errorf("write the index: %w", err)
	}
	return nil
}

func (s *Store) encodeIndexLocked(records []stamped) ([]byte, error) {
	locations, err := s.st.allLocations()
	if err != nil {
		return nil, err
	}
	journals := map[sessionID]int64{}
	all, tombstones := map[sessionID]extent{}, map[Digest]tombstone{}
	if ix := s.st.index; ix != nil {
		for id, n := range ix.journals {
			if s.listed[id] {
				journals[id] = n
			}
		}
		g, err := ix.gone()
		if err != nil {
			return nil, err
		}
		maps.Copy(all, g.extents)
		maps.Copy(all, ix.extents)
		maps.Copy(tombstones, g.tombstones)
	}
	for id, t := range s.tails {
		journals[id] = t.offset
	}
	if s.journal.file != nil {
		journals[s.id] = s.journal.offset
	}
	for id := range s.st.extents {
		all[id], _ = s.st.extent(id)
	}
	for d := range s.st.tombstones {
		tombstones[d], _ = s.st.tombstone(d)
	}
	extents, others := map[sessionID]extent{}, map[sessionID]extent{}
	for id, x := range all {
		if _, ok := journals[id]; ok {
			extents[id] = x
		} else if len(x.packs) > 0 { // it says how far they reach
			others[id] = x
		}
	}
	return encodeIndex(s.front, journals, extents, gone{others, tombstones}, records, locations), nil
}
