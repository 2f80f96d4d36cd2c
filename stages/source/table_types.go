package source

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones must not depend on what is installed

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"shiftmill/pipeline"
)

// A TableType says what the texts of a column mean: string, int, float, bool,
// a time with its layouts and zone, or one of some values in any of their spellings.
type TableType struct {
	name    string            // "string", "int", "float", "bool", "time" or "one_of"
	layouts []string          // of times, as in Go's package time, or of epochs; the first that fits counts
	zone    string            // of the clock that the column shows; "" is UTC
	values  map[string]string // by folded spelling
	list    string            // of the values with their spellings, for SpecText and messages
	numbers                   // how those of int and float are written
}

// DecodeSpec reads a type.
func (t *TableType) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	*t = TableType{}
	problem := func(field string, pos pipeline.Pos, format string, args ...any) []pipeline.Problem {
		return []pipeline.Problem{{Field: field, Pos: pos, Msg: fmt.Sprintf(format, args...)}}
	}
	const forms = "string, int, float, bool, {float: ','}, {int: {thousands: ','}}, {time: layout, zone: name}, or {one_of: {US: [USA], FR: []}}"
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
			t.layouts = []string{e.Value.Text()}
			if e.Value.Kind() == pipeline.List {
				t.layouts = nil
				for _, l := range e.Value.List() {
					t.layouts = append(t.layouts, l.Text())
				}
			}
		case "one_of":
			t.name = "one_of"
			return t.decodeValues(e.Value, problem)
		case "int", "float":
			t.name = e.Key
			if v.Len() > 1 {
				return problem(e.Key, e.KeyPos, "must be %s, got a map with more", forms)
			}
			return t.numbers.decode(e, problem)
		case "zone":
			t.zone = e.Value.Text()
			if _, err := time.LoadLocation(t.zone); err != nil || t.zone == "Local" {
				return problem("zone", e.Value.Pos(), "%q is no time zone such as Europe/Berlin or UTC", t.zone)
			}
		default:
			return problem(e.Key, e.KeyPos, "must be %s, got a map with %q", forms, e.Key)
		}
	}
	if len(t.layouts) == 0 && (t.zone == "" || slices.ContainsFunc(v.Map(), func(e pipeline.Entry) bool { return e.Key == "time" })) {
		return problem("time", v.Pos(), "an empty list of layouts reads no time")
	}
	for _, l := range t.layouts {
		if _, ok := epochs[l]; !ok && !strings.Contains(l, "06") {
			return problem("time", v.Pos(), "the layout is the time 2 January 2006, 15:04:05, as the column would write it, such as 2006-01-02 15:04; got %q", l)
		}
	}
	return nil
}

// SpecSchema describes all forms.
func (t *TableType) SpecSchema() map[string]any {
	words := pipeline.SchemaWords([2]string{"string", "text, as it stands"}, [2]string{"int", "whole numbers"}, [2]string{"float", "numbers"}, [2]string{"bool", "true or false"})
	text := map[string]any{"type": "string"}
	zone := map[string]any{"type": "string", "description": "zone of the clock, such as Europe/Berlin"}
	form := func(required, doc string, props map[string]any) map[string]any {
		return map[string]any{"type": "object", "required": []string{required}, "additionalProperties": false, "properties": props, "description": doc}
	}
	return map[string]any{"anyOf": []map[string]any{
		words,
		form("time", "Times: the layout is 2 January 2006, 15:04:05 as the column would write it.", map[string]any{
			"time": map[string]any{"anyOf": []map[string]any{text, {"type": "array", "items": text}}}, "zone": zone,
		}),
		form("zone", "Times of UTC in a Parquet or Arrow table, as the clock of a zone shows them.", map[string]any{"zone": zone}),
		form("one_of", "Values with their other spellings.", map[string]any{"one_of": map[string]any{"type": "object"}}),
		form("int", "Whole numbers with something between thousands.", map[string]any{"int": numbersSchema("thousands")}),
		form("float", "Numbers with a decimal comma, or something between thousands.", map[string]any{"float": map[string]any{"anyOf": []map[string]any{
			{"enum": []string{",", "."}}, numbersSchema("decimal", "thousands"),
		}}}),
	}}
}

// decodeValues reads the values with their spellings: {US: [USA, United States], FR: []}.
func (t *TableType) decodeValues(v pipeline.Value, problem func(string, pipeline.Pos, string, ...any) []pipeline.Problem) []pipeline.Problem {
	if v.Kind() != pipeline.Map || v.Len() == 0 {
		return problem("one_of", v.Pos(), "must be a map from values to lists of their other spellings, such as {US: [USA, United States], FR: []}")
	}
	t.values = map[string]string{}
	var list []string
	for _, e := range v.Map() {
		spellings := []string{e.Key}
		for _, s := range e.Value.List() {
			spellings = append(spellings, s.Text())
		}
		for _, s := range spellings {
			if had, ok := t.values[fold(s)]; ok && had != e.Key {
				return problem("one_of."+e.Key, e.KeyPos, "%q would be %q and %q", s, had, e.Key)
			}
			t.values[fold(s)] = e.Key
		}
		list = append(list, fmt.Sprintf("%q: %q", e.Key, spellings[1:]))
	}
	slices.Sort(list)
	t.list = strings.Join(list, ", ")
	return nil
}

// fold makes spellings that differ in case, in blanks around them, in how many there are between
// words, in a dot at the end or in their Unicode form one.
func fold(s string) string {
	return cases.Fold().String(norm.NFC.String(strings.TrimSuffix(strings.Join(strings.Fields(s), " "), ".")))
}

