package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/runs/runstest"
	"shiftmill/stages"
)

// reference is a small run with every shape of stage, training included: it
// keeps a checkpoint after each step.
const reference = `stages:
  n: {kind: source/numbers, with: {n: 60}}
  m: {kind: map/scale, from: n, with: {drop: 7}}
  x: {kind: map/scale, from: m, with: {by: 5}, cache: stream}
  y: {kind: map/scale, from: x, with: {by: 3}}
  s: {kind: index/parity, from: y}
  u: {kind: train/steps, from: s.odd, with: {steps: 5}}
  t: {kind: report/total, from: y}
`

// sweepStep is 1 with SHIFTMILL_SWEEP set: every operation; a sample otherwise.
func sweepStep(sample int) int {
	if os.Getenv("SHIFTMILL_SWEEP") != "" {
		return 1
	}
	return sample
}

// onFS runs the reference on a store in a file system and tells how it ended.
func onFS(t *testing.T, fsys runs.FS, boot string) (r result) {
	t.Helper()
	c := &calls{n: map[string]int{}}
	kinds := stages.NewRegistry(append(fakeKinds(c), stepKinds(c, never)...)...)
	g, err := pipeline.Parse("x.yaml", []byte("shiftmill: v1\nname: x\n"+reference), pipeline.Options{Vocabulary: kinds})
	if err != nil {
		t.Fatal(err)
	}
	// Commits where the engine asks for them, so that operations come in one order.
	store, err := runs.Open("/w/store", runs.Options{FS: fsys, Machine: runs.Machine{Host: "h", Boot: boot},
		CommitDelay: time.Hour, CommitBatch: 8, Heartbeat: time.Hour})
	if err != nil {
		return result{err: err}
	}
	e, err := engine.New(g, kinds, store, engine.Options{Workers: 1, Cut: engine.CutAround(16)})
	if err != nil {
		t.Fatal(err)
	}
	r.err = e.Run(context.Background())
	if r.err == nil {
		r.err = e.SaveRun(engine.RunRecord{ID: boot, Spec: "x", Outcome: "done"})
	}
	r.err = errors.Join(r.err, store.Close())
	r.calls, r.nodes, r.digests = c.take(), e.NodeRuns(), map[string]string{}
	for name, outs := range e.Outputs() {
		r.digests[name] = fmt.Sprint(outs)
	}
	return r
}

// goesOn runs the reference on what is left after an accident, wants it to need
// nothing and to end as an undisturbed run, and a run after that to do nothing.
func goesOn(t *testing.T, fsys runs.FS, want result, what string) {
	t.Helper()
	got := onFS(t, fsys, "boot 2")
	if got.err != nil || fmt.Sprint(got.digests) != fmt.Sprint(want.digests) {
		t.Errorf("%s: the next run: %v\n got %v\nwant %v", what, got.err, got.digests, want.digests)
		return
	}
	for kind, n := range got.calls {
		if n > want.calls[kind] {
			t.Errorf("%s: the next run computed %d of %s, an undisturbed one %d", what, n, kind, want.calls[kind])
		}
	}
	if again := onFS(t, fsys, "boot 3"); again.err != nil || len(again.calls) != 0 {
		t.Errorf("%s: the run after that: %v, computed %v", what, again.err, again.calls)
	}
}

// The power is cut at every operation; a fresh engine goes on from what had been
// synced, from all, and from torn mixtures.
func TestPowerCut(t *testing.T) {
	whole := runstest.NewMemFS(nil)
	want := onFS(t, whole, "boot 1")
	if want.err != nil {
		t.Fatal(want.err)
	}
	cuts, resumed := 0, 0
	for op := 1; op <= whole.Ops() && !t.Failed(); op += sweepStep(11) {
		fsys := runstest.NewMemFS(nil)
		fsys.StopAt(op)
		if r := onFS(t, fsys, "boot 1"); r.err == nil {
			continue // the operations of this run were fewer
		}
		for state := runstest.Synced; state <= runstest.Torn; state++ {
			seeds := 1
			if state == runstest.Torn {
				seeds = 2
			}
			for seed := range seeds {
				cuts++
				after := fsys.Crash(state, rand.New(rand.NewPCG(uint64(op), uint64(seed))))
				goesOn(t, after, want, fmt.Sprintf("operation %d of %d, state %s, seed %d", op, whole.Ops(), state, seed))
			}
		}
		resumed++
	}
	t.Logf("%d operations cut, %d states went on to the undisturbed digests", resumed, cuts)
}

// Every operation fails once. The run ends with an error that says what failed,
// or does without it; the next one goes on.
func TestEveryFailure(t *testing.T) {
	whole := runstest.NewMemFS(nil)
	want := onFS(t, whole, "boot 1")
	if want.err != nil {
		t.Fatal(want.err)
	}
	failures, silent := 0, 0
	for i, failure := range []error{syscall.ENOSPC, syscall.EIO, syscall.EACCES} {
		for op := 1 + 13*i; op <= whole.Ops() && !t.Failed(); op += sweepStep(23) {
			fsys := runstest.NewMemFS(nil)
			what := ""
			fsys.FailAt(func(n int, operation, name string) error {
				if n != op {
					return nil
				}
				what = operation + " " + name
				return failure
			})
			r := onFS(t, fsys, "boot 1")
			if what == "" {
				continue
			}
			failures++
			switch name := what[strings.LastIndex(what, "/")+1:]; {
			case r.err == nil:
				silent++
				if fmt.Sprint(r.digests) != fmt.Sprint(want.digests) {
					t.Errorf("operation %d (%s), %v: other digests", op, what, failure)
				}
			case !errors.Is(r.err, failure) || !strings.Contains(r.err.Error(), name):
				t.Errorf("operation %d (%s), %v: the error is %v", op, what, failure, r.err)
			}
			goesOn(t, fsys.Crash(runstest.All, nil), want, fmt.Sprintf("operation %d (%s), %v", op, what, failure))
		}
	}
	t.Logf("%d failures, %d of which a run could do without", failures, silent)
}
