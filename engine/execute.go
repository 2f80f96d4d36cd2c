package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs"
	"shiftmill/stages"
)

// whole brings a node up to date that is one task, or returns errBusy when
// another process is at it.
func (e *Engine) whole(ctx context.Context, n *node, workers int) error {
	found := func() bool { return e.resolve(ctx, n) == nil && n.state == Hit }
	err := e.claimed(n.key.Digest, found, func() error {
		start := e.o.Now()
		rec, checkpointed, err := e.runWhole(ctx, n, workers)
		if err != nil {
			return err
		}
		if err := e.finish(ctx, n, rec, start, 0); err != nil {
			return err
		}
		if n.kind.External {
			if err := e.store.Commit(ctx); err != nil { // before the folder goes
				return err
			}
			return e.dropFolder(n.key.Digest)
		}
		if !checkpointed {
			return nil
		}
		// After the result: a kill in between leaves a checkpoint too many.
		return e.store.Append(runs.Record{Key: checkpointKey(n), Kind: "checkpoint"})
	})
	if err == nil && n.state == Hit { // another process did it
		e.emitHit(n)
	}
	return err
}

// finish records a node's result under its key and tells of it.
func (e *Engine) finish(ctx context.Context, n *node, rec nodeRecord, start time.Time, reused int) error {
	took := time.Duration(0)
	if !start.IsZero() {
		took = e.o.Now().Sub(start)
	}
	if err := e.sameAsBefore(n, rec); err != nil {
		return err
	}
	if err := e.passOn(ctx, n, rec.Outputs); err != nil {
		return err
	}
	rec.Lines, rec.Seconds = n.key.Lines, took.Seconds()
	data, err := rec.encode()
	if err != nil {
		return err
	}
	var objects []runs.Digest
	for _, o := range rec.Outputs {
		objects = append(objects, o.Objects...)
		for _, f := range o.Files {
			objects = append(objects, f.Object)
		}
	}
	if err := e.store.Append(runs.Record{Key: n.key.Digest, Kind: "node", Objects: objects, Data: data}); err != nil {
		return err
	}
	if err := e.accept(n, rec); err != nil {
		return err
	}
	n.state = Ran
	e.emit(Event{Type: NodeDone, Stage: n.spec.Name, Kind: n.kind.Name, State: Ran, Reason: n.reason,
		Rows: n.rows, Reused: int64(reused), Took: took, Metrics: rec.Metrics})
	return nil
}

// ErrOtherBits says that a stage gave another content than before under one key.
var ErrOtherBits = errors.New("another content than before for the same input")

// sameAsBefore compares a result with one that was recorded under its key
// before, of which something was lost, or which another process made meanwhile.
func (e *Engine) sameAsBefore(n *node, rec nodeRecord) error {
	stored, ok := e.store.Lookup(n.key.Digest)
	if !ok || n.kind.External {
		return nil
	}
	before, _, err := decodeOutputs(stored.Data)
	if err != nil {
		return nil // of another version
	}
	for i, o := range rec.Outputs {
		if i >= len(before) || before[i].Name != o.Name {
			break
		}
		differs := func(what, name string) error {
			return fmt.Errorf("output %q, %s %q: %w; kind %s is not deterministic, or it changed and its version was not raised (a new store starts afresh)",
				o.Name, what, name, ErrOtherBits, n.kind.Name)
		}
		for column, id := range o.Content.all() {
			if was, known := before[i].Content.get(column); known && was != id {
				return differs("column", column)
			}
		}
		for k, f := range o.Files {
			if k >= len(before[i].Files) || before[i].Files[k].Name != f.Name || before[i].Files[k].Object != f.Object {
				return differs("file", f.Name)
			}
		}
	}
	return nil
}

// recoverPanic turns a panic of a kind into its stage's error.
func recoverPanic(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}

// checkpointKey is where the state of a stage that has not ended is kept.
func checkpointKey(n *node) runs.Digest { return derive("checkpoint/1", n.key.Digest) }

