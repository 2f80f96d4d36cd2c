package engine_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/stages"
)

type picturesConfig struct {
	N    int `yaml:"n" min:"0" doc:"rows"`
	From int `yaml:"from" doc:"first ordinal"`
	Side int `yaml:"side" min:"1" doc:"pixels"`
}

type weighConfig struct {
	By    int    `yaml:"by" doc:"factor"`
	Twice bool   `yaml:"twice" doc:"read the rows twice"`
	Fail  string `yaml:"fail" enum:"error|panic|cancel" doc:"how to fail at the row that ends in 500"`
	Form  string `yaml:"form" doc:"how to decode"`
}

// pictured are kinds over generated pictures, which count what is decoded and what is streamed.
type pictured struct {
	decoded, streamed atomic.Int64
	cancel            func()
}

func pictureColumn() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{{Name: "image", Type: stages.ImageType}}, nil)
}

func readsImage(string, *arrow.Schema) []string { return []string{"image"} }

// cells builds rows of id and image.
func cells(ids []string, cell func(i int) stages.ImageCell) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "image", Type: stages.ImageType}}, nil))
	defer b.Release()
	b.Field(0).(*array.StringBuilder).AppendValues(ids, nil)
	for i := range ids {
		stages.ImageBuilderOf(b.Field(1)).Append(cell(i))
	}
	return b.NewRecord()
}

// decode opens the picture of a row as stages do.
func (c *pictured) decode(ctx context.Context, in *stages.Inputs, col arrow.Array, i int, form string) (stages.Picture, error) {
	cell := stages.Image(col, i)
	return in.Images.(stages.Sharer).Share(ctx, cell, form, func(p stages.Picture) (stages.Picture, error) {
		if p.Pix == nil {
			return p, errors.New("no pixels")
		}
		if cell.Ref != "rgb8" {
			c.decoded.Add(1)
		}
		runtime.Gosched()
		return p, nil
	})
}

func (c *pictured) kinds() []*stages.Kind {
	source := stages.Define(stages.Def[picturesConfig]{
		Name: "source/pictures", Doc: "Draws.", Version: 1, Shape: stages.Source, Config: picturesConfig{Side: 4},
		Outputs: func(*picturesConfig) []stages.Output { return []stages.Output{{}} },
		Columns: func(*picturesConfig, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": pictureColumn()}, nil
		},
		Source: &stages.Access[picturesConfig]{Draw: func(_ context.Context, recipe string) (stages.Picture, error) {
			var n, side int
			if _, err := fmt.Sscanf(recipe, "recipe:%d?%d", &n, &side); err != nil {
				return stages.Picture{}, err
			}
			p := stages.Picture{Height: side, Width: side, Pix: make([]byte, 3*side*side)}
			for i := range p.Pix {
				p.Pix[i] = byte(n * (i + 1))
			}
			return p, nil
		}},
		New: func(cfg *picturesConfig) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				var ids []string
				for i := cfg.From; i < cfg.N; i++ {
					ids = append(ids, fmt.Sprintf("p%06d", i))
				}
				return out.Write("", cells(ids, func(i int) stages.ImageCell {
					return stages.ImageCell{Ref: fmt.Sprintf("recipe:%d?%d", cfg.From+i, cfg.Side)}
				}))
			}), nil
		},
	})
	rows := []stages.Port{{Name: "rows", Type: stages.Rows}}
	weigh := stages.Define(stages.Def[weighConfig]{
		Name: "map/weigh", Doc: "Adds up pixels.", Version: 1, Shape: stages.RowWise, In: rows, Config: weighConfig{By: 1},
		Outputs: func(*weighConfig) []stages.Output { return []stages.Output{{Base: "rows"}} },
		Columns: func(*weighConfig, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": int64s("weight")}, nil
		},
		Reads: func(_ *weighConfig, port string, in *arrow.Schema) []string { return readsImage(port, in) },
		New: func(cfg *weighConfig) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				for again := range 2 {
					if again == 1 && !cfg.Twice {
						break
					}
					err := in.One("rows").Each(ctx, func(rec arrow.Record) error {
						var ids []string
						var weights []int64
						for i := range int(rec.NumRows()) {
							id := rec.Column(0).(*array.String).Value(i)
							if err := c.fail(ctx, cfg.Fail, id); err != nil {
								return err
							}
							p, err := c.decode(ctx, in, rec.Column(1), i, cfg.Form)
							if err != nil {
								return err
							}
							sum := int64(0)
							for k, v := range p.Pix {
								sum += int64(v) * int64(k+1)
							}
							ids, weights = append(ids, id), append(weights, sum*int64(cfg.By))
						}
						if again == 1 {
							return nil
						}
						return out.Write("", record(ids, "weight", weights))
					})
					if err != nil {
						return err
					}
				}
				return nil
			}), nil
		},
	})
	shift := stages.Define(stages.Def[weighConfig]{
		Name: "map/shift", Doc: "Adds to pixels.", Version: 1, Shape: stages.RowWise, Streams: true, In: rows, Config: weighConfig{By: 1},
		Outputs: func(*weighConfig) []stages.Output { return []stages.Output{{Base: "rows"}} },
		Columns: func(*weighConfig, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": pictureColumn()}, nil
		},
		Reads: func(_ *weighConfig, port string, in *arrow.Schema) []string { return readsImage(port, in) },
		New: func(cfg *weighConfig) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return in.One("rows").Each(ctx, func(rec arrow.Record) error {
					c.streamed.Add(rec.NumRows())
					var ids []string
					var pics []stages.Picture
					for i := range int(rec.NumRows()) {
						p, err := c.decode(ctx, in, rec.Column(1), i, "")
						if err != nil {
							return err
						}
						p.Pix = slices.Clone(p.Pix)
						for k := range p.Pix {
							p.Pix[k] += byte(cfg.By)
						}
						ids, pics = append(ids, rec.Column(0).(*array.String).Value(i)), append(pics, p)
					}
					return out.Write("", cells(ids, func(i int) stages.ImageCell {
						return stages.ImageCell{Ref: "rgb8", Data: pics[i].Pix, Height: pics[i].Height, Width: pics[i].Width}
					}))
				})
			}), nil
		},
	})
	return []*stages.Kind{source, weigh, shift}
}

