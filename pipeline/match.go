package pipeline

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A ColumnType is what the cells of a column hold, as far as conditions care.
type ColumnType uint8

// The types of columns. Times are microseconds since 1970-01-01 UTC of the wall
// clock that the column shows.
const (
	TextColumn ColumnType = iota
	IntColumn
	FloatColumn
	BoolColumn
	TimeColumn
)

func (t ColumnType) String() string {
	return [...]string{"text", "int", "float", "bool", "time"}[t]
}

// A Matcher is a condition made ready for one column: plain data, safe for
// concurrent use. Only the method of the column's type makes sense.
type Matcher struct {
	op    conditionOp
	typ   ColumnType
	text  string
	i, j  int64   // bounds for int, bool (0, 1) and time, both included
	f, g  float64 // bounds for float
	open  bool    // g is excluded
	parts []*Matcher
}

// Compile reads the values of the condition as cells of that type. In a text
// column they compare by their bytes (01 is not 1) and ranges are refused,
// since text has no order that a spec could mean (one around references is then its
// text, unless its ends are numbers or times); numbers compare as numbers;
// a time of lower precision, such as a day, stands for all of it.
func (c Condition) Compile(t ColumnType) (*Matcher, []Problem) {
	if c.condition == nil {
		return &Matcher{typ: t}, nil
	}
	m := &Matcher{op: c.op, typ: t, text: c.text}
	var msg string
	switch c.op {
	case condValue:
		msg = m.value(c.text)
	case condRange:
		if t == TextColumn && c.text != "" && !c.rng.measured() {
			m.op = condValue
			break
		}
		msg = m.interval(c.rng)
	case condAny, condNot:
		var problems []Problem
		for _, p := range c.parts {
			part, more := p.Compile(t)
			m.parts = append(m.parts, part)
			problems = append(problems, more...)
		}
		return m, problems
	}
	if msg != "" {
		return m, []Problem{{Pos: c.pos, Msg: msg}}
	}
	return m, nil
}

// Matches says whether a cell, given as the text a CSV file would hold, meets
// the condition; a text that does not read as the type does not.
func (c Condition) Matches(t ColumnType, cell string) bool {
	m, problems := c.Compile(t)
	if len(problems) > 0 {
		return false
	}
	switch t {
	case IntColumn:
		x, err := strconv.ParseInt(cell, 10, 64)
		return err == nil && m.Int(x)
	case FloatColumn:
		x, err := strconv.ParseFloat(cell, 64)
		return err == nil && m.Float(x)
	case BoolColumn:
		return (cell == "true" || cell == "false") && m.Bool(cell == "true")
	case TimeColumn:
		at, _, ok := parseTime(cell)
		return ok && m.Time(at)
	}
	return m.Text(cell)
}

func (m *Matcher) value(text string) string {
	switch m.typ {
	case IntColumn:
		x, err := strconv.ParseInt(text, 10, 64)
		if !isInt(text) || err != nil {
			return fmt.Sprintf("%s is no whole number, and the column holds int%s", quote(text), written(text))
		}
		m.i, m.j = x, x
	case FloatColumn:
		x, err := strconv.ParseFloat(text, 64)
		if !isInt(text) && !isFloat(text) || err != nil {
			return fmt.Sprintf("%s is no number, and the column holds float%s", quote(text), written(text))
		}
		m.f, m.g = x, x
	case BoolColumn:
		if text != "true" && text != "false" {
			return fmt.Sprintf("%s is neither true nor false, and the column holds bool", quote(text))
		}
		if text == "true" {
			m.i, m.j = 1, 1
		}
	case TimeColumn:
		first, last, ok := parseTime(text)
		if _, err := ParseRange(text); !ok && err == nil {
			return fmt.Sprintf("%s is no time: a range is written without quotes", quote(text))
		}
		if !ok {
			return fmt.Sprintf("%s is no time: write 2026, 2026-03, 2026-03-31 or 2026-03-31T15:04:05, the last with Z or +02:00 if the zone matters", quote(text))
		}
		m.i, m.j = first, last
	}
	return ""
}

// written ends a message about a text that is no value of a column: with how it is one.
func written(text string) string {
	if plain := plainNumber(text); plain != "" && plain != text {
		return ": write " + plain
	}
	if low, high, ok := strings.Cut(text, "-"); ok && digits(low) == len(low) && digits(high) == len(high) && low != "" && high != "" {
		return ": a range is written " + low + ".." + high
	}
	if _, err := ParseRange(text); err == nil {
		return ": a range is written without quotes"
	}
	return ""
}

