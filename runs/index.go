package runs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
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

	mu      [2][indexBuckets]sync.Mutex // each guards its bucket
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
	ix.mu[section][first].Lock()
	defer ix.mu[section][first].Unlock()
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

// find returns the slot of a digest in a bucket, or nil. Digests are spread
// evenly, so that the place of one follows nearly from its bytes.
func find(bucket []byte, slotSize int, d Digest) []byte {
	slots := bucket[4:]
	rank := binary.BigEndian.Uint64(d[1:]) // the first byte is the bucket's
	low, high := 0, int(binary.LittleEndian.Uint32(bucket))
	guess := int(rank >> 32 * uint64(high) >> 32)
	for probe := 0; low < high; probe++ {
		if guess = min(max(guess, low), high-1); probe >= 4 { // spread unevenly after all
			guess = (low + high) / 2
		}
		slot := slots[guess*slotSize:][:slotSize]
		switch at := binary.BigEndian.Uint64(slot[1:]); {
		case at < rank || at == rank && bytes.Compare(slot[:len(d)], d[:]) < 0:
			low = guess + 1
			guess += 1 << probe
		case at > rank || !bytes.Equal(slot[:len(d)], d[:]):
			high = guess
			guess -= 1 << probe
		default:
			return slot
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

// ReadAhead reads the index until it is told to stop. Who will look up many keys
// calls it beside other work; Lookup and Has then find the buckets in memory.
func (s *Store) ReadAhead(stop <-chan struct{}) {
	s.mu.RLock()
	ix := s.st.index
	s.mu.RUnlock()
	if ix == nil {
		return
	}
	for first := range indexBuckets {
		for section := range ix.refs {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := ix.bucket(section, byte(first)); err != nil {
				return // whoever needs the bucket will find out
			}
		}
	}
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
