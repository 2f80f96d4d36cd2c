package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

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
	op      runs.Digest
	stage   stages.Stage
	side    *stages.Inputs // all ports but the first
	first   inputRef
	data    *dataset // behind the first port
	columns []string // read from it
	schema  *arrow.Schema
	output  string
	outputs []string // those that a call makes: output, and for exports others beside it
	earlier []part   // of the same operation on other inputs, newest first
	large   bool     // it reads or writes large values

	progress func(done, total int64, unit string) // of all partitions together

	mu     sync.Mutex
	begun  time.Time     // when the first partition was begun
	done   int64         // rows of partitions that are ready
	flying map[int]int64 // rows that have come out of those being computed
	reused int
}

// newRowTask makes ready to run a row-wise node on the rows of data, for one of
// its outputs; "" is the first.
func (e *Engine) newRowTask(n *node, output string, data *dataset) (*rowTask, error) {
	port := n.kind.In[0].Name
	in := n.input(port)
	if output == "" {
		output = n.class.results[0].Name
	}
	t := &rowTask{e: e, n: n, op: n.op, first: in.refs[0], data: data, output: output, outputs: []string{output}, progress: e.progressOf(n)}
	for _, r := range n.class.results {
		if r.Type != stages.Rows || r.Base != port {
			return nil, fmt.Errorf("outputs of row-wise kind %s must be rows based on its first port", n.kind.Name)
		}
	}
	if len(n.class.results) > 1 && !n.streams() {
		return nil, fmt.Errorf("its %d outputs are made when they are read and can't be stored with \"cache: store\"; leave cache out and export them, or give each a stage of its own by a matrix", len(n.class.results))
	}
	t.columns = n.kind.Reads(n.spec.Config, port, t.data.schema)
	fields, err := t.data.fields(t.columns)
	if err != nil {
		return nil, err
	}
	t.schema = schemaWithID(fields)
	for _, f := range append(fields, n.own[t.output]...) {
		t.large = t.large || isLarge(f.Type)
	}
	if t.stage, err = n.kind.New(n.spec.Config); err != nil {
		return nil, err
	}
	t.side, err = e.stageInputs(n, 1)
	return t, err
}

// bytes is what the work on one partition may hold.
func (t *rowTask) bytes() int64 {
	if t.large {
		return partBytes
	}
	return smallBytes
}