func (c *pictured) fail(ctx context.Context, how, id string) error {
	if !strings.HasSuffix(id, "500") {
		return nil
	}
	switch how {
	case "error":
		return errors.New("asked to fail")
	case "panic":
		panic("asked to panic")
	case "cancel":
		c.cancel()
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func picturedBench(t *testing.T) (*bench, *pictured) {
	c := &pictured{cancel: func() {}}
	return newBench(t, c.kinds()...), c
}

const siblings = `stages:
  p: {kind: source/pictures, with: {n: 900}}
  m:
    kind: map/weigh
    matrix: {by: [1, 2, 3, 4]}
    from: p
    with: {by: $matrix.by}
`

// Stages that read the same pictures decode each once, whatever the number of
// workers and the size of partitions and batches is, and end as alone.
func TestSiblingsShareDecodedPictures(t *testing.T) {
	want := map[string]string{}
	for by := 1; by <= 4; by++ {
		b, _ := picturedBench(t)
		r := b.run(fmt.Sprintf("stages:\n  p: {kind: source/pictures, with: {n: 900}}\n  m: {kind: map/weigh, from: p, with: {by: %d}}\n", by), engine.Options{})
		want[fmt.Sprintf("m[by=%d]", by)] = r.digests["m"]
	}
	for _, o := range []engine.Options{
		{Workers: 1, Cut: engine.CutAround(100)}, {Workers: 2, Cut: engine.CutAround(30)}, {Workers: 8}, {Workers: 3, Batch: 7}, {Workers: 16, Cut: engine.CutAround(200), Batch: 1},
	} {
		b, c := picturedBench(t)
		r := b.run(siblings, o)
		if r.err != nil {
			t.Fatal(r.err)
		}
		if n := c.decoded.Load(); n != 900 {
			t.Errorf("%+v: %d pictures decoded, want each of 900 once", o, n)
		}
		for name, digest := range want {
			if r.digests[name] != digest {
				t.Errorf("%+v: %s is %s, alone %s", o, name, r.digests[name], digest)
			}
		}
	}
}

// What a streamed stage makes is made once for all who read it beside each
// other, and streamed stages share the pictures that they read.
func TestSiblingsShareStreamedRows(t *testing.T) {
	const spec = `stages:
  p: {kind: source/pictures, with: {n: 500}}
  s:
    kind: map/shift
    matrix: {shift: [1, 2]}
    from: p
    with: {by: $matrix.shift}
  m:
    kind: map/weigh
    matrix: {by: [1, 2, 3]}
    from: s
    with: {by: $matrix.by}
`
	var want string
	for _, workers := range []int{1, 2, 8} {
		b, c := picturedBench(t)
		r := b.run(spec, engine.Options{Workers: workers, Cut: engine.CutAround(60)})
		if r.err != nil {
			t.Fatal(r.err)
		}
		if d, s := c.decoded.Load(), c.streamed.Load(); d != 500 || s != 1000 {
			t.Errorf("%d workers: %d pictures decoded and %d rows streamed, want 500 and 1000", workers, d, s)
		}
		if want == "" {
			want = fmt.Sprint(r.digests)
		}
		if got := fmt.Sprint(r.digests); got != want {
			t.Errorf("%d workers: %s, want %s", workers, got, want)
		}
	}
}

// Other forms, a second reading and pictures too large to be held are decoded
// for each; nothing waits for ever.
func TestSiblingsThatDiffer(t *testing.T) {
	const spec = `stages:
  p: {kind: source/pictures, with: {n: %d, side: %d}}
  a: {kind: map/weigh, from: p}
  b: {kind: map/weigh, from: p, with: {by: 2, form: small}}
  c: {kind: map/weigh, from: p, with: {by: 3, twice: true}}
`
	for _, tt := range []struct {
		n, side     int
		least, most int64
	}{
		{300, 4, 600, 900},      // a and c together, b, and c again unless the others still hold them
		{3, 4000, 3 * 2, 3 * 4}, // 48 MB each
	} {
		b, c := picturedBench(t)
		r := b.run(fmt.Sprintf(spec, tt.n, tt.side), engine.Options{Workers: 2, Cut: engine.CutAround(50), Memory: 1 << 30})
		if n := c.decoded.Load(); r.err != nil || n < tt.least || n > tt.most {
			t.Errorf("%d pictures decoded, want %d to %d; %v", n, tt.least, tt.most, r.err)
		}
	}
}

// A member that fails, panics or is stopped does not hold up the others.
func TestFailureBesideOthers(t *testing.T) {
	alone, _ := picturedBench(t)
	want := alone.run("stages:\n  p: {kind: source/pictures, with: {n: 900}}\n  a: {kind: map/weigh, from: p}\n  c: {kind: map/weigh, from: p, with: {by: 3}}\n", engine.Options{})
	for _, how := range []string{"error", "panic", "cancel"} {
		for _, workers := range []int{1, 2, 8} {
			b, c := picturedBench(t)
			ctx, cancel := context.WithCancel(context.Background())
			c.cancel = cancel
			before, start := runtime.NumGoroutine(), time.Now()
			r := b.runWith(ctx, fmt.Sprintf(`stages:
  p: {kind: source/pictures, with: {n: 900}}
  a: {kind: map/weigh, from: p}
  b: {kind: map/weigh, from: p, with: {by: 2, fail: %s}}
  c: {kind: map/weigh, from: p, with: {by: 3}}
`, how), engine.Options{Workers: workers, KeepGoing: true, Cut: engine.CutAround(100)}, nil)
			cancel()
			if how == "cancel" {
				if !errors.Is(r.err, context.Canceled) || time.Since(start) > 10*time.Second {
					t.Errorf("%d workers, cancelled: %v after %v", workers, r.err, time.Since(start))
				}
			} else {
				wantError(t, r.err, "stage b", "asked to "+strings.Replace(how, "error", "fail", 1))
				if r.digests["a"] != want.digests["a"] || r.digests["c"] != want.digests["c"] {
					t.Errorf("%d workers, %s: others ended differently", workers, how)
				}
			}
			for i := 0; runtime.NumGoroutine() > before && i < 100; i++ {
				time.Sleep(10 * time.Millisecond)
			}
			if now := runtime.NumGoroutine(); now > before {
				t.Errorf("%d goroutines after the run, %d before", now, before)
			}
		}
	}
}

// Members with other rows left to do go in step too: of one only the rows that
// are new, of the other all.
func TestSiblingsWithOtherRowsLeft(t *testing.T) {
	const spec = "stages:\n  p: {kind: source/pictures, with: {n: %d, from: %d}}\n  a: {kind: map/weigh, from: p}\n"
	for _, workers := range []int{1, 4} {
		b, c := picturedBench(t)
		o := engine.Options{Workers: workers, Cut: engine.CutAround(64)}
		if r := b.run(fmt.Sprintf(spec, 700, 20), o); r.err != nil {
			t.Fatal(r.err)
		}
		both := fmt.Sprintf(spec, 800, 0) + "  b: {kind: map/weigh, from: p, with: {by: 2}}\n"
		c.decoded.Store(0)
		got := b.run(both, o)
		fresh, _ := picturedBench(t)
		if want := fresh.run(both, o); got.err != nil || fmt.Sprint(got.digests) != fmt.Sprint(want.digests) {
			t.Errorf("%d workers: %v\n got %v\nwant %v", workers, got.err, got.digests, want.digests)
		}
		if n := c.decoded.Load(); n != 800 {
			t.Errorf("%d workers: %d pictures decoded, want each of 800 once", workers, n)
		}
	}
}
