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
	rank, places int // 0: its set has no candidates beside it
	stratum      string
}

func (s *seat) read(text string) error {
	head, stratum, _ := strings.Cut(text, " ")
	if _, err := fmt.Sscanf(head, "%d/%d", &s.rank, &s.places); err != nil {
		return fmt.Errorf("%s: %q is not like \"12/10 name\"", seatColumn, text)
	}
	s.stratum = strings.Clone(stratum)
	return nil
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
	twins := make([][]int, len(s.rows)) // by row: leaks that it is the later one of
	for k, l := range s.leaks {
		twins[l.b] = append(twins[l.b], k)
	}
	order := make([]int, len(s.rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := &s.rows[i], &s.rows[j]
		return cmp.Or(cmp.Compare(a.set, b.set), cmp.Compare(a.seat.stratum, b.seat.stratum), cmp.Compare(a.seat.rank, b.seat.rank))
	})
	s.why = map[int]string{}
	filled := map[string]int{} // by set and stratum
	holds := map[string]map[int]int{}
	for _, i := range order {
		r := &s.rows[i]
		beyond := r.seat.rank > r.seat.places
		places := fmt.Sprint(r.set, " ", r.seat.stratum)
		other, kind := s.twin(i, twins[i], holds)
		switch {
		case beyond && (filled[places] >= r.seat.places || other >= 0):
			r.stands = standsBy
			continue
		case other >= 0 && s.policy(kind) == "drop":
			r.stands = dropped
			s.lacking++
			s.why[i] = fmt.Sprintf("the same picture as %s of %s", s.rows[other].id, s.sets[s.rows[other].set].name)
			continue
		}
		filled[places]++
		if beyond {
			s.filled++
			s.lacking--
		}
		if r.sha != "" {
			if holds[r.sha] == nil {
				holds[r.sha] = map[int]int{}
			}
			if _, ok := holds[r.sha][r.set]; !ok {
				holds[r.sha][r.set] = i
			}
		}
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

// twin is a row that is taken in an earlier set and shows the same, and how it
// is the same: one for which the row is dropped, if there is one; -1 for none.
func (s *search) twin(i int, leaks []int, holds map[string]map[int]int) (int, leakKind) {
	r, found, how := &s.rows[i], -1, sameBytes
	if s.c.Exact != "off" && r.sha != "" {
		for set := range r.set {
			if k, ok := holds[r.sha][set]; ok && s.rows[k].id != r.id {
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
	of := make([][]int, len(s.sets)) // rows in the order of their fingerprints
	placed := map[string]bool{}      // candidates that were not in their set, and now are
	for i := range s.rows {
		r := &s.rows[i]
		of[r.set] = append(of[r.set], i)
		if r.stands == taken && r.seat.rank > r.seat.places {
			placed[r.id] = true
		}
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}}, nil)
	passer, passes := out.(stages.Passer)
	for k, set := range s.sets {
		whole := !slices.ContainsFunc(of[k], func(i int) bool { return s.rows[i].stands != taken })
		if set.prints == nil {
			whole = len(placed) == 0
		}
		if whole && passes && set.input.Len() > 0 && passer.Pass(set.name) {
			continue
		}
		kept, at := 0, 0
		err := set.input.Each(ctx, func(rec arrow.Record) error {
			ids := rec.Column(rec.Schema().FieldIndices("id")[0]).(*array.String)
			b := array.NewStringBuilder(memory.DefaultAllocator)
			defer b.Release()
			for n := range ids.Len() {
				id := ids.Value(n)
				if set.prints == nil {
					if !placed[id] {
						b.Append(id)
					}
					continue
				}
				for at < len(of[k]) && s.rows[of[k][at]].id < id {
					at++
				}
				if at < len(of[k]) && s.rows[of[k][at]].id == id {
					i := of[k][at]
					if s.rows[i].stands == dropped {
						out.Skip(id, s.why[i])
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
		if err != nil {
			return fmt.Errorf("%s: %w", set.name, err)
		}
		if kept == 0 && set.name != "unused" {
			return fmt.Errorf("%s: all of its rows are in an earlier set too, so leakage: drop leaves none", set.name)
		}
	}
	return nil
}
