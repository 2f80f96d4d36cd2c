package split

// A row is a row of the input that stands in a cell.
type row struct {
	place
	w       uint64 // deals the group to val or iid
	ordinal uint32 // among all rows of the input, ascending by id
	stratum uint32 // of the stratify columns
	mix     uint32 // of the match columns
	class   uint32
	cell    uint16 // 0 is base
	pool    pool
	role    role
	held    bool // set aside by conditions
	pin     role // the output that a manifest keeps it in, or 0
}

// before is the order of all rows; ordinals stand for ids. Only rows of one
// group need v to tell them apart; nil where every row is a group of its own.
func (r *row) before(o *row, v func(ordinal uint32) uint64) bool {
	switch {
	case r.u != o.u:
		return r.u < o.u
	case r.g != o.g:
		return r.g < o.g
	case v == nil || r.ordinal == o.ordinal:
		return r.ordinal < o.ordinal
	}
	if x, y := v(r.ordinal), v(o.ordinal); x != y {
		return x < y
	}
	return r.ordinal < o.ordinal
}

func (r *row) group() groupKey { return groupKey{r.u, r.g} }

// A pool says which sides of the split may draw a row.
type pool uint8

const (
	trainPool pool = 1 << iota
	valPool
	testPool
	everyPool = trainPool | valPool | testPool
)

// A role is where a row ends: the n-th output as 1+n, or a reason to be
// unused from firstReason on; 0 is undecided.
type role uint16

const firstReason role = 1 << 15

// Reasons that the choice among the rows of a cell gives; those of the scan
// follow them.
const (
	spare = firstReason + iota
	belowThreshold
	trimmed
	groupInTrain
	groupInTest
	otherPool
	pinnedApart
	choiceReasons
)

// reasonText is what the reasons from firstReason on are called in "unused".
var reasonText = [choiceReasons - firstReason]string{
	"spare: beyond the sizes asked",
	"kept apart: a new row could bring it into train",
	"trimmed: its group is in train, which is full",
	"its group is in train",
	"its group is in val or iid",
	"its pool has no output for its cell",
	"it joins groups that are pinned to train and to a test set",
}

// A taker picks the first or the last of some rows of a cell.
type taker struct {
	rows []row
	v    func(ordinal uint32) uint64
	keys []takerKey
}

type takerKey struct {
	u uint64
	i uint32
}

// take returns which n of the listed rows come first in the order of places,
// or last. The result is in no particular order and holds until the next call.
func (t *taker) take(list []uint32, n int, last bool) []takerKey {
	t.keys = t.keys[:0]
	for _, i := range list {
		t.keys = append(t.keys, takerKey{t.rows[i].u, i})
	}
	if n < len(t.keys) {
		t.divide(n, last)
	}
	return t.keys[:n]
}

func (t *taker) less(a, b takerKey, last bool) bool {
	if last {
		a, b = b, a
	}
	if a.u != b.u {
		return a.u < b.u
	}
	return t.rows[a.i].before(&t.rows[b.i], t.v)
}

// divide puts the n first keys in front: quickselect with the median of three.
// The keys are hashes and never equal, so it takes linear time.
func (t *taker) divide(n int, last bool) {
	lo, hi := 0, len(t.keys) // n lies in [lo, hi)
	k := t.keys
	for hi-lo > 12 {
		mid := int(uint(lo+hi) / 2)
		if t.less(k[mid], k[lo], last) {
			k[mid], k[lo] = k[lo], k[mid]
		}
		if t.less(k[hi-1], k[lo], last) {
			k[hi-1], k[lo] = k[lo], k[hi-1]
		}
		if t.less(k[hi-1], k[mid], last) {
			k[hi-1], k[mid] = k[mid], k[hi-1]
		}
		pivot := k[mid]
		i, j := lo, hi-1
		for i <= j {
			for t.less(k[i], pivot, last) {
				i++
			}
			for t.less(pivot, k[j], last) {
				j--
			}
			if i <= j {
				k[i], k[j] = k[j], k[i]
				i++
				j--
			}
		}
		switch {
		case n <= j:
			hi = j + 1
		case n >= i:
			lo = i
		default:
			return
		}
	}
	for i := lo + 1; i < hi; i++ {
		for j := i; j > lo && t.less(k[j], k[j-1], last); j-- {
			k[j], k[j-1] = k[j-1], k[j]
		}
	}
}