// runWhole runs a node that is one task; checkpointed says that state is kept
// which its result makes superfluous.
func (e *Engine) runWhole(ctx context.Context, n *node, workers int) (rec nodeRecord, checkpointed bool, err error) {
	stage, err := n.kind.New(n.spec.Config)
	if err != nil {
		return rec, false, err
	}
	in, err := e.stageInputs(n, workers)
	if err != nil {
		return rec, false, err
	}
	if n.kind.External {
		if err := e.giveFolder(n, n.key.Digest, in); err != nil {
			return rec, false, err
		}
	}
	saved := checkpointKey(n)
	if r, ok := e.store.Lookup(saved); ok && len(r.Objects) == 1 {
		if in.Resume, err = e.store.Get(r.Objects[0]); err == nil {
			e.emit(Event{Type: Note, Stage: n.spec.Name, Message: "goes on from its last checkpoint"})
		}
	}
	c := newCollector(n)
	c.progress = e.progressOf(n)
	c.note = func(line string) { e.emit(Event{Type: Note, Stage: n.spec.Name, Message: line}) }
	made := e.newWholeOutput(n, workers)
	defer func() { err = errors.Join(err, made.close()) }()
	c.keep = func(output string, rec arrow.Record) error { return made.rows(ctx, output, rec) }
	c.pass = made.pass
	c.keepFile = func(output, name string, data []byte) error { return made.file(ctx, output, name, data) }
	checkpointed = in.Resume != nil
	c.checkpoint = func(state []byte) error {
		checkpointed = true
		ctx := context.WithoutCancel(ctx) // a stage that is stopped keeps its state on the way out
		d, err := e.putBytes(ctx, state)
		if err != nil {
			return err
		}
		if err := e.store.Append(runs.Record{Key: saved, Kind: "checkpoint", Objects: []runs.Digest{d}}); err != nil {
			return err
		}
		return e.store.Commit(ctx)
	}
	if err := stage.Run(ctx, in, c); err != nil {
		return rec, checkpointed, err
	}
	if err := e.unchanged(ctx, n); err != nil {
		return rec, checkpointed, err
	}
	for _, r := range n.class.results {
		var out outputRecord
		switch r.Type {
		case stages.Rows:
			if out, err = made.endRows(ctx, r, c.fields(r.Name)); err != nil {
				return rec, checkpointed, fmt.Errorf("kind %s, output %q: %w", n.kind.Name, r.Name, err)
			}
		case stages.Files:
			out.Files = made.filesOf(r.Name)
		}
		out.Name = r.Name
		rec.Outputs = append(rec.Outputs, out)
	}
	rec.Notes, rec.Skips, rec.Metrics = c.notes, c.skipped(), c.metrics
	return rec, checkpointed, nil
}

// stageShare is what part of the memory a stage may take for what it keeps of all rows.
const stageShare = 2

// stageInputs opens the ports of a node; of a row-wise one all but the first,
// which is opened partition by partition.
func (e *Engine) stageInputs(n *node, workers int) (*stages.Inputs, error) {
	in := &stages.Inputs{Workers: workers, Memory: e.o.Memory / stageShare, Images: opener{e}, Ports: map[string][]stages.Input{}}
	if n.kind.Random() {
		in.Seed = n.spec.Seed
	}
	for _, x := range n.inputs {
		if n.kind.Shape == stages.RowWise && x.name == n.kind.In[0].Name {
			continue
		}
		if x.data != nil {
			ri, err := e.newRowsInput(origin{x.refs[0].node, x.refs[0].Output, x.refs[0].Coords}, x.data, n.kind.Reads(n.spec.Config, x.name, x.data.schema))
			if err != nil {
				return nil, err
			}
			ri.workers, ri.checked = workers, e.checksIDs(n, x.data)
			in.Ports[x.name] = []stages.Input{ri}
			continue
		}
		for _, r := range x.refs {
			o := origin{r.node, r.Output, r.Coords}
			out := r.node.outputs.get(r.Output)
			if x.port.Type == stages.Files {
				in.Ports[x.name] = append(in.Ports[x.name], &filesInput{o, e, out.files})
				continue
			}
			ri, err := e.newRowsInput(o, out.data, n.kind.Reads(n.spec.Config, x.name, out.data.schema))
			if err != nil {
				return nil, err
			}
			ri.workers, ri.checked = workers, e.checksIDs(n, out.data)
			in.Ports[x.name] = append(in.Ports[x.name], ri)
		}
	}
	return in, nil
}

// progressOf passes progress on, at most ten times a second.
func (e *Engine) progressOf(n *node) func(done, total int64, unit string) {
	var mu sync.Mutex
	var last time.Time
	return func(done, total int64, unit string) {
		mu.Lock()
		defer mu.Unlock()
		now := e.o.Now()
		if done != total && now.Sub(last) < 100*time.Millisecond {
			return
		}
		last = now
		e.emit(Event{Type: Progress, Stage: n.spec.Name, Kind: n.kind.Name, Done: done, Total: total, Unit: unit})
	}
}

// serialise makes a listener that is called from one goroutine at a time; events
// without a time have happened now.
func serialise(listen func(Event), now func() time.Time) func(Event) {
	var mu sync.Mutex
	return func(ev Event) {
		mu.Lock()
		defer mu.Unlock()
		if ev.Time.IsZero() {
			ev.Time = now()
		}
		listen(ev)
	}
}
