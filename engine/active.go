package engine

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs"
	"shiftmill/stages"
)

// An active node has begun and, until it is over, not ended. The scheduler's
// loop owns it.
type active struct {
	n      *node
	ctx    context.Context // ends with the node
	cancel context.CancelCauseFunc
	over   bool
	flow   bool // begun before its input was complete
	depth  int  // how many nodes upstream were at work then

	// Of row-wise nodes:
	t        *rowTask
	progress func(done, total int64, unit string)
	bounds   []part       // the partitions of the input, those to come included
	results  []partRecord // by partition
	ready    []bool
	left     int       // partitions that are not ready
	from     *active   // whose rows flow in; nil when the input is complete
	flows    []*active // whom rows flow to
	data     *dataset  // the rows that are ready, once their columns are known
	last     bool      // its end is queued
	need     int64     // bytes that it is going to store, 0 where that is little or not known
}

func (s *scheduler) activate(n *node, from *active) *active {
	a := &active{n: n, from: from, flow: from != nil}
	a.ctx, a.cancel = context.WithCancelCause(s.ctx)
	if from != nil {
		a.depth = from.depth + 1
	}
	s.active[n] = a
	s.live++
	return a
}

// end stops what is still at work for a node.
func (s *scheduler) end(a *active, err error) {
	if !a.over {
		s.live--
	}
	a.over = true
	a.cancel(err)
}

// begin looks up a node whose inputs exist, and runs it if need be.
func (s *scheduler) begin(n *node) {
	a := s.activate(n, nil)
	var data *dataset
	if len(n.inputs) > 0 && len(n.kind.In) > 0 {
		if in := n.input(n.kind.In[0].Name); in != nil && len(in.refs) == 1 {
			data = in.refs[0].data()
		}
	}
	s.push(&task{a: a, lookup: true, site: site{level: n.arriving(data)},
		run:  func(ctx context.Context, _ *task) error { return s.e.begin(ctx, a) },
		then: func() { s.begun(a) }})
}

// begin brings a node up to date as far as that takes no work, and makes it
// ready to run otherwise.
func (e *Engine) begin(ctx context.Context, a *active) error {
	n := a.n
	if err := e.resolve(ctx, n); err != nil {
		return err
	}
	if n.state == Hit {
		e.emitHit(n)
		return nil
	}
	if err := n.learnColumns(); err != nil {
		return err
	}
	e.emit(Event{Type: NodeStarted, Stage: n.spec.Name, Kind: n.kind.Name, Reason: n.reason})
	switch {
	case n.streams():
		rec, err := e.streamNode(ctx, n)
		if err != nil {
			return err
		}
		return e.finish(ctx, n, rec, e.o.Now(), 0)
	case n.kind.Shape == stages.RowWise:
		return e.prepare(ctx, a, n.input(n.kind.In[0].Name).data)
	}
	return nil
}

// prepare makes a row-wise node ready to run on the rows of data.
func (e *Engine) prepare(ctx context.Context, a *active, data *dataset) (err error) {
	if a.t, err = e.newRowTask(a.n, "", data); err != nil {
		return err
	}
	if a.bounds = data.bounds(); a.bounds == nil {
		if a.bounds, err = e.partitions(data); err != nil {
			return err
		}
	}
	a.t.earlier = e.earlierParts(a.t.op)
	a.progress = a.t.progress
	a.left = len(a.bounds)
	a.results, a.ready = make([]partRecord, a.left), make([]bool, a.left)
	a.need = e.need(ctx, a)
	return nil
}

// begun goes on with a node that was looked up.
func (s *scheduler) begun(a *active) {
	switch {
	case a.n.state == Hit, a.n.state == Ran:
		s.completed(a)
	case a.t != nil && a.n.kind.Gather > 0:
		s.gather(a)
	case a.t != nil:
		if err := s.fits(a); err != nil {
			s.fail(a, err)
			return
		}
		for p := range a.bounds {
			s.pushPart(a, p)
		}
		s.finishIfDone(a)
	default:
		s.pushWhole(a)
	}
}

