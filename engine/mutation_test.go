package engine_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/stages"
)

var mutations = flag.Int("mutations", 75, "how many mutations TestNoStaleHit makes")

// tick is coarser than the clocks of the file systems that tests run on.
const tick = 12 * time.Millisecond

// A mutant is an experiment on real files that can be changed in one thing at a
// time.
type mutant struct {
	random   *rand.Rand
	dir      string
	files    map[string]bool // names of pictures
	by       int             // a parameter that is always written
	extra    int             // one that is written unless it is 0
	axis     []int           // values of a matrix
	versions map[string]int  // of kinds
	shared   int             // version of shared code
	comment  int
	flipped  bool // order of keys in the spec
}

// A planted is what a mutation must be answered with.
type planted struct {
	what  string
	label string // of the key line that changed; "" where nothing may run
	stage string // whose line it is
	again string // the line instead of label where the results of what came back are known from before
}

func (m *mutant) data() string         { return filepath.Join(m.dir, "data") }
func (m *mutant) file(n string) string { return filepath.Join(m.data(), n) }

func (m *mutant) spec() string {
	with := fmt.Sprintf("file: offset.txt, by: %d", m.by)
	if m.extra != 0 {
		with += fmt.Sprintf(", extra: %d", m.extra)
	}
	if m.flipped {
		parts := strings.Split(with, ", ")
		slices.Reverse(parts)
		with = strings.Join(parts, ", ")
	}
	axis := strings.Trim(strings.ReplaceAll(fmt.Sprint(m.axis), " ", ", "), "[]")
	return fmt.Sprintf(`stages: # %d
  f: {kind: source/files, with: {root: data}}
  g: {kind: map/read, from: f}
  o: {kind: map/offset, from: g, with: {%s}}
  m: {kind: map/scale, matrix: {x: [%s]}, from: o, with: {by: $matrix.x}}
  t: {kind: report/total, from: m}
`, m.comment, with, axis)
}

// write replaces a file's text, sometimes by one of the same length, and sets
// its time before, to or after what it was.
func (m *mutant) write(path string) error {
	before, err := os.Stat(path)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := fmt.Sprint(1000 + m.random.IntN(9000))
	if m.random.IntN(4) == 0 {
		text = fmt.Sprint(m.random.IntN(1000))
	}
	if text == string(old) {
		text = fmt.Sprint(9999 + m.random.IntN(10))
	}
	if m.random.IntN(3) == 0 { // as editors do: another inode under the name
		if err := os.WriteFile(path+".new", []byte(text), 0o666); err != nil {
			return err
		}
		err = os.Rename(path+".new", path)
	} else {
		err = os.WriteFile(path, []byte(text), 0o666)
	}
	if err != nil {
		return err
	}
	return m.touch(path, before.ModTime())
}

func (m *mutant) touch(path string, was time.Time) error {
	at := was.Add([]time.Duration{-time.Hour, 0, time.Hour}[m.random.IntN(3)])
	return os.Chtimes(path, at, at)
}

func (m *mutant) anyFile() string {
	return m.file(slices.Sorted(maps.Keys(m.files))[m.random.IntN(len(m.files))])
}

