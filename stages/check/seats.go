package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/stages"
)

// seatColumn says of a row which candidate it is, for how many places, of which
// stratum: "12/10 bakery". Sets that have it hold more rows than they want, so
// that places of dropped rows can be filled.
const seatColumn = "seat"

type seat struct {
	rank, places int32 // 0: its set has no candidates beside it
	stratum      int32 // among those of the search
}

// readSeat takes the seat of the row that is added next.
func (s *search) readSeat(text string, numbers map[string]int32) error {
	at := &s.seats[len(s.rows)]
	head, stratum, _ := strings.Cut(text, " ")
	if _, err := fmt.Sscanf(head, "%d/%d", &at.rank, &at.places); err != nil {
		return fmt.Errorf("%s: %q is not like \"12/10 name\"", seatColumn, text)
	}
	n, ok := numbers[stratum]
	if !ok {
		n = int32(len(s.strata))
		stratum = strings.Clone(stratum)
		numbers[stratum], s.strata = n, append(s.strata, stratum)
	}
	at.stratum = n
	return nil
}

// sortStrata numbers the strata anew, in the order of their names; the stratum
// without a name, which rows without a seat have, is the first.
func (s *search) sortStrata() {
	if s.seats == nil {
		return
	}
	order := make([]int32, len(s.strata))
	for n := range order {
		order[n] = int32(n)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(s.strata[a], s.strata[b]) })
	number := make([]int32, len(order))
	for n, was := range order {
		number[was] = int32(n)
	}
	for i := range s.seats {
		s.seats[i].stratum = number[s.seats[i].stratum]
	}
	slices.Sort(s.strata)
}

// seat is that of a row.
func (s *search) seat(i int32) seat {
	if s.seats == nil {
		return seat{}
	}
	return s.seats[i]
}

// A standing is what becomes of a row.
type standing uint8

const (
	taken    standing = iota // it is handed on
	dropped                  // it had a place and is left out
	standsBy                 // a candidate that is not needed, or of no use
)

// choose takes rows of each set in their order, and passes over those that show
// what a row of an earlier set shows, where the configuration says to drop them. A
// candidate that stands by is never taken when it shows that, whatever it says.
func (s *search) choose() {
	twins := map[int32][]int32{} // by row: matches that it is the later one of
	for k, l := range s.leaks {
		twins[l.b] = append(twins[l.b], int32(k))
	}
	h := s.holders()
	s.why = map[int32]int32{}
	type places struct{ set, stratum int32 }
	filled := map[places]int32{}
	for _, i := range s.seating() {
		r, at := &s.rows[i], s.seat(i)
		beyond := at.rank > at.places
		of := places{int32(s.setOf(i)), at.stratum}
		other, kind := s.twin(i, twins[i], h)
		switch {
		case beyond && (filled[of] >= at.places || other >= 0):
			r.stands = standsBy
			continue
		case other >= 0 && s.policy(kind) == "drop":
			r.stands = dropped
			s.lacking++
			s.why[i] = other
			continue
		}
		if s.seats != nil {
			filled[of]++
		}
		if beyond {
			s.filled++
			s.lacking--
		}
		h.take(i, int(of.set))
	}
	// What is told is of rows that had a place or got one.
	s.leaks = slices.DeleteFunc(s.leaks, func(l leak) bool {
		return s.rows[l.a].stands == standsBy || s.rows[l.b].stands == standsBy
	})
	clear(s.count)
	for _, l := range s.leaks {
		s.count[l.kind]++
	}
}

// seating are all rows: set by set, in each stratum by their rank.
func (s *search) seating() []int32 {
	order := make([]int32, len(s.rows))
	for i := range order {
		order[i] = int32(i)
	}
	if s.seats == nil {
		return order
	}
	slices.SortStableFunc(order, func(i, j int32) int {
		a, b := &s.seats[i], &s.seats[j]
		return cmp.Or(cmp.Compare(s.setOf(i), s.setOf(j)), cmp.Compare(a.stratum, b.stratum), cmp.Compare(a.rank, b.rank))
	})
	return order
}

// holders are, of pictures that several rows show, the first rows of each set
// that are taken.
type holders struct {
	picture []int32 // by row: which of those pictures, or -1; nil where there is none
	first   map[[2]int32]int32
}

