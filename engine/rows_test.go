package engine_test

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/stages"
)

var rowCount = flag.Int("rows", 30_000, "rows of TestRowsThatChange; the bounds on rewriting hold from 1,000,000 on")

type rangeConfig struct {
	N     int `yaml:"n" doc:"rows"`
	Gap   int `yaml:"gap" doc:"rows left out in a stretch in the middle"`
	Every int `yaml:"every" doc:"leave out one row in so many; 0 for none"`
	Bump  int `yaml:"bump" doc:"ordinal of a row whose value is another; -1 for none"`
	Note  int `yaml:"note" doc:"value of a column that nobody reads, of one row"`
}

// rangeSource counts, with gaps that can be filled.
func rangeSource() *stages.Kind {
	schema := arrow.NewSchema([]arrow.Field{{Name: "value", Type: arrow.PrimitiveTypes.Int64}, {Name: "note", Type: arrow.PrimitiveTypes.Int64}}, nil)
	return stages.Define(stages.Def[rangeConfig]{
		Name: "source/range", Doc: "Counts with gaps.", Version: 1, Shape: stages.Source, Config: rangeConfig{Bump: -1},
		Outputs: func(*rangeConfig) []stages.Output { return []stages.Output{{}} },
		Columns: func(*rangeConfig, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": schema}, nil
		},
		Source: &stages.Access[rangeConfig]{},
		New: func(c *rangeConfig) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				full := arrow.NewSchema(append([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}}, schema.Fields()...), nil)
				b := array.NewRecordBuilder(memory.DefaultAllocator, full)
				defer b.Release()
				from, to := (c.N-c.Gap)/2, (c.N+c.Gap)/2
				for i := range c.N {
					if i >= from && i < to || c.Every > 0 && i%c.Every == 0 {
						continue
					}
					v, note := int64(i), int64(0)
					if i == c.Bump {
						v++
					}
					if i == c.N/3 {
						note = int64(c.Note)
					}
					b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("r%08d", i))
					b.Field(1).(*array.Int64Builder).Append(v)
					b.Field(2).(*array.Int64Builder).Append(note)
				}
				return out.Write("", b.NewRecord())
			}), nil
		},
	})
}

// Of a table that changes, a row-wise stage computes the rows that changed and
// writes anew the partitions around them.
func TestRowsThatChange(t *testing.T) {
	n := *rowCount
	one := n / 100
	spec := func(with string) string {
		return fmt.Sprintf("stages:\n  n: {kind: source/range, with: {n: %d%s}}\n  m: {kind: map/scale, from: n}\n", n, with)
	}
	for _, tt := range []struct {
		name, before, after string
		computed, rewritten float64 // at most, as a share of the rows
	}{
		{"a stretch of 1 % is inserted", fmt.Sprintf(", gap: %d", one), "", 0.0105, 0.015},
		{"1 % is inserted all over", ", every: 100", "", 0.012, 1},
		{"one row is edited", "", fmt.Sprintf(", bump: %d", n/2), 1 / float64(n), 0.005},
		{"a column that is not read is edited", "", ", note: 1", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, rangeSource())
			var parts map[string]int
			var took, used time.Duration
			step := func(with string) result {
				start, before := time.Now(), processorTime()
				r := b.runWith(context.Background(), spec(with), engine.Options{}, func(e *engine.Engine) {
					took, used = time.Since(start), processorTime()-before
					now := e.PartsOf("m")
					for object := range parts {
						delete(now, object)
					}
					parts = now
				})
				if r.err != nil {
					t.Fatal(r.err)
				}
				return r
			}
			step(tt.before)
			whole, wholeUsed := took, used
			r := step(tt.after)
			rewritten := 0
			for _, rows := range parts {
				rewritten += rows
			}
			computed := r.calls["scale"]
			full := time.Duration(n)*time.Millisecond + wholeUsed
			t.Logf("%d rows: %d computed (%.3f %%), %d in partitions written anew (%.2f %%); whole run %v (%v of the processors), this one %v (%v); of a run whose stage costs 1 ms a row, on %d processors, this is %.2f %% of the time and %.2f %% of the work",
				n, computed, 100*float64(computed)/float64(n), rewritten, 100*float64(rewritten)/float64(n),
				whole.Round(time.Millisecond), wholeUsed.Round(time.Millisecond), took.Round(time.Millisecond), used.Round(time.Millisecond),
				runtime.GOMAXPROCS(0), 100*float64(took)*float64(runtime.GOMAXPROCS(0))/float64(full), 100*float64(used)/float64(full))
			if float64(computed) > tt.computed*float64(n)+0.5 {
				t.Errorf("%d rows computed, want at most %.0f", computed, tt.computed*float64(n))
			}
			if n >= 1_000_000 && float64(rewritten) > tt.rewritten*float64(n) {
				t.Errorf("%d rows written anew, want at most %.0f", rewritten, tt.rewritten*float64(n))
			}
		})
	}
}
