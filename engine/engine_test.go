package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/runs/runstest"
	"shiftmill/stages"
)

// calls counts rows that the fake kinds computed, by kind.
type calls struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *calls) add(kind string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[kind] += n
}

func (c *calls) take() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.n
	c.n = map[string]int{}
	return n
}

type numbersConfig struct {
	N    int   `yaml:"n" min:"0" doc:"rows"`
	Bump int   `yaml:"bump" doc:"ordinal of a row whose value is one larger; -1 for none"`
	From int   `yaml:"from" doc:"first ordinal"`
	Add  []int `yaml:"add" doc:"further ordinals"`
}

type scaleConfig struct {
	By   int    `yaml:"by" doc:"factor"`
	Drop int    `yaml:"drop" doc:"leave out values divisible by it; 0 for none"`
	Fail string `yaml:"fail" enum:"error|panic" doc:"how to fail"`
}

type none struct{}

func int64s(name string) *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{{Name: name, Type: arrow.PrimitiveTypes.Int64}}, nil)
}

func record(ids []string, name string, values []int64) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String}, {Name: name, Type: arrow.PrimitiveTypes.Int64}}, nil))
	defer b.Release()
	b.Field(0).(*array.StringBuilder).AppendValues(ids, nil)
	b.Field(1).(*array.Int64Builder).AppendValues(values, nil)
	return b.NewRecord()
}

// fakes are kinds of every shape over one column of integers.
func fakes(c *calls) *stages.Registry { return stages.NewRegistry(fakeKinds(c)...) }

func fakeKinds(c *calls) []*stages.Kind {
	rows := []stages.Port{{Name: "rows", Type: stages.Rows}}
	readValue := func(string, *arrow.Schema) []string { return []string{"value"} }
	source := stages.Define(stages.Def[numbersConfig]{
		Name: "source/numbers", Doc: "Counts.", Version: 1, Shape: stages.Source, Config: numbersConfig{Bump: -1},
		Outputs: func(*numbersConfig) []stages.Output { return []stages.Output{{}} },
		Columns: func(*numbersConfig, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": int64s("value")}, nil
		},
		Source: &stages.Access[numbersConfig]{},
		New: func(cfg *numbersConfig) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				var ids []string
				var values []int64
				add := func(i int) {
					v := int64(i)
					if i == cfg.Bump {
						v++
					}
					ids, values = append(ids, fmt.Sprintf("r%06d", i)), append(values, v)
				}
				for i := cfg.From; i < cfg.N; i++ {
					add(i)
				}
				for _, i := range cfg.Add {
					add(i)
				}
				c.add("source", len(ids))
				return out.Write("", record(ids, "value", values))
			}), nil
		},
	})
	scale := stages.Define(stages.Def[scaleConfig]{
		Name: "map/scale", Doc: "Multiplies.", Version: 1, Shape: stages.RowWise, In: rows, Config: scaleConfig{By: 2},
		Outputs: func(*scaleConfig) []stages.Output { return []stages.Output{{Base: "rows"}} },
		Columns: func(*scaleConfig, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": int64s("scaled")}, nil
		},
		Reads: func(_ *scaleConfig, port string, in *arrow.Schema) []string { return readValue(port, in) },
		New: func(cfg *scaleConfig) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				switch cfg.Fail {
				case "error":
					return fmt.Errorf("asked to fail")
				case "panic":
					panic("asked to panic")
				}
				return in.One("rows").Each(ctx, func(rec arrow.Record) error {
					c.add("scale", int(rec.NumRows()))
					var ids []string
					var values []int64
					for i := range int(rec.NumRows()) {
						id, v := rec.Column(0).(*array.String).Value(i), rec.Column(1).(*array.Int64).Value(i)
						if cfg.Drop > 0 && v%int64(cfg.Drop) == 0 {
							out.Skip(id, "divisible")
							continue
						}
						ids, values = append(ids, id), append(values, v*int64(cfg.By))
					}
					return out.Write("", record(ids, "scaled", values))
				})
			}), nil
		},
	})
	parity := stages.Define(stages.Def[none]{
		Name: "index/parity", Doc: "Splits by parity.", Version: 1, Shape: stages.Index, In: rows,
		Outputs: func(*none) []stages.Output {
			return []stages.Output{{Name: "odd", Base: "rows", Groups: []string{"both"}}, {Name: "even", Base: "rows", Groups: []string{"both"}}}
		},
		Columns: func(*none, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"odd": int64s("cell"), "even": int64s("cell")}, nil
		},
		Reads: func(_ *none, port string, in *arrow.Schema) []string { return readValue(port, in) },
		New: func(*none) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return in.One("rows").Each(ctx, func(rec arrow.Record) error {
					c.add("parity", int(rec.NumRows()))
					var ids [2][]string
					var values [2][]int64
					for i := range int(rec.NumRows()) {
						v := rec.Column(1).(*array.Int64).Value(i)
						ids[v&1] = append(ids[v&1], rec.Column(0).(*array.String).Value(i))
						values[v&1] = append(values[v&1], v&1)
					}
					for p, name := range []string{"even", "odd"} {
						if err := out.Write(name, record(ids[p], "cell", values[p])); err != nil {
							return err
						}
					}
					return nil
				})
			}), nil
		},
	})
	total := stages.Define(stages.Def[none]{
		Name: "report/total", Doc: "Adds up.", Version: 1, Shape: stages.Aggregate,
		In:      []stages.Port{{Name: "sets", Type: stages.Rows, Many: true}},
		Outputs: func(*none) []stages.Output { return []stages.Output{{Type: stages.Files}} },
		Reads: func(_ *none, _ string, in *arrow.Schema) []string {
			if in != nil && in.HasField("scaled") {
				return []string{"scaled"}
			}
			return []string{"value"}
		},
		New: func(*none) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				c.add("total", 1)
				var text strings.Builder
				for _, set := range in.Ports["sets"] {
					sum, n := int64(0), 0
					if err := set.Each(ctx, func(rec arrow.Record) error {
						for i := range int(rec.NumRows()) {
							sum += rec.Column(1).(*array.Int64).Value(i) * int64(n+1)
							n++
						}
						return nil
					}); err != nil {
						return err
					}
					fmt.Fprintf(&text, "%v %d rows %d\n", set.Coords(), n, sum)
				}
				out.Metric("sets", float64(len(in.Ports["sets"])))
				return out.WriteFile("", "total.txt", []byte(text.String()))
			}), nil
		},
	})
	return []*stages.Kind{source, scale, parity, total, fakeTrain(c), fakeApply(c), fakeJoin(c)}
}

