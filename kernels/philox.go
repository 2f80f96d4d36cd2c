package kernels

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"shiftmill/kernels/internal/simd"
)

// A Key selects one family of random numbers: a kind of stage in one version, a seed, a purpose and a draw.
type Key struct {
	k0, k1 uint32
}

// NewKey returns the key for a kind of stage and its version, the user's seed, the purpose within the kind (such as
// "weights") and the draw number, which is an epoch or the number of a copy. Nothing else may enter it: no stage name,
// position, batch or worker.
func NewKey(kind string, version int, seed uint64, purpose string, draw uint64) Key {
	b := make([]byte, 0, 64)
	b = append(b, "shiftmill/philox/1"...)
	b = appendText(b, kind)
	b = binary.LittleEndian.AppendUint64(b, uint64(version))
	b = binary.LittleEndian.AppendUint64(b, seed)
	b = appendText(b, purpose)
	b = binary.LittleEndian.AppendUint64(b, draw)
	d := sha256.Sum256(b)
	return Key{binary.LittleEndian.Uint32(d[0:]), binary.LittleEndian.Uint32(d[4:])}
}

func appendText(b []byte, s string) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(len(s)))
	return append(b, s...)
}

// RowHash returns the 64 bits of a row id that enter the counter: the first eight bytes of its SHA-256, little-endian.
func RowHash(id string) uint64 {
	d := sha256.Sum256([]byte(id))
	return binary.LittleEndian.Uint64(d[:])
}

// Row returns the source of random numbers of one row. The empty id serves draws that belong to no row.
func (k Key) Row(id string) Source {
	return k.Hash(RowHash(id))
}

// Hash is Row for a row whose RowHash is known.
func (k Key) Hash(row uint64) Source {
	return Source{key: k, row: row}
}

// A Source draws the random numbers of one row. It has no state: a draw is named by its element, so draws can be made in
// any order and from any goroutine. One element serves one draw of one distribution; two draws that share an element are
// dependent.
type Source struct {
	key Key
	row uint64
}

// Uint32x4 returns the four words of the counter (element, attempt, row). Draws by rejection count their tries in
// attempt; everything else uses attempt 0.
func (s Source) Uint32x4(element, attempt uint32) [4]uint32 {
	return simd.Philox([4]uint32{element, attempt, uint32(s.row), uint32(s.row >> 32)}, s.key.k0, s.key.k1)
}

// Permutation returns the order in which a draw (an epoch) visits rows: their indexes, sorted by the first 64 bits of
// each row's element 0, then by id. Adding or removing a row moves no other row past another.
func Permutation(k Key, ids []string) []int {
	order := make([]int, len(ids))
	rank := make([]uint64, len(ids))
	for i, id := range ids {
		order[i] = i
		w := k.Row(id).Uint32x4(0, 0)
		rank[i] = uint64(w[1])<<32 | uint64(w[0])
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(rank[a], rank[b]), cmp.Compare(ids[a], ids[b]))
	})
	return order
}
