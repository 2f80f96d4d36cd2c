package engine

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"shiftmill/runs"
	"shiftmill/stages"
)

// ErrFailed says that at least one stage failed; the events and Instances have
// the causes.
var ErrFailed = errors.New("a stage failed")

// Run brings every node up to date. What the store has is taken from there;
// the rest runs: whole nodes once their inputs exist, partitions of row-wise
// nodes as soon as those of their input do. Run returns when every goroutine it
// started has ended: with nil, ErrFailed, or the cause of ctx.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.checkRescan(); err != nil {
		return err
	}
	// A stored object that turns out to be absent or damaged while it is read
	// makes the run start over: its maker is a miss then. Each start finds
	// another one, or the store does not remember what it found.
	for seen := map[string]bool{}; ; {
		err := e.runOnce(ctx)
		if slices.ContainsFunc(e.nodes, func(n *node) bool { return n.state != Hit }) {
			if failed := e.completeAll(); err == nil { // what was looked up on the way
				err = failed
			}
		}
		if !errors.Is(err, runs.ErrAbsent) || seen[err.Error()] || ctx.Err() != nil {
			return err
		}
		seen[err.Error()] = true
		e.allKeys = runs.Digest{}
		e.emit(Event{Type: Note, Message: fmt.Sprintf("%v; what made it runs again", err)})
		for _, n := range e.nodes {
			n.state, n.reason, n.told, n.outputs, n.partly, n.front, n.growing, n.key = Pending, "", nil, nil, false, nil, nil, Key{}
		}
	}
}

// A task is a piece of work for one or more workers: looking a node up, a node
// as a whole, one partition of it, or its end.
type task struct {
	a       *active
	p       int // partition, to tell what goes first
	lookup  bool
	workers int
	bytes   int64 // of rows that it may hold
	at      int   // in the queue
	tried   int
	key     runs.Digest // of the claim that another process has
	group   []*active   // nodes that it brings up to date together, a among them; nil for a alone
	site    site        // of a partition whose pictures others may read as well; its level alone for a look-up
	member  *member     // of the convoy that it has started with
	run     func(ctx context.Context, t *task) error
	then    func() // in the scheduler's loop, after run has ended well
}

// A taskQueue is a heap of tasks that are ready: look-ups first, so that all
// that can run is known; then what is furthest downstream, so that rows flow on
// while they are in memory; then by plan order.
type taskQueue []*task

func (q taskQueue) Len() int { return len(q) }
func (q taskQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at, q[j].at = i, j
}
func (q taskQueue) Less(i, j int) bool {
	a, b := q[i], q[j]
	switch {
	case a.lookup != b.lookup:
		return a.lookup
	case a.a.depth != b.a.depth:
		return a.a.depth > b.a.depth
	case a.a.n.index != b.a.n.index:
		return a.a.n.index < b.a.n.index
	}
	return a.p < b.p
}
func (q *taskQueue) Push(x any) {
	t := x.(*task)
	t.at = len(*q)
	*q = append(*q, t)
}
func (q *taskQueue) Pop() any {
	last := len(*q) - 1
	t := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return t
}

// An ended is a task that has run, or whose wait is over.
type ended struct {
	t      *task
	err    error
	waited bool
}

// A scheduler owns the graph's state during a run. A node itself is written by
// its own tasks alone, and read by others once it is complete; what the loop
// decides about a node that may be at work, such as that it is left out, stands
// in verdict until all has ended.
type scheduler struct {
	e       *Engine
	ctx     context.Context
	cancel  context.CancelCauseFunc
	queue   taskQueue
	parked  []*task          // another process is at them
	foreign []*task          // external stages: their programs compute elsewhere, one at a time, beside the workers
	program bool             // one of them runs
	workers int              // free
	bytes   int64            // free
	running int              // tasks and waits
	sites   map[site][]*task // ready, by where their pictures come from
	convoys []*convoy        // at work
	waits   int
	live    int              // active nodes
	looking int              // nodes that are being looked up
	coming  map[*dataset]int // of those, by the level of the pictures that they read
	done    chan ended

	waiting map[*node]int // inputs still to come
	readers map[*node][]*node
	active  map[*node]*active
	verdict map[*node]verdict
	errs    []error
}

