package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
)

// A rowText is what people know a row by, which is read again for the rows that
// are told.
type rowText struct {
	id    string
	group []string // its values of the group columns
}

// textsAtOnce bounds what is read at once to find names: rows with their looks,
// half a kilobyte each.
const textsAtOnce = 4096

// readTexts finds the names of all rows that are told: those of the leaks that the
// report or an error lists, and those that others were dropped for.
func (s *search) readTexts(ctx context.Context) error {
	wanted := map[int32]bool{}
	for _, l := range s.leaks[:min(len(s.leaks), listedPairs)] {
		wanted[l.a], wanted[l.b] = true, true
	}
	for _, k := range leakKinds {
		for _, l := range s.examples(k.kind) {
			wanted[l.a], wanted[l.b] = true, true
		}
	}
	for _, l := range s.pictured() {
		wanted[l.a], wanted[l.b] = true, true
	}
	for _, other := range s.why {
		wanted[other] = true
	}
	rows := make([]int32, 0, len(wanted))
	for i := range wanted {
		rows = append(rows, i)
	}
	slices.Sort(rows)
	s.texts = make(map[int32]rowText, len(rows))
	for len(rows) > 0 {
		set := &s.sets[s.setOf(rows[0])]
		n := 1
		for n < min(len(rows), textsAtOnce) && int(rows[n]) < set.first+set.rows {
			n++
		}
		if err := s.readTextsOf(ctx, set, rows[:n]); err != nil {
			return fmt.Errorf("%s: %w", set.name, err)
		}
		rows = rows[n:]
	}
	return nil
}

func (s *search) readTextsOf(ctx context.Context, set *leakSet, rows []int32) error {
	rec, err := set.take(ctx, rows)
	if err != nil {
		return err
	}
	defer rec.Release()
	text := func(col arrow.Array, k int) string {
		if col == nil || col.IsNull(k) {
			return ""
		}
		return strings.Clone(col.ValueStr(k))
	}
	for k, i := range rows {
		t := rowText{id: text(column(rec, "id"), k)}
		for _, name := range s.c.Group {
			t.group = append(t.group, text(column(rec, name), k))
		}
		s.texts[i] = t
	}
	return nil
}
