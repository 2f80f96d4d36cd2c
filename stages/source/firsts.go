package source

import (
	"hash/maphash"
	"sort"
)

// firsts remembers texts and where each stood first, in about 20 bytes a text, so that
// tables of tens of millions of rows need not fit into a map of strings. A text is known
// by 96 bits of a hash that is drawn anew in each process: that two texts among 10 million
// have the same happens once in 10^15 runs.
type firsts struct {
	seeds  [2]maphash.Seed
	pages  [][]textHash
	n      int
	slots  []uint32 // 1 + number of a text, or 0; their length is a power of two
	places []placeRun
}

type textHash [3]uint32

// A placeRun says where the texts from a number on stood, as long as they stood in
// consecutive lines of one table.
type placeRun struct {
	from  int
	place place
}

// pageTexts is how many hashes are kept in one stretch of memory.
const pageTexts = 1 << 14

func newFirsts() *firsts {
	return &firsts{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, slots: make([]uint32, 1024)}
}

// add remembers a text that stands at p. It returns the text's number, counted from 0 in
// the order of first adding, and whether it stood somewhere before.
func (f *firsts) add(text string, p place) (n int, before bool) {
	a, b := maphash.String(f.seeds[0], text), maphash.String(f.seeds[1], text)
	h := textHash{uint32(a), uint32(a >> 32), uint32(b)}
	slot := f.find(h)
	if k := f.slots[slot]; k > 0 {
		return int(k - 1), true
	}
	if f.n%pageTexts == 0 {
		f.pages = append(f.pages, make([]textHash, 0, pageTexts))
	}
	last := &f.pages[len(f.pages)-1]
	*last = append(*last, h)
	if k := len(f.places); k == 0 || f.places[k-1].at(f.n) != p {
		f.places = append(f.places, placeRun{f.n, p})
	}
	f.n++
	f.slots[slot] = uint32(f.n)
	if 4*f.n > 3*len(f.slots) {
		f.grow()
	}
	return f.n - 1, false
}

// find is the slot of a hash, or the free one where it belongs.
func (f *firsts) find(h textHash) uint64 {
	mask := uint64(len(f.slots) - 1)
	for at := (uint64(h[0]) | uint64(h[1])<<32) & mask; ; at = (at + 1) & mask {
		k := int(f.slots[at])
		if k == 0 || f.pages[(k-1)/pageTexts][(k-1)%pageTexts] == h {
			return at
		}
	}
}

func (f *firsts) grow() {
	f.slots = make([]uint32, 2*len(f.slots))
	for i := range f.n {
		f.slots[f.find(f.pages[i/pageTexts][i%pageTexts])] = uint32(i + 1)
	}
}

// place is where a text stood first.
func (f *firsts) place(n int) place {
	i := sort.Search(len(f.places), func(i int) bool { return f.places[i].from > n }) - 1
	return f.places[i].at(n)
}

func (r placeRun) at(n int) place {
	return place{r.place.table, r.place.line + int64(n-r.from)}
}
