package split

import (
	"crypto/sha256"
	"encoding/binary"
)

// A place is where a row stands in the order that decides who is taken first:
// by u, g, v and at last the id. u and g are the first sixteen bytes of the
// group's digest, so they stand for the group itself; v is the row's own, and is
// made where it is needed.
type place struct{ u, g uint64 }

// A hasher makes places. It is for one goroutine.
type hasher struct {
	group, row []byte // encoded prefix: what the digest is for, and the seed
	buf        []byte
}

// Fields are encoded as a tag, the length and the bytes, so that no two lists
// of fields have one encoding.
func appendText(b []byte, s string) []byte {
	b = append(b, 's')
	b = binary.LittleEndian.AppendUint64(b, uint64(len(s)))
	return append(b, s...)
}

func appendNumber(b []byte, n uint64) []byte {
	b = append(b, 'u')
	b = binary.LittleEndian.AppendUint64(b, 8)
	return binary.LittleEndian.AppendUint64(b, n)
}

func newHasher(seed uint64) *hasher {
	return &hasher{
		group: appendNumber(appendText(nil, "split/v1"), seed),
		row:   appendNumber(appendText(nil, "split/v1 row"), seed),
	}
}

// ofGroup returns u and g of a group, and w, which deals groups to val or iid.
func (h *hasher) ofGroup(group []byte) (u, g, w uint64) {
	h.buf = append(h.buf[:0], h.group...)
	h.buf = append(binary.LittleEndian.AppendUint64(append(h.buf, 's'), uint64(len(group))), group...)
	d := sha256.Sum256(h.buf)
	return binary.BigEndian.Uint64(d[:]), binary.BigEndian.Uint64(d[8:]), binary.BigEndian.Uint64(d[16:])
}

// ofRow returns v of a row.
func (h *hasher) ofRow(id string) uint64 {
	h.buf = appendText(append(h.buf[:0], h.row...), id)
	d := sha256.Sum256(h.buf)
	return binary.BigEndian.Uint64(d[:])
}

// A groupSet holds groups by u and g: open addressing, since both are already
// uniform and a map of ten million groups costs three times as much.
type groupSet struct {
	slots []groupKey
	used  int
}

type groupKey struct{ u, g uint64 }

func (s *groupSet) add(k groupKey) {
	if k.g == 0 { // marks an empty slot
		k.g = 1
	}
	if 2*(s.used+1) > len(s.slots) {
		old := s.slots
		s.slots = make([]groupKey, max(1024, 2*len(old)))
		s.used = 0
		for _, k := range old {
			if k.g != 0 {
				s.add(k)
			}
		}
	}
	if i := s.find(k); s.slots[i].g == 0 {
		s.slots[i] = k
		s.used++
	}
}

func (s *groupSet) has(k groupKey) bool {
	if s.used == 0 {
		return false
	}
	if k.g == 0 {
		k.g = 1
	}
	return s.slots[s.find(k)].g != 0
}

// find returns the slot of k, or the empty one where it would go. The length
// is a power of two.
func (s *groupSet) find(k groupKey) int {
	mask := len(s.slots) - 1
	i := int(k.g) & mask
	for s.slots[i].g != 0 && s.slots[i] != k {
		i = (i + 1) & mask
	}
	return i
}
