package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"shiftmill/runs"
	"shiftmill/stages"
)

// A partRecord is what the store keeps of one partition of a row-wise result.
type partRecord struct {
	Part   part     `json:"part"` // no rows when all were left out
	Schema []byte   `json:"schema"`
	Skips  []Skip   `json:"skips,omitempty"`
	Notes  []string `json:"notes,omitempty"`

	Seconds float64 `json:"seconds,omitempty"` // that it took
}

// A rowTask is what the partitions of one row-wise node share.
type rowTask struct {
	e       *Engine
	n       *node
	stage   stages.Stage
	side    *stages.Inputs // all ports but the first
	first   inputRef
	data    *dataset // behind the first port
	columns []string // read from it
	schema  *arrow.Schema
	output  string
	earlier []part // of the same operation on other inputs, by first id

	mu     sync.Mutex
	begun  time.Time // when the first partition had a worker
	done   int64
	reused int
}

func (e *Engine) newRowTask(n *node) (*rowTask, error) {
	port := n.kind.In[0].Name
	in := n.input(port)
	t := &rowTask{e: e, n: n, first: in.refs[0], data: in.data, output: n.results[0].Name}
	if len(n.results) != 1 || n.results[0].Type != stages.Rows || n.results[0].Base != port {
		return nil, fmt.Errorf("row-wise kind %s must have one output of rows based on its first port", n.kind.Name)
	}
	t.columns = n.kind.Reads(n.spec.Config, port, t.data.schema)
	fields, err := t.data.fields(t.columns)
	if err != nil {
		return nil, err
	}
	t.schema = schemaWithID(fields)
	if t.stage, err = n.kind.New(n.spec.Config); err != nil {
		return nil, err
	}
	t.side, err = e.stageInputs(n, 1)
	return t, err
}

// runRows runs a row-wise node partition by partition.
func (e *Engine) runRows(ctx context.Context, n *node, slots *semaphore.Weighted) (nodeRecord, *rowTask, error) {
	var rec nodeRecord
	t, err := e.newRowTask(n)
	if err != nil {
		return rec, nil, err
	}
	parts, err := e.partitions(t.data)
	if err != nil {
		return rec, nil, err
	}
	t.earlier = e.earlierParts(n.op)
	results := make([]partRecord, len(parts))
	all := make([]int, len(parts))
	for p := range all {
		all[p] = p
	}
	// What other processes are at is left for last, and waited for then.
	busy, err := t.partitions(ctx, all, slots, false, results)
	if err == nil {
		_, err = t.partitions(ctx, busy, slots, true, results)
	}
	if err != nil {
		return rec, nil, err
	}
	var kept []part
	schema := schemaWithID(n.own[t.output])
	skips := map[string]Skip{}
	for i, r := range results {
		if r.Part.Rows > 0 {
			own, err := e.schemas.decode(r.Schema)
			if err != nil {
				return rec, nil, err
			}
			if len(kept) == 0 {
				schema = own.schema
			} else if !sameColumns(schema, own.schema) {
				return rec, nil, fmt.Errorf("kind %s writes columns %s for some rows and %s for others (from %q on)",
					n.kind.Name, columnsText(schema), columnsText(own.schema), parts[i].First)
			}
			kept = append(kept, r.Part)
		}
		rec.Notes = append(rec.Notes, r.Notes...)
		for _, s := range r.Skips {
			all := skips[s.Reason]
			all.Reason, all.Rows, all.IDs = s.Reason, all.Rows+s.Rows, append(all.IDs, s.IDs...)
			skips[s.Reason] = all
		}
	}
	for _, s := range skips {
		s.IDs = s.IDs[:min(len(s.IDs), maxNamedSkips)]
		rec.Skips = append(rec.Skips, s)
	}
	sort.Slice(rec.Skips, func(i, j int) bool { return rec.Skips[i].Reason < rec.Skips[j].Reason })
	out, err := e.finishRows(ctx, n, schema, kept)
	if err != nil {
		return rec, nil, err
	}
	out.Name = t.output
	rec.Outputs = []outputRecord{out}
	return rec, t, e.keepParts(n.op, t.earlier, kept)
}

// sameColumns says whether two schemas have equal names and types.
func sameColumns(a, b *arrow.Schema) bool {
	return a == b || columnsText(a) == columnsText(b)
}

func columnsText(s *arrow.Schema) string {
	var names []string
	for _, f := range s.Fields()[1:] {
		names = append(names, f.Name+" "+typeName(f.Type))
	}
	return "(" + strings.Join(names, ", ") + ")"
}

// partitions brings partitions up to date in parallel and returns those that
// another process is at, unless it waits for them.
func (t *rowTask) partitions(ctx context.Context, which []int, slots *semaphore.Weighted, wait bool, results []partRecord) (busy []int, err error) {
	parts, err := t.e.partitions(t.data)
	if err != nil {
		return nil, err
	}
	progress := t.e.progressOf(t.n)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(2 * t.e.o.Workers) // some wait for a slot while others run
	for _, p := range which {
		g.Go(func() (err error) {
			defer recoverPanic(&err)
			if err := slots.Acquire(gctx, 1); err != nil {
				return context.Cause(gctx)
			}
			defer slots.Release(1)
			t.start()
			results[p], err = t.partition(gctx, p, wait)
			t.mu.Lock()
			defer t.mu.Unlock()
			switch {
			case errors.Is(err, errBusy):
				busy = append(busy, p)
				return nil
			case err != nil:
				return err
			}
			t.done += int64(parts[p].Rows)
			progress(t.done, int64(t.data.rows), "rows")
			return nil
		})
	}
	err = g.Wait()
	sort.Ints(busy)
	return busy, err
}

