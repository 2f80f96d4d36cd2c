package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"golang.org/x/sync/semaphore"

	"shiftmill/runs"
)

// ErrFailed says that at least one stage failed; the events and Instances have
// the causes.
var ErrFailed = errors.New("a stage failed")

// Run brings every node up to date. What the store has is taken from there;
// the rest runs, each node once its inputs exist. Run returns when every
// goroutine it started has ended: with nil, ErrFailed, or the cause of ctx.
func (e *Engine) Run(ctx context.Context) error {
	// A stored object that turns out to be absent or damaged while it is read
	// makes the run start over: its maker is a miss then. Each start finds
	// another one, or the store does not remember what it found.
	for seen := map[string]bool{}; ; {
		err := e.runOnce(ctx)
		if !errors.Is(err, runs.ErrAbsent) || seen[err.Error()] || ctx.Err() != nil {
			return err
		}
		seen[err.Error()] = true
		e.emit(Event{Type: Note, Message: fmt.Sprintf("%v; what made it runs again", err)})
		for _, n := range e.nodes {
			n.state, n.reason, n.record, n.outputs, n.rest = Pending, "", nodeRecord{}, nil, nil
		}
	}
}

// A completion is a node that has ended.
type completion struct {
	n   *node
	err error
}

// A scheduler owns the graph's state during a run. Only its loop reads and
// writes the states of nodes; a node's own goroutine fills in its result
// before it reports completion.
type scheduler struct {
	e       *Engine
	slots   *semaphore.Weighted // one for each goroutine that computes
	done    chan completion
	waiting map[*node]int // inputs still to come
	readers map[*node][]*node
	running int
	errs    []error
}

func (e *Engine) runOnce(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &scheduler{e: e, slots: semaphore.NewWeighted(int64(e.o.Workers)), done: make(chan completion),
		waiting: map[*node]int{}, readers: map[*node][]*node{}}
	var ready []*node
	for _, n := range e.nodes {
		var missing []*node
		for _, in := range n.inputs {
			for _, r := range in.refs {
				if r.node.outputs == nil && !slices.Contains(missing, r.node) {
					missing = append(missing, r.node)
				}
			}
		}
		if len(missing) == 0 && e.upToDate(ctx, n) {
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
	s.start(ctx, ready)
	for s.running > 0 {
		c := <-s.done
		s.running--
		if c.err != nil {
			s.fail(ctx, c)
			if !e.o.KeepGoing {
				cancel(&stopped{c.err})
			}
			continue
		}
		var next []*node
		for _, r := range s.readers[c.n] {
			if s.waiting[r]--; s.waiting[r] == 0 && r.state != Skipped {
				next = append(next, r)
			}
		}
		sort.Slice(next, func(i, j int) bool { return next[i].index < next[j].index })
		if ctx.Err() == nil {
			s.start(ctx, next)
		}
	}
	if err := e.store.Commit(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	if len(s.errs) > 0 {
		return errors.Join(append([]error{ErrFailed}, s.errs...)...)
	}
	return context.Cause(ctx)
}

// upToDate looks a node up whose inputs exist; what goes wrong is left to its
// run, which reports it.
func (e *Engine) upToDate(ctx context.Context, n *node) bool {
	if e.resolve(ctx, n) != nil || n.state != Hit {
		return false
	}
	e.emitHit(n)
	return true
}

func (e *Engine) emitHit(n *node) {
	e.emit(Event{Type: NodeDone, Stage: n.spec.Name, Kind: n.kind.Name, State: Hit, Rows: n.rows()})
}

// start runs nodes whose inputs exist. Each gets an even share of the workers
// for what it computes inside.
func (s *scheduler) start(ctx context.Context, ready []*node) {
	s.running += len(ready)
	share := max(1, s.e.o.Workers/max(1, s.running))
	for _, n := range ready {
		go func() {
			s.done <- completion{n, s.e.runNode(ctx, n, s.slots, share)}
		}()
	}
}

// A stopped is why the other stages of a run end after a failure. It is a
// pointer, so that it can be compared whatever the cause is.
type stopped struct{ cause error }

func (s *stopped) Error() string { return "stopped: " + s.cause.Error() }

// fail records a cause and skips what depends on it.
func (s *scheduler) fail(ctx context.Context, c completion) {
	if ctx.Err() != nil && errors.Is(c.err, context.Cause(ctx)) {
		c.n.state, c.n.reason = Pending, "stopped"
		return // stopped because of another cause
	}
	c.n.state, c.n.reason = Failed, c.err.Error()
	s.errs = append(s.errs, fmt.Errorf("stage %s: %w", c.n.spec.Name, c.err))
	s.e.emit(Event{Type: NodeDone, Stage: c.n.spec.Name, Kind: c.n.kind.Name, State: Failed, Err: c.err})
	var skip func(n *node)
	skip = func(n *node) {
		for _, r := range s.readers[n] {
			if r.state == Skipped {
				continue
			}
			r.state, r.reason = Skipped, "needs "+n.spec.Name
			s.e.emit(Event{Type: NodeDone, Stage: r.spec.Name, Kind: r.kind.Name, State: Skipped, Reason: r.reason})
			skip(r)
		}
	}
	skip(c.n)
}