func (m *Matcher) interval(r Range) string {
	if m.typ == TextColumn || m.typ == BoolColumn {
		return fmt.Sprintf("the range %s needs a column of type int, float or time, and this one holds %s: declare it under types:, or quote it if it is meant as text", r, m.typ)
	}
	low, high := &Matcher{typ: m.typ}, &Matcher{typ: m.typ}
	low.i, low.f, high.j, high.g = math.MinInt64, math.Inf(-1), math.MaxInt64, math.Inf(1)
	if r.Low != "" {
		if msg := low.value(r.Low); msg != "" {
			return msg
		}
	}
	if r.High != "" {
		if msg := high.value(r.High); msg != "" {
			return msg
		}
		if r.Open {
			high.j = high.i - 1
		}
	}
	m.i, m.j, m.f, m.g, m.open = low.i, high.j, low.f, high.g, r.Open
	if m.i > m.j || m.f > m.g || m.open && m.f == m.g && m.typ == FloatColumn {
		return fmt.Sprintf("the range %s is empty: its lower end is above its upper one", r)
	}
	return ""
}

// Null says whether a null cell meets the condition.
func (m *Matcher) Null() bool {
	switch m.op {
	case condNull:
		return true
	case condAny:
		for _, p := range m.parts {
			if p.Null() {
				return true
			}
		}
	}
	return false
}

// Text says whether a cell of a text column meets the condition.
func (m *Matcher) Text(cell string) bool {
	switch m.op {
	case condValue:
		return cell == m.text
	case condLike:
		return like(m.text, cell)
	}
	return m.combine(func(p *Matcher) bool { return p.Text(cell) })
}

// Int says whether a cell of an int column meets the condition.
func (m *Matcher) Int(cell int64) bool {
	switch m.op {
	case condValue, condRange:
		return m.i <= cell && cell <= m.j
	case condLike:
		return like(m.text, strconv.FormatInt(cell, 10))
	}
	return m.combine(func(p *Matcher) bool { return p.Int(cell) })
}

// Float says whether a cell of a float column meets the condition; NaN meets
// none but a negation.
func (m *Matcher) Float(cell float64) bool {
	switch m.op {
	case condValue, condRange:
		return m.f <= cell && (cell < m.g || cell == m.g && !m.open)
	case condLike:
		return like(m.text, strconv.FormatFloat(cell, 'g', -1, 64))
	}
	return m.combine(func(p *Matcher) bool { return p.Float(cell) })
}

// Bool says whether a cell of a bool column meets the condition.
func (m *Matcher) Bool(cell bool) bool {
	switch m.op {
	case condValue:
		return cell == (m.i == 1)
	case condLike:
		return like(m.text, strconv.FormatBool(cell))
	}
	return m.combine(func(p *Matcher) bool { return p.Bool(cell) })
}

// Time says whether a cell of a time column, in microseconds, meets the
// condition; patterns see it as 2006-01-02T15:04:05.
func (m *Matcher) Time(cell int64) bool {
	switch m.op {
	case condValue, condRange:
		return m.i <= cell && cell <= m.j
	case condLike:
		return like(m.text, time.UnixMicro(cell).UTC().Format("2006-01-02T15:04:05"))
	}
	return m.combine(func(p *Matcher) bool { return p.Time(cell) })
}

func (m *Matcher) combine(meets func(*Matcher) bool) bool {
	switch m.op {
	case condAny:
		for _, p := range m.parts {
			if meets(p) {
				return true
			}
		}
	case condNot:
		return !meets(m.parts[0])
	}
	return false
}

// timeForms are the precisions of a time, with the step to its end.
var timeForms = []struct {
	layout string
	end    func(time.Time) time.Time
}{
	{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
	{"2006-01-02T15:04", func(t time.Time) time.Time { return t.Add(time.Minute) }},
	{"2006-01-02T15:04:05", func(t time.Time) time.Time { return t.Add(time.Second) }},
	{"2006-01-02T15:04Z07:00", func(t time.Time) time.Time { return t.Add(time.Minute) }},
	{"2006-01-02T15:04:05Z07:00", func(t time.Time) time.Time { return t.Add(time.Second) }},
}

// parseTime returns the first and last microsecond of the time that text names.
func parseTime(text string) (first, last int64, ok bool) {
	if len(text) > 10 && text[10] == ' ' {
		text = text[:10] + "T" + text[11:]
	}
	for _, f := range timeForms {
		t, err := time.Parse(f.layout, text)
		if err != nil {
			continue
		}
		if t.Nanosecond() != 0 { // time.Parse takes a fraction after any seconds
			return t.UnixMicro(), t.UnixMicro(), true
		}
		return t.UnixMicro(), f.end(t).UnixMicro() - 1, true
	}
	return 0, 0, false
}

// like says whether text matches a pattern: * stands for any run of
// characters, ? for one. It takes at most len(pattern)*len(text) steps.
func like(pattern, text string) bool {
	p, t := []rune(pattern), []rune(text)
	i, j, star, mark := 0, 0, -1, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[j]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(string(p[i:]), "*") == ""
}
