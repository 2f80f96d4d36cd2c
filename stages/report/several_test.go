package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/report"
	"shiftmill/stages/stagetest"
)

// clothes are predictions of rows with several labels: scores are higher where
// the label holds, the more so the larger the skill.
func clothes(method, set string, seed, rows int, skill float64) *stagetest.Table {
	classes := []string{"dress", "shirt", "shorts", "skirt", "trousers"}
	list := arrow.NewMetadata([]string{"classes"}, []string{`["` + strings.Join(classes, `","`) + `"]`})
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String},
		{Name: "labels", Type: arrow.ListOf(arrow.BinaryTypes.String)},
		{Name: "scores", Type: arrow.FixedSizeListOf(int32(len(classes)), arrow.PrimitiveTypes.Float32), Metadata: list},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	labels := b.Field(1).(*array.ListBuilder)
	scores := b.Field(2).(*array.FixedSizeListBuilder)
	for i := range rows {
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("%s/%04d", set, i))
		labels.Append(true)
		scores.Append(true)
		for c, name := range classes {
			at := []uint64{uint64(len(set)), uint64(set[0]), uint64(i), uint64(c)}
			has := mix(at...) < 0.15+0.1*float64(c)
			if has {
				labels.ValueBuilder().(*array.StringBuilder).Append(name)
			}
			hard := mix(append(at, 5)...)
			luck := mix(append(at, uint64(len(method)), uint64(seed), 9)...)
			score := 0.75*hard + 0.25*luck
			if has {
				score += skill
			}
			scores.ValueBuilder().(*array.Float32Builder).Append(float32(score / 2))
		}
	}
	t := stagetest.FromRecord(b.NewRecord())
	t.StageName = "scores"
	t.Axes = []pipeline.Coord{{Axis: "method", Value: method}, {Axis: "output", Value: set}, {Axis: "seed", Value: fmt.Sprint(seed)}}
	return t
}

// Rows with several labels: errors are 100 - mAP, in either form.
func TestSeveralLabels(t *testing.T) {
	var in []stages.Input
	for seed := range 2 {
		for set, skill := range map[string]float64{"iid": 0.5, "scale=1": 0.2, "zoom=3": 0.35} {
			in = append(in, clothes("none", set, seed, 300, skill), clothes("random-erasing", set, seed, 300, skill+0.05))
		}
	}
	var all strings.Builder
	for _, form := range []string{"macro", "reference"} {
		c := stagetest.Case{
			Kind: report.Robustness(), Ports: map[string][]stages.Input{"dfr": in},
			Config: config(func(c *report.Config) {
				c.Benchmarks = map[string]report.Benchmark{"dfr": {MAP: form, Shift: "viewpoint"}}
			}),
		}
		out, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all.Write(out.File("", "report.txt"))
		all.WriteByte('\n')
	}
	golden(t, "several.txt", []byte(all.String()))
}