// A bench runs specs over one store and counts what was computed.
type bench struct {
	t     *testing.T
	dir   string
	calls calls
	kinds *stages.Registry

	interrupt func(engine.Event) // sees events of runs, if not nil
	fs        runs.FS            // of the store, if not nil
	file      string             // of the spec; "" = x.yaml
}

// parse reads a spec as a file of this bench.
func (b *bench) parse(spec string) *pipeline.Graph {
	b.t.Helper()
	file := b.file
	if file == "" {
		file = "x.yaml"
	}
	g, err := pipeline.Parse(file, []byte("shiftmill: v1\nname: x\n"+spec), pipeline.Options{Vocabulary: b.kinds})
	if err != nil {
		b.t.Fatalf("parse: %v", err)
	}
	return g
}

// newMemoryBench is a bench whose store is in memory, where a run costs no disk.
func newMemoryBench(t *testing.T) *bench {
	b := &bench{t: t, fs: runstest.NewMemFS(time.Now), dir: "/store"}
	b.calls.n = map[string]int{}
	b.kinds = stages.NewRegistry(fakeKinds(&b.calls)...)
	return b
}

func newBench(t *testing.T, more ...*stages.Kind) *bench {
	b := &bench{t: t, dir: filepath.Join(t.TempDir(), "store")}
	b.calls.n = map[string]int{}
	b.kinds = stages.NewRegistry(append(fakeKinds(&b.calls), more...)...)
	return b
}

// A result is what a run left behind.
type result struct {
	err     error
	ran     int
	nodes   []engine.NodeRun
	calls   map[string]int
	digests map[string]string // of all outputs, by instance
}

func (b *bench) run(spec string, o engine.Options) result {
	b.t.Helper()
	return b.runWith(context.Background(), spec, o, nil)
}

// runWith is run under a context; then, if not nil, looks at the engine after
// the run.
func (b *bench) runWith(ctx context.Context, spec string, o engine.Options, then func(*engine.Engine)) result {
	b.t.Helper()
	g := b.parse(spec)
	store, err := runs.Open(b.dir, runs.Options{FS: b.fs})
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			b.t.Error(err)
		}
	}()
	var ran atomic.Int64
	o.Listen = func(ev engine.Event) {
		if ev.Type == engine.NodeDone && ev.State == engine.Ran {
			ran.Add(1)
		}
		if b.interrupt != nil {
			b.interrupt(ev)
		}
	}
	e, err := engine.New(g, b.kinds, store, o)
	if err != nil {
		b.t.Fatal(err)
	}
	b.calls.take()
	r := result{digests: map[string]string{}}
	r.err = e.Run(ctx)
	r.ran, r.nodes, r.calls = int(ran.Load()), e.NodeRuns(), b.calls.take()
	for name, outs := range e.Outputs() {
		r.digests[name] = fmt.Sprint(outs)
	}
	if then != nil {
		then(e)
	}
	if err := e.Close(context.Background()); err != nil { // keeps what was learnt about files
		b.t.Fatal(err)
	}
	if err := e.SaveRun(engine.RunRecord{ID: fmt.Sprintf("%03d", len(b.runs(store))), Spec: "x", Outcome: "done"}); err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b *bench) runs(store *runs.Store) []runs.RunInfo {
	infos, err := store.Runs()
	if err != nil {
		b.t.Fatal(err)
	}
	return infos
}

