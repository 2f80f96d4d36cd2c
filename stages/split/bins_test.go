package split

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/stages/stagetest"
)

// sky is a table of times, numbers and places.
func sky(t *testing.T) *stagetest.Table {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "taken", Type: &arrow.TimestampType{Unit: arrow.Microsecond}, Nullable: true},
		{Name: "lux", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, {Name: "lat", Type: arrow.PrimitiveTypes.Float64}, {Name: "lon", Type: arrow.PrimitiveTypes.Int64},
	}, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[
		{"id": "1", "taken": "2019-01-01 07:59:59", "lux": 49.9, "lat": 47.2, "lon": 8},
		{"id": "2", "taken": "2019-12-30 00:00:00", "lux": 50, "lat": 45, "lon": 5},
		{"id": "3", "taken": "2020-02-29 23:00:00", "lux": 200, "lat": -0.1, "lon": -1},
		{"id": "4", "lat": 0, "lon": 0}]`))
	if err != nil {
		t.Fatal(err)
	}
	return stagetest.FromRecord(rec)
}

func TestBins(t *testing.T) {
	table := sky(t)
	bin := func(b Bin, names ...string) string {
		var cols []arrow.Array
		for _, n := range names {
			cols = append(cols, table.Record().Column(table.Schema().FieldIndices(n)[0]))
		}
		q := &quantiles{}
		if b.Parts > 0 {
			q.typ, _ = columnType(cols[0].DataType())
			q.add(cols[0])
			q.cut(b.Parts)
		}
		return fmt.Sprint(b.of(cols, table.Len(), q))
	}
	for _, tt := range []struct {
		bin   Bin
		names string
		want  string
	}{
		{Bin{At: []float64{50, 200}}, "lux", `["..<50" "50..<200" "200.." (null)]`},
		{Bin{By: "week"}, "taken", `["2019-W01" "2020-W01" "2020-W09" (null)]`},
		{Bin{By: "quarter"}, "taken", `["2019-Q1" "2019-Q4" "2020-Q1" (null)]`},
		{Bin{By: "weekday"}, "taken", `["Tue" "Mon" "Sat" (null)]`},
		{Bin{By: "hour"}, "taken", `["07" "00" "23" (null)]`},
		{Bin{Parts: 3}, "lux", `["q1" "q2" "q3" (null)]`},
		{Bin{Parts: 2}, "lux", `["q1" "q1" "q2" (null)]`},
		{Bin{Parts: 2}, "taken", `["q1" "q1" "q2" (null)]`},
		{Bin{Parts: 2}, "lon", `["q2" "q2" "q1" "q1"]`},
		{Bin{Parts: 7}, "lat", `["q6" "q4" "q1" "q2"]`},
		{Bin{Degrees: 5}, "lat lon", `["45,5" "45,5" "-5,-5" "0,0"]`},
	} {
		if got := bin(tt.bin, strings.Fields(tt.names)...); got != tt.want {
			t.Errorf("%+v: got %s, want %s", tt.bin, got, tt.want)
		}
	}
	got, err := outputs(t, shiftCase(t, `{bins: {light: {of: lux, at: [50, 200]}, place: {of: [lat, lon], degrees: 5}},
		base: {light: ["50..<200", "200.."]}, shifts: {light: ["..<50"]}, group: place, sizes: {train: 1, iid: 1, ood: all}, growth: relaxed}`, table))
	if err != nil {
		t.Fatal(err)
	}
	if want := "unused: 4 (missing light)"; !strings.Contains(got, want) || !strings.Contains(got, "light=..<50: ") {
		t.Errorf("split:\n%s\nwant %s", got, want)
	}
	got, err = outputs(t, shiftCase(t, `{bins: {light: {of: lux, quantiles: 3}},
		base: {light: [q2, q3]}, shifts: {light: [q1]}, sizes: {train: 1, iid: 1, ood: all}, growth: relaxed}`, table))
	if err != nil {
		t.Fatal(err)
	}
	if want := "light=q1: 1"; !strings.Contains(got, want) {
		t.Errorf("split:\n%s\nwant %s", got, want)
	}
	for _, tt := range []struct{ bins, want string }{
		{"{light: {of: lux, quantiles: 1}}", "-: with.bins.light.quantiles: one part is no bin"},
		{"{light: {of: id, quantiles: 3}}", `-: with.bins.light.of: column "id" holds utf8; quantiles need numbers or times`},
		{"{light: {of: lux, quantiles: 3}}, base: {light: q4}", `-: with.base.light: the bin light has the parts q1 to q3, no "q4"`},
		{"{light: {of: lux}}", "-: with.bins.light: say one of at"},
		{"{light: {of: lux, at: [3, 2]}}", "-: with.bins.light.at.1: bounds must ascend"},
		{"{light: {of: luxx, at: [3]}}", `-: with.bins.light.of: the rows have no column "luxx"; did you mean "lux"?`},
		{"{day: {of: lux, by: day}}", `-: with.bins.day.of: column "lux" holds float64; by needs a time`},
		{"{lux: {of: lat, at: [3]}}", `-: with.bins.lux: the rows have a column "lux" already`},
	} {
		spec := "{bins: " + tt.bins + ", sizes: {train: 1, iid: 1}"
		if !strings.Contains(spec, "base:") {
			spec += ", base: {}"
		}
		_, err := outputs(t, shiftCase(t, spec+"}", table))
		if got := fmt.Sprint(err); !strings.HasPrefix(got, tt.want) {
			t.Errorf("error:\n got %s\nwant %s", got, tt.want)
		}
	}
}
