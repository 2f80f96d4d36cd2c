package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages"
)

// gather queues a node of a kind whose start is dear. It joins those that wait
// and do the same to other rows, so that one start serves them all.
func (s *scheduler) gather(a *active) {
	for _, t := range s.foreign {
		if len(t.group) > 0 && a.t.joins(t.a.t) {
			t.group = append(t.group, a)
			return
		}
	}
	s.push(s.gatherTask([]*active{a}))
}

// joins says whether one call of the stage can take rows of both nodes.
func (t *rowTask) joins(other *rowTask) bool {
	return t.op == other.op && t.schema.Equal(other.schema)
}

// gatherTask brings a group of nodes up to date. Those that another process is
// at are looked at again once it has ended.
func (s *scheduler) gatherTask(group []*active) *task {
	t := &task{a: group[0], group: group, bytes: wholeBytes}
	var busy []*active
	t.run = func(ctx context.Context, t *task) (err error) {
		sort.Slice(t.group, func(i, j int) bool { return t.group[i].n.index < t.group[j].n.index })
		busy, err = s.e.claimGroup(ctx, t.group, func(mine []*active) error { return s.e.gathered(ctx, mine) })
		if err == nil && len(busy) == len(t.group) {
			t.key, err = busy[0].n.key.Digest, errBusy
		}
		return err
	}
	t.then = func() {
		for _, a := range t.group {
			if !slices.Contains(busy, a) {
				s.completed(a)
			}
		}
		if len(busy) > 0 {
			rest := s.gatherTask(busy)
			rest.key = busy[0].n.key.Digest
			s.parked = append(s.parked, rest)
		}
	}
	return t
}

// failGroup records a cause for all nodes that one program was started for; it
// is told once. Where the run is to keep going, each is tried alone: the others
// need not fail with the one that is at fault.
func (s *scheduler) failGroup(t *task, err error) {
	if len(t.group) > 1 && s.e.o.KeepGoing && s.ctx.Err() == nil {
		for _, a := range t.group {
			s.push(s.gatherTask([]*active{a}))
		}
		return
	}
	stopped := s.ctx.Err() != nil && errors.Is(err, context.Cause(s.ctx))
	s.fail(t.a, err)
	for _, a := range t.group {
		if a == t.a || stopped {
			continue // those that were stopped are told of at the end
		}
		s.end(a, err)
		reason := "was made together with " + t.a.n.spec.Name + ", which failed"
		s.verdict[a.n] = verdict{Skipped, reason}
		s.e.emit(Event{Type: NodeDone, Stage: a.n.spec.Name, Kind: a.n.kind.Name, State: Skipped, Reason: reason})
		s.skip(a.n, err)
	}
}

// claimGroup runs work on those of a group that nobody else is at and that are
// not done, and returns those that somebody is at.
func (e *Engine) claimGroup(ctx context.Context, group []*active, work func(mine []*active) error) (busy []*active, err error) {
	var mine []*active
	var from func(i int) error
	from = func(i int) error {
		if i == len(group) {
			if len(mine) == 0 {
				return nil
			}
			return work(mine)
		}
		a, held := group[i], false
		found := func() bool { return e.resolve(ctx, a.n) == nil && a.n.state == Hit }
		err := e.claimed(a.n.key.Digest, found, func() error {
			held, mine = true, append(mine, a)
			return from(i + 1)
		})
		switch {
		case held:
			return err
		case errors.Is(err, errBusy):
			busy = append(busy, a)
		case err != nil:
			return err
		default: // another process did it
			e.emitHit(a.n)
		}
		return from(i + 1)
	}
	err = from(0)
	return busy, err
}