const chain = `stages:
  n: {kind: source/numbers, with: {n: 5000}}
  s: {kind: index/parity, from: n}
  m:
    kind: map/scale
    matrix: {by: [2, 3]}
    from: s.both
    with: {by: $matrix.by}
  t: {kind: report/total, from: m}
`

func TestSecondRunDoesNothing(t *testing.T) {
	b := newBench(t)
	first := b.run(chain, engine.Options{})
	if first.err != nil {
		t.Fatal(first.err)
	}
	if want := 1 + 1 + 4 + 1; first.ran != want {
		t.Errorf("first run ran %d stages, want %d", first.ran, want)
	}
	same := strings.ReplaceAll(chain, "from: n}", "from: n} # a comment")
	same = strings.ReplaceAll(same, "kind: source/numbers, with: {n: 5000}", "with: {n: 5000}, kind: source/numbers")
	second := b.run(same, engine.Options{})
	if second.ran != 0 || len(second.calls) != 0 {
		t.Errorf("second run ran %d stages and computed %v, want nothing", second.ran, second.calls)
	}
	if fmt.Sprint(first.digests) != fmt.Sprint(second.digests) {
		t.Errorf("digests differ:\n%v\n%v", first.digests, second.digests)
	}
}

func TestSettingsChangeNoResult(t *testing.T) {
	want := newBench(t).run(chain, engine.Options{Workers: 1}).digests
	for _, o := range []engine.Options{
		{Workers: 8}, {Workers: 2, Batch: 1}, {Workers: 2, Batch: 7},
		{Cut: engine.CutAround(64)}, {Workers: 8, Batch: 256, Cut: engine.CutAround(100000)},
		{Workers: 2, Memory: 1 << 20}, // rows of the source are sorted on the disk
	} {
		got := newBench(t).run(chain, o).digests
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v: digests differ:\n got %v\nwant %v", o, got, want)
		}
	}
}

func TestOnlyChangedRowsAreComputed(t *testing.T) {
	spec := func(with string) string {
		return "stages:\n  n: {kind: source/numbers, with: {" + with + "}}\n  m: {kind: map/scale, from: n}\n  t: {kind: report/total, from: m}\n"
	}
	tests := []struct {
		name, with string
		scaled     int
	}{
		{"edit one row", "n: 20000, bump: 7777", 1},
		{"insert rows", "n: 20000, add: [30001, 30002, 30003]", 3},
		{"remove rows", "n: 20000, from: 50", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			if r := b.run(spec("n: 20000"), engine.Options{}); r.err != nil || r.calls["scale"] != 20000 {
				t.Fatalf("first run: %v, scaled %d", r.err, r.calls["scale"])
			}
			got := b.run(spec(tt.with), engine.Options{})
			if got.calls["scale"] != tt.scaled {
				t.Errorf("computed %d rows, want %d", got.calls["scale"], tt.scaled)
			}
			clean := newBench(t).run(spec(tt.with), engine.Options{})
			if fmt.Sprint(got.digests) != fmt.Sprint(clean.digests) {
				t.Errorf("incremental result differs from a clean run's:\n got %v\nwant %v", got.digests, clean.digests)
			}
		})
	}
}

func TestEarlyCutOff(t *testing.T) {
	b := newBench(t)
	spec := func(drop int) string {
		return fmt.Sprintf("stages:\n  n: {kind: source/numbers, with: {n: 100, from: 1}}\n  m: {kind: map/scale, from: n, with: {drop: %d}}\n  t: {kind: report/total, from: m}\n", drop)
	}
	b.run(spec(1000), engine.Options{})
	if r := b.run(spec(2000), engine.Options{}); r.calls["scale"] != 99 || r.calls["total"] != 0 {
		t.Errorf("computed %v, want the scaling again but not the total of equal rows", r.calls)
	}
}