// pushWhole queues a node that is one task, with an even share of the workers
// for what it computes inside.
func (s *scheduler) pushWhole(a *active) {
	share := max(1, s.e.o.Workers/s.live)
	s.push(&task{a: a, workers: share, bytes: wholeBytes,
		run: func(ctx context.Context, t *task) error {
			t.key = a.n.key.Digest
			return s.e.whole(ctx, a.n, share)
		},
		then: func() { s.completed(a) }})
}

// pushPart queues a partition of a row-wise node.
func (s *scheduler) pushPart(a *active, p int) {
	s.push(&task{a: a, p: p, bytes: a.t.bytes(), site: a.t.site(a.bounds[p]),
		run: func(ctx context.Context, t *task) (err error) {
			a.results[p], t.key, err = a.t.partition(ctx, p, func() {
				if a.t.start() && a.flow { // it was not looked up
					s.e.emit(Event{Type: NodeStarted, Stage: a.n.spec.Name, Kind: a.n.kind.Name, Reason: a.n.reason})
				}
			})
			return err
		},
		then: func() { s.grew(a, p) }})
}

// grew notes that a partition is ready, and lets its rows flow on.
func (s *scheduler) grew(a *active, p int) {
	a.ready[p] = true
	a.left--
	if a.t != nil && !a.n.streams() {
		a.progress(a.t.landed(p, int64(a.bounds[p].Rows)), int64(a.t.data.rows), "rows")
	}
	if a.data == nil {
		s.open(a)
	} else {
		a.data.unfold().parts[p] = a.results[p].Part
		for _, b := range a.flows {
			s.feed(b, p)
		}
	}
	s.finishIfDone(a)
}

// finishIfDone queues the end of a row-wise node when all its rows are ready
// and its input is complete.
func (s *scheduler) finishIfDone(a *active) {
	if a.over || a.t == nil || a.left > 0 || a.from != nil || a.last {
		return
	}
	a.last = true
	s.push(&task{a: a, p: len(a.bounds), bytes: smallBytes,
		run:  func(ctx context.Context, _ *task) error { return s.e.endRows(ctx, a) },
		then: func() { s.completed(a) }})
}

// endRows records a row-wise node whose partitions are all ready.
func (e *Engine) endRows(ctx context.Context, a *active) error {
	n := a.n
	if a.flow { // now there is a key
		if err := e.resolve(ctx, n); err != nil {
			return err
		}
		if n.state == Hit && a.t.begun.IsZero() {
			e.emitHit(n)
			return nil
		}
		if n.state == Hit { // another process was done first; this one has computed some rows too
			n.state = Ran
			e.emit(Event{Type: NodeDone, Stage: n.spec.Name, Kind: n.kind.Name, State: Ran, Reason: n.reason,
				Rows: n.rows, Reused: int64(a.t.reused), Took: e.o.Now().Sub(a.t.begun), Metrics: e.details(n).Metrics})
			return nil
		}
	}
	var rec nodeRecord
	var err error
	if n.streams() {
		rec, err = e.streamNode(ctx, n)
	} else {
		rec, err = a.t.assemble(ctx, a.results)
	}
	if err != nil {
		return err
	}
	return e.finish(ctx, n, rec, a.t.begun, a.t.reused)
}

// open makes the rows of a node readable that are ready, once it is certain
// which columns they have: from the first partition with rows on. Then rows
// flow to its readers.
func (s *scheduler) open(a *active) {
	first := 0
	for first < len(a.ready) && a.ready[first] && a.results[first].Part.Rows == 0 {
		first++
	}
	if first == len(a.ready) || !a.ready[first] || s.e.grow(a, first) != nil {
		return // no flow: readers wait for the whole
	}
	a.n.growing = a.data
	for _, r := range s.readers[a.n] {
		s.tryFlow(r)
	}
}

