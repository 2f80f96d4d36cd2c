package source

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones must not depend on what is installed

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
)

// A TableType says what the texts of a column mean: string, int, float, bool,
// or a time with its layout and zone.
type TableType struct {
	name   string // "string", "int", "float", "bool" or "time"
	layout string // of times, as in Go's package time
	zone   string // of the clock that the column shows; "" is UTC
}

// DecodeSpec reads a type.
func (t *TableType) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	problem := func(field string, pos pipeline.Pos, format string, args ...any) []pipeline.Problem {
		return []pipeline.Problem{{Field: field, Pos: pos, Msg: fmt.Sprintf(format, args...)}}
	}
	const forms = "string, int, float, bool, or {time: layout, zone: name}"
	if v.Kind() == pipeline.Scalar {
		names := []string{"string", "int", "float", "bool"}
		for _, n := range names {
			if v.Text() == n {
				t.name = n
				return nil
			}
		}
		if v.Text() == "time" {
			return problem("", v.Pos(), `a time needs a layout, the time 2 January 2006, 15:04:05, as the column would write it: {time: "2006-01-02 15:04:05"}`)
		}
		return problem("", v.Pos(), "must be %s, got %q", forms, v.Text())
	}
	t.name = "time"
	for _, e := range v.Map() {
		switch e.Key {
		case "time":
			t.layout = e.Value.Text()
		case "zone":
			t.zone = e.Value.Text()
			if _, err := time.LoadLocation(t.zone); err != nil || t.zone == "Local" {
				return problem("zone", e.Value.Pos(), "%q is no time zone such as Europe/Berlin or UTC", t.zone)
			}
		default:
			return problem(e.Key, e.KeyPos, "must be %s, got a map with %q", forms, e.Key)
		}
	}
	if !strings.Contains(t.layout, "06") {
		return problem("time", v.Pos(), "the layout is the time 2 January 2006, 15:04:05, as the column would write it, such as 2006-01-02 15:04; got %q", t.layout)
	}
	return nil
}

// SpecText is the canonical text.
func (t TableType) SpecText() string {
	if t.name != "time" {
		return t.name
	}
	return fmt.Sprintf("{time: %q, zone: %q}", t.layout, t.zone)
}

// timeType is that of time columns: microseconds of the clock that the column
// shows, without a zone.
var timeType = &arrow.TimestampType{Unit: arrow.Microsecond}

func (t TableType) arrow() arrow.DataType {
	switch t.name {
	case "int":
		return arrow.PrimitiveTypes.Int64
	case "float":
		return arrow.PrimitiveTypes.Float64
	case "bool":
		return arrow.FixedWidthTypes.Boolean
	case "time":
		return timeType
	}
	return arrow.BinaryTypes.String
}

// convert reads texts as the type. bad is told of texts that do not read so;
// their cells are null.
func (t TableType) convert(col *array.String, bad func(i int, message string)) arrow.Array {
	b := array.NewBuilder(memory.DefaultAllocator, t.arrow())
	defer b.Release()
	b.Reserve(col.Len())
	var zone *time.Location
	if t.name == "time" {
		zone, _ = time.LoadLocation(t.zone) // DecodeSpec has tried it
	}
	for i := range col.Len() {
		if col.IsNull(i) || !t.append(b, col.Value(i), zone) {
			b.AppendNull()
			if col.IsValid(i) {
				bad(i, fmt.Sprintf("%q is no %s", col.Value(i), t.describe()))
			}
		}
	}
	return b.NewArray()
}

func (t TableType) describe() string {
	switch t.name {
	case "int":
		return "whole number"
	case "float":
		return "number"
	case "bool":
		return "true or false"
	}
	return fmt.Sprintf("time of the form %q", t.layout)
}

func (t TableType) append(b array.Builder, text string, zone *time.Location) bool {
	switch b := b.(type) {
	case *array.Int64Builder:
		v, err := strconv.ParseInt(text, 10, 64)
		if err == nil {
			b.Append(v)
		}
		return err == nil
	case *array.Float64Builder:
		v, err := strconv.ParseFloat(text, 64)
		ok := err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) && !strings.ContainsAny(text, "_xXpP")
		if ok {
			b.Append(v)
		}
		return ok
	case *array.BooleanBuilder:
		v := strings.ToLower(text)
		ok := v == "true" || v == "false" || v == "1" || v == "0"
		if ok {
			b.Append(v == "true" || v == "1")
		}
		return ok
	case *array.TimestampBuilder:
		at, err := time.ParseInLocation(t.layout, text, zone)
		if err != nil {
			return false
		}
		// The clock on the wall of the zone, counted as if it were UTC.
		at = at.In(zone)
		wall := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
		b.Append(arrow.Timestamp(wall.UnixMicro()))
		return true
	}
	b.(*array.StringBuilder).Append(text)
	return true
}