// assemble makes the output of the results of all partitions.
func (t *rowTask) assemble(ctx context.Context, results []partRecord) (nodeRecord, error) {
	var rec nodeRecord
	var kept []part
	schema := schemaWithID(t.n.own[t.output])
	skips := map[string]Skip{}
	for _, r := range results {
		if r.Part.Rows > 0 {
			own, err := t.e.schemas.decode(r.Schema)
			if err != nil {
				return rec, err
			}
			if len(kept) == 0 {
				schema = own.schema
			} else if !sameColumns(schema, own.schema) {
				return rec, fmt.Errorf("kind %s writes columns %s for some rows and %s for others (from %q on)",
					t.n.kind.Name, columnsText(schema), columnsText(own.schema), r.Part.First)
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
	out, err := t.e.finishRows(ctx, t.n, schema, kept, nil)
	if err != nil {
		return rec, err
	}
	out.Name = t.output
	rec.Outputs = []outputRecord{out}
	return rec, t.e.keepParts(t.op, kept)
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

// start notes when the first partition was begun, and says whether this is it.
func (t *rowTask) start() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := t.begun.IsZero()
	if first {
		t.begun = t.e.o.Now()
	}
	return first
}

// partition brings one partition up to date, or returns errBusy when another
// process is at it. compute is called before it is computed.
func (t *rowTask) partition(ctx context.Context, p int, computes func()) (rec partRecord, key runs.Digest, err error) {
	if key, err = t.key(ctx, p); err != nil {
		return rec, key, err
	}
	found := func() (ok bool) {
		rec, ok = t.stored(key)
		return ok
	}
	if found() {
		return rec, key, nil
	}
	err = t.e.claimed(key, found, func() (err error) {
		computes()
		rec, err = t.compute(ctx, p, key)
		return err
	})
	return rec, key, err
}

// stored is the result of a partition that the store has.
func (t *rowTask) stored(key runs.Digest) (rec partRecord, ok bool) {
	r, ok := t.e.store.Lookup(key)
	if !ok || !t.usable(r) || json.Unmarshal(r.Data, &rec) != nil {
		return partRecord{}, false
	}
	t.count(rec.Part.Rows)
	return rec, true
}

// A making is a partition in the making.
type making struct {
	p    int
	key  runs.Digest
	todo []string // ids of rows whose output no earlier partition has
	all  bool     // they are the whole partition
	m    *merge
}

// prepare finds out what is left to do of a partition.
func (t *rowTask) prepare(ctx context.Context, p int, key runs.Digest) (*making, error) {
	in, err := t.e.readPart(ctx, t.data, p, nil)
	if err != nil {
		return nil, err
	}
	ids, err := idsOf(in)
	if err != nil {
		return nil, err
	}
	inputs, err := t.inputDigests(ctx, p, len(ids))
	if err != nil {
		return nil, err
	}
	taken, fields, err := t.takeOver(ids, inputs)
	if err != nil {
		return nil, err
	}
	todo := make([]string, 0, len(ids)-len(taken))
	next := 0
	for i, id := range ids {
		if next < len(taken) && taken[next].i == i {
			next++
			continue
		}
		todo = append(todo, id)
	}
	return &making{p, key, todo, len(taken) == 0, &merge{e: t.e, maker: t.n, ids: ids, inputs: inputs, taken: taken, fields: fields}}, nil
}

// compute runs the stage on those rows of a partition whose output no earlier
// partition has.
func (t *rowTask) compute(ctx context.Context, p int, key runs.Digest) (partRecord, error) {
	start := t.e.o.Now()
	w, err := t.prepare(ctx, p, key)
	if err != nil {
		return partRecord{}, err
	}
	c := t.collector()
	c.take = func(rec arrow.Record) error {
		t.progress(t.came(p, rec.NumRows()), int64(t.data.rows), "rows")
		return w.m.add(ctx, rec)
	}
	t.landed(p, 0) // it may have been tried before
	if len(w.todo) > 0 {
		in := t.input(w)
		in.member = memberOf(ctx)
		if err := t.run(ctx, []stages.Input{in}, *t.side, c); err != nil {
			return partRecord{}, err
		}
	}
	if err := t.e.unchanged(ctx, t.n); err != nil {
		return partRecord{}, err
	}
	return t.close(ctx, w, c, partRecord{Skips: c.skipped(), Notes: c.notes, Seconds: t.e.o.Now().Sub(start).Seconds()})
}

// close stores a partition that is made.
func (t *rowTask) close(ctx context.Context, w *making, c *collector, rec partRecord) (partRecord, error) {
	var fields []arrow.Field
	var err error
	if rec.Part, fields, err = w.m.close(ctx, c.fields(t.output)); err != nil {
		return rec, fmt.Errorf("kind %s: %w", t.n.kind.Name, err)
	}
	if rec.Schema, err = encodeSchema(schemaWithID(fields)); err != nil {
		return rec, err
	}
	data, err := json.Marshal(rec)
	if err != nil {
		return rec, err
	}
	return rec, t.e.store.Append(runs.Record{Key: w.key, Kind: "partition", Data: data, Objects: rec.Part.objects()})
}

// came notes that rows of a partition have come out and returns how many there are in all.
func (t *rowTask) came(p int, rows int64) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.flying == nil {
		t.flying = map[int]int64{}
	}
	t.flying[p] += rows
	total := t.done
	for _, n := range t.flying {
		total += n
	}
	return total
}

// landed notes that a partition is ready, and its rows count as done.
func (t *rowTask) landed(p int, rows int64) int64 {
	t.mu.Lock()
	delete(t.flying, p)
	t.done += rows
	t.mu.Unlock()
	return t.came(p, 0)
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

// collector is the sink of a call of the stage.
func (t *rowTask) collector() *collector {
	c := newCollector(t.n)
	c.progress = func(int64, int64, string) {}
	c.note = func(line string) { t.e.emit(Event{Type: Note, Stage: t.n.spec.Name, Message: line}) }
	c.checkpoint = func([]byte) error { return fmt.Errorf("row-wise stages have no checkpoints") }
	return c
}

// input hands the stage the rows of a partition that are left to do.
func (t *rowTask) input(w *making) *partInput {
	o := origin{t.first.node, t.first.Output, t.first.Coords}
	return &partInput{origin: o, e: t.e, data: t.data, p: w.p, ids: w.todo, all: w.all, columns: t.columns, schema: t.schema, reads: t.reads()}
}

// run calls the stage on rows of its first port.
func (t *rowTask) run(ctx context.Context, rows []stages.Input, in stages.Inputs, c *collector) error {
	in.Outputs = t.outputs
	in.Ports = make(map[string][]stages.Input, len(t.side.Ports)+1)
	for name, ports := range t.side.Ports {
		in.Ports[name] = ports
	}
	in.Ports[t.n.kind.In[0].Name] = rows
	return t.stage.Run(ctx, &in, c)
}
