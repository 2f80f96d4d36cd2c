package split

import (
	"fmt"
	"math/big"
	"slices"
	"sort"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
)

// Behind a split stands a gate that may drop rows of val and the test sets, and
// fill their places with the next candidates. So that it can, these outputs then
// hold more rows than asked, in the order in which they would be taken: each says
// in the column seat which one it is, of how many places, of which stratum. What
// lies beyond the places stands in unused too, until the gate takes it.

// Reserve is how many candidates stand by.
type Reserve struct{ size }

// DecodeSpec reads a share or a number.
func (r *Reserve) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	got, err := readSize(v)
	if err == nil && got.kind != count && got.kind != share {
		err = fmt.Errorf("must be a share of each size such as 10%%, or a number of rows for each class, got %s", got)
	}
	r.size = got
	if err != nil {
		return []pipeline.Problem{{Pos: v.Pos(), Msg: err.Error()}}
	}
	return nil
}

// SpecText is the canonical text.
func (r Reserve) SpecText() string { return r.String() }

// beside is the number of candidates beside n places.
func (r Reserve) beside(n int) int {
	switch r.kind {
	case count:
		return r.n
	case share: // rounded up
		of := new(big.Int).Mul(r.share.Num(), big.NewInt(int64(n)))
		of.Add(of, new(big.Int).Sub(r.share.Denom(), big.NewInt(1)))
		return int(of.Quo(of, r.share.Denom()).Int64())
	}
	return 0
}

var seatField = arrow.Field{Name: "seat", Type: arrow.BinaryTypes.String}

// seats says whether an output has candidates beyond its size. Shares are drawn
// by threshold and have no next row; all leaves none.
func (c *Shift) seats(output string) bool {
	if c.Reserve.kind == 0 || slices.Contains([]string{"train", "unused", "holdout"}, output) {
		return false
	}
	s, ok := c.Sizes.of[output]
	if !ok && output != "iid" && output != "val" {
		s = c.Sizes.of["ood"]
	}
	return s.kind == count || s.kind == each || s.kind == likeIID
}

// A candidate is a row that has a seat in an output.
type candidate struct {
	row          *row
	ordinal      uint32
	to           role
	class        uint32
	stratum      string
	rank, places int
}

// seat is the text of its column: "12/10 bakery" is the twelfth candidate for ten
// places.
func (c *candidate) seat() string {
	return fmt.Sprintf("%d/%d %s", c.rank, c.places, c.stratum)
}

// seat ranks the rows of a stratum that an output took, and the next ones.
func (c *choice) seat(t *taker, to role, list []uint32, n int, stratum string) []candidate {
	if !slices.Contains(c.seated, to) {
		return nil
	}
	return t.seated(c.ranked(t, list, n+c.reserve.beside(n)), to, n, stratum)
}

// ranked lists the n rows that are taken first, in that order.
func (c *choice) ranked(t *taker, list []uint32, n int) []takerKey {
	keys := slices.Clone(c.take(t, list, min(len(list), n), true))
	slices.SortFunc(keys, func(a, b takerKey) int {
		if x, y := t.rows[a.i].pin != 0, t.rows[b.i].pin != 0; x != y {
			return b2i(y) - b2i(x)
		}
		if t.less(a, b, true) {
			return -1
		}
		return 1
	})
	return keys
}

func (t *taker) seated(keys []takerKey, to role, places int, stratum string) []candidate {
	made := make([]candidate, len(keys))
	for k, key := range keys {
		r := &t.rows[key.i]
		made[k] = candidate{row: r, ordinal: r.ordinal, to: to, class: r.class, stratum: stratum, rank: k + 1, places: places}
	}
	return made
}

// freeCandidates leaves those of base out that train has taken after all, since
// it asks for all that is left.
func (c *choice) freeCandidates() {
	c.candidates = slices.DeleteFunc(c.candidates, func(k candidate) bool {
		return k.rank > k.places && c.inTrain.has(k.row.group())
	})
}

// sortCandidates puts them into the order of rows.
func sortCandidates(list []candidate) {
	sort.Slice(list, func(i, j int) bool {
		if list[i].ordinal != list[j].ordinal {
			return list[i].ordinal < list[j].ordinal
		}
		return list[i].to < list[j].to
	})
}
