package near

import (
	"math/bits"
	"slices"
)

// A table holds pictures by their keys. Where a key's pictures begin is not
// kept as a number a key: the counts stand in a string of bits, a one for each
// picture and a zero behind each key's (Elias 1974), so that a table takes 4
// bytes a picture and half a byte a key.
type table struct {
	items  []int32 // pictures by ascending key
	counts []uint64
	places []uint32 // where the bits of every 32nd key begin
}

const placeStep = 32

// newTable sorts the pictures by their keys of some bits; next gives them.
func newTable(keyBits, n int, key func(i int) (uint32, bool)) *table {
	heads := make([]uint32, 1<<keyBits+1)
	for i := range n {
		if k, ok := key(i); ok {
			heads[k+1]++
		}
	}
	for k := 1; k < len(heads); k++ {
		heads[k] += heads[k-1]
	}
	t := &table{items: make([]int32, heads[len(heads)-1])}
	t.counts = make([]uint64, (len(t.items)+1<<keyBits)/64+1)
	for k := range 1 << keyBits {
		if k%placeStep == 0 {
			t.places = append(t.places, heads[k]+uint32(k))
		}
		for at := heads[k]; at < heads[k+1]; at++ {
			bit := at + uint32(k)
			t.counts[bit/64] |= 1 << (bit % 64)
		}
	}
	t.places = slices.Clip(t.places)
	for i := range n {
		if k, ok := key(i); ok {
			t.items[heads[k]] = int32(i)
			heads[k]++
		}
	}
	return t
}

// of are the pictures with a key.
func (t *table) of(key uint32) []int32 {
	at := t.places[key/placeStep]
	if zeros := key % placeStep; zeros > 0 { // go behind that many zeros
		word := at / 64
		left := ^t.counts[word] &^ (1<<(at%64) - 1)
		for {
			n := uint32(bits.OnesCount64(left))
			if zeros <= n {
				break
			}
			zeros -= n
			word++
			left = ^t.counts[word]
		}
		for ; zeros > 1; zeros-- {
			left &= left - 1
		}
		at = 64*word + uint32(bits.TrailingZeros64(left)) + 1
	}
	end := at
	for {
		ones := uint32(bits.TrailingZeros64(^(t.counts[end/64] >> (end % 64))))
		if room := 64 - end%64; ones < room {
			end += ones
			break
		} else {
			end += room
		}
	}
	return t.items[at-key : end-key]
}

// crowded counts the keys that more than so many pictures share.
func (t *table) crowded(keyBits, most int) (n int) {
	for k := range 1 << keyBits {
		if len(t.of(uint32(k))) > most {
			n++
		}
	}
	return n
}