// SpecText is the canonical text.
func (t TableType) SpecText() string {
	switch t.name {
	case "time":
		switch len(t.layouts) {
		case 0:
			return fmt.Sprintf("{zone: %q}", t.zone)
		case 1:
		default:
			return fmt.Sprintf("{time: %q, zone: %q}", t.layouts, t.zone)
		}
		return fmt.Sprintf("{time: %q, zone: %q}", t.layouts[0], t.zone)
	case "one_of":
		return "{one_of: {" + t.list + "}}"
	}
	if text := t.numbers.specText(); text != "" {
		return fmt.Sprintf("{%s: %s}", t.name, text)
	}
	return t.name
}

// truths are the texts of booleans, case ignored.
var truths = map[string]bool{"true": true, "yes": true, "t": true, "y": true, "1": true, "false": false, "no": false, "f": false, "n": false, "0": false}

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
				message := fmt.Sprintf("%q is no %s", short(col.Value(i)), t.describe())
				if t.name == "int" || t.name == "float" {
					message += t.numbers.advice(t.name, col.Value(i))
				}
				bad(i, message)
			}
		}
	}
	return b.NewArray()
}

// short is the beginning of a text, for messages.
func short(text string) string {
	const limit = 80
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "..."
}

func (t TableType) describe() string {
	switch t.name {
	case "int":
		return "whole number" + t.numbers.describe()
	case "float":
		return "number" + t.numbers.describe()
	case "bool":
		return "true, false, yes, no, 1 or 0"
	}
	if t.name == "one_of" {
		return "spelling of a listed value"
	}
	if len(t.layouts) > 1 {
		return fmt.Sprintf("time of one of the forms %q", t.layouts)
	}
	return fmt.Sprintf("time of the form %q", t.layouts[0])
}

func (t TableType) append(b array.Builder, text string, zone *time.Location) bool {
	switch b := b.(type) {
	case *array.Int64Builder:
		plain, ok := t.numbers.plain(text)
		v, err := strconv.ParseInt(plain, 10, 64)
		if ok = ok && err == nil; ok {
			b.Append(v)
		}
		return ok
	case *array.Float64Builder:
		plain, ok := t.numbers.plain(text)
		v, err := strconv.ParseFloat(plain, 64)
		ok = ok && err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) && !strings.ContainsAny(plain, "_xXpP")
		if ok {
			b.Append(v)
		}
		return ok
	case *array.BooleanBuilder:
		v, ok := truths[strings.ToLower(text)]
		if ok {
			b.Append(v)
		}
		return ok
	case *array.TimestampBuilder:
		at, ok := t.parse(text, zone)
		if !ok {
			return false
		}
		b.Append(wallClock(at, zone))
		return true
	}
	if t.name == "one_of" {
		v, ok := t.values[fold(text)]
		if ok {
			b.(*array.StringBuilder).Append(v)
		}
		return ok
	}
	b.(*array.StringBuilder).Append(text)
	return true
}

// epochs are the layouts of times that are counted from 1970-01-01 UTC, and what they count.
var epochs = map[string]time.Duration{"unix": time.Second, "unix-ms": time.Millisecond}

// sinceEpoch reads a count of units, whose decimals reach to microseconds.
func sinceEpoch(text string, unit time.Duration) (time.Time, bool) {
	count, decimals, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(count, 10, 64)
	limit := int64(math.MaxInt64 / unit.Microseconds())
	if err != nil || n > limit || n < -limit || strings.Trim(decimals, "0123456789") != "" {
		return time.Time{}, false
	}
	micros := n * unit.Microseconds()
	part, step := int64(0), unit.Microseconds()
	for _, d := range decimals {
		step /= 10
		part += int64(d-'0') * step
	}
	if strings.HasPrefix(count, "-") {
		part = -part
	}
	return time.UnixMicro(micros + part), true
}

// wallClock is the clock on the wall of a zone, counted as if it were UTC.
func wallClock(at time.Time, zone *time.Location) arrow.Timestamp {
	at = at.In(zone)
	wall := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
	return arrow.Timestamp(wall.UnixMicro())
}

// inZone shows times of UTC by the clock of the type's zone.
func (t TableType) inZone(col *array.Timestamp) arrow.Array {
	zone, _ := time.LoadLocation(t.zone) // DecodeSpec has tried it
	b := array.NewTimestampBuilder(memory.DefaultAllocator, timeType)
	defer b.Release()
	b.Reserve(col.Len())
	for i := range col.Len() {
		if col.IsNull(i) {
			b.AppendNull()
		} else {
			b.Append(wallClock(time.UnixMicro(int64(col.Value(i))), zone))
		}
	}
	return b.NewArray()
}

// unclear says whether layouts behind the first that reads a text read another time in it.
func (t TableType) unclear(text string) bool {
	var first time.Time
	met := false
	for _, l := range t.layouts {
		at, err := time.Parse(l, text)
		switch {
		case err != nil:
		case !met:
			first, met = at, true
		case !at.Equal(first):
			return true
		}
	}
	return false
}

func (t TableType) parse(text string, zone *time.Location) (time.Time, bool) {
	for _, l := range t.layouts {
		if unit, ok := epochs[l]; ok {
			if at, ok := sinceEpoch(text, unit); ok {
				return at, true
			}
			continue
		}
		if at, err := time.ParseInLocation(l, text, zone); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
