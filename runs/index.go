package runs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// The index is a summary of the journals, so that a process that looks up few keys
// reads little, and one that looks up all reads one file. Records and locations lie
// in 256 buckets each by the first byte of their digest. The head says where every
// bucket is and what its SHA-256 is; a bucket is read and checked when it is first
// needed. Losing the index, or any damage to it, costs the time to read the journals.
const (
	indexMagic   = "shiftmill-index1"
	indexBuckets = 256
	bucketRef    = 8 + 4 + 32
	recordSlot   = 32 + 8 + 4 + 4
	locationSlot = 32 + 8 + 16 + 4 + 8 + 4
)

var errBadIndex = errors.New("the index is damaged")

type index struct {
	file       File
	journals   map[sessionID]int64 // bytes of each journal that are summed up
	extents    map[sessionID]extent
	tombstones map[Digest]tombstone
	refs       [2][indexBuckets]ref

	mu      sync.Mutex
	buckets [2][indexBuckets][]byte
}

const (
	recordSection = iota
	locationSection
)

// ref says where a bucket lies and what it must hash to.
type ref struct {
	offset int64
	length uint32
	sum    Digest
}

// openIndex opens an index, which may be missing. A damaged one is told in note and
// left out.
func openIndex(fsys FS, name string) (ix *index, note string, err error) {
	f, err := fsys.Open(name)
	if isGone(err) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	ix, err = readIndex(f)
	if err == nil {
		return ix, "", nil
	}
	if closeErr := f.Close(); closeErr != nil {
		return nil, "", closeErr
	}
	return nil, fmt.Sprintf("%s is left out (%v); the journals are read instead", name, err), nil
}

func readIndex(f File) (*index, error) {
	fixed := make([]byte, len(indexMagic)+4)
	if err := readFull(f, fixed, 0); err != nil {
		return nil, err
	}
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(fixed[len(indexMagic):]))
	if string(fixed[:len(indexMagic)]) != indexMagic || length > size {
		return nil, errBadIndex
	}
	head := make([]byte, length+32)
	if err := readFull(f, head, int64(len(fixed))); err != nil {
		return nil, err
	}
	if Sum(fixed, head[:length]) != Digest(head[length:]) {
		return nil, errBadIndex
	}
	ix := &index{file: f}
	if !ix.decodeHead(head[:length]) {
		return nil, errBadIndex
	}
	return ix, nil
}

func (ix *index) decodeHead(head []byte) bool {
	d := decoder{rest: head}
	ix.journals = map[sessionID]int64{}
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		id := d.session()
		ix.journals[id] = int64(d.uvarint())
	}
	ix.extents = map[sessionID]extent{}
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		x, err := decodeExtent(d.bytes(d.uvarint()))
		if err != nil {
			return false
		}
		ix.extents[x.session] = x
	}
	ix.tombstones = map[Digest]tombstone{}
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		id, stamp := d.digest(), int64(d.uvarint())
		ix.tombstones[id] = tombstone{stamp, string(d.bytes(d.uvarint()))}
	}
	for section := range ix.refs {
		for i := range ix.refs[section] {
			b := d.bytes(bucketRef)
			if d.bad {
				return false
			}
			ix.refs[section][i] = ref{
				offset: int64(binary.LittleEndian.Uint64(b)),
				length: binary.LittleEndian.Uint32(b[8:]),
				sum:    Digest(b[12:]),
			}
		}
	}
	return !d.bad && len(d.rest) == 0
}

// bucket returns a checked bucket.
func (ix *index) bucket(section int, first byte) ([]byte, error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if b := ix.buckets[section][first]; b != nil {
		return b, nil
	}
	r := ix.refs[section][first]
	b := make([]byte, r.length)
	if err := readFull(ix.file, b, r.offset); err != nil {
		return nil, err
	}
	if Sum(b) != r.sum {
		return nil, errBadIndex
	}
	if len(b) < 4 {
		return nil, errBadIndex
	}
	ix.buckets[section][first] = b
	return b, nil
}

// find returns the slot of a digest in a bucket, or nil.
func find(bucket []byte, slotSize int, d Digest) []byte {
	n := int(binary.LittleEndian.Uint32(bucket))
	slots := bucket[4:]
	low, high := 0, n
	for low < high {
		mid := (low + high) / 2
		switch slot := slots[mid*slotSize:][:slotSize]; bytes.Compare(slot[:len(d)], d[:]) {
		case 0:
			return slot
		case -1:
			low = mid + 1
		default:
			high = mid
		}
	}
	return nil
}

func recordAt(bucket, slot []byte) stamped {
	offset, length := binary.LittleEndian.Uint32(slot[40:]), binary.LittleEndian.Uint32(slot[44:])
	return stamped{int64(binary.LittleEndian.Uint64(slot[32:])), bucket[offset:][:length:length]}
}

func locationAt(slot []byte) location {
	return location{
		stamp:  int64(binary.LittleEndian.Uint64(slot[32:])),
		pack:   packID{sessionID(slot[40:56]), binary.LittleEndian.Uint32(slot[56:])},
		offset: int64(binary.LittleEndian.Uint64(slot[60:])),
		length: binary.LittleEndian.Uint32(slot[68:]),
	}
}

func (ix *index) record(key Digest) (stamped, bool, error) {
	b, err := ix.bucket(recordSection, key[0])
	if err != nil {
		return stamped{}, false, err
	}
	slot := find(b, recordSlot, key)
	if slot == nil {
		return stamped{}, false, nil
	}
	return recordAt(b, slot), true, nil
}

func (ix *index) location(d Digest) (location, bool, error) {
	b, err := ix.bucket(locationSection, d[0])
	if err != nil {
		return location{}, false, err
	}
	slot := find(b, locationSlot, d)
	if slot == nil {
		return location{}, false, nil
	}
	return locationAt(slot), true, nil
}

func (ix *index) eachRecord(f func(Digest, stamped)) error {
	return ix.eachSlot(recordSection, recordSlot, func(b, slot []byte) { f(Digest(slot), recordAt(b, slot)) })
}

func (ix *index) eachLocation(f func(Digest, location)) error {
	return ix.eachSlot(locationSection, locationSlot, func(_, slot []byte) { f(Digest(slot), locationAt(slot)) })
}

func (ix *index) eachSlot(section, slotSize int, f func(bucket, slot []byte)) error {
	for first := range indexBuckets {
		b, err := ix.bucket(section, byte(first))
		if err != nil {
			return err
		}
		for n, slots := binary.LittleEndian.Uint32(b), b[4:]; n > 0; n, slots = n-1, slots[slotSize:] {
			f(b, slots[:slotSize])
		}
	}
	return nil
}

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

// dropIndex gives up a damaged index and reads the journals from their beginning.
func (s *Store) dropIndex(cause error) {
	s.mu.Lock()
	ix := s.st.index
	if ix == nil {
		s.mu.Unlock()
		return
	}
	s.st.index = nil
	s.found = append(s.found, fmt.Sprintf("%s is left out (%v); the journals are read instead", s.path("index"), cause))
	for id, t := range s.tails {
		_ = t.close() // opened for reading only
		delete(s.tails, id)
	}
	s.journalsSeen = time.Time{}
	s.mu.Unlock()
	_ = ix.file.Close()
	// Journals that cannot be read either leave misses, which are computed anew.
	_ = s.Refresh()
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
