package runs

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// encodeIndex sums up a state.
func encodeIndex(journals map[sessionID]int64, extents map[sessionID]extent, tombstones map[Digest]tombstone,
	records []stamped, locations map[Digest]location) []byte {
	var head []byte
	head = binary.AppendUvarint(head, uint64(len(journals)))
	for _, id := range sortedSessions(journals) {
		head = append(head, id[:]...)
		head = binary.AppendUvarint(head, uint64(journals[id]))
	}
	head = binary.AppendUvarint(head, uint64(len(extents)))
	for _, id := range sortedSessions(extents) {
		x := encodeExtent(extents[id])
		head = append(binary.AppendUvarint(head, uint64(len(x))), x...)
	}
	head = binary.AppendUvarint(head, uint64(len(tombstones)))
	for _, d := range sortedDigests(tombstones) {
		t := tombstones[d]
		head = binary.AppendUvarint(append(head, d[:]...), uint64(t.stamp))
		head = append(binary.AppendUvarint(head, uint64(len(t.reason))), t.reason...)
	}
	headLength := len(head) + 2*indexBuckets*bucketRef
	offset := int64(len(indexMagic) + 4 + headLength + 32)
	var body []byte
	for _, bucket := range slices.Concat(recordBuckets(records), locationBuckets(locations)) {
		sum := Sum(bucket)
		head = binary.LittleEndian.AppendUint64(head, uint64(offset)+uint64(len(body)))
		head = binary.LittleEndian.AppendUint32(head, uint32(len(bucket)))
		head = append(head, sum[:]...)
		body = append(body, bucket...)
	}
	out := binary.LittleEndian.AppendUint32([]byte(indexMagic), uint32(len(head)))
	sum := Sum(out, head)
	out = append(append(out, head...), sum[:]...)
	return append(out, body...)
}

// recordBuckets lays out records, which come by ascending key.
func recordBuckets(records []stamped) [][]byte {
	buckets := make([][]byte, indexBuckets)
	for first := range buckets {
		n := 0
		for n < len(records) && int(records[n].body[0]) == first {
			n++
		}
		b := binary.LittleEndian.AppendUint32(nil, uint32(n))
		offset := 4 + n*recordSlot
		for _, r := range records[:n] {
			b = append(b, r.body[:32]...)
			b = binary.LittleEndian.AppendUint64(b, uint64(r.stamp))
			b = binary.LittleEndian.AppendUint32(b, uint32(offset))
			b = binary.LittleEndian.AppendUint32(b, uint32(len(r.body)))
			offset += len(r.body)
		}
		for _, r := range records[:n] {
			b = append(b, r.body...)
		}
		buckets[first], records = b, records[n:]
	}
	return buckets
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
	extents, tombstones := map[sessionID]extent{}, map[Digest]tombstone{}
	if ix := s.st.index; ix != nil {
		for id, n := range ix.journals {
			journals[id] = n
		}
		for id, x := range ix.extents {
			extents[id] = x
		}
		for d, t := range ix.tombstones {
			tombstones[d] = t
		}
	}
	for id, t := range s.tails {
		journals[id] = t.offset
	}
	if s.journal.file != nil {
		journals[s.id] = s.journal.offset
	}
	for id := range s.st.extents {
		extents[id], _ = s.st.extent(id)
	}
	for d := range s.st.tombstones {
		tombstones[d], _ = s.st.tombstone(d)
	}
	return encodeIndex(journals, extents, tombstones, records, locations), nil
}
