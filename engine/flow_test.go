package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/stages"
)

// mapping is a row-wise kind that hands each record's ids and values to f.
func mapping(name string, f func(ctx context.Context, ids []string, values []int64) error) *stages.Kind {
	return stages.Define(stages.Def[none]{
		Name: name, Doc: "Copies.", Version: 1, Shape: stages.RowWise, In: []stages.Port{{Name: "rows", Type: stages.Rows}},
		Outputs: func(*none) []stages.Output { return []stages.Output{{Base: "rows"}} },
		Columns: func(*none, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": int64s("value")}, nil
		},
		Reads: func(*none, string, *arrow.Schema) []string { return []string{"value"} },
		New: func(*none) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return in.One("rows").Each(ctx, func(rec arrow.Record) error {
					var ids []string
					for i := range int(rec.NumRows()) {
						ids = append(ids, rec.Column(0).(*array.String).Value(i))
					}
					values := rec.Column(1).(*array.Int64).Int64Values()
					if err := f(ctx, ids, values); err != nil {
						return err
					}
					return out.Write("", record(ids, "value", values))
				})
			}), nil
		},
	})
}

const twoMaps = `stages:
  n: {kind: source/numbers, with: {n: 900}}
  a: {kind: map/first, from: n}
  b: {kind: map/second, from: a}
  t: {kind: report/total, from: b}
`

// The last partition of a stage waits until its reader has had the first: rows
// flow on before their maker is complete.
func TestRowsFlowOn(t *testing.T) {
	seen := make(chan struct{})
	var once sync.Once
	first := mapping("map/first", func(ctx context.Context, ids []string, _ []int64) error {
		if ids[len(ids)-1] < "r000899" {
			return nil
		}
		select {
		case <-seen:
			return nil
		case <-time.After(time.Minute):
			return errors.New("nothing has flowed on")
		}
	})
	second := mapping("map/second", func(context.Context, []string, []int64) error {
		once.Do(func() { close(seen) })
		return nil
	})
	o := engine.Options{Workers: 2, Cut: engine.CutAround(50)}
	b := newBench(t, first, second)
	r := b.run(twoMaps, o)
	if r.err != nil {
		t.Fatal(r.err)
	}
	if again := b.run(twoMaps, o); again.ran != 0 || fmt.Sprint(again.digests) != fmt.Sprint(r.digests) {
		t.Errorf("a second run ran %d stages", again.ran)
	}
}

// Rows that flow through streamed and filtering stages end as without flow.
func TestFlowThroughStreamsAndFilters(t *testing.T) {
	const spec = `stages:
  n: {kind: source/numbers, with: {n: 3000}}
  a: {kind: map/scale, from: n, with: {drop: 3}}
  b: {kind: map/scale, from: a, with: {by: 5}, cache: stream}
  c: {kind: map/scale, from: b, with: {by: 7}, cache: stream}
  d: {kind: map/scale, from: c, with: {by: 2, drop: 1000}}
  e: {kind: map/scale, from: d, with: {by: 3}}
  t: {kind: report/total, from: [e]}
  s: {kind: index/parity, from: e}
`
	want := newBench(t).run(spec, engine.Options{Workers: 1})
	if want.err != nil {
		t.Fatal(want.err)
	}
	for _, o := range []engine.Options{{Workers: 8, Cut: engine.CutAround(20)}, {Workers: 3, Cut: engine.CutAround(100), Batch: 7}} {
		if got := newBench(t).run(spec, o); got.err != nil || fmt.Sprint(got.digests) != fmt.Sprint(want.digests) {
			t.Errorf("%+v: %v\n got %v\nwant %v", o, got.err, got.digests, want.digests)
		}
	}
}

// A maker that fails midway leaves out its readers, however far they are; what
// is independent goes on if asked to.
func TestFailureWhileRowsFlow(t *testing.T) {
	var had atomic.Int64
	first := mapping("map/first", func(ctx context.Context, ids []string, _ []int64) error {
		if ids[len(ids)-1] < "r000899" {
			return nil
		}
		for had.Load() == 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		return errors.New("the disk is on fire")
	})
	second := mapping("map/second", func(context.Context, []string, []int64) error { had.Add(1); return nil })
	for _, keepGoing := range []bool{false, true} {
		had.Store(0)
		r := newBench(t, first, second).run(twoMaps+"  u: {kind: map/scale, from: n}\n",
			engine.Options{Workers: 2, Cut: engine.CutAround(50), KeepGoing: keepGoing})
		wantError(t, r.err, "stage a", "the disk is on fire")
		state := map[string]engine.State{}
		for _, n := range r.nodes {
			state[n.Name] = n.State
		}
		if state["a"] != engine.Failed || state["b"] != engine.Skipped || state["t"] != engine.Skipped {
			t.Errorf("keep going %v: %v, want a failed, b and t skipped", keepGoing, state)
		}
		if keepGoing && state["u"] != engine.Ran {
			t.Errorf("u %v, want it to run although a failed", state["u"])
		}
	}
}