// mutate changes one thing.
func (m *mutant) mutate(t *testing.T) planted {
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for {
		switch m.random.IntN(18) {
		case 0:
			m.by += 1 + m.random.IntN(3)
			return planted{what: "a parameter changed", label: "with.by", stage: "o"}
		case 1:
			what := "a parameter was added"
			if m.extra != 0 {
				what = "a parameter changed"
			}
			m.extra++
			return planted{what: what, label: "with.extra", stage: "o"}
		case 2:
			if m.extra == 0 {
				continue
			}
			m.extra = 0
			return planted{what: "a parameter was removed", label: "with.extra", stage: "o"}
		case 3:
			stage := []string{"g", "o", "m", "t"}[m.random.IntN(4)]
			m.versions[stage]++
			return planted{what: "a version was raised", label: "kind", stage: stage}
		case 4:
			m.shared++
			return planted{what: "the version of shared code was raised", label: "uses code", stage: "g"}
		case 5, 6, 7:
			check(m.write(m.anyFile()))
			return planted{what: "a file was written", label: "in.rows column image", stage: "g"}
		case 8:
			check(m.write(filepath.Join(m.dir, "offset.txt")))
			return planted{what: "a parameter's file was written", label: "with.file", stage: "o"}
		case 9:
			if len(m.files) > 8 {
				continue
			}
			name := fmt.Sprintf("p%d", m.random.IntN(1000))
			if m.files[name] {
				continue
			}
			m.files[name] = true
			check(os.WriteFile(m.file(name), []byte(fmt.Sprint(m.random.IntN(100))), 0o666))
			return planted{what: "a file was added", label: "listing", stage: "f"}
		case 10:
			if len(m.files) < 3 {
				continue
			}
			path := m.anyFile()
			delete(m.files, filepath.Base(path))
			check(os.Remove(path))
			return planted{what: "a file was removed", label: "listing", stage: "f"}
		case 11: // a link to what was there
			path := m.anyFile()
			if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink != 0 {
				continue
			}
			to := filepath.Join(m.dir, fmt.Sprintf("linked-%d", m.random.Uint32()))
			check(os.Rename(path, to))
			check(os.Symlink(to, path))
			return planted{what: "a file became a link to its content"}
		case 12: // a link to something else
			path := m.anyFile()
			old, err := os.ReadFile(path)
			check(err)
			to := filepath.Join(m.dir, fmt.Sprintf("linked-%d", m.random.Uint32()))
			check(os.WriteFile(to, []byte("7"+string(old)), 0o666))
			check(os.Remove(path))
			check(os.Symlink(to, path))
			return planted{what: "a file became a link to another content", label: "in.rows column image", stage: "g"}
		case 13:
			path := m.anyFile()
			info, err := os.Stat(path)
			check(err)
			check(m.touch(path, info.ModTime()))
			return planted{what: "a file was touched"}
		case 14:
			check(os.Chmod(m.anyFile(), []os.FileMode{0o600, 0o644, 0o666, 0o755}[m.random.IntN(4)]))
			return planted{what: "permissions changed"}
		case 15:
			m.random.Shuffle(len(m.axis), func(i, j int) { m.axis[i], m.axis[j] = m.axis[j], m.axis[i] })
			return planted{what: "the order of the matrix changed"}
		case 16:
			m.comment++
			m.flipped = !m.flipped
			return planted{what: "a comment and the order of keys changed"}
		case 17:
			if x := 2 + m.random.IntN(30); len(m.axis) < 5 && !slices.Contains(m.axis, x) {
				m.axis = append(m.axis, x)
				return planted{what: "a value was added to the matrix", label: fmt.Sprintf("new m[x=%d]", x), stage: "t",
					again: fmt.Sprintf(`in.sets m.["x"="%d"] rows`, x)}
			}
			if len(m.axis) < 2 {
				continue
			}
			x := m.axis[0]
			m.axis = m.axis[1:]
			return planted{what: "a value was taken from the matrix", label: fmt.Sprintf(`in.sets m.["x"="%d"] rows`, x), stage: "t"}
		}
	}
}

// kinds are the fakes in the mutant's versions.
func (m *mutant) kinds(c *calls) *stages.Registry {
	var all []*stages.Kind
	for _, k := range append(fakeKinds(c), fileKinds()...) {
		stage := map[string]string{"map/read": "g", "map/offset": "o", "map/scale": "m", "report/total": "t"}[k.Name]
		k.Version += m.versions[stage]
		if stage == "g" {
			k.Uses = []string{fmt.Sprintf("code/%d", m.shared)}
		}
		all = append(all, k)
	}
	return stages.NewRegistry(all...)
}

type offsetConfig struct {
	File  pipeline.File `yaml:"file" required:"true" doc:"file that holds a number"`
	By    int           `yaml:"by" doc:"factor"`
	Extra int           `yaml:"extra" doc:"another number"`
}

