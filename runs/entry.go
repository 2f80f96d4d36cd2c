package runs

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// entryKind says what an entry of a journal frame is about.
type entryKind byte

const (
	entryRecord    entryKind = 1 // a record, see encodeRecord
	entryLocation  entryKind = 2 // where a packed object lies
	entryTombstone entryKind = 3 // why an object is no longer there
	entryExtent    entryKind = 4 // how far a session's files reach, once it has ended
)

// An entry is one statement of a journal. Among statements about the same digest
// the one with the greater stamp holds, and of equal stamps the one with the greater
// body, so that the order of reading journals decides nothing.
type entry struct {
	kind  entryKind
	stamp int64 // nanoseconds since 1970, increasing within a session
	body  []byte
}

// size is the length of the entry's encoding, at most.
func (e entry) size() int { return 1 + 8 + binary.MaxVarintLen32 + len(e.body) }

func (e entry) append(dst []byte) []byte {
	dst = append(dst, byte(e.kind))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(e.stamp))
	dst = binary.AppendUvarint(dst, uint64(len(e.body)))
	return append(dst, e.body...)
}

// newer reports whether a statement (stamp, body) replaces the statement (than, old).
func newer(stamp int64, body []byte, than int64, old []byte) bool {
	if stamp != than {
		return stamp > than
	}
	return string(body) > string(old)
}

var errBadEntry = errors.New("an entry does not decode; it was written by another version or a bug")

// eachEntry calls f for every entry of a frame's payload, in order.
func eachEntry(payload []byte, f func(entry) error) error {
	for len(payload) > 0 {
		if len(payload) < 9 {
			return errBadEntry
		}
		e := entry{kind: entryKind(payload[0]), stamp: int64(binary.LittleEndian.Uint64(payload[1:]))}
		length, n := binary.Uvarint(payload[9:])
		if n <= 0 || length > uint64(len(payload)-9-n) {
			return errBadEntry
		}
		e.body = payload[9+n : 9+n+int(length)]
		payload = payload[9+n+int(length):]
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}

// decoder takes fields off the front of an entry's body; after a short field bad is
// set and every further field is zero.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, nil
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.bad, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) digest() (v Digest) {
	copy(v[:], d.bytes(uint64(len(v))))
	return v
}

func (d *decoder) digests() []Digest {
	n := d.uvarint()
	if n > uint64(len(d.rest)/len(Digest{})) {
		d.bad = true
		return nil
	}
	if n == 0 {
		return nil
	}
	list := make([]Digest, n)
	for i := range list {
		list[i] = Digest(d.rest[i*len(list[i]):])
	}
	d.rest = d.rest[len(list)*len(Digest{}):]
	return list
}

func (d *decoder) session() (v sessionID) {
	copy(v[:], d.bytes(uint64(len(v))))
	return v
}

// encodeRecord writes: key, length and bytes of the kind, number and bytes of the
// objects, number and bytes of the keys, then the data to the end.
func encodeRecord(r Record) []byte {
	b := make([]byte, 0, 32+len(r.Kind)+32*(len(r.Objects)+len(r.Keys))+len(r.Data)+12)
	b = append(b, r.Key[:]...)
	b = binary.AppendUvarint(b, uint64(len(r.Kind)))
	b = append(b, r.Kind...)
	for _, list := range [2][]Digest{r.Objects, r.Keys} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, d := range list {
			b = append(b, d[:]...)
		}
	}
	return append(b, r.Data...)
}

func decodeRecord(body []byte) (Record, error) {
	d := decoder{rest: body}
	r := Record{Key: d.digest()}
	r.Kind = string(d.bytes(d.uvarint()))
	r.Objects = d.digests()
	r.Keys = d.digests()
	if d.bad {
		return Record{}, fmt.Errorf("record: %w", errBadEntry)
	}
	if len(d.rest) > 0 {
		r.Data = d.rest[:len(d.rest):len(d.rest)]
	}
	return r, nil
}

// A packID names a pack: packs/SESSION-N.
type packID struct {
	session sessionID
	n       uint32
}

func (a packID) compare(b packID) int {
	return cmp.Or(bytes.Compare(a.session[:], b.session[:]), cmp.Compare(a.n, b.n))
}

// A location says where a packed object's bytes lie.
type location struct {
	stamp  int64
	pack   packID
	offset int64
	length uint32
}

const locationSize = 32 + 16 + 4 + 8 + 4

func encodeLocation(d Digest, l location) []byte {
	b := append(make([]byte, 0, locationSize), d[:]...)
	b = append(b, l.pack.session[:]...)
	b = binary.LittleEndian.AppendUint32(b, l.pack.n)
	b = binary.LittleEndian.AppendUint64(b, uint64(l.offset))
	return binary.LittleEndian.AppendUint32(b, l.length)
}

func decodeLocation(body []byte) (Digest, location, error) {
	if len(body) != locationSize {
		return Digest{}, location{}, fmt.Errorf("location: %w", errBadEntry)
	}
	var l location
	l.pack.session = sessionID(body[32:48])
	l.pack.n = binary.LittleEndian.Uint32(body[48:])
	l.offset = int64(binary.LittleEndian.Uint64(body[52:]))
	l.length = binary.LittleEndian.Uint32(body[60:])
	if l.offset < 0 || l.offset > math.MaxInt64-math.MaxUint32 {
		return Digest{}, location{}, fmt.Errorf("location: %w", errBadEntry)
	}
	return Digest(body[:32]), l, nil
}

// A tombstone says since when and why an object is gone.
type tombstone struct {
	stamp  int64
	reason string
}

func encodeTombstone(d Digest, reason string) []byte { return append(d[:len(d):len(d)], reason...) }

func decodeTombstone(body []byte) (Digest, string, error) {
	if len(body) < len(Digest{}) {
		return Digest{}, "", fmt.Errorf("tombstone: %w", errBadEntry)
	}
	return Digest(body[:32]), string(body[32:]), nil
}

// An extent says how many bytes of a session's files are valid. The session itself
// states it when it closes; whoever finds it dead states it otherwise. Bytes beyond
// are the torn tail of a killed process, bytes missing before are damage.
type extent struct {
	session sessionID
	closed  bool // stated by the session itself
	journal int64
	packs   []int64 // length of packs/SESSION-0, -1, ...
}

func encodeExtent(x extent) []byte {
	b := append([]byte(nil), x.session[:]...)
	closed := byte(0)
	if x.closed {
		closed = 1
	}
	b = append(b, closed)
	b = binary.AppendUvarint(b, uint64(x.journal))
	b = binary.AppendUvarint(b, uint64(len(x.packs)))
	for _, p := range x.packs {
		b = binary.AppendUvarint(b, uint64(p))
	}
	return b
}

func decodeExtent(body []byte) (extent, error) {
	d := decoder{rest: body}
	x := extent{session: d.session()}
	if flag := d.bytes(1); len(flag) == 1 {
		x.closed = flag[0] == 1
	}
	x.journal = int64(d.uvarint())
	n := d.uvarint()
	for i := uint64(0); i < n && !d.bad; i++ {
		x.packs = append(x.packs, int64(d.uvarint()))
	}
	if d.bad || len(d.rest) > 0 {
		return extent{}, fmt.Errorf("extent: %w", errBadEntry)
	}
	return x, nil
}
