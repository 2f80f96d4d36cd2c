package engine

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"

	"shiftmill/runs"
)

// A spool takes the rows of an output as they come and hands them out in ascending id.
// Rows that are too many for memory lie in runs: ascending rows, block by block, in a
// scratch file.
type spool struct {
	store   *runs.Store
	schema  *arrow.Schema
	held    []arrow.Record
	bytes   int // of held
	scratch *runs.Scratch
	runs    []run
}

// A run is the blocks from..to-1 of a spool's scratch.
type run struct{ from, to int }

// blockBytes is about the size of a block: what the merge holds of each run.
const blockBytes = 256 << 10

func (s *spool) add(rec arrow.Record) int {
	n := recordBytes(rec)
	s.held = append(s.held, rec)
	s.bytes += n
	return n
}

// A rowAt is a row of one of several records, with its id.
type rowAt struct {
	id string
	at pick
}

// sorted lists the held rows in ascending id.
func (s *spool) sorted() ([]rowAt, error) {
	n := 0
	for _, rec := range s.held {
		n += int(rec.NumRows())
	}
	rows := make([]rowAt, 0, n)
	for r, rec := range s.held {
		ids, err := idsOf(rec)
		if err != nil {
			return nil, err
		}
		for row, id := range ids {
			rows = append(rows, rowAt{id, pick{r, row}})
		}
	}
	byID := func(a, b rowAt) int { return cmp.Compare(a.id, b.id) }
	if !slices.IsSortedFunc(rows, byID) {
		slices.SortFunc(rows, byID)
	}
	for i := 1; i < len(rows); i++ {
		if rows[i].id == rows[i-1].id {
			return nil, twice(rows[i].id)
		}
	}
	return rows, nil
}

// twice is the error for an id that stands twice.
func twice(id string) error { return fmt.Errorf("id %q stands twice; ids must be unique", id) }

// eachSorted calls f with the held rows in ascending id, about size bytes at a time, and
// lets go of them. A size of 0 means all at once.
func (s *spool) eachSorted(size int, f func(arrow.Record) error) error {
	rows, err := s.sorted()
	if err != nil {
		return err
	}
	per := len(rows)
	if size > 0 {
		per = max(1, size*len(rows)/max(1, s.bytes))
	}
	for len(rows) > 0 {
		n := min(per, len(rows))
		picks := make([]pick, n)
		for i, r := range rows[:n] {
			picks[i] = r.at
		}
		rec, err := takeRows(s.schema, s.held, picks)
		if err != nil {
			return err
		}
		if err := f(rec); err != nil {
			return err
		}
		rows = rows[n:]
	}
	s.held, s.bytes = nil, 0
	return nil
}

// spill moves the held rows to the scratch file, as a run.
func (s *spool) spill() (err error) {
	if s.scratch == nil {
		if s.scratch, err = s.store.Scratch(); err != nil {
			return err
		}
	}
	var r run
	if len(s.runs) > 0 {
		r.from = s.runs[len(s.runs)-1].to
	}
	r.to = r.from
	err = s.eachSorted(blockBytes, func(rec arrow.Record) error {
		var b bytes.Buffer
		w := ipc.NewWriter(&b, ipc.WithSchema(s.schema))
		if err := errors.Join(w.Write(rec), w.Close()); err != nil {
			return err
		}
		n, err := s.scratch.Append(b.Bytes())
		r.to = n + 1
		return err
	})
	s.runs = append(s.runs, r)
	return err
}

// each calls f with all rows in ascending id, a part of them at a time. The spool is
// empty after it.
func (s *spool) each(ctx context.Context, f func(rec arrow.Record, ids []string) error) error {
	withIDs := func(rec arrow.Record) error {
		ids, err := idsOf(rec)
		if err != nil {
			return err
		}
		return f(rec, ids)
	}
	if s.runs == nil {
		return s.eachSorted(batchBytes, withIDs)
	}
	if err := s.spill(); err != nil {
		return err
	}
	return s.merge(ctx, withIDs)
}

func (s *spool) close() error {
	if s.scratch == nil {
		return nil
	}
	return s.scratch.Close()
}