// fileKinds read files: as cells of a source, and as a parameter.
func fileKinds() []*stages.Kind {
	source := stages.Define(stages.Def[fileConfig]{
		Name: "source/files", Doc: "Lists a folder.", Version: 1, Shape: stages.Source,
		Outputs: func(*fileConfig) []stages.Output { return []stages.Output{{}} },
		Columns: func(*fileConfig, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": arrow.NewSchema([]arrow.Field{{Name: "image", Type: stages.ImageType}}, nil)}, nil
		},
		Source: &stages.Access[fileConfig]{
			Listing: func(_ context.Context, c *fileConfig, _ func(string) (string, error), w io.Writer) error {
				names, err := listed(c)
				if err == nil {
					_, err = fmt.Fprintf(w, "%q", names)
				}
				return err
			},
			File: func(c *fileConfig, ref string) (stages.FileRange, error) {
				return stages.FileRange{Path: filepath.Join(string(c.Root), strings.TrimPrefix(ref, "file:")), Size: -1}, nil
			},
		},
		New: func(c *fileConfig) (stages.Stage, error) {
			return stages.RunFunc(func(_ context.Context, _ *stages.Inputs, out stages.Sink) error {
				names, err := listed(c)
				if err != nil {
					return err
				}
				ids := array.NewStringBuilder(memory.DefaultAllocator)
				cells := stages.NewImageBuilder(memory.DefaultAllocator)
				for _, n := range names {
					ids.Append(n)
					cells.Append(stages.ImageCell{Ref: "file:" + n})
				}
				schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "image", Type: stages.ImageType}}, nil)
				return out.Write("", array.NewRecord(schema, []arrow.Array{ids.NewArray(), cells.NewArray()}, int64(len(names))))
			}), nil
		},
	})
	read := stages.Define(stages.Def[none]{
		Name: "map/read", Doc: "Reads the number in a file.", Version: 1, Shape: stages.RowWise, In: rowsPort,
		Outputs: func(*none) []stages.Output { return []stages.Output{{Base: "rows"}} },
		Columns: func(*none, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": int64s("value")}, nil
		},
		Reads: func(*none, string, *arrow.Schema) []string { return []string{"image"} },
		New: func(*none) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return in.One("rows").Each(ctx, func(rec arrow.Record) error {
					var ids []string
					var values []int64
					for i := range int(rec.NumRows()) {
						p, err := in.Images.Open(ctx, stages.Image(rec.Column(1), i))
						if err != nil {
							return err
						}
						var v int64
						if _, err := fmt.Sscan(string(p.Encoded), &v); err != nil {
							return err
						}
						ids, values = append(ids, rec.Column(0).(*array.String).Value(i)), append(values, v)
					}
					return out.Write("", record(ids, "value", values))
				})
			}), nil
		},
	})
	offset := stages.Define(stages.Def[offsetConfig]{
		Name: "map/offset", Doc: "Adds the number in a file.", Version: 1, Shape: stages.RowWise, In: rowsPort,
		Outputs: func(*offsetConfig) []stages.Output { return []stages.Output{{Base: "rows"}} },
		Columns: func(*offsetConfig, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": int64s("value")}, nil
		},
		Reads: func(*offsetConfig, string, *arrow.Schema) []string { return []string{"value"} },
		New: func(c *offsetConfig) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				data, err := os.ReadFile(string(c.File))
				if err != nil {
					return err
				}
				var add int64
				if _, err := fmt.Sscan(string(data), &add); err != nil {
					return err
				}
				return in.One("rows").Each(ctx, func(rec arrow.Record) error {
					var ids []string
					var values []int64
					for i := range int(rec.NumRows()) {
						ids = append(ids, rec.Column(0).(*array.String).Value(i))
						values = append(values, rec.Column(1).(*array.Int64).Value(i)*int64(c.By)+add+int64(c.Extra))
					}
					return out.Write("", record(ids, "value", values))
				})
			}), nil
		},
	})
	return []*stages.Kind{source, read, offset}
}