func TestStreamedEqualsStored(t *testing.T) {
	spec := "stages:\n  n: {kind: source/numbers, with: {n: 3000}}\n  m: {kind: map/scale, from: n%s}\n  s: {kind: index/parity, from: m}\n  t: {kind: report/total, from: [s.odd, m]}\n"
	stored := newBench(t).run(fmt.Sprintf(spec, ""), engine.Options{})
	b := newBench(t)
	streamed := b.run(fmt.Sprintf(spec, ", cache: stream"), engine.Options{})
	if streamed.err != nil {
		t.Fatal(streamed.err)
	}
	if stored.digests["t"] != streamed.digests["t"] {
		t.Errorf("reports differ:\n%v\n%v", stored.digests["t"], streamed.digests["t"])
	}
	if again := b.run(fmt.Sprintf(spec, ", cache: stream"), engine.Options{}); again.ran != 0 || len(again.calls) != 0 {
		t.Errorf("second run ran %d stages, computed %v", again.ran, again.calls)
	}
}

func TestListOfInputs(t *testing.T) {
	b := newBench(t)
	spec := `stages:
  n: {kind: source/numbers, with: {n: 3000}}
  s: {kind: index/parity, from: n}
  m: {kind: map/scale, from: [s.odd, s.even, n]}
  t: {kind: report/total, from: m}
`
	r := b.run(spec, engine.Options{})
	if r.err != nil {
		t.Fatal(r.err)
	}
	if r.calls["scale"] != 6000 {
		t.Errorf("scaled %d rows, want 6000", r.calls["scale"])
	}
	if again := b.run(spec, engine.Options{}); again.ran != 0 {
		t.Errorf("second run ran %d stages", again.ran)
	}
	if cut := newBench(t).run(spec, engine.Options{Cut: engine.CutAround(50)}); fmt.Sprint(cut.digests) != fmt.Sprint(r.digests) {
		t.Errorf("partition size changes the result:\n%v\n%v", cut.digests, r.digests)
	}
}

func TestFailures(t *testing.T) {
	for _, how := range []string{"error", "panic"} {
		b := newBench(t)
		spec := "stages:\n  n: {kind: source/numbers, with: {n: 10}}\n  bad: {kind: map/scale, from: n, with: {fail: " + how + "}}\n" +
			"  after: {kind: report/total, from: bad}\n  good: {kind: map/scale, from: n}\n  fine: {kind: report/total, from: good}\n"
		r := b.run(spec, engine.Options{KeepGoing: true})
		if r.err == nil || !strings.Contains(r.err.Error(), "stage bad: ") || !strings.Contains(r.err.Error(), "asked to "+strings.TrimSuffix(how, "error")) && how == "panic" {
			t.Errorf("%s: error %v", how, r.err)
		}
		states := map[string]engine.State{}
		for _, n := range r.nodes {
			states[n.Name] = n.State
		}
		want := map[string]engine.State{"n": engine.Ran, "bad": engine.Failed, "after": engine.Skipped, "good": engine.Ran, "fine": engine.Ran}
		if fmt.Sprint(states) != fmt.Sprint(want) {
			t.Errorf("%s: states %v, want %v", how, states, want)
		}
	}
}

// A stored file that is damaged or gone is made again when something needs it.
func TestDamagedObjectsAreMadeAgain(t *testing.T) {
	spec := func(by int) string {
		return fmt.Sprintf("stages:\n  n: {kind: source/numbers, with: {n: 20000}}\n  m: {kind: map/scale, from: n}\n"+
			"  s: {kind: index/parity, from: m}\n  p: {kind: map/scale, from: s.odd, with: {by: %d}}\n  t: {kind: report/total, from: p}\n", by)
	}
	want := newBench(t).run(spec(5), engine.Options{}).digests["t"]
	for _, how := range []string{"flip", "truncate", "remove"} {
		t.Run(how, func(t *testing.T) {
			b := newBench(t)
			b.run(spec(4), engine.Options{})
			damaged := 0
			for _, folder := range []string{"objects", "packs"} {
				err := filepath.WalkDir(filepath.Join(b.dir, folder), func(path string, d os.DirEntry, err error) error {
					if err != nil || d.IsDir() {
						return err
					}
					damaged++
					data, err := os.ReadFile(path)
					if err != nil {
						return err
					}
					switch how {
					case "flip":
						for i := 40; i < len(data); i += 500 {
							data[i] ^= 0x10
						}
						return os.WriteFile(path, data, 0o666)
					case "truncate":
						return os.Truncate(path, int64(len(data)/2))
					}
					return os.Remove(path)
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if damaged == 0 {
				t.Fatal("nothing to damage")
			}
			got := b.run(spec(5), engine.Options{})
			if got.err != nil {
				t.Fatal(got.err)
			}
			if got.digests["t"] != want {
				t.Errorf("report %v, want %v", got.digests["t"], want)
			}
		})
	}
}