// A verdict is what became of a node that did not end well.
type verdict struct {
	state  State
	reason string
}

func (e *Engine) runOnce(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &scheduler{e: e, ctx: ctx, cancel: cancel, workers: e.o.Workers, bytes: e.budget(), done: make(chan ended), sites: map[site][]*task{}, coming: map[*dataset]int{},
		waiting: map[*node]int{}, readers: map[*node][]*node{}, active: map[*node]*active{}, verdict: map[*node]verdict{}}
	var ready []*node
	errs := e.resolveAll(ctx)
	missed := slices.ContainsFunc(e.nodes, func(n *node) bool { return n.state != Hit })
	if missed {
		if err := e.completeAll(); err != nil {
			return err
		}
	}
	looked := e.o.Now()
	if !missed { // what then remains is to tell so, and to look whether the lock file does
		var keys sync.WaitGroup
		keys.Go(func() { e.keysDigest() })
		defer keys.Wait()
	}
	for i, n := range e.nodes {
		if !missed && errs[i] == nil {
			e.emitHitAt(n, looked)
			continue
		}
		var missing []*node
		for _, in := range n.inputs {
			for _, r := range in.refs {
				if r.node.outputs == nil && !slices.Contains(missing, r.node) {
					missing = append(missing, r.node)
				}
			}
		}
		if len(missing) == 0 && errs[i] == nil && n.state == Hit {
			e.emitHitAt(n, looked) // what went wrong is left to its run, which reports it
			continue
		}
		if err := e.Check(); err != nil {
			return err // before anything runs
		}
		for _, in := range missing {
			s.readers[in] = append(s.readers[in], n)
		}
		s.waiting[n] = len(missing)
		if len(missing) == 0 {
			ready = append(ready, n)
		}
	}
	if len(ready) > 0 {
		if err := errors.Join(e.limitStore(), e.checkRoom(ctx)); err != nil {
			return err
		}
	}
	if len(e.store.Found()) > 0 {
		e.tellResumed(ready)
	}
	for _, n := range ready {
		s.begin(n)
	}
	s.loop()
	if err := e.store.Commit(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	if len(s.errs) > 0 {
		return errors.Join(append([]error{ErrFailed}, s.errs...)...)
	}
	return context.Cause(ctx)
}

// tellResumed says, after a process has died on this store, what of the graph
// is there and what goes on.
func (e *Engine) tellResumed(ready []*node) {
	if len(ready) == 0 {
		return
	}
	const most = 3
	var names []string
	for _, n := range ready[:min(len(ready), most)] {
		name := n.spec.Name
		if r, ok := e.store.Lookup(checkpointKey(n)); ok && len(r.Objects) == 1 {
			name += " (from its checkpoint)"
		}
		names = append(names, name)
	}
	if len(ready) > most {
		names = append(names, fmt.Sprintf("%d more", len(ready)-most))
	}
	e.emit(Event{Type: Note, Message: fmt.Sprintf("%d of %d stages are done and kept; going on with %s; partitions that were recorded are not computed again",
		e.Count()[Hit], len(e.nodes), strings.Join(names, ", "))})
}

// budget is how many bytes of rows may be in flight; the rest of the memory is
// for tables that are kept to be read again.
func (e *Engine) budget() int64 { return e.o.Memory - e.o.Memory/4 }

func (e *Engine) emitHit(n *node) { e.emitHitAt(n, time.Time{}) }

func (e *Engine) emitHitAt(n *node, at time.Time) {
	e.emit(Event{Type: NodeDone, Time: at, Stage: n.spec.Name, Kind: n.kind.Name, State: Hit, Rows: n.rows})
}

// loop runs tasks until none is left.
func (s *scheduler) loop() {
	for s.dispatch(); s.running > 0; s.dispatch() {
		d := <-s.done
		s.running--
		t := d.t
		if d.waited {
			s.waits--
		} else {
			s.free(t)
			s.program = s.program && !t.foreign()
		}
		again := d.waited && d.err == nil
		switch {
		case t.a.over: // failed meanwhile
			again = false
		case d.waited && d.err == nil:
			s.queueUp(t)
		case errors.Is(d.err, errBusy):
			s.parked, again = append(s.parked, t), true
		case d.err != nil && s.again(t, d.err):
			again = true
		case d.err != nil && t.group != nil:
			s.failGroup(t, d.err)
		case d.err != nil:
			s.fail(t.a, d.err)
		default:
			t.then()
		}
		if t.lookup && !again {
			s.looked(t)
		}
	}
	for n, a := range s.active {
		if !a.over {
			s.end(a, nil)
			s.verdict[n] = verdict{Pending, "stopped"}
		}
	}
	for n, v := range s.verdict {
		n.state, n.reason = v.state, v.reason
	}
}

// dispatch starts tasks while there are workers and memory. What comes first in
// the queue is not overtaken, so that nothing starves.
func (s *scheduler) dispatch() {
	if s.ctx.Err() != nil {
		s.queue, s.parked, s.foreign = nil, nil, nil
		clear(s.sites)
		return
	}
	for len(s.queue) > 0 {
		t := s.queue[0]
		if t.a.over {
			heap.Pop(&s.queue)
			if t.lookup {
				s.looked(t)
			}
			continue
		}
		if t.bytes > s.bytes || s.awaits(t) || !s.unseat(t.workers) {
			break
		}
		heap.Pop(&s.queue)
		s.depart(t)
	}
	s.seat()
	for i := 0; i < len(s.foreign) && !s.program; {
		t := s.foreign[i]
		if t.group != nil && s.looking > 0 { // others may be about to join it
			i++
			continue
		}
		if s.foreign = slices.Delete(s.foreign, i, i+1); !t.a.over {
			s.program = true
			s.start(t)
		}
	}
	// Whoever waits for another process takes no worker from what can be done.
	for len(s.parked) > 0 && s.waits < lookups {
		t := s.parked[0]
		if s.parked = s.parked[1:]; t.a.over {
			continue
		}
		s.wait(t, func(ctx context.Context) error { return s.e.store.Wait(ctx, t.key) })
	}
}

func (s *scheduler) start(t *task) {
	s.workers -= t.workers
	s.bytes -= t.bytes
	s.running++
	go func() { s.done <- ended{t: t, err: s.e.attempt(t.a.ctx, t)} }()
}

// attempt runs a task; a panic is its error, and so is the end of ctx.
func (e *Engine) attempt(ctx context.Context, t *task) (err error) {
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
	}()
	defer recoverPanic(&err)
	if t.member != nil {
		return t.member.run(ctx, func(ctx context.Context) error { return t.run(ctx, t) })
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return t.run(ctx, t)
}

// wait queues a task again after something has happened.
func (s *scheduler) wait(t *task, for_ func(context.Context) error) {
	s.running++
	s.waits++
	go func() {
		err := for_(t.a.ctx)
		if err != nil && t.a.ctx.Err() != nil {
			err = context.Cause(t.a.ctx)
		}
		s.done <- ended{t: t, err: err, waited: true}
	}()
}

// retries is how often a task is tried again after an error that is marked as
// temporary.
const retries = 4

// again tries a task again later when what stopped it may pass.
func (s *scheduler) again(t *task, err error) bool {
	if !stages.IsTemporary(err) || t.tried >= retries || s.ctx.Err() != nil {
		return false
	}
	pause := s.e.o.Retry << (2 * t.tried)
	t.tried++
	s.e.emit(Event{Type: Note, Stage: t.a.n.spec.Name, Message: fmt.Sprintf("%v; trying again in %v (%d of %d)", err, pause, t.tried, retries)})
	s.wait(t, func(ctx context.Context) error {
		select {
		case <-time.After(pause):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	return true
}

// push queues a new task.
func (s *scheduler) push(t *task) {
	t.workers = max(1, t.workers)
	t.bytes = min(t.bytes, s.e.budget()) // what is larger runs alone
	if t.foreign() {
		t.workers, t.bytes = 0, 0
	}
	if t.lookup {
		s.looking++
		if t.site.level != nil {
			s.coming[t.site.level]++
		}
	}
	s.queueUp(t)
}

// awaits says whether others are about to be ready that may go in step with a
// task.
func (s *scheduler) awaits(t *task) bool { return !t.lookup && s.coming[t.site.level] > 0 }

// looked notes that a look-up is over.
func (s *scheduler) looked(t *task) {
	s.looking--
	if t.site.level != nil {
		s.coming[t.site.level]--
	}
}

func (s *scheduler) queueUp(t *task) {
	if t.foreign() {
		s.foreign = append(s.foreign, t)
		return
	}
	if t.site != (site{}) && !t.lookup {
		s.sites[t.site] = append(s.sites[t.site], t)
	}
	heap.Push(&s.queue, t)
}

// foreign says whether a task is the work of an external stage.
func (t *task) foreign() bool { return t.a.n.kind.External && !t.lookup }

// A stopped is why the other stages of a run end after a failure. It is a
// pointer, so that it can be compared whatever the cause is.
type stopped struct{ cause error }

func (s *stopped) Error() string { return "stopped: " + s.cause.Error() }

// fail records a cause and skips what depends on it.
func (s *scheduler) fail(a *active, err error) {
	n := a.n
	s.end(a, err)
	if s.ctx.Err() != nil && errors.Is(err, context.Cause(s.ctx)) {
		s.verdict[n] = verdict{Pending, "stopped"}
		return // because of another cause
	}
	err = s.e.publishRejection(n, err)
	s.verdict[n] = verdict{Failed, err.Error()}
	s.errs = append(s.errs, fmt.Errorf("stage %s: %w", n.spec.Name, err))
	s.e.emit(Event{Type: NodeDone, Stage: n.spec.Name, Kind: n.kind.Name, State: Failed, Err: err})
	s.skip(n, err)
	if !s.e.o.KeepGoing {
		s.cancel(&stopped{err})
	}
}

// skip leaves out what reads a node, rows that flow already included.
func (s *scheduler) skip(n *node, err error) {
	for _, r := range s.readers[n] {
		if s.skipped(r) {
			continue
		}
		if a := s.active[r]; a != nil {
			s.end(a, err)
		}
		reason := "needs " + n.spec.Name
		s.verdict[r] = verdict{Skipped, reason}
		s.e.emit(Event{Type: NodeDone, Stage: r.spec.Name, Kind: r.kind.Name, State: Skipped, Reason: reason})
		s.skip(r, err)
	}
}

func (s *scheduler) skipped(n *node) bool { return s.verdict[n].state == Skipped }

// completed goes on with what waited for a node.
func (s *scheduler) completed(a *active) {
	s.end(a, nil)
	for _, b := range a.flows {
		b.from = nil
		s.finishIfDone(b)
	}
	var next []*node
	for _, r := range s.readers[a.n] {
		if s.waiting[r]--; s.waiting[r] == 0 && !s.skipped(r) && s.active[r] == nil {
			next = append(next, r)
		}
	}
	sort.Slice(next, func(i, j int) bool { return next[i].index < next[j].index })
	for _, n := range next {
		s.begin(n)
	}
	for _, r := range s.readers[a.n] {
		s.tryFlow(r)
	}
}