// A runCursor is how far a run has been read.
type runCursor struct {
	run run // what is left of it
	ids []string
	row int // of the block at hand
	rec int // in the batch at work
}

// head is the next id.
func (c *runCursor) head() string { return c.ids[c.row] }

// A runHeap has the cursor with the least id first.
type runHeap []*runCursor

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h runHeap) Less(i, j int) bool { return h[i].head() < h[j].head() }
func (h *runHeap) Push(x any)        { *h = append(*h, x.(*runCursor)) }
func (h *runHeap) Pop() any {
	last := len(*h) - 1
	c := (*h)[last]
	*h = (*h)[:last]
	return c
}

// mergeRows is how many rows of a merge are handed out at once, at most.
const mergeRows = 8192

// A merging hands out the rows of runs.
type merging struct {
	s     *spool
	heap  runHeap
	recs  []arrow.Record // blocks of the batch at work
	picks []pick
	last  string
	f     func(arrow.Record) error
}

func (s *spool) merge(ctx context.Context, f func(arrow.Record) error) error {
	m := &merging{s: s, f: f}
	for _, r := range s.runs {
		if err := m.read(&runCursor{run: r}); err != nil {
			return err
		}
	}
	heap.Init(&m.heap)
	for first := true; len(m.heap) > 0; first = false {
		c := m.heap[0]
		if !first && c.head() == m.last {
			return twice(m.last)
		}
		if err := m.take(c); err != nil {
			return err
		}
		if len(m.picks) >= mergeRows || len(m.recs) >= 2*len(s.runs)+64 {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			if err := m.flush(); err != nil {
				return err
			}
		}
	}
	return m.flush()
}

// read makes the next block of a run the one at hand, and puts the cursor on the heap;
// a run that is read to its end stays out.
func (m *merging) read(c *runCursor) error {
	if c.run.from == c.run.to {
		return nil
	}
	data, err := m.s.scratch.Read(c.run.from)
	if err != nil {
		return err
	}
	c.run.from++
	r, err := ipc.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	defer r.Release()
	rec, err := r.Read()
	if err != nil {
		return err
	}
	// Its buffers may be used again by the reader's allocator otherwise.
	rec.Retain()
	if c.ids, err = idsOf(rec); err != nil {
		return err
	}
	c.row, c.rec = 0, len(m.recs)
	m.recs = append(m.recs, rec)
	m.heap = append(m.heap, c)
	return nil
}

// take takes from the first cursor all rows before the next one's head.
func (m *merging) take(c *runCursor) error {
	n := len(c.ids) - c.row
	if next := m.second(); next != nil {
		n = max(1, sort.SearchStrings(c.ids[c.row:], next.head()))
	}
	n = min(n, mergeRows)
	for i := range n {
		m.picks = append(m.picks, pick{c.rec, c.row + i})
	}
	c.row += n
	m.last = c.ids[c.row-1]
	if c.row < len(c.ids) {
		heap.Fix(&m.heap, 0)
		return nil
	}
	heap.Pop(&m.heap)
	before := len(m.heap)
	if err := m.read(c); err != nil {
		return err
	}
	if len(m.heap) > before {
		heap.Fix(&m.heap, before)
	}
	return nil
}

// second is the cursor that comes after the first.
func (m *merging) second() *runCursor {
	switch {
	case len(m.heap) < 2:
		return nil
	case len(m.heap) == 2 || m.heap.Less(1, 2):
		return m.heap[1]
	}
	return m.heap[2]
}

// flush hands out the batch at work and keeps the blocks that are still at hand.
func (m *merging) flush() error {
	if len(m.picks) == 0 {
		return nil
	}
	rec, err := takeRows(m.s.schema, m.recs, m.picks)
	if err != nil {
		return err
	}
	recs := make([]arrow.Record, len(m.heap))
	for i, c := range m.heap {
		recs[i], c.rec = m.recs[c.rec], i
	}
	m.recs, m.picks = recs, m.picks[:0]
	return m.f(array.NewRecord(m.s.schema, rec.Columns(), rec.NumRows()))
}
