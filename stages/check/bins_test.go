package check

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/stages/stagetest"
)

// shotsAt is a set with a brightness, a time and a number of its own for each row.
func shotsAt(name string, first time.Time, step time.Duration, lux ...any) *stagetest.Table {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "label", Type: arrow.BinaryTypes.String}, {Name: "lux", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "taken", Type: arrow.FixedWidthTypes.Timestamp_us}, {Name: "shot", Type: arrow.PrimitiveTypes.Int32}}, nil))
	for i, v := range lux {
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("%s-%03d", name, i))
		b.Field(1).(*array.StringBuilder).Append([]string{"a", "b"}[i%2])
		if v == nil {
			b.Field(2).AppendNull()
		} else {
			b.Field(2).(*array.Float64Builder).Append(v.(float64))
		}
		b.Field(3).(*array.TimestampBuilder).Append(arrow.Timestamp(first.Add(time.Duration(i) * step).UnixMicro()))
		b.Field(4).(*array.Int32Builder).Append(int32(1000*len(name) + i))
	}
	t := stagetest.FromRecord(b.NewRecord())
	t.OutputName = name
	return t
}

// Numbers fall into parts of train of about equal size and into what lies
// outside of its range; times into the calendar; both are named in the report.
func TestBins(t *testing.T) {
	day := time.Date(2017, 11, 20, 6, 0, 0, 0, time.UTC)
	var lux []any
	for i := range 40 {
		lux = append(lux, 200+float64(i)*1.00125)
	}
	lux = append(lux, nil, math.NaN())
	sink, err := sanity(t, "{values: 20, bins: 4, pictures: 0}",
		shotsAt("train", day, 24*time.Hour, lux...),
		shotsAt("iid", day, 24*time.Hour, 205.5, 215.25, 225.0, 239.0),
		shotsAt("dark", day.AddDate(0, 2, 0), time.Hour, 3.0, 199.9, 200.0, 1000.0)).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var got report
	if err := json.Unmarshal(sink.File("", "sanity.json"), &got); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, m := range got.Attributes {
		lines = append(lines, fmt.Sprintf("%s: %s: %q %v %v", m.Name, m.Bins, m.Values, m.Counts, m.Shift))
	}
	want := []string{
		`lux: 4 parts of train with about equally many rows, and what lies outside of its range: ["<200" "200..<210" "210..<220" "220..<230" "230..239.04875" ">239.04875"] [[0 10 10 10 10 0] [0 1 1 1 1 0] [2 1 0 0 0 1]] [0 0 0.75]`,
		`taken: months (UTC): ["2017-11" "2017-12" "2018-01"] [[11 31 0] [4 0 0] [0 0 4]] [0 0.7381 1]`,
		`shot: 4 parts of train with about equally many rows, and what lies outside of its range: ["<5000" "5000..<5010" "5010..<5021" "5021..<5031" "5031..5041"] [[0 10 11 10 11] [4 0 0 0 0] [4 0 0 0 0]] [0 1 1]`,
	}
	if !slices.Equal(lines, want) {
		t.Errorf("attributes:\n got %s\nwant %s", strings.Join(lines, "\n     "), strings.Join(want, "\n     "))
	}
	if text := string(sink.File("", "sanity.md")); !strings.Contains(text, "### taken\n\nBins: months (UTC).") || !strings.Contains(text, "lux 2 |") {
		t.Errorf("sanity.md:\n%s", text)
	}
	if svg := string(sink.File("", "attributes.svg")); !strings.Contains(svg, ">200..&lt;210<") {
		t.Errorf("attributes.svg: %s", svg)
	}
}

func TestBinsOfAttributesThatHardlyVary(t *testing.T) {
	for _, tt := range []struct {
		train []float64
		v     float64
		want  string
	}{
		{[]float64{0.5}, 0.5, "0.5"}, {[]float64{0.5}, 1, ">0.5"}, {[]float64{0.5}, 0.2, "<0.5"},
		{[]float64{0, 0.5, 1}, 0.5, "0.5..1"}, {[]float64{0, 0.5, 1}, 0, "0..<0.5"}, {[]float64{0, 0.5, 1}, 1, "0.5..1"},
		{[]float64{1e-300, math.Inf(1)}, 2, "1e-300..+Inf"},
	} {
		b := partsOf(tt.train, 5, tt.train[0], tt.train[len(tt.train)-1])
		rec := stagetest.Rows([]string{"x"}, stagetest.Column{Name: "v", Values: []float64{tt.v}})
		got := ""
		err := rec.Each(context.Background(), func(r arrow.Record) error { got, _ = b.name(r.Column(1), 0); return nil })
		if err != nil || got != tt.want {
			t.Errorf("%v of %v is in %q of %q, want %q", tt.v, tt.train, got, b.names, tt.want)
		}
	}
}

// A sample of many rows is the same whatever their order, and close to them all.
func TestSampleOfManyRows(t *testing.T) {
	survey := func(order []int) []float64 {
		s := &survey{limit: math.MaxUint64, floats: make([][]float64, 1)}
		for i := 0; i < len(order); i += 1000 {
			ids, v := make([]string, 1000), make([]float64, 1000)
			for k := range ids {
				ids[k], v[k] = fmt.Sprint("row ", order[i+k]), float64(order[i+k])
			}
			rec := stagetest.Rows(ids, stagetest.Column{Name: "v", Values: v})
			_ = rec.Each(context.Background(), func(r arrow.Record) error { s.sample(r, []int{1}); return nil })
		}
		slices.Sort(s.floats[0])
		return s.floats[0]
	}
	const n = 300_000
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	a := survey(order)
	slices.Reverse(order)
	if b := survey(order); !slices.Equal(a, b) {
		t.Errorf("%d and %d rows are sampled", len(a), len(b))
	}
	if len(a) > surveyed || len(a) < surveyed/2 {
		t.Errorf("%d rows are sampled", len(a))
	}
	for k := 1; k < 5; k++ {
		if got, want := a[k*len(a)/5], float64(k*n/5); math.Abs(got-want) > 0.01*n {
			t.Errorf("bound %d is %v, want about %v", k, got, want)
		}
	}
}

func TestTimesBetween(t *testing.T) {
	first := time.Date(2020, 1, 31, 22, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		last time.Time
		want string
	}{
		{first, "hour"}, {first.Add(30 * time.Hour), "hour"}, {first.Add(50 * time.Hour), "day"}, {first.AddDate(0, 1, 5), "day"},
		{first.AddDate(1, 0, 0), "month"}, {first.AddDate(5, 0, 0), "quarter"}, {first.AddDate(80, 0, 0), "year"},
	} {
		if got := timesBetween(first, tt.last).unit; got != tt.want {
			t.Errorf("up to %s: %s, want %s", tt.last, got, tt.want)
		}
	}
}