// gathered brings nodes that do the same to different rows up to date: what the
// store does not have of any of them is handed to the stage together, by as
// many rows at a time as the kind says.
func (e *Engine) gathered(ctx context.Context, group []*active) error {
	g := &gathering{e: e, kind: group[0].n.kind}
	for _, a := range group {
		a.t.start()
		set := &gatheredSet{a: a, t: a.t}
		g.sets = append(g.sets, set)
		for p := range a.bounds {
			key, err := a.t.key(ctx, p)
			if err != nil {
				return err
			}
			if rec, ok := a.t.stored(key); ok {
				a.results[p] = rec
				set.done(p)
				continue
			}
			w, err := a.t.prepare(ctx, p, key)
			if err != nil {
				return err
			}
			if g.rows > 0 && g.rows+len(w.todo) > g.kind.Gather {
				if err := g.flush(ctx); err != nil {
					return err
				}
			}
			set.parts, g.rows = append(set.parts, w), g.rows+len(w.todo)
		}
	}
	if err := g.flush(ctx); err != nil {
		return err
	}
	for _, set := range g.sets {
		rec, err := set.t.assemble(ctx, set.a.results)
		if err != nil {
			return err
		}
		rec.Metrics = set.metrics
		if err := e.finish(ctx, set.a.n, rec, set.t.begun, set.t.reused); err != nil {
			return err
		}
	}
	return nil
}

// A gathering is what one call of a stage is to make.
type gathering struct {
	e    *Engine
	kind *stages.Kind
	sets []*gatheredSet
	rows int
}

// A gatheredSet is the part that one node has in it.
type gatheredSet struct {
	a       *active
	t       *rowTask
	parts   []*making
	metrics []Metric // of the last call
}

func (s *gatheredSet) done(p int) {
	s.a.progress(s.t.landed(p, int64(s.a.bounds[p].Rows)), int64(s.t.data.rows), "rows")
}

// flush makes the partitions gathered so far.
func (g *gathering) flush(ctx context.Context) error {
	var keys []runs.Digest
	var inputs []stages.Input
	var sinks []stages.Sink
	var first *gatheredSet
	collectors := map[*gatheredSet]*collector{}
	for _, set := range g.sets {
		c := set.t.collector()
		c.progress = g.e.progressOf(set.a.n)
		parts := set.parts
		c.take = func(rec arrow.Record) error { return deal(ctx, parts, rec) }
		collectors[set] = c
		rows := &partsInput{}
		for _, w := range parts {
			keys = append(keys, w.key)
			if len(w.todo) > 0 {
				rows.add(set.t.input(w))
			}
		}
		if rows.rows == 0 {
			continue
		}
		if first == nil {
			first = set
		}
		inputs, sinks = append(inputs, rows), append(sinks, c)
	}
	job, program := derive("job/1", keys...), g.kind.External && first != nil
	if first != nil {
		in := *first.t.side
		in.Workers = g.e.o.Workers
		if program {
			if err := g.e.giveFolder(first.a.n, job, &in); err != nil {
				return err
			}
		}
		in.Ports = maps.Clone(in.Ports)
		in.Ports[g.kind.In[0].Name] = inputs
		in.Outputs = first.t.outputs
		if err := first.t.stage.(stages.Gatherer).Gather(ctx, &in, sinks); err != nil {
			return err
		}
		if err := g.e.unchanged(ctx, first.a.n); err != nil {
			return err
		}
	}
	for _, set := range g.sets {
		if err := set.close(ctx, collectors[set]); err != nil {
			return err
		}
	}
	g.rows = 0
	if !program {
		return nil
	}
	if err := g.e.store.Commit(ctx); err != nil { // before the folder goes
		return err
	}
	return g.e.dropFolder(job)
}

// close stores the partitions of a set that were made.
func (s *gatheredSet) close(ctx context.Context, c *collector) error {
	parts, skips := s.parts, c.skipped()
	s.parts = nil
	for i, w := range parts {
		rec := partRecord{}
		if i == 0 { // what was said of all of them is told once
			rec.Skips, rec.Notes = skips, c.notes
		}
		rec, err := s.t.close(ctx, w, c, rec)
		if err != nil {
			return err
		}
		s.a.results[w.p] = rec
		s.done(w.p)
	}
	if c.metrics != nil {
		s.metrics = c.metrics
	}
	return nil
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
