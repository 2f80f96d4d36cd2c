package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/stages"
)

var rowsPort = []stages.Port{{Name: "rows", Type: stages.Rows}}

// A fake is a kind whose New is one function.
type fake struct {
	name    string
	shape   stages.Shape
	outputs []stages.Output
	columns func() stages.Schemas
	reads   func(in *arrow.Schema) []string
	run     func(ctx context.Context, in *stages.Inputs, out stages.Sink) error
}

func (f fake) kind() *stages.Kind {
	d := stages.Def[none]{
		Name: f.name, Doc: "Is a fake.", Version: 1, Shape: f.shape,
		Outputs: func(*none) []stages.Output { return f.outputs },
		New:     func(*none) (stages.Stage, error) { return stages.RunFunc(f.run), nil },
	}
	if f.columns != nil {
		d.Columns = func(*none, stages.Schemas) (stages.Schemas, []pipeline.Problem) { return f.columns(), nil }
	}
	if f.reads != nil {
		d.Reads = func(_ *none, _ string, in *arrow.Schema) []string { return f.reads(in) }
	}
	if f.shape == stages.Source {
		d.Source = &stages.Access[none]{}
	} else {
		d.In = rowsPort
	}
	return stages.Define(d)
}

func readsValue(*arrow.Schema) []string { return []string{"value"} }

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("error %v, want one with %q", err, p)
		}
	}
}

func TestRowsMustBeInTheBase(t *testing.T) {
	stray := fake{name: "index/stray", shape: stages.Index, outputs: []stages.Output{{Base: "rows"}}, reads: readsValue,
		columns: func() stages.Schemas { return stages.Schemas{"": int64s("cell")} },
		run: func(_ context.Context, _ *stages.Inputs, out stages.Sink) error {
			return out.Write("", record([]string{"r000001", "r00000x"}, "cell", []int64{1, 2}))
		}}
	b := newBench(t, stray.kind())
	r := b.run("stages:\n  n: {kind: source/numbers, with: {n: 10}}\n  s: {kind: index/stray, from: n}\n", engine.Options{})
	wantError(t, r.err, "stage s: ", `row "r00000x" is not in its base`)
}

