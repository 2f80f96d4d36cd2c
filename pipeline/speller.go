package pipeline

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
)

// A speller is Nearest for many misspelt names among the same many known ones,
// such as those of stages: what is one edit away is found by an index, the rest by
// looking at all.
type speller struct {
	known     []string
	low       []string   // in lower case, "" where too long to compare
	letters   []uint64   // of low
	spellings []spelling // sorted by hash
}

// A spelling is a known name in lower case, whole or without one letter. Names
// that are one edit or swap apart have one in common.
type spelling struct {
	hash uint64
	name int32
}

func newSpeller(known []string) *speller {
	s := &speller{known: known, low: make([]string, len(known)), letters: make([]uint64, len(known))}
	for i, k := range known {
		if len(k) <= longestName {
			s.low[i] = strings.ToLower(k)
			s.letters[i] = lettersOf(s.low[i])
			eachSpelling(s.low[i], func(hash uint64) { s.spellings = append(s.spellings, spelling{hash, int32(i)}) })
		}
	}
	slices.SortFunc(s.spellings, func(a, b spelling) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.name, b.name)) })
	return s
}

// eachSpelling calls f with a hash (FNV-1a) of a text, whole and without each of
// its bytes in turn.
func eachSpelling(text string, f func(hash uint64)) {
	for without := -1; without < len(text); without++ {
		hash := uint64(14695981039346656037)
		for i := range len(text) {
			if i != without {
				hash = (hash ^ uint64(text[i])) * 1099511628211
			}
		}
		f(hash)
	}
}

// lettersOf is the set of a text's letters and digits, and of its other bytes,
// of which several share a bit.
func lettersOf(text string) uint64 {
	var set uint64
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z':
			set |= 1 << (c - 'a')
		case '0' <= c && c <= '9':
			set |= 1 << (26 + c - '0')
		default:
			set |= 1 << (36 + c%28)
		}
	}
	return set
}

// nearest is Nearest(name, known).
func (s *speller) nearest(name string) string {
	if name == "" || len(name) > longestName {
		return ""
	}
	n := search{s: s, name: name, low: strings.ToLower(name)}
	n.best = min(len(n.low)/3+1, 2)
	eachSpelling(n.low, func(hash uint64) {
		i, _ := slices.BinarySearchFunc(s.spellings, hash, func(v spelling, h uint64) int { return cmp.Compare(v.hash, h) })
		for ; i < len(s.spellings) && s.spellings[i].hash == hash; i++ {
			n.compare(s.spellings[i].name)
		}
	})
	if n.at == "" {
		n.all()
	}
	if n.at == "" {
		return endingIn(n.low, s.known)
	}
	return n.at
}

// A search is for one name: the nearest so far, and how far it is, or one more
// than it may be.
type search struct {
	s         *speller
	name, low string
	best      int
	at        string
}

func (n *search) compare(i int32) {
	k := n.s.known[i]
	if k == n.name {
		return
	}
	d := distance(n.low, n.s.low[i], n.best+1)
	if d < n.best || d == n.best && n.at != "" && k < n.at {
		n.best, n.at = d, k
	}
}

// all looks at all names, at those first that may be nearest by their letters:
// an edit takes away or adds at most one.
func (n *search) all() {
	n.best = len(n.low)/3 + 1
	letters := lettersOf(n.low)
	byEdits := make([][]int32, n.best)
	for i, other := range n.s.letters {
		edits := max(bits.OnesCount64(letters&^other), bits.OnesCount64(other&^letters))
		if edits < n.best && n.s.low[i] != "" {
			byEdits[edits] = append(byEdits[edits], int32(i))
		}
	}
	for edits, names := range byEdits {
		if edits > n.best {
			return
		}
		for _, i := range names {
			n.compare(i)
		}
	}
}