// Work that fails for a temporary cause is tried again; other errors are final.
func TestTemporaryErrors(t *testing.T) {
	var mu sync.Mutex
	tries := map[string]int{}
	failing := func(mark func(error) error, times int) *stages.Kind {
		return mapping("map/first", func(_ context.Context, ids []string, _ []int64) error {
			mu.Lock()
			defer mu.Unlock()
			if tries[ids[0]]++; tries[ids[0]] <= times {
				return mark(errors.New("the server is busy"))
			}
			return nil
		})
	}
	second := mapping("map/second", func(context.Context, []string, []int64) error { return nil })
	o := engine.Options{Workers: 2, Cut: engine.CutAround(300), Batch: 2000, Retry: time.Millisecond}
	if r := newBench(t, failing(stages.Temporary, 2), second).run(twoMaps, o); r.err != nil {
		t.Errorf("a server that was busy twice: %v", r.err)
	}
	clear(tries)
	stale := func(error) error { return &fs.PathError{Op: "read", Path: "/net/a.jpg", Err: syscall.ESTALE} }
	if r := newBench(t, failing(stale, 2), second).run(twoMaps, o); r.err != nil {
		t.Errorf("a network file system that was away twice: %v", r.err)
	}
	clear(tries)
	r := newBench(t, failing(stages.Temporary, 100), second).run(twoMaps, o)
	wantError(t, r.err, "the server is busy")
	clear(tries)
	r = newBench(t, failing(func(err error) error { return err }, 1), second).run(twoMaps, o)
	wantError(t, r.err, "the server is busy")
	for id, n := range tries {
		if n != 1 {
			t.Errorf("rows from %s were tried %d times after an error that is final", id, n)
		}
	}
}

// Rows may be written in any order; where they come late, they are merged in.
func TestRowsWrittenInAnyOrder(t *testing.T) {
	shuffled := stages.Define(stages.Def[none]{
		Name: "map/shuffled", Doc: "Copies.", Version: 1, Shape: stages.RowWise, In: []stages.Port{{Name: "rows", Type: stages.Rows}},
		Outputs: func(*none) []stages.Output { return []stages.Output{{Base: "rows"}} },
		Columns: func(*none, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": int64s("copy")}, nil
		},
		Reads: func(*none, string, *arrow.Schema) []string { return []string{"value"} },
		New: func(*none) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				var ids []string
				var values []int64
				err := in.One("rows").Each(ctx, func(rec arrow.Record) error {
					for i, v := range rec.Column(1).(*array.Int64).Int64Values() {
						ids, values = append(ids, strings.Clone(rec.Column(0).(*array.String).Value(i))), append(values, v)
					}
					return nil
				})
				for k := range 7 { // every seventh row, seven times
					var some []string
					var of []int64
					for i := (3 * k) % 7; i < len(ids); i += 7 {
						some, of = append(some, ids[i]), append(of, values[i])
					}
					err = errors.Join(err, out.Write("", record(some, "copy", of)))
				}
				return err
			}), nil
		},
	})
	copied := mapping("map/second", func(context.Context, []string, []int64) error { return nil })
	b := newBench(t, shuffled, copied)
	r := b.runWith(context.Background(), "stages:\n  n: {kind: source/numbers, with: {n: 500}}\n  a: {kind: map/shuffled, from: n}\n",
		engine.Options{Cut: engine.CutAround(100)}, func(e *engine.Engine) {
			look, err := e.Look(t.Context(), "a", "", 500)
			if err != nil {
				t.Error(err)
			}
			for i, row := range look.Head {
				if row[0] != fmt.Sprintf("r%06d", i) || row[1] != fmt.Sprint(i) || row[2] != fmt.Sprint(i) {
					t.Fatalf("row %d is %v", i, row)
				}
			}
			if len(look.Head) != 500 {
				t.Errorf("%d rows, want 500", len(look.Head))
			}
		})
	if r.err != nil {
		t.Fatal(r.err)
	}
}
