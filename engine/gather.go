package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages"
)

// pushGathered queues a row-wise node of a kind whose start is dear: all its
// partitions are one task.
func (s *scheduler) pushGathered(a *active) {
	s.push(&task{a: a, bytes: wholeBytes,
		run: func(ctx context.Context, t *task) error {
			t.key = a.n.key.Digest
			found := func() bool { return s.e.resolve(ctx, a.n) == nil && a.n.state == Hit }
			err := s.e.claimed(t.key, found, func() error { return s.e.gathered(ctx, a) })
			if err == nil && a.n.state == Hit { // another process did it
				s.e.emitHit(a.n)
			}
			return err
		},
		then: func() { s.completed(a) }})
}

// gathered brings all partitions of a node up to date: what the store does not
// have is handed to the stage by as many rows at a time as the kind says.
func (e *Engine) gathered(ctx context.Context, a *active) error {
	g := &gathering{t: a.t, a: a}
	a.t.start()
	for p := range a.bounds {
		key, err := a.t.key(ctx, p)
		if err != nil {
			return err
		}
		if rec, ok := a.t.stored(key); ok {
			a.results[p] = rec
			g.done(p)
			continue
		}
		w, err := a.t.prepare(ctx, p, key)
		if err != nil {
			return err
		}
		if len(g.parts) > 0 && g.rows+len(w.todo) > a.n.kind.Gather {
			if err := g.flush(ctx); err != nil {
				return err
			}
		}
		g.parts, g.rows = append(g.parts, w), g.rows+len(w.todo)
	}
	if err := g.flush(ctx); err != nil {
		return err
	}
	rec, err := a.t.assemble(ctx, a.results)
	if err != nil {
		return err
	}
	rec.Metrics = g.metrics
	return e.finish(a.n, rec, a.t.begun, a.t.reused)
}

// A gathering are partitions that one call of a stage is to make.
type gathering struct {
	t       *rowTask
	a       *active
	parts   []*making
	rows    int
	metrics []Metric // of the last call
}

func (g *gathering) done(p int) {
	g.t.done += int64(g.a.bounds[p].Rows)
	g.a.progress(g.t.done, int64(g.t.data.rows), "rows")
}

// flush makes the partitions gathered so far.
func (g *gathering) flush(ctx context.Context) error {
	t, parts := g.t, g.parts
	g.parts = nil
	if len(parts) == 0 {
		return nil
	}
	in := *t.side
	in.Workers = t.e.o.Workers
	rows := &partsInput{}
	folder := make([]runs.Digest, len(parts))
	for i, w := range parts {
		folder[i] = w.key
		if len(w.todo) > 0 {
			rows.add(t.input(w))
		}
	}
	c := t.collector()
	c.progress = t.e.progressOf(t.n)
	c.take = func(rec arrow.Record) error { return deal(ctx, parts, rec) }
	job := derive("job/1", folder...)
	if g.rows > 0 {
		if t.n.kind.External {
			if err := t.e.giveFolder(t.n, job, &in); err != nil {
				return err
			}
		}
		if err := t.run(ctx, []stages.Input{rows}, in, c); err != nil {
			return err
		}
		if err := t.e.unchanged(ctx, t.n); err != nil {
			return err
		}
	}
	skips := c.skipped()
	for i, w := range parts {
		rec := partRecord{}
		if i == 0 { // what was said of all of them is told once
			rec.Skips, rec.Notes = skips, c.notes
		}
		rec, err := t.close(ctx, w, c, rec)
		if err != nil {
			return err
		}
		g.a.results[w.p] = rec
		g.done(w.p)
	}
	if c.metrics != nil {
		g.metrics = c.metrics
	}
	if g.rows == 0 || !t.n.kind.External {
		g.rows = 0
		return nil
	}
	g.rows = 0
	if err := t.e.store.Commit(ctx); err != nil { // before the folder goes
		return err
	}
	return t.e.dropFolder(job)
}

// deal gives each partition its rows of a record that a stage wrote.
func deal(ctx context.Context, parts []*making, rec arrow.Record) error {
	rec, ids, err := sortByID(rec)
	if err != nil {
		return err
	}
	for _, w := range parts {
		n := sort.Search(len(ids), func(i int) bool { return ids[i] > w.m.ids[len(w.m.ids)-1] })
		if n == 0 {
			continue
		}
		if err := w.m.add(ctx, rec.NewSlice(0, int64(n))); err != nil {
			return err
		}
		rec, ids = rec.NewSlice(int64(n), rec.NumRows()), ids[n:]
	}
	if len(ids) > 0 {
		return fmt.Errorf("row %q came out but did not go in", ids[0])
	}
	return nil
}

// A partsInput hands a stage rows of several partitions, one after the other.
type partsInput struct {
	parts  []*partInput
	starts []int
	rows   int
}

func (in *partsInput) add(p *partInput) {
	in.parts, in.starts = append(in.parts, p), append(in.starts, in.rows)
	in.rows += p.Len()
}

func (in *partsInput) Stage() string               { return in.parts[0].Stage() }
func (in *partsInput) Output() string              { return in.parts[0].Output() }
func (in *partsInput) Coords() []pipeline.Coord    { return in.parts[0].Coords() }
func (in *partsInput) Schema() *arrow.Schema       { return in.parts[0].Schema() }
func (in *partsInput) Len() int                    { return in.rows }
func (in *partsInput) FileNames() []string         { return nil }
func (in *partsInput) File(string) ([]byte, error) { return nil, errors.New("rows have no files") }

func (in *partsInput) Each(ctx context.Context, f func(arrow.Record) error) error {
	for _, p := range in.parts {
		if err := p.Each(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (in *partsInput) Take(ctx context.Context, ordinals []int) (arrow.Record, error) {
	wanted := slices.Clone(ordinals)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	var recs []arrow.Record
	for rest := wanted; len(rest) > 0; {
		if rest[0] < 0 || rest[len(rest)-1] >= in.rows {
			return nil, fmt.Errorf("row %d or %d of %d", rest[0], rest[len(rest)-1], in.rows)
		}
		i := sort.SearchInts(in.starts, rest[0]+1) - 1
		n := sort.SearchInts(rest, in.starts[i]+in.parts[i].Len())
		mine := make([]int, n)
		for k := range mine {
			mine[k] = rest[k] - in.starts[i]
		}
		rec, err := in.parts[i].Take(ctx, mine)
		if err != nil {
			return nil, err
		}
		recs, rest = append(recs, rec), rest[n:]
	}
	if len(recs) == 0 {
		return array.NewRecord(in.Schema(), emptyColumns(in.Schema()), 0), nil
	}
	all, err := concatLike(in.Schema(), recs)
	if err != nil {
		return nil, err
	}
	return takeOrdinals(all, in.Schema(), wanted, ordinals)
}
