package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages"
)

var kills = flag.Int("kills", 3, "how often TestKilledProcesses kills")

// childVariable holds the folder of the store in a process that a test
// started.
const childVariable = "SHIFTMILL_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

type stepsConfig struct {
	Steps int `yaml:"steps" doc:"how many"`
	Fail  int `yaml:"fail" doc:"how often the run fails after a checkpoint"`
	Nap   int `yaml:"nap" doc:"milliseconds per step"`
}

// stepKinds are an aggregate that keeps a checkpoint after each step, and a
// row-wise kind that takes its time. fail ends a step.
func stepKinds(c *calls, fail func(step int) error) []*stages.Kind {
	steps := stages.Define(stages.Def[stepsConfig]{
		Name: "train/steps", Doc: "Takes steps.", Version: 1, Shape: stages.Aggregate, In: rowsPort,
		Outputs: func(*stepsConfig) []stages.Output { return []stages.Output{{Type: stages.Files}} },
		Reads:   func(*stepsConfig, string, *arrow.Schema) []string { return []string{"value"} },
		New: func(cfg *stepsConfig) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				sum := int64(0)
				if err := in.One("rows").Each(ctx, func(rec arrow.Record) error {
					for _, v := range rec.Column(1).(*array.Int64).Int64Values() {
						sum += v
					}
					return nil
				}); err != nil {
					return err
				}
				state := struct{ Step, Sum int64 }{0, sum}
				if in.Resume != nil {
					if err := json.Unmarshal(in.Resume, &state); err != nil {
						return err
					}
				}
				for state.Step < int64(cfg.Steps) {
					c.add("steps", 1)
					time.Sleep(time.Duration(cfg.Nap) * time.Millisecond)
					state.Step++
					state.Sum = state.Sum*31 + state.Step
					data, err := json.Marshal(state)
					if err != nil {
						return err
					}
					if err := out.Checkpoint(data); err != nil {
						return err
					}
					if err := fail(int(state.Step)); err != nil {
						return err
					}
				}
				return out.WriteFile("", "sum.txt", fmt.Append(nil, state.Sum))
			}), nil
		},
	})
	slow := stages.Define(stages.Def[stepsConfig]{
		Name: "map/nap", Doc: "Adds one, slowly.", Version: 1, Shape: stages.RowWise, In: rowsPort,
		Outputs: func(*stepsConfig) []stages.Output { return []stages.Output{{Base: "rows"}} },
		Columns: func(*stepsConfig, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": int64s("value")}, nil
		},
		Reads: func(*stepsConfig, string, *arrow.Schema) []string { return []string{"value"} },
		New: func(cfg *stepsConfig) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				time.Sleep(time.Duration(cfg.Nap) * time.Millisecond)
				return in.One("rows").Each(ctx, func(rec arrow.Record) error {
					c.add("nap", int(rec.NumRows()))
					var ids []string
					var values []int64
					for i, v := range rec.Column(1).(*array.Int64).Int64Values() {
						ids, values = append(ids, rec.Column(0).(*array.String).Value(i)), append(values, v+1)
					}
					return out.Write("", record(ids, "value", values))
				})
			}), nil
		},
	})
	return []*stages.Kind{steps, slow}
}

func never(int) error { return nil }

func newStepBench(t *testing.T, fail func(step int) error) *bench {
	b := newBench(t)
	b.kinds = stages.NewRegistry(append(fakeKinds(&b.calls), stepKinds(&b.calls, fail)...)...)
	return b
}

