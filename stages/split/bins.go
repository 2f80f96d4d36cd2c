package split

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
)

// A Bin is an attribute made of others: of a number by bounds or quantiles, of a
// time by the calendar or quantiles, of latitude and longitude by squares. It is
// text, and missing where what it is made of is.
type Bin struct {
	Of      []string  `yaml:"of" single:"true" required:"true" doc:"the column; for degrees latitude and longitude"`
	At      []float64 `yaml:"at" doc:"bounds of numbers, ascending: at: [50, 200] gives ..<50, 50..<200 and 200.."`
	Parts   int       `yaml:"quantiles" min:"0" max:"1000" doc:"parts with equally many rows each: quantiles: 4 gives q1 to q4, q1 with the least; equal values stay together, and bounds follow the rows there are"`
	By      string    `yaml:"by" enum:"year|quarter|month|week|day|weekday|hour" doc:"part of a time: 2019, 2019-Q3, 2019-03, 2019-W07, 2019-03-31, Mon, 07"`
	Degrees float64   `yaml:"degrees" min:"0" max:"90" doc:"side of squares, each named by its south-western corner: degrees: 5 gives 45,5"`
}

// checkBins reports bins that say nothing, or two things.
func (c *Shift) checkBins() []pipeline.Problem {
	var problems []pipeline.Problem
	for _, name := range keys(c.Bins) {
		b := c.Bins[name]
		report := func(field, format string, args ...any) {
			problems = append(problems, pipeline.Problem{Field: "bins." + name + field, Msg: fmt.Sprintf(format, args...)})
		}
		if b2i(len(b.At) > 0)+b2i(b.Parts > 0)+b2i(b.By != "")+b2i(b.Degrees > 0) != 1 {
			report("", "say one of at (bounds of a number), quantiles (parts of equal size), by (part of a time) and degrees (squares of latitude and longitude)")
		}
		if b.Parts == 1 {
			report(".quantiles", "one part is no bin: at least 2")
		}
		if want := 1 + b2i(b.Degrees > 0); len(b.Of) != want {
			report(".of", "must name %d columns, got %d", want, len(b.Of))
		}
		for i, v := range b.At {
			if math.IsNaN(v) || math.IsInf(v, 0) || i > 0 && v <= b.At[i-1] {
				report(fmt.Sprintf(".at.%d", i), "bounds must ascend")
			}
		}
	}
	return problems
}

// checkBins reports columns that bins cannot be made of.
func (b *binder) checkBins(c *Shift, in *arrow.Schema) {
	for _, name := range keys(c.Bins) {
		bin := c.Bins[name]
		if len(in.FieldIndices(name)) > 0 {
			b.report("bins."+name, "the rows have a column %q already: name the bin otherwise", name)
		}
		for _, of := range bin.Of {
			at := in.FieldIndices(of)
			if len(at) == 0 {
				b.report("bins."+name+".of", "%s", unknownColumn(of, in))
				continue
			}
			typ, ok := columnType(in.Field(at[0]).Type)
			number := typ == pipeline.IntColumn || typ == pipeline.FloatColumn
			if bin.Parts > 0 {
				if !ok || !number && typ != pipeline.TimeColumn {
					b.report("bins."+name+".of", "column %q holds %s; quantiles need numbers or times: declare it under types: of the source", of, in.Field(at[0]).Type)
				}
			} else if bin.By != "" && (!ok || typ != pipeline.TimeColumn) {
				b.report("bins."+name+".of", "column %q holds %s; by needs a time: declare it under types: of the source", of, in.Field(at[0]).Type)
			} else if bin.By == "" && (!ok || !number) {
				b.report("bins."+name+".of", "column %q holds %s; bounds and degrees need numbers: declare it under types: of the source", of, in.Field(at[0]).Type)
			}
		}
	}
}

// withBins is a schema with the bins as columns of text.
func (c *Shift) withBins(in *arrow.Schema) *arrow.Schema {
	if len(c.Bins) == 0 || in == nil {
		return in
	}
	fields := slices.Clone(in.Fields())
	for _, name := range keys(c.Bins) {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true})
	}
	return arrow.NewSchema(fields, nil)
}

// binned adds the bins to a record; the caller releases the result.
func (s *scan) binned(rec arrow.Record) arrow.Record {
	if len(s.cfg.Bins) == 0 {
		rec.Retain()
		return rec
	}
	cols := slices.Clone(rec.Columns())
	for _, name := range keys(s.cfg.Bins) {
		col := s.cfg.Bins[name].of(columns(rec, s.binsOf[name]), int(rec.NumRows()), s.bounds[name])
		defer col.Release()
		cols = append(cols, col)
	}
	return array.NewRecord(s.cfg.withBins(rec.Schema()), cols, rec.NumRows())
}

// of makes the column of a bin; bounds are those of quantiles.
func (b Bin) of(cols []arrow.Array, n int, bounds *quantiles) arrow.Array {
	out := array.NewStringBuilder(memory.DefaultAllocator)
	defer out.Release()
	number := func(k, i int) float64 {
		if typ, _ := columnType(cols[k].DataType()); typ == pipeline.FloatColumn {
			return float(cols[k], i)
		}
		return float64(whole(cols[k], i))
	}
	for i := range n {
		switch {
		case slices.ContainsFunc(cols, func(c arrow.Array) bool { return c.IsNull(i) }):
			out.AppendNull()
		case b.Parts > 0:
			if part := bounds.part(cols[0], i); part > 0 {
				out.Append(quantileName(part))
			} else {
				out.AppendNull()
			}
		case b.By != "":
			out.Append(calendar(time.UnixMicro(whole(cols[0], i)).UTC(), b.By))
		case b.Degrees > 0:
			south, west := number(0, i), number(1, i)
			if math.IsNaN(south) || math.IsNaN(west) {
				out.AppendNull()
				continue
			}
			out.Append(plainNumber(math.Floor(south/b.Degrees)*b.Degrees) + "," + plainNumber(math.Floor(west/b.Degrees)*b.Degrees))
		default:
			v := number(0, i)
			if math.IsNaN(v) {
				out.AppendNull()
				continue
			}
			k, found := slices.BinarySearch(b.At, v)
			out.Append(b.interval(k + b2i(found)))
		}
	}
	return out.NewArray()
}

// interval names the k-th stretch between the bounds, as a range of a spec.
func (b Bin) interval(k int) string {
	low, high := "", ""
	if k > 0 {
		low = plainNumber(b.At[k-1])
	}
	if k < len(b.At) {
		high = "<" + plainNumber(b.At[k])
	}
	return low + ".." + high
}

// plainNumber writes a number without what rounding leaves in its last digits.
func plainNumber(v float64) string { return strconv.FormatFloat(v+0, 'g', 12, 64) }

func calendar(t time.Time, by string) string {
	switch by {
	case "year":
		return t.Format("2006")
	case "quarter":
		return fmt.Sprintf("%s-Q%d", t.Format("2006"), (int(t.Month())+2)/3)
	case "month":
		return t.Format("2006-01")
	case "week":
		year, week := t.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	case "day":
		return t.Format("2006-01-02")
	case "weekday":
		return t.Format("Mon")
	}
	return t.Format("15")
}