// grow makes the dataset of the partitions that are ready.
func (e *Engine) grow(a *active, first int) error {
	own, err := e.schemas.decode(a.results[first].Schema)
	if err != nil {
		return err
	}
	u := &unfolded{bounds: a.bounds, parts: make([]part, len(a.bounds))}
	for p, ok := range a.ready {
		if ok {
			u.parts[p] = a.results[p].Part
		}
	}
	d := &dataset{schema: e.schemas.join(a.t.data.schema, own.schema), own: own.fields, rows: a.t.data.rows,
		base: a.t.data, maker: a.n, output: a.t.output}
	a.data = d.growing(u)
	return nil
}

// tryFlow begins a row-wise node whose other inputs exist when the rows of its
// first port are being made.
func (s *scheduler) tryFlow(n *node) {
	if s.active[n] != nil || s.skipped(n) || n.kind.Shape != stages.RowWise || n.kind.Gather > 0 || len(n.class.results) > 1 || s.ctx.Err() != nil {
		return
	}
	first := n.input(n.kind.In[0].Name)
	if first == nil || first.list || len(first.refs) != 1 {
		return
	}
	maker := first.refs[0].node
	from := s.active[maker]
	if from == nil || from.over || from.data == nil || s.waiting[n] != 1 {
		return // the one that is missing is to be this one
	}
	a := s.activate(n, from)
	s.push(&task{a: a, lookup: true, site: site{level: n.arriving(from.data)},
		run:  func(ctx context.Context, _ *task) error { return s.e.beginFlow(ctx, a, from.data) },
		then: func() { s.flow(a, from) }})
}

// beginFlow makes a node ready to run on rows that are still being made.
func (e *Engine) beginFlow(ctx context.Context, a *active, data *dataset) error {
	n := a.n
	port := n.kind.In[0].Name
	n.state, n.reason = Pending, fmt.Sprintf("as rows come from %s", data.maker.spec.Name)
	if err := e.openInputs(ctx, n, port); err != nil {
		return err
	}
	if err := n.learnColumns(); err != nil {
		return err
	}
	k := keyWriter{keep: true}
	if err := e.operation(n, &k, e.stats.digest); err != nil {
		return err
	}
	if err := e.inputLines(ctx, n, &k, true); err != nil {
		return err
	}
	n.key = Key{k.lines, k.sum()}
	n.op = n.key.Digest
	if err := e.prepare(ctx, a, data); err != nil || !n.streams() {
		return err
	}
	own, ok := n.own[a.t.output]
	if !ok {
		return fmt.Errorf("kind %s cannot stream: it does not declare its columns", n.kind.Name)
	}
	fields := make(map[string]arrow.Field, len(own))
	for _, f := range own {
		fields[f.Name] = f
	}
	bounds := data.bounds()
	d := &dataset{schema: joinSchemas(data.schema, own), own: fields, rows: data.rows, base: data, maker: n,
		output: a.t.output, streamed: true}
	a.data = d.growing(&unfolded{task: a.t, bounds: bounds, parts: make([]part, len(bounds))})
	return nil
}

// flow hands on what is ready.
func (s *scheduler) flow(a, from *active) {
	if err := s.fits(a); err != nil {
		s.fail(a, err)
		return
	}
	if a.data != nil { // streamed: its rows are there as soon as its input's are
		a.n.growing = a.data
	}
	from.flows = append(from.flows, a)
	if from.over {
		a.from = nil
	}
	for p, ok := range from.ready {
		if ok {
			s.feed(a, p)
		}
	}
	if a.data != nil {
		for _, r := range s.readers[a.n] {
			s.tryFlow(r)
		}
	}
	s.finishIfDone(a)
}

// feed hands a partition on to a node that reads it.
func (s *scheduler) feed(a *active, p int) {
	if a.over {
		return
	}
	in := a.t.data.unfold().parts[p]
	switch {
	case in.Rows == 0: // all its rows were left out
		s.grew(a, p)
	case a.n.streams():
		a.results[p].Part = part{Rows: in.Rows, First: in.First, Last: in.Last,
			Content: map[string]runs.Digest{idColumn: in.Content[idColumn]}}
		s.grew(a, p)
	default:
		s.pushPart(a, p)
	}
}