func TestWrongColumnsAndIDsAreRefused(t *testing.T) {
	tests := []struct {
		name string
		rec  arrow.Record
		want string
	}{
		{"id twice", record([]string{"a", "b", "a"}, "value", []int64{1, 2, 3}), `id "a" stands twice`},
		{"name of the store's own", record([]string{"a"}, "_in", []int64{1}), `writes a column "_in"`},
		{"prefix of the store's own", record([]string{"a"}, "_d.x", []int64{1}), `writes a column "_d.x"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := fake{name: "source/wrong", shape: stages.Source, outputs: []stages.Output{{}},
				run: func(_ context.Context, _ *stages.Inputs, out stages.Sink) error { return out.Write("", tt.rec) }}
			r := newBench(t, f.kind()).run("stages:\n  n: {kind: source/wrong}\n", engine.Options{})
			wantError(t, r.err, "stage n: ", tt.want)
		})
	}
}

type fileConfig struct {
	Root pipeline.Dir `yaml:"root" required:"true" doc:"folder of data.txt"`
}

// fileSource reads rows "id value" from a table; during is called while it
// runs.
func fileSource(during func(path string)) *stages.Kind {
	return stages.Define(stages.Def[fileConfig]{
		Name: "source/file", Doc: "Reads a table.", Version: 1, Shape: stages.Source,
		Outputs: func(*fileConfig) []stages.Output { return []stages.Output{{}} },
		Columns: func(*fileConfig, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": int64s("value")}, nil
		},
		Source: &stages.Access[fileConfig]{
			Listing: func(_ context.Context, c *fileConfig, digest func(string) (string, error), w io.Writer) error {
				d, err := digest(filepath.Join(string(c.Root), "data.txt"))
				if err == nil {
					_, err = io.WriteString(w, d)
				}
				return err
			},
		},
		New: func(c *fileConfig) (stages.Stage, error) {
			return stages.RunFunc(func(_ context.Context, _ *stages.Inputs, out stages.Sink) error {
				path := filepath.Join(string(c.Root), "data.txt")
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				during(path)
				var ids []string
				var values []int64
				for line := range strings.Lines(string(data)) {
					var id string
					var v int64
					if _, err := fmt.Sscan(line, &id, &v); err != nil {
						return err
					}
					ids, values = append(ids, id), append(values, v)
				}
				return out.Write("", record(ids, "value", values))
			}), nil
		},
	})
}

const fileSpec = "stages:\n  n: {kind: source/file, with: {root: %s}}\n  t: {kind: report/total, from: n}\n"

func writeTable(t *testing.T, dir, text string) string {
	t.Helper()
	path := filepath.Join(dir, "data.txt")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTableThatChangesWhileItIsRead(t *testing.T) {
	dir, change := t.TempDir(), true
	b := newBench(t, fileSource(func(path string) {
		if change {
			change = false
			if err := os.WriteFile(path, []byte("a 7\n"), 0o666); err != nil {
				t.Error(err)
			}
		}
	}))
	writeTable(t, dir, "a 1\n")
	spec := fmt.Sprintf(fileSpec, dir)
	wantError(t, b.run(spec, engine.Options{}).err, "stage n: ", "changed while the stage ran; run again")
	got := b.run(spec, engine.Options{})
	clean := newBench(t, fileSource(func(string) {})).run(spec, engine.Options{})
	if got.err != nil || got.digests["t"] != clean.digests["t"] {
		t.Errorf("the run after it: %v, report %s, want %s", got.err, got.digests["t"], clean.digests["t"])
	}
}

// Files that look as they did (equal size, equal or older time, another target
// of a link, another folder of that name) are still read again.
func TestChangedFilesAreSeen(t *testing.T) {
	old := time.Now().Add(-time.Hour)
	age := func(t *testing.T, path string, when time.Time) {
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		before func(t *testing.T, root string)
		after  func(t *testing.T, root string)
	}{
		{"equal size and time", nil, func(t *testing.T, root string) {
			age(t, writeTable(t, root, "a 2\n"), old)
		}},
		{"older time", nil, func(t *testing.T, root string) {
			age(t, writeTable(t, root, "a 2\n"), old.Add(-time.Hour))
		}},
		{"renamed over it", nil, func(t *testing.T, root string) {
			other := t.TempDir()
			path := writeTable(t, other, "a 2\n")
			age(t, path, old)
			must(t, os.Rename(path, filepath.Join(root, "data.txt")))
		}},
		{"link to another file", func(t *testing.T, root string) {
			must(t, os.Mkdir(filepath.Join(root, "x"), 0o777))
			must(t, os.Mkdir(filepath.Join(root, "y"), 0o777))
			age(t, writeTable(t, filepath.Join(root, "x"), "a 1\n"), old)
			age(t, writeTable(t, filepath.Join(root, "y"), "a 2\n"), old)
			must(t, os.Remove(filepath.Join(root, "data.txt")))
			must(t, os.Symlink("x/data.txt", filepath.Join(root, "data.txt")))
		}, func(t *testing.T, root string) {
			must(t, os.Remove(filepath.Join(root, "data.txt")))
			must(t, os.Symlink("y/data.txt", filepath.Join(root, "data.txt")))
		}},
		{"folder replaced", nil, func(t *testing.T, root string) {
			must(t, os.Rename(root, root+".old"))
			must(t, os.Mkdir(root, 0o777))
			age(t, writeTable(t, root, "a 2\n"), old)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, fileSource(func(string) {}))
			root := filepath.Join(t.TempDir(), "root")
			must(t, os.Mkdir(root, 0o777))
			age(t, writeTable(t, root, "a 1\n"), old)
			if tt.before != nil {
				tt.before(t, root)
			}
			time.Sleep(2100 * time.Millisecond) // so that digests are remembered at all
			keep := func(e *engine.Engine) { must(t, e.Close(context.Background())) }
			spec := fmt.Sprintf(fileSpec, root)
			must(t, b.runWith(context.Background(), spec, engine.Options{}, keep).err)
			if again := b.runWith(context.Background(), spec, engine.Options{}, keep); again.ran != 0 {
				t.Errorf("a second run ran %d stages", again.ran)
			}
			tt.after(t, root)
			if got := b.run(spec, engine.Options{}); got.ran != 2 || got.err != nil {
				t.Errorf("ran %d stages with %v after the change, want 2", got.ran, got.err)
			}
		})
	}
}

// What a column is called and of which type it is reaches a row-wise stage, so
// rows of another column are not taken over.
func TestRowsOfAnotherColumnAreNotTakenOver(t *testing.T) {
	column := func(name string) *stages.Kind {
		return fake{name: "source/" + name, shape: stages.Source, outputs: []stages.Output{{}},
			columns: func() stages.Schemas { return stages.Schemas{"": int64s(name)} },
			run: func(_ context.Context, _ *stages.Inputs, out stages.Sink) error {
				return out.Write("", record([]string{"a", "b"}, name, []int64{1, 2}))
			}}.kind()
	}
	named := fake{name: "map/named", shape: stages.RowWise, outputs: []stages.Output{{Base: "rows"}},
		columns: func() stages.Schemas { return stages.Schemas{"": int64s("length")} },
		reads:   func(in *arrow.Schema) []string { return []string{in.Field(1).Name} },
		run: func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
			return in.One("rows").Each(ctx, func(rec arrow.Record) error {
				n := int(rec.NumRows())
				ids, values := make([]string, n), make([]int64, n)
				for i := range n {
					ids[i], values[i] = rec.Column(0).(*array.String).Value(i), int64(len(rec.ColumnName(1)))
				}
				return out.Write("", record(ids, "length", values))
			})
		}}.kind()
	kinds := []*stages.Kind{column("x"), column("longer"), named}
	spec := "stages:\n  n: {kind: source/%s}\n  m: {kind: map/named, from: n}\n"
	b := newBench(t, kinds...)
	b.run(fmt.Sprintf(spec, "x"), engine.Options{})
	got := b.run(fmt.Sprintf(spec, "longer"), engine.Options{})
	want := newBench(t, kinds...).run(fmt.Sprintf(spec, "longer"), engine.Options{})
	if got.err != nil || got.digests["m"] != want.digests["m"] {
		t.Errorf("%v: digests %s, want %s", got.err, got.digests["m"], want.digests["m"])
	}
}

// Class names stand beside a column and reach who reads it.
func TestClassNamesAreInTheKey(t *testing.T) {
	names := "cat,dog"
	classes := func() *stages.Kind {
		field := arrow.Field{Name: "value", Type: arrow.PrimitiveTypes.Int64, Metadata: arrow.NewMetadata([]string{"classes"}, []string{names})}
		return fake{name: "source/" + strings.ReplaceAll(names, ",", "-"), shape: stages.Source, outputs: []stages.Output{{}},
			columns: func() stages.Schemas { return stages.Schemas{"": int64s("value")} },
			run: func(_ context.Context, _ *stages.Inputs, out stages.Sink) error {
				rec := record([]string{"a"}, "value", []int64{1})
				s := arrow.NewSchema([]arrow.Field{rec.Schema().Field(0), field}, nil)
				return out.Write("", array.NewRecord(s, rec.Columns(), 1))
			}}.kind()
	}
	first := classes()
	names = "cat,fox"
	second := classes()
	b := newBench(t, first, second)
	spec := "stages:\n  n: {kind: source/%s}\n  m: {kind: map/scale, from: n}\n  t: {kind: report/total, from: n}\n"
	b.run(fmt.Sprintf(spec, "cat-dog"), engine.Options{})
	if r := b.run(fmt.Sprintf(spec, "cat-fox"), engine.Options{}); r.calls["total"] != 1 || r.calls["scale"] != 1 {
		t.Errorf("computed %v after the class names changed, want the total and the scaled row", r.calls)
	}
}

// A kind that does not declare its columns runs from several goroutines.
func TestUndeclaredColumns(t *testing.T) {
	undeclared := fake{name: "map/undeclared", shape: stages.RowWise, outputs: []stages.Output{{Base: "rows"}}, reads: readsValue,
		run: func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
			return in.One("rows").Each(ctx, func(rec arrow.Record) error {
				return out.Write("", rec)
			})
		}}.kind()
	spec := "stages:\n  n: {kind: source/numbers, with: {n: 500}}\n  m: {kind: map/undeclared, from: n}\n  t: {kind: report/total, from: m}\n"
	b := newBench(t, undeclared)
	o := engine.Options{Workers: 8, Cut: engine.CutAround(16), Batch: 4}
	if r := b.run(spec, o); r.err != nil {
		t.Fatal(r.err)
	}
	if r := b.run(spec, o); r.ran != 0 {
		t.Errorf("second run ran %d stages", r.ran)
	}
}

// A streamed stage is found under its key although its input, equal in
// content, is cut otherwise than when the record was made.
func TestStreamedRowsFollowTheCutsOfTheirBase(t *testing.T) {
	spec := "stages:\n  n: {kind: source/numbers, with: {n: %d}}\n  f: {kind: map/scale, from: n, with: {drop: %d}}\n" +
		"  m: {kind: map/scale, from: f, cache: stream}\n  t: {kind: report/total, from: m}\n  s: {kind: index/parity, from: f}\n"
	b := newBench(t)
	o := engine.Options{Cut: engine.CutAround(16)}
	if r := b.run(fmt.Sprintf(spec, 400, 1000), o); r.err != nil {
		t.Fatal(r.err)
	}
	for _, cut := range []int{7, 64} {
		again := "stages:\n  n: {kind: source/numbers, with: {n: 401}}\n  f: {kind: map/scale, from: n, with: {drop: 400}}\n" +
			"  m: {kind: map/scale, from: f, cache: stream, with: {by: 2}}\n  u: {kind: report/total, from: [m, f]}\n  t: {kind: report/total, from: m}\n"
		o.Cut = engine.CutAround(cut)
		got := b.run(again, o)
		want := newBench(t).run(again, engine.Options{})
		if got.err != nil || fmt.Sprint(got.digests) != fmt.Sprint(want.digests) {
			t.Errorf("cut %d: %v\n got %v\nwant %v", cut, got.err, got.digests, want.digests)
		}
	}
}

func TestStreamedAndStoredHaveTheirOwnKeys(t *testing.T) {
	spec := "stages:\n  n: {kind: source/numbers, with: {n: 300}}\n  m: {kind: map/scale, from: n, cache: %s}\n  t: {kind: report/total, from: m}\n"
	want := newBench(t).run(fmt.Sprintf(spec, "store"), engine.Options{})
	b := newBench(t)
	b.run(fmt.Sprintf(spec, "stream"), engine.Options{})
	got := b.run(fmt.Sprintf(spec, "store"), engine.Options{})
	if got.err != nil || fmt.Sprint(got.digests) != fmt.Sprint(want.digests) {
		t.Errorf("%v: digests depend on what ran before:\n got %v\nwant %v", got.err, got.digests, want.digests)
	}
}

// An engine that found everything can still hand out streamed rows.
func TestExportOfStreamedRowsAfterHits(t *testing.T) {
	spec := "stages:\n  n: {kind: source/numbers, with: {n: 50}}\n  m: {kind: map/scale, from: n, cache: stream}\n  t: {kind: report/total, from: m}\n"
	b := newBench(t)
	b.run(spec, engine.Options{})
	b.runWith(context.Background(), spec, engine.Options{}, func(e *engine.Engine) {
		done, err := e.Export(context.Background(), "m", "", filepath.Join(t.TempDir(), "out"), nil, nil, nil)
		if err != nil || done.Rows != 50 {
			t.Errorf("exported %d rows, %v; want 50", done.Rows, err)
		}
	})
}

func TestEmptyDatasets(t *testing.T) {
	spec := `stages:
  n: {kind: source/numbers, with: {n: 0}}
  one: {kind: source/numbers, with: {n: 1}}
  s: {kind: index/parity, from: n}
  m: {kind: map/scale, from: s.odd}
  all: {kind: map/scale, from: one, with: {drop: 1}}
  str: {kind: map/scale, from: n, cache: stream}
  c: {kind: map/scale, from: [n, s.even]}
  d: {kind: map/scale, from: [n, one]}
  t: {kind: report/total, from: [m, c, d, str, all, n]}
`
	b := newBench(t)
	var exported engine.Exported
	r := b.runWith(context.Background(), spec, engine.Options{}, func(e *engine.Engine) {
		for _, name := range []string{"n", "m", "all", "str", "c", "d"} {
			var err error
			if exported, err = e.Export(context.Background(), name, "", filepath.Join(t.TempDir(), "out"), nil, nil, nil); err != nil || len(exported.Files) != 1 {
				t.Errorf("export of %s: %v, %v", name, exported, err)
			}
			if _, err := e.Look(context.Background(), name, "", 3); err != nil {
				t.Errorf("look at %s: %v", name, err)
			}
		}
	})
	if r.err != nil {
		t.Fatal(r.err)
	}
	if again := b.run(spec, engine.Options{}); again.ran != 0 || again.err != nil {
		t.Errorf("second run ran %d stages: %v", again.ran, again.err)
	}
}

func TestExportOfDamagedObjects(t *testing.T) {
	spec := "stages:\n  n: {kind: source/numbers, with: {n: 20000}}\n"
	b := newBench(t)
	b.run(spec, engine.Options{})
	b.runWith(context.Background(), spec, engine.Options{}, func(e *engine.Engine) {
		for _, folder := range []string{"objects", "packs"} {
			err := filepath.WalkDir(filepath.Join(b.dir, folder), func(path string, d os.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				return os.Truncate(path, 10)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		parent := t.TempDir()
		_, err := e.Export(context.Background(), "n", "", filepath.Join(parent, "out"), nil, nil, nil)
		wantError(t, err, "run the spec again")
		if left, err := os.ReadDir(parent); err != nil || len(left) != 0 {
			t.Errorf("the export left %v, %v", left, err)
		}
	})
}

// encodeJPEG stands for the encoder that the command line hands to the engine.
func encodeJPEG(pix []byte, height, width, quality int) ([]byte, error) {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i, j := 0, 0; i < len(pix); i, j = i+3, j+4 {
		copy(img.Pix[j:], []byte{pix[i], pix[i+1], pix[i+2], 255})
	}
	var buf bytes.Buffer
	err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: quality})
	return buf.Bytes(), err
}

func TestEncodeJPEG(t *testing.T) {
	pixels := fake{name: "source/pixels", shape: stages.Source, outputs: []stages.Output{{}},
		columns: func() stages.Schemas {
			return stages.Schemas{"": arrow.NewSchema([]arrow.Field{{Name: "image", Type: stages.ImageType}}, nil)}
		},
		run: func(_ context.Context, _ *stages.Inputs, out stages.Sink) error {
			ids := array.NewStringBuilder(memory.DefaultAllocator)
			b := stages.NewImageBuilder(memory.DefaultAllocator)
			pix := make([]byte, 32*32*3)
			for i := range pix {
				pix[i] = byte(i * i)
			}
			ids.Append("a")
			b.Append(stages.ImageCell{Ref: "rgb8", Data: pix, Height: 32, Width: 32})
			s := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "image", Type: stages.ImageType}}, nil)
			return out.Write("", array.NewRecord(s, []arrow.Array{ids.NewArray(), b.NewArray()}, 1))
		}}.kind()
	digests := map[string]string{}
	b := newBench(t, pixels)
	for _, encode := range []string{"png", "jpeg:20", "jpeg:95"} {
		r := b.run("stages:\n  p: {kind: source/pixels, encode: '"+encode+"'}\n", engine.Options{Encoder: engine.Encoder{Version: "test/1", JPEG: encodeJPEG}})
		if r.err != nil {
			t.Fatal(r.err)
		}
		if other, ok := digests[r.digests["p"]]; ok {
			t.Errorf("encode %s and %s have equal content", encode, other)
		}
		digests[r.digests["p"]] = encode
	}
}

// A cancelled run ends soon, leaves no goroutine behind and nobody failed.
func TestCancel(t *testing.T) {
	cause := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(context.Background())
	slow := fake{name: "map/slow", shape: stages.RowWise, outputs: []stages.Output{{Base: "rows"}}, reads: readsValue,
		columns: func() stages.Schemas { return stages.Schemas{"": int64s("scaled")} },
		run: func(ctx context.Context, _ *stages.Inputs, _ stages.Sink) error {
			cancel(cause)
			<-ctx.Done()
			return ctx.Err()
		}}.kind()
	spec := "stages:\n  n: {kind: source/numbers, with: {n: 500}}\n  m: {kind: map/slow, from: n}\n  t: {kind: report/total, from: m}\n"
	b := newBench(t, slow)
	before := runtime.NumGoroutine()
	start := time.Now()
	r := b.runWith(ctx, spec, engine.Options{Workers: 2, Cut: engine.CutAround(16)}, nil)
	if !errors.Is(r.err, cause) || errors.Is(r.err, engine.ErrFailed) {
		t.Errorf("error %v, want %v", r.err, cause)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v to stop", took)
	}
	for _, n := range r.nodes {
		if n.Name == "m" && (n.State != engine.Pending || n.Reason != "stopped") {
			t.Errorf("stage m is %s: %s, want it stopped", n.State, n.Reason)
		}
	}
	for i := 0; runtime.NumGoroutine() > before && i < 100; i++ {
		time.Sleep(10 * time.Millisecond)
	}
	if now := runtime.NumGoroutine(); now > before {
		t.Errorf("%d goroutines after the run, %d before", now, before)
	}
}

// A failure whose error cannot be compared stops the others; it is told once.
func TestOneFailureIsToldOnce(t *testing.T) {
	failing := make(chan struct{})
	list := fake{name: "map/list", shape: stages.RowWise, outputs: []stages.Output{{Base: "rows"}}, reads: readsValue,
		run: func(ctx context.Context, _ *stages.Inputs, _ stages.Sink) error {
			<-failing
			return pipeline.Errors{{Msg: "a list of mistakes"}}
		}}.kind()
	wait := fake{name: "map/wait", shape: stages.RowWise, outputs: []stages.Output{{Base: "rows"}}, reads: readsValue,
		run: func(ctx context.Context, _ *stages.Inputs, _ stages.Sink) error {
			close(failing)
			<-ctx.Done()
			return ctx.Err()
		}}.kind()
	r := newBench(t, list, wait).run("stages:\n  n: {kind: source/numbers, with: {n: 5}}\n  a: {kind: map/list, from: n}\n  b: {kind: map/wait, from: n}\n",
		engine.Options{Workers: 4})
	if r.err == nil || strings.Count(r.err.Error(), "a list of mistakes") != 1 || strings.Contains(r.err.Error(), "stage b") {
		t.Errorf("error %v, want the cause once", r.err)
	}
}

func TestTakeManyOrdinals(t *testing.T) {
	take := fake{name: "index/take", shape: stages.Index, outputs: []stages.Output{{}}, reads: readsValue,
		run: func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
			set := in.One("rows")
			var at []int
			for i := range 3 * set.Len() {
				at = append(at, (i*7919)%set.Len())
			}
			rec, err := set.Take(ctx, at)
			if err != nil {
				return err
			}
			defer rec.Release()
			for i, o := range at {
				if id := rec.Column(0).(*array.String).Value(i); id != fmt.Sprintf("r%06d", o) {
					return fmt.Errorf("row %d is %s, want ordinal %d", i, id, o)
				}
			}
			if _, err := set.Take(ctx, []int{set.Len()}); err == nil {
				return fmt.Errorf("a row past the end was taken")
			}
			return out.Write("", record([]string{"done"}, "value", []int64{int64(rec.NumRows())}))
		}}.kind()
	for _, cache := range []string{"store", "stream"} {
		r := newBench(t, take).run("stages:\n  n: {kind: source/numbers, with: {n: 1000}}\n  m: {kind: map/scale, from: n, cache: "+cache+"}\n  k: {kind: index/take, from: m}\n",
			engine.Options{Cut: engine.CutAround(32)})
		if r.err != nil {
			t.Errorf("%s: %v", cache, r.err)
		}
	}
}

// A panic of a kind, wherever it is asked, is its stage's error.
func TestPanicsAreErrors(t *testing.T) {
	reads := fake{name: "map/reads", shape: stages.RowWise, outputs: []stages.Output{{Base: "rows"}},
		columns: func() stages.Schemas { return stages.Schemas{"": int64s("x")} },
		reads: func(in *arrow.Schema) []string {
			if in.HasField("scaled") {
				panic("asked what it reads")
			}
			return nil
		},
		run: func(context.Context, *stages.Inputs, stages.Sink) error { return nil }}.kind()
	r := newBench(t, reads).run("stages:\n  n: {kind: source/numbers, with: {n: 5}}\n  m: {kind: map/scale, from: n}\n  a: {kind: map/reads, from: m}\n", engine.Options{})
	wantError(t, r.err, "asked what it reads")
}

// Of a streamed stage only the rows asked for are computed, through lists and
// indexes too.
func TestTakeComputesTheRowsAskedFor(t *testing.T) {
	few := fake{name: "index/few", shape: stages.Index, outputs: []stages.Output{{}},
		reads: func(*arrow.Schema) []string { return []string{"scaled"} },
		run: func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
			rec, err := in.One("rows").Take(ctx, []int{400, 3, 77, 3})
			if err != nil {
				return err
			}
			defer rec.Release()
			return out.Write("", rec)
		}}.kind()
	spec := "stages:\n  n: {kind: source/numbers, with: {n: 1000}}\n  m: {kind: map/scale, from: n, cache: stream}\n" +
		"  s: {kind: index/parity, from: m}\n  k: {kind: index/few, from: %s}\n"
	for _, from := range []string{"m", "s.odd", "[s.odd, m]"} {
		r := newBench(t, few).run(fmt.Sprintf(spec, from), engine.Options{})
		wantError(t, r.err, `id "r`, "stands twice") // it was asked for a row twice
		if r.calls["scale"] != 3 {
			t.Errorf("from %s: computed %d rows, want 3", from, r.calls["scale"])
		}
	}
}

// A source that cannot be listed fails on its own.
func TestListingErrorLeavesOthersAlone(t *testing.T) {
	b := newBench(t, fileSource(func(string) {}))
	r := b.run(fmt.Sprintf(fileSpec, t.TempDir())+"  ok: {kind: source/numbers, with: {n: 3}}\n  fine: {kind: report/total, from: ok}\n",
		engine.Options{KeepGoing: true})
	wantError(t, r.err, "stage n: ")
	for _, n := range r.nodes {
		want := map[string]engine.State{"n": engine.Failed, "t": engine.Skipped, "ok": engine.Ran, "fine": engine.Ran}[n.Name]
		if n.State != want {
			t.Errorf("stage %s %s, want %s", n.Name, n.State, want)
		}
	}
}

// A stage that is made again because its object was lost must give the same.
func TestOtherBitsUnderOneKey(t *testing.T) {
	draw := int64(0)
	dice := fake{name: "source/dice", shape: stages.Source, outputs: []stages.Output{{}},
		columns: func() stages.Schemas { return stages.Schemas{"": int64s("value")} },
		run: func(_ context.Context, _ *stages.Inputs, out stages.Sink) error {
			draw++
			return out.Write("", record([]string{"a"}, "value", []int64{draw}))
		}}.kind()
	b := newBench(t, dice)
	spec := "stages:\n  d: {kind: source/dice}\n"
	b.run(spec, engine.Options{})
	if err := os.RemoveAll(filepath.Join(b.dir, "packs")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(b.dir, "packs"), 0o777); err != nil {
		t.Fatal(err)
	}
	r := b.run(spec, engine.Options{})
	if !errors.Is(r.err, engine.ErrOtherBits) {
		t.Errorf("error %v, want that the content differs", r.err)
	}
	wantError(t, r.err, "stage d: ", `column "value"`)
}

// Two processes that hash files of one folder at the same time both keep what
// they have learnt.
func TestStatsOfTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{"a.txt", "b.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(2100 * time.Millisecond) // a change of ctime cannot be set back
	storeDir := filepath.Join(t.TempDir(), "store")
	keep := engine.KeepDigests
	a, b := keep(t, storeDir, filepath.Join(dir, "a.txt")), keep(t, storeDir, filepath.Join(dir, "b.txt"))
	a()
	b()
	if known := engine.KnownDigests(t, storeDir, dir); known != 2 {
		t.Errorf("%d files of the folder are remembered, want 2", known)
	}
}