func listed(c *fileConfig) ([]string, error) {
	entries, err := os.ReadDir(string(c.Root))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func newMutant(t *testing.T, seed uint64) *mutant {
	m := &mutant{random: rand.New(rand.NewPCG(seed, 1)), dir: t.TempDir(), files: map[string]bool{}, by: 2, axis: []int{2, 3}, versions: map[string]int{}}
	if err := os.Mkdir(m.data(), 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		name := fmt.Sprintf("p%d", 2000+i)
		m.files[name] = true
		if err := os.WriteFile(m.file(name), []byte(fmt.Sprint(i)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(m.dir, "offset.txt"), []byte("5"), 0o666); err != nil {
		t.Fatal(err)
	}
	return m
}

// leaves are the lines behind changes: where an input changed, those of its maker.
func leaves(stage string, changes []engine.Change) map[string]bool {
	from, told := map[string]string{}, map[string]bool{}
	collectLeaves(stage, changes, from, told)
	out := map[string]bool{}
	for leaf, maker := range from {
		if !told[maker] {
			out[leaf] = true
		}
	}
	return out
}

// collectLeaves also tells which makers' causes are told, at one of their readers.
func collectLeaves(stage string, changes []engine.Change, from map[string]string, told map[string]bool) {
	for _, c := range changes {
		switch {
		case len(c.Cause) > 0:
			told[c.From] = true
			collectLeaves(c.From, c.Cause, from, told)
		case c.New == "not made yet" && c.Note != "":
			from[stage+": new "+c.From] = ""
		case c.New != "not made yet":
			from[stage+": "+c.Label] = c.From
		}
	}
}

// mutationsOfCase is how many mutations one experiment goes through.
const mutationsOfCase = 25

// Whatever changes in the spec, the kinds or the data, a run gives what a store
// that has seen nothing gives; what changes no result runs nothing; and why
// names the line that was meant, and no other.
func TestNoStaleHit(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // many small heaps
	var mu sync.Mutex
	seen := map[string]int{}
	workers := runtime.GOMAXPROCS(0) // each waits for clocks most of the time
	t.Run("experiments", func(t *testing.T) {
		for w := range workers {
			t.Run(fmt.Sprint(w), func(t *testing.T) {
				t.Parallel()
				for made := w * mutationsOfCase; made < *mutations; made += workers * mutationsOfCase {
					for what, n := range noStaleHit(t, *caseSeed+uint64(made)) {
						mu.Lock()
						seen[what] += n
						mu.Unlock()
					}
				}
			})
		}
	})
	total := 0
	var lines []string
	for what, n := range seen {
		total += n
		lines = append(lines, fmt.Sprintf("%6d times %s", n, what))
	}
	sort.Strings(lines)
	t.Logf("%d mutations, no stale result, the cause named each time:\n%s", total, strings.Join(lines, "\n"))
}

// noStaleHit takes one experiment through its mutations, and tells which they were.
func noStaleHit(t *testing.T, seed uint64) map[string]int {
	seen := map[string]int{}
	m := newMutant(t, seed)
	defer os.RemoveAll(m.dir) // there are thousands of experiments
	b := newMemoryBench(t)
	b.file = filepath.Join(m.dir, "x.yaml")
	o := engine.Options{Workers: 1 + m.random.IntN(3), Cut: engine.CutAround(1 + m.random.IntN(6)), Granularity: tick / 2}
	b.kinds = m.kinds(&b.calls)
	clean := b.run(m.spec(), o)
	if clean.err != nil {
		t.Fatal(clean.err)
	}
	for range mutationsOfCase {
		if m.random.IntN(4) == 0 {
			time.Sleep(tick) // now the files' digests may be trusted
		}
		want := m.mutate(t)
		seen[want.what]++
		b.kinds = m.kinds(&b.calls)
		spec := m.spec()
		m.checkWhy(t, b, seed, want, o)
		got := b.run(spec, o)
		if want.label != "" { // else what a run on an empty store gives is as before
			fresh := newMemoryBench(t)
			fresh.file, fresh.kinds = b.file, m.kinds(&fresh.calls)
			clean = fresh.run(spec, engine.Options{})
		}
		if got.err != nil || clean.err != nil || !maps.Equal(got.digests, clean.digests) {
			t.Fatalf("seed %d, %s: stale: %v, %v\n got %v\nwant %v\n%s", seed, want.what, got.err, clean.err, got.digests, clean.digests, spec)
		}
		if want.label == "" && got.ran > 0 {
			t.Fatalf("seed %d, %s: %d stages ran\n%s", seed, want.what, got.ran, spec)
		}
	}
	return seen
}

// checkWhy asks before the run what the mutation has changed.
func (m *mutant) checkWhy(t *testing.T, b *bench, seed uint64, want planted, o engine.Options) {
	t.Helper()
	b.plannedWith(m.spec(), o, func(e *engine.Engine, last engine.RunRecord) {
		for _, n := range e.Instances() {
			x, err := e.Why(n.Name, last, true)
			if err != nil {
				t.Fatal(err)
			}
			got := leaves(n.Name, x.Changes)
			stage, _, _ := strings.Cut(n.Name, "[")
			if want.label == "" {
				if len(got) > 0 || n.State != engine.Hit {
					t.Fatalf("seed %d, %s: %s is %s because of %v\n%s", seed, want.what, n.Name, n.State, got, m.spec())
				}
				continue
			}
			line, again := want.stage+": "+want.label, want.stage+": "+want.again
			for g := range got { // of instances of a matrix stage, each its own
				s, label, _ := strings.Cut(g, ": ")
				if s, _, _ = strings.Cut(s, "["); s+": "+label != line && s+": "+label != again {
					t.Fatalf("seed %d, %s: why %s names %v, want %q\n%s", seed, want.what, n.Name, got, line, m.spec())
				}
			}
			if stage == want.stage && len(got) == 0 {
				t.Fatalf("seed %d, %s: why %s names nothing, want %q\n%s", seed, want.what, n.Name, line, m.spec())
			}
		}
	})
}