// start notes when the first partition got a worker.
func (t *rowTask) start() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.begun.IsZero() {
		t.begun = t.e.o.Now()
	}
}

// partition brings one partition up to date.
func (t *rowTask) partition(ctx context.Context, p int, wait bool) (rec partRecord, err error) {
	key, err := t.key(ctx, p)
	if err != nil {
		return rec, err
	}
	found := func() bool {
		r, ok := t.e.store.Lookup(key)
		if !ok || !t.usable(r) {
			return false
		}
		rec = partRecord{}
		if json.Unmarshal(r.Data, &rec) != nil {
			return false
		}
		t.count(rec.Part.Rows)
		return true
	}
	if found() {
		return rec, nil
	}
	err = t.e.claimed(ctx, key, wait, found, func() (err error) {
		rec, err = t.compute(ctx, p, key)
		return err
	})
	return rec, err
}

// compute runs the stage on those rows of a partition whose output no earlier
// partition has.
func (t *rowTask) compute(ctx context.Context, p int, key runs.Digest) (partRecord, error) {
	var rec partRecord
	start := t.e.o.Now()
	in, err := t.e.readPart(ctx, t.data, p, t.columns)
	if err != nil {
		return rec, err
	}
	ids, err := idsOf(in)
	if err != nil {
		return rec, err
	}
	inputs, err := t.inputDigests(ctx, p, len(ids))
	if err != nil {
		return rec, err
	}
	old, taken, err := t.takeOver(ids, inputs)
	if err != nil {
		return rec, err
	}
	rows := make([]pick, 0, len(ids))
	for i := range ids {
		if !taken[i] {
			rows = append(rows, pick{0, i})
		}
	}
	c, err := t.run(ctx, in, rows)
	if err != nil {
		return rec, err
	}
	if err := t.e.unchanged(ctx, t.n); err != nil {
		return rec, err
	}
	rec.Skips, rec.Notes = c.skipped(), c.notes
	schema := schemaWithID(c.fields(t.output))
	all, err := concatLike(schema, append(old, c.rows[t.output]...))
	if err != nil {
		return rec, err
	}
	all, outIDs, err := sortByID(all)
	if err != nil {
		return rec, err
	}
	if len(outIDs) > 0 {
		kept, err := inputsOf(outIDs, ids, inputs)
		if err != nil {
			return rec, fmt.Errorf("kind %s: %w", t.n.kind.Name, err)
		}
		if rec.Part, err = t.e.writePart(ctx, t.n, all, outIDs, kept); err != nil {
			return rec, err
		}
	}
	if rec.Schema, err = encodeSchema(all.Schema()); err != nil {
		return rec, err
	}
	rec.Seconds = t.e.o.Now().Sub(start).Seconds()
	data, err := json.Marshal(rec)
	if err != nil {
		return rec, err
	}
	r := runs.Record{Key: key, Kind: "partition", Data: data}
	if rec.Part.Rows > 0 {
		r.Objects = []runs.Digest{rec.Part.Object}
	}
	return rec, t.e.store.Append(r)
}

func (t *rowTask) usable(r runs.Record) bool {
	for _, o := range r.Objects {
		if !t.e.store.Has(o) {
			return false
		}
	}
	return true
}

func (t *rowTask) count(rows int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reused += rows
}

// run calls the stage on some rows of a partition.
func (t *rowTask) run(ctx context.Context, rec arrow.Record, rows []pick) (*collector, error) {
	c := newCollector(t.n)
	c.progress = func(int64, int64, string) {}
	c.note = func(line string) { t.e.emit(Event{Type: Note, Stage: t.n.spec.Name, Message: line}) }
	c.checkpoint = func([]byte) error { return fmt.Errorf("row-wise stages have no checkpoints") }
	if len(rows) == 0 {
		return c, nil
	}
	rec, err := takeRows(rec.Schema(), []arrow.Record{rec}, rows)
	if err != nil {
		return nil, err
	}
	if rec, err = t.e.handOver(t.data, rec, t.schema); err != nil {
		return nil, err
	}
	in := *t.side
	in.Ports = make(map[string][]stages.Input, len(t.side.Ports))
	for name, ports := range t.side.Ports {
		in.Ports[name] = ports
	}
	o := origin{t.first.node, t.first.output, t.first.coords}
	in.Ports[t.n.kind.In[0].Name] = []stages.Input{&recordInput{o, rec, t.e.o.Batch}}
	return c, t.stage.Run(ctx, &in, c)
}

// concatLike joins records whose schemas differ in metadata at most.
func concatLike(schema *arrow.Schema, recs []arrow.Record) (arrow.Record, error) {
	for i, r := range recs {
		recs[i] = array.NewRecord(schema, r.Columns(), r.NumRows())
	}
	return concatRecords(schema, recs)
}
