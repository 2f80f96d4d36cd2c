package runs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The index is a summary of the journals, so that a process that looks up few keys
// reads little, and one that looks up all reads one file. Records and locations lie
// in 256 buckets each by the first byte of their digest. The head says where every
// bucket is and what its checksum is; a bucket is read and checked when it is first
// needed. So is the part about what is gone, which grows with the store's age: tombstones,
// and the extents of sessions whose journals were folded. Losing the index, or any damage
// to it, costs the time to read the journals.
//
// What is asked of most records is whether there is a result and the first part of
// its data, so the buckets of fronts hold that, and the buckets of records the rest.
const (
	indexMagic   = "shiftmill-index4"
	indexBuckets = 256
	bucketRef    = 8 + 4 + 8
	frontSlot    = 32 + 8 + 4 + 4 + 4 + 4 + 4
	locationSlot = 32 + 8 + 16 + 4 + 8 + 4
)

// formerIndexes begin indexes of former versions.
var formerIndexes = []string{"shiftmill-index1", "shiftmill-index2", "shiftmill-index3"}

var (
	errBadIndex    = errors.New("the index is damaged")
	errFormerIndex = errors.New("the index is of a former version")
)

type index struct {
	file     File
	journals map[sessionID]int64  // bytes of each journal that are summed up
	extents  map[sessionID]extent // of sessions with a journal
	packs    []packID             // that hold all objects of some record
	goneRef  ref
	gone     func() (gone, error) // reads it on first use
	refs     [sections][indexBuckets]ref

	loading sync.Mutex
	buckets [sections][indexBuckets]atomic.Pointer[bucket]
}

// gone is what an index says of files that are no longer there.
type gone struct {
	extents    map[sessionID]extent // of sessions without a journal
	tombstones map[Digest]tombstone
}

const (
	frontSection = iota
	locationSection
	recordSection
	sections
)

// ref says where a bucket lies and what it must hash to.
type ref struct {
	offset int64
	length uint32
	sum    uint64
}

// checksum tells accidents to a bucket. Two CRCs of 32 bits are ten times as fast as
// SHA-256, which would be most of what it costs to look results up; the head, which
// holds them, has that.
func checksum(data []byte) uint64 {
	return uint64(crc32.Checksum(data, castagnoli))<<32 | uint64(crc32.ChecksumIEEE(data))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

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
	if errors.Is(err, errFormerIndex) {
		return nil, "", nil
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
	if slices.Contains(formerIndexes, string(fixed[:len(indexMagic)])) {
		return nil, errFormerIndex
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
	ok := false
	if ix.extents, ok = decodeExtents(&d); !ok {
		return false
	}
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		ix.packs = append(ix.packs, packID{d.session(), uint32(d.uvarint())})
	}
	ix.goneRef = d.ref()
	ix.gone = sync.OnceValues(ix.readGone)
	for section := range ix.refs {
		for i := range ix.refs[section] {
			ix.refs[section][i] = d.ref()
		}
	}
	return !d.bad && len(d.rest) == 0
}

func (d *decoder) ref() ref {
	b := d.bytes(bucketRef)
	if d.bad {
		return ref{}
	}
	return ref{int64(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint64(b[12:])}
}

func decodeExtents(d *decoder) (map[sessionID]extent, bool) {
	extents := map[sessionID]extent{}
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		x, err := decodeExtent(d.bytes(d.uvarint()))
		if err != nil {
			return nil, false
		}
		extents[x.session] = x
	}
	return extents, !d.bad
}

func (ix *index) readGone() (gone, error) {
	b := make([]byte, ix.goneRef.length)
	if err := readFull(ix.file, b, ix.goneRef.offset); err != nil {
		return gone{}, err
	}
	if checksum(b) != ix.goneRef.sum {
		return gone{}, errBadIndex
	}
	d := decoder{rest: b}
	g := gone{tombstones: map[Digest]tombstone{}}
	ok := false
	if g.extents, ok = decodeExtents(&d); !ok {
		return gone{}, errBadIndex
	}
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		id, stamp := d.digest(), int64(d.uvarint())
		g.tombstones[id] = tombstone{stamp, string(d.bytes(d.uvarint()))}
	}
	if d.bad || len(d.rest) > 0 {
		return gone{}, errBadIndex
	}
	return g, nil
}

