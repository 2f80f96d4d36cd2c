package engine_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"shiftmill/engine"
	"shiftmill/runs"
)

// planned hands a planned engine and its store to look.
func (b *bench) planned(spec string, look func(*engine.Engine, *runs.Store)) {
	b.t.Helper()
	b.plannedOn(spec, engine.Options{}, look)
}

// plannedWith is planned with options, and the last run to compare with.
func (b *bench) plannedWith(spec string, o engine.Options, look func(*engine.Engine, engine.RunRecord)) {
	b.t.Helper()
	b.plannedOn(spec, o, func(e *engine.Engine, store *runs.Store) {
		last, ok, err := engine.LastRun(store, "x")
		if err != nil || !ok {
			b.t.Fatalf("last run: %v, %v", ok, err)
		}
		look(e, last)
	})
}

func (b *bench) plannedOn(spec string, o engine.Options, look func(*engine.Engine, *runs.Store)) {
	b.t.Helper()
	g := b.parse(spec)
	store, err := runs.Open(b.dir, runs.Options{FS: b.fs})
	if err != nil {
		b.t.Fatal(err)
	}
	o.ReadOnly = true
	e, err := engine.New(g, b.kinds, store, o)
	if err == nil {
		err = e.Plan(context.Background())
	}
	if err != nil {
		b.t.Fatal(err)
	}
	look(e, store)
	if err := store.Close(); err != nil {
		b.t.Error(err)
	}
}

// What another instance has stored, and what the first partitions of an
// interrupted run have, must say about how much the rest then stores.
func TestEstimateMeetsWhatIsStored(t *testing.T) {
	b := newBench(t)
	size := func() (bytes int64) {
		b.planned("stages:\n  n: {kind: source/numbers}\n", func(_ *engine.Engine, s *runs.Store) {
			st, err := s.Stats()
			if err != nil {
				t.Fatal(err)
			}
			bytes = st.Bytes
		})
		return bytes
	}
	check := func(what, spec string, rows int64) {
		t.Helper()
		var want, left int64
		b.planned(spec, func(e *engine.Engine, _ *runs.Store) {
			works, err := e.Estimate(context.Background(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range works {
				if w != nil {
					want += w.Bytes
					left += w.Rows
				}
			}
		})
		if left != rows {
			t.Errorf("%s: %d rows left, want %d", what, left, rows)
		}
		before := size()
		b.run(spec, engine.Options{})
		if grew := size() - before; float64(want) < 0.6*float64(grew) || float64(want) > 1.7*float64(grew) {
			t.Errorf("%s: %d bytes were expected, the store grew by %d", what, want, grew)
		}
	}
	const head = "stages:\n  n: {kind: source/numbers, with: {n: 50000}}\n"
	b.run(head, engine.Options{})
	// Nothing of its stage is known: by its columns.
	check("columns", head+"  a: {kind: map/scale, from: n, with: {by: 2}}\n", 50000)
	// Another instance is.
	check("sibling", head+"  a: {kind: map/scale, from: n, matrix: {by: [2, 7]}, with: {by: $matrix.by}}\n", 50000)

	spec := head + "  a: {kind: map/scale, from: n, with: {by: 9}}\n"
	ctx, cancel := context.WithCancelCause(context.Background())
	enough := errors.New("enough")
	b.interrupt = func(ev engine.Event) {
		if ev.Type == engine.Progress && ev.Done > 25000 { // of which some partitions are on their way
			cancel(enough)
		}
	}
	var ticks atomic.Int64
	second := func() time.Time { return time.Unix(ticks.Add(1), 0) } // by which all progress is told, however fast the machine
	b.runWith(ctx, spec, engine.Options{Workers: 1, Now: second}, nil)
	b.interrupt = nil
	b.planned(spec, func(e *engine.Engine, _ *runs.Store) {
		works, err := e.Estimate(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		w := works[1]
		if w == nil || w.Rows > 40000 || w.Rows <= 0 || w.From != "as its first partitions" || w.Seconds <= 0 {
			t.Errorf("after an interrupted run: %+v, want fewer than 40,000 rows, measured by the first partitions", w)
		}
	})
}