func (s *search) holders() *holders {
	h := &holders{first: map[[2]int32]int32{}}
	if s.c.Exact == "off" {
		return h
	}
	for n, run := range s.alike(func(i int) digest { return s.rows[i].sha }) {
		if h.picture == nil {
			h.picture = slices.Repeat([]int32{-1}, len(s.rows))
		}
		for _, i := range run {
			h.picture[i] = int32(n)
		}
	}
	return h
}

func (h *holders) take(i int32, set int) {
	if h.picture == nil || h.picture[i] < 0 {
		return
	}
	key := [2]int32{h.picture[i], int32(set)}
	if _, ok := h.first[key]; !ok {
		h.first[key] = i
	}
}

// twin is a row that is taken in an earlier set and shows the same, and how it
// is the same: one for which the row is dropped, if there is one; -1 for none.
func (s *search) twin(i int32, leaks []int32, h *holders) (int32, leakKind) {
	found, how := int32(-1), sameBytes
	if h.picture != nil && h.picture[i] >= 0 {
		for set := range s.setOf(i) {
			if k, ok := h.first[[2]int32{h.picture[i], int32(set)}]; ok && s.rows[k].id != s.rows[i].id {
				found = k
				break
			}
		}
	}
	if found >= 0 && s.c.Exact == "drop" {
		return found, how
	}
	for _, k := range leaks {
		if l := s.leaks[k]; l.kind == nearDuplicate && s.rows[l.a].stands == taken && (found < 0 || s.c.Near == "drop") {
			return l.a, nearDuplicate
		}
	}
	return found, how
}

// handOn writes the ids of every set: of the rows that are taken.
func (s *search) handOn(ctx context.Context, out stages.Sink) error {
	placed := map[digest]bool{} // candidates that were not in their set, and now are
	for i := range s.rows {
		if at := s.seat(int32(i)); s.rows[i].stands == taken && at.rank > at.places {
			placed[s.rows[i].id] = true
		}
	}
	passer, passes := out.(stages.Passer)
	for k := range s.sets {
		set := &s.sets[k]
		whole := !slices.ContainsFunc(s.rows[set.first:set.first+set.rows], func(r leakRow) bool { return r.stands != taken })
		if set.prints == nil {
			whole = len(placed) == 0
		}
		if whole && passes && set.input.Len() > 0 && passer.Pass(set.name) {
			continue
		}
		kept, err := s.handOnSet(ctx, set, placed, out)
		if err != nil {
			return fmt.Errorf("%s: %w", set.name, err)
		}
		if kept == 0 && set.name != "unused" {
			return fmt.Errorf("%s: all of its rows are in an earlier set too, so leakage: drop leaves none", set.name)
		}
	}
	return nil
}

// handOnSet writes the rows of one set that are taken, and counts them. The
// fingerprints are of its rows, in their order, but perhaps not of all.
func (s *search) handOnSet(ctx context.Context, set *leakSet, placed map[digest]bool, out stages.Sink) (kept int, err error) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}}, nil)
	at, end := set.first, set.first+set.rows
	err = set.input.Each(ctx, func(rec arrow.Record) error {
		ids := column(rec, "id").(*array.String)
		b := array.NewStringBuilder(memory.DefaultAllocator)
		defer b.Release()
		for n := range ids.Len() {
			id := ids.Value(n)
			known := digestOf(id)
			if set.prints == nil {
				if !placed[known] {
					b.Append(id)
				}
				continue
			}
			if at < end && s.rows[at].id == known {
				i := int32(at)
				at++
				if s.rows[i].stands == dropped {
					other := s.why[i]
					out.Skip(id, fmt.Sprintf("the same picture as %s of %s", s.texts[other].id, s.sets[s.setOf(other)].name))
				}
				if s.rows[i].stands != taken {
					continue
				}
			}
			b.Append(id)
		}
		kept += b.Len()
		col := b.NewArray()
		defer col.Release()
		rec = array.NewRecord(schema, []arrow.Array{col}, int64(col.Len()))
		defer rec.Release()
		return out.Write(set.name, rec)
	})
	return kept, err
}