// A bucket is a part of the index that was read and checked.
type bucket struct {
	data  []byte   // the number of slots, these, and what they tell the place of
	ranks []uint64 // of the slots' digests, see rank; nil in a section without slots
}

// slotSizes are the sizes of the slots of each section that has any.
var slotSizes = [sections]int{frontSection: frontSlot, locationSection: locationSlot}

// rank is what orders digests of one bucket, nearly always: what follows the first byte.
func rank(digest []byte) uint64 { return binary.BigEndian.Uint64(digest[1:]) }

// bucket returns a checked bucket.
func (ix *index) bucket(section int, first byte) (*bucket, error) {
	if b := ix.buckets[section][first].Load(); b != nil {
		return b, nil
	}
	if err := ix.load(section, int(first), int(first)+1); err != nil {
		return nil, err
	}
	return ix.buckets[section][first].Load(), nil
}

// load reads and checks buckets that lie behind one another, as those of a section
// do, at once.
func (ix *index) load(section, from, to int) error {
	ix.loading.Lock()
	defer ix.loading.Unlock()
	refs := ix.refs[section][from:to]
	start, end := refs[0].offset, refs[0].offset
	for _, r := range refs {
		if r.offset != end {
			return errBadIndex
		}
		end += int64(r.length)
	}
	all := make([]byte, end-start)
	if err := readFull(ix.file, all, start); err != nil {
		return err
	}
	for i, r := range refs {
		data := all[:r.length:r.length]
		all = all[r.length:]
		if ix.buckets[section][from+i].Load() != nil {
			continue
		}
		if checksum(data) != r.sum || len(data) < 4 {
			return errBadIndex
		}
		b := &bucket{data: data}
		if size := slotSizes[section]; size > 0 && !b.rankSlots(size) {
			return errBadIndex
		}
		ix.buckets[section][from+i].Store(b)
	}
	return nil
}

// rankSlots lists the ranks of the slots, which makes them faster to find: a search
// among ranks touches little memory.
func (b *bucket) rankSlots(slotSize int) bool {
	n, slots := int(binary.LittleEndian.Uint32(b.data)), b.data[4:]
	if n > len(slots)/slotSize {
		return false
	}
	b.ranks = make([]uint64, n)
	for i := range b.ranks {
		b.ranks[i] = rank(slots[i*slotSize:])
	}
	return true
}

// find returns the slot of a digest, or nil. Digests are spread evenly, so that the
// place of one follows nearly from its bytes.
func (b *bucket) find(slotSize int, d Digest) []byte {
	want := rank(d[:])
	low, high := 0, len(b.ranks)
	guess := int(want >> 32 * uint64(high) >> 32)
	for probe := 0; low < high; probe++ {
		if guess = min(max(guess, low), high-1); probe >= 4 { // spread unevenly after all
			guess = (low + high) / 2
		}
		slot := b.data[4+guess*slotSize:][:slotSize]
		switch at := b.ranks[guess]; {
		case at < want || at == want && bytes.Compare(slot[:len(d)], d[:]) < 0:
			low = guess + 1
			guess += 1 << probe
		case at > want || !bytes.Equal(slot[:len(d)], d[:]):
			high = guess
			guess -= 1 << probe
		default:
			return slot
		}
	}
	return nil
}

// A front is what the index holds of a record to be found first.
type front struct {
	stamp  int64
	data   []byte // the record's, or the first part of it
	whole  bool   // data is all of it
	free   bool   // it needs no objects
	pack   uint32 // in which all its objects lie, counting from 1; 0: unknown
	offset uint32 // of the body in the bucket of records
	length uint32
}