// A stage that was interrupted goes on from its checkpoint to the same bits;
// nobody else does, and nothing is left of it when it is done.
func TestCheckpoints(t *testing.T) {
	spec := func(steps int) string {
		return fmt.Sprintf("stages:\n  n: {kind: source/numbers, with: {n: 10}}\n  t: {kind: train/steps, from: n, with: {steps: %d}}\n", steps)
	}
	interrupted := errors.New("interrupted")
	var b *bench
	at := 0
	fail := func(step int) error {
		if step == at {
			return interrupted
		}
		return nil
	}
	b = newStepBench(t, fail)
	at = 7
	if r := b.run(spec(10), engine.Options{}); !errors.Is(r.err, interrupted) || r.calls["steps"] != 7 {
		t.Fatalf("%v after %d steps, want an interruption after 7", r.err, r.calls["steps"])
	}
	at = 0
	if r := b.run(spec(12), engine.Options{}); r.calls["steps"] != 12 {
		t.Errorf("another key took %d steps, want all 12", r.calls["steps"])
	}
	got := b.run(spec(10), engine.Options{})
	want := newStepBench(t, never).run(spec(10), engine.Options{})
	if got.err != nil || got.calls["steps"] != 3 || got.digests["t"] != want.digests["t"] {
		t.Errorf("%v: %d steps to %s, want 3 to %s", got.err, got.calls["steps"], got.digests["t"], want.digests["t"])
	}
	store, err := runs.Open(b.dir, runs.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	left, err := store.Records("checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range left {
		if len(r.Objects) != 0 {
			t.Errorf("a checkpoint is left: %v", r.Objects)
		}
	}
}

const shared = `stages:
  n: {kind: source/numbers, with: {n: 3000}}
  m: {kind: map/nap, matrix: {nap: [1, 2]}, from: n, with: {nap: $matrix.nap}}
  x: {kind: map/scale, from: m}
  s: {kind: index/parity, from: m}
  u: {kind: train/steps, from: s.odd, with: {steps: 8, nap: 5}}
  t: {kind: report/total, from: x}
`

var sharedOptions = engine.Options{Workers: 2, Cut: engine.CutAround(100)}

// What a child process did.
type childReport struct {
	Calls   map[string]int
	Digests map[string]string
}

// child runs the shared spec on a store and writes what it did.
func child(dir string) error {
	c := &calls{n: map[string]int{}}
	kinds := stages.NewRegistry(append(fakeKinds(c), stepKinds(c, never)...)...)
	g, err := pipeline.Parse("x.yaml", []byte("shiftmill: v1\nname: x\n"+shared), pipeline.Options{Vocabulary: kinds})
	if err != nil {
		return err
	}
	store, err := runs.Open(dir, runs.Options{})
	if err != nil {
		return err
	}
	e, err := engine.New(g, kinds, store, sharedOptions)
	if err != nil {
		return err
	}
	if err := errors.Join(e.Run(context.Background()), store.Close()); err != nil {
		return err
	}
	r := childReport{c.take(), map[string]string{}}
	for name, outs := range e.Outputs() {
		r.Digests[name] = fmt.Sprint(outs)
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

func startChild(t *testing.T, dir string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), childVariable+"="+dir)
	var out, bad bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &bad
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &out, &bad
}

// Four processes run the same spec on one store at once: they share the work
// and agree.
func TestFourProcesses(t *testing.T) {
	want := newStepBench(t, never).run(shared, sharedOptions)
	if want.err != nil {
		t.Fatal(want.err)
	}
	dir := filepath.Join(t.TempDir(), "store")
	var cmds []*exec.Cmd
	var outs, bads []*bytes.Buffer
	for range 4 {
		cmd, out, bad := startChild(t, dir)
		cmds, outs, bads = append(cmds, cmd), append(outs, out), append(bads, bad)
	}
	total := map[string]int{}
	for i, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v\n%s", i, err, bads[i])
			continue
		}
		var r childReport
		if err := json.Unmarshal(outs[i].Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(r.Digests) != fmt.Sprint(want.digests) {
			t.Errorf("process %d: digests\n got %v\nwant %v", i, r.Digests, want.digests)
		}
		for kind, n := range r.Calls {
			total[kind] += n
		}
	}
	t.Logf("computed %v, one process alone %v", total, want.calls)
	for kind, n := range want.calls {
		if total[kind] < n || float64(total[kind]) > 1.1*float64(n) {
			t.Errorf("%s: all together computed %d rows, one alone %d", kind, total[kind], n)
		}
	}
}

// Processes are killed at random moments; a run after that needs no flags and
// ends as an undisturbed one, without doing again what was committed.
func TestKilledProcesses(t *testing.T) {
	clean := filepath.Join(t.TempDir(), "store")
	start := time.Now()
	cmd, out, bad := startChild(t, clean)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, bad)
	}
	whole := time.Since(start)
	var want childReport
	if err := json.Unmarshal(out.Bytes(), &want); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d; undisturbed %v", seed, whole)
	random := rand.New(rand.NewPCG(seed, 0))
	b := newStepBench(t, never)
	killed := 0
	// Three kills to a store; how long each of the three would take is learnt from
	// those that end before they are killed.
	takes := [3]time.Duration{whole, whole, whole}
	for i := 0; killed < *kills && i < 10**kills; i++ {
		b.dir = filepath.Join(filepath.Dir(clean), fmt.Sprint("store", i/3))
		cmd, _, _ := startChild(t, b.dir)
		begun := time.Now()
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-time.After(time.Duration(random.Int64N(int64(takes[i%3])))):
		case err := <-ended:
			ended <- err
			takes[i%3] = max(time.Since(begun), 10*time.Millisecond)
		}
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		if <-ended != nil {
			killed++
		}
		if i%3 != 2 && killed < *kills {
			continue
		}
		got := b.run(shared, sharedOptions)
		if got.err != nil || fmt.Sprint(got.digests) != fmt.Sprint(want.Digests) {
			t.Fatalf("after kill %d: %v\n got %v\nwant %v", i+1, got.err, got.digests, want.Digests)
		}
		if again := b.run(shared, sharedOptions); again.ran != 0 {
			t.Fatalf("after kill %d: a second run ran %d stages", i+1, again.ran)
		}
		for kind, n := range got.calls {
			if n > want.Calls[kind] {
				t.Fatalf("after kill %d: computed %d of %s, want at most %d", i+1, n, kind, want.Calls[kind])
			}
		}
	}
	t.Logf("%d processes were killed before they ended", killed)
	if killed < *kills {
		t.Errorf("only %d processes were killed in time, want %d", killed, *kills)
	}
	if left := strings.TrimSpace(bad.String()); left != "" {
		t.Errorf("a process said %s", left)
	}
}
