package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/stages"
)

// spareBytes of a disk are left to others.
const spareBytes = 64 << 20

// room is how many bytes may still be stored, and why not more; false where
// nobody can tell.
func (e *Engine) room() (left int64, why string, known bool) {
	if free, err := e.store.Space(); err == nil {
		left, known = max(0, free-spareBytes), true
		why = fmt.Sprintf("the disk of %s has %s free, of which %s are left to others", e.store.Dir(), sizeText(free), sizeText(spareBytes))
	}
	if n, limited := e.store.Left(); limited && (!known || n < left) {
		left, known = n, true
		why = fmt.Sprintf("the store may grow by %s only (%s in all)", sizeText(n), sizeText(e.o.StoreMax))
	}
	return left, why, known
}

// limitStore lets the store grow to what Options allow.
func (e *Engine) limitStore() error {
	if e.o.StoreMax <= 0 {
		return nil
	}
	st, err := e.store.Stats()
	if err != nil {
		return err
	}
	e.store.Limit(max(0, e.o.StoreMax-st.Bytes))
	return nil
}

// A noRoom is a stage whose result will not fit.
type noRoom struct {
	stage       string
	bytes, with int64 // of the stage, and with what else is to be stored
	why         string
}

func (n *noRoom) Error() string {
	more := ""
	if n.with > n.bytes {
		more = fmt.Sprintf(" (%s with the stages before it)", sizeText(n.with))
	}
	return fmt.Sprintf("stage %s would store about %s%s, but %s; free some (shiftmill gc --apply), use another disk (--store), or let the stage stream (cache: stream)",
		n.stage, sizeText(n.bytes), more, n.why)
}

// checkRoom refuses a run whose results will not fit, as far as their sizes are
// known before anything runs, and names the stage that would be too much. It
// costs nothing where no stage stores large values.
func (e *Engine) checkRoom(ctx context.Context) error {
	left, why, known := e.room()
	if !known || !e.storesLarge() {
		return nil
	}
	works, err := e.Estimate(ctx, nil)
	if err != nil {
		return nil // the run meets it too, and tells where
	}
	total := int64(0)
	for i, w := range works {
		// Where conditions decide how many rows there are, the stage is looked at
		// again when it begins.
		if w == nil || w.Bytes <= 0 || w.Most {
			continue
		}
		if total += w.Bytes; total > left {
			return refuse("%v", &noRoom{e.nodes[i].spec.Name, w.Bytes, total, why})
		}
	}
	return nil
}

// need is what a row-wise node that begins is going to store, 0 where it
// stores nothing large or nobody can tell.
func (e *Engine) need(ctx context.Context, a *active) int64 {
	n := a.n
	if n.streams() || !slices.ContainsFunc(n.own[a.t.output], func(f arrow.Field) bool { return isLarge(f.Type) }) {
		return 0
	}
	if a.flow { // of as many rows as its maker stores, and like them
		return a.from.need
	}
	w, err := e.estimate(ctx, n, nil, rowCounts{n: {}})
	if err != nil {
		return 0 // the run meets it too
	}
	return max(0, w.Bytes)
}

// fits refuses a node when its rows, and those that others are at, will not
// fit.
func (s *scheduler) fits(a *active) error {
	left, why, known := s.e.room()
	if a.need == 0 || !known {
		return nil
	}
	total := int64(0)
	for _, b := range s.active {
		if !b.over && b.need > 0 {
			total += int64(float64(b.need) * float64(b.left) / float64(max(1, len(b.bounds))))
		}
	}
	if total > left {
		return &noRoom{a.n.spec.Name, a.need, total, why}
	}
	return nil
}

// storesLarge says whether a node that is to run writes large values.
func (e *Engine) storesLarge() bool {
	for _, n := range e.nodes {
		if n.outputs != nil || n.kind.Shape == stages.Source || n.streams() {
			continue
		}
		for _, fields := range n.own {
			for _, f := range fields {
				if isLarge(f.Type) {
					return true
				}
			}
		}
	}
	return false
}

// sizeText is a number of bytes for people.
func sizeText(n int64) string {
	switch {
	case n < 10_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 10_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