// Marks in the field of the pack: a front that is all of the data, and a record that
// needs no objects.
const (
	wholeFront = 1 << 31
	freeFront  = 1 << 30
)

func frontAt(bucket, slot []byte) front {
	number := func(at int) uint32 { return binary.LittleEndian.Uint32(slot[at:]) }
	at, n, pack := number(40), number(44), number(48)
	return front{
		stamp: int64(binary.LittleEndian.Uint64(slot[32:])), data: bucket[at:][:n:n],
		whole: pack&wholeFront != 0, free: pack&freeFront != 0, pack: pack &^ (wholeFront | freeFront), offset: number(52), length: number(56),
	}
}

func locationAt(slot []byte) location {
	return location{
		stamp:  int64(binary.LittleEndian.Uint64(slot[32:])),
		pack:   packID{sessionID(slot[40:56]), binary.LittleEndian.Uint32(slot[56:])},
		offset: int64(binary.LittleEndian.Uint64(slot[60:])),
		length: binary.LittleEndian.Uint32(slot[68:]),
	}
}

// front finds a record's front.
func (ix *index) front(key Digest) (front, bool, error) {
	b, err := ix.bucket(frontSection, key[0])
	if err != nil {
		return front{}, false, err
	}
	slot := b.find(frontSlot, key)
	if slot == nil {
		return front{}, false, nil
	}
	return frontAt(b.data, slot), true, nil
}

// in is the record in its bucket.
func (f front) in(bucket []byte) stamped {
	return stamped{f.stamp, bucket[f.offset:][:f.length:f.length]}
}

func (ix *index) record(key Digest) (stamped, bool, error) {
	f, ok, err := ix.front(key)
	if err != nil || !ok {
		return stamped{}, false, err
	}
	b, err := ix.bucket(recordSection, key[0])
	if err != nil {
		return stamped{}, false, err
	}
	return f.in(b.data), true, nil
}

func (ix *index) location(d Digest) (location, bool, error) {
	b, err := ix.bucket(locationSection, d[0])
	if err != nil {
		return location{}, false, err
	}
	slot := b.find(locationSlot, d)
	if slot == nil {
		return location{}, false, nil
	}
	return locationAt(slot), true, nil
}

func (ix *index) eachRecord(f func(Digest, stamped)) error {
	for first := range indexBuckets {
		records, err := ix.bucket(recordSection, byte(first))
		if err == nil {
			err = ix.eachSlot(frontSection, first, frontSlot, func(b, slot []byte) { f(Digest(slot), frontAt(b, slot).in(records.data)) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (ix *index) eachLocation(f func(Digest, location)) error {
	for first := range indexBuckets {
		err := ix.eachSlot(locationSection, first, locationSlot, func(_, slot []byte) { f(Digest(slot), locationAt(slot)) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (ix *index) eachSlot(section, first, slotSize int, f func(bucket, slot []byte)) error {
	b, err := ix.bucket(section, byte(first))
	if err != nil {
		return err
	}
	for i := range b.ranks {
		f(b.data, b.data[4+i*slotSize:][:slotSize])
	}
	return nil
}

// readAhead is how many buckets ReadAhead reads at once.
const readAhead = 16

// ReadAhead reads what Result needs of the index until it is told to stop. Who will
// ask for many results calls it beside other work; Result then finds the buckets in
// memory.
func (s *Store) ReadAhead(stop <-chan struct{}) {
	s.mu.RLock()
	ix := s.st.index
	s.mu.RUnlock()
	if ix == nil {
		return
	}
	for first := 0; first < indexBuckets; first += readAhead {
		select {
		case <-stop:
			return
		default:
		}
		if ix.load(frontSection, first, first+readAhead) != nil {
			return // whoever needs the bucket will find out
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
