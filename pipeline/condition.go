package pipeline

import (
	"fmt"
	"sort"
	"strings"
)

// A Condition says which values of a column are meant: a value, a list (any of
// its items), a range, {not: condition} or {like: pattern}. Values compare by
// their source text with the column's type, see Compile. The zero Condition is
// absent.
//
// A null cell is met by null alone, and by a list that holds null: what is not
// known is not known to differ, so not never takes it.
type Condition struct{ *condition }

// A condition is behind a pointer, since a matrix may make thousands of maps of them,
// and maps have room to spare.
type condition struct {
	op    conditionOp
	text  string // of a value or pattern; of a range around references
	rng   Range
	parts []Condition // of a list, or the one below not
	pos   Pos
}

type conditionOp uint8

const (
	condNone conditionOp = iota
	condNull
	condValue
	condRange
	condLike
	condAny
	condNot
)

// ParseCondition reads a condition; the fields of the problems are paths below
// the value.
func ParseCondition(v Value) (Condition, []Problem) {
	var c Condition
	problems := c.DecodeSpec(v)
	return c, problems
}

// DecodeSpec reads a condition that is a parameter of its own.
func (c *Condition) DecodeSpec(v Value) []Problem {
	c.condition = &condition{pos: v.Pos()}
	switch v.Kind() {
	case Null:
		c.op = condNull
	case Scalar:
		return c.scalar(v)
	case List:
		return c.any(v)
	case Map:
		return c.word(v)
	}
	return nil
}

func (c *Condition) problem(field, format string, args ...any) []Problem {
	return []Problem{{Field: field, Pos: c.pos, Msg: fmt.Sprintf(format, args...)}}
}

func (c *Condition) scalar(v Value) []Problem {
	c.op, c.text = condValue, v.Text()
	switch {
	case v.IsRange():
		r, err := ParseRange(c.text)
		switch {
		case v.Tag() == TagSpan && err == nil:
			c.op, c.rng = condRange, r // and the text, which a text column may be meant to hold
		case v.Tag() == TagSpan: // what the references hold makes it a text
		case err != nil:
			return c.problem("", "%s; quote it if it is meant as text", err)
		default:
			c.op, c.rng, c.text = condRange, r, ""
		}
	case v.Tag() == TagText && strings.ContainsAny(c.text[:1], "<>="):
		end := strings.TrimLeft(c.text, "<>= ")
		form := map[string]string{"<": "..<" + end, "<=": ".." + end, ">=": end + "..", "=": end, "==": end}[strings.TrimSpace(strings.TrimSuffix(c.text, end))]
		if form == "" {
			form = "{not: .." + end + "}"
		}
		return c.problem("", "%s is written %s; quote it if it is meant as text", quote(c.text), form)
	}
	return nil
}

func (c *Condition) any(v Value) []Problem {
	c.op = condAny
	var problems []Problem
	for i, item := range v.List() {
		part, more := ParseCondition(item)
		for _, p := range more {
			p.Field = join(fmt.Sprint(i), p.Field)
			problems = append(problems, p)
		}
		c.parts = append(c.parts, part)
	}
	if len(c.parts) == 0 {
		return c.problem("", "an empty list means no value at all: name at least one")
	}
	return problems
}

func (c *Condition) word(v Value) []Problem {
	entries := v.Map()
	if len(entries) != 1 || entries[0].Key != "not" && entries[0].Key != "like" {
		return c.problem("", "must be a value, a list, a range, {not: ...} or {like: ...}, got a map of %s", strings.Join(firstNames(v.n.names()), ", "))
	}
	word, arg := entries[0].Key, entries[0].Value
	if word == "not" {
		part, problems := ParseCondition(arg)
		c.op, c.parts = condNot, []Condition{part}
		for i := range problems {
			problems[i].Field = join("not", problems[i].Field)
		}
		return problems
	}
	patterns := []Value{arg}
	if arg.Kind() == List {
		patterns = arg.List()
	}
	c.op = condAny
	for _, p := range patterns {
		if p.Kind() != Scalar {
			return c.problem("like", "must be a pattern such as 'Sony*', or a list of them")
		}
		c.parts = append(c.parts, Condition{&condition{op: condLike, text: p.Text(), pos: p.Pos()}})
	}
	switch len(c.parts) {
	case 0:
		return c.problem("like", "must be a pattern such as 'Sony*', or a list of them")
	case 1:
		*c = c.parts[0]
	}
	return nil
}

// IsZero says whether there is no condition.
func (c Condition) IsZero() bool { return c.condition == nil || c.op == condNone }

// Pos returns where the condition was written.
func (c Condition) Pos() Pos {
	if c.condition == nil {
		return Pos{}
	}
	return c.pos
}

// Values returns the source texts when the condition is one value or a list of
// values, else false.
func (c Condition) Values() ([]string, bool) {
	if c.condition == nil {
		return nil, false
	}
	switch c.op {
	case condValue:
		return []string{c.text}, true
	case condAny:
		var out []string
		for _, p := range c.parts {
			if p.op != condValue {
				return nil, false
			}
			out = append(out, p.text)
		}
		return out, true
	}
	return nil, false
}

// Named returns the source texts of all values that the condition names, in lists and negations too.
func (c Condition) Named() (texts []string) {
	if c.condition == nil {
		return nil
	}
	if c.op == condValue {
		return []string{c.text}
	}
	for _, p := range c.parts {
		texts = append(texts, p.Named()...)
	}
	return texts
}

// String returns the canonical text: lists sorted and without repeats, so that
// conditions that differ only in order are equal.
func (c Condition) String() string {
	if c.condition == nil {
		return ""
	}
	switch c.op {
	case condNull:
		return "null"
	case condValue:
		return quoted(c.text)
	case condRange:
		return c.rng.String()
	case condLike:
		return "{like: " + quoted(c.text) + "}"
	case condNot:
		return "{not: " + c.parts[0].String() + "}"
	case condAny:
		texts := make([]string, 0, len(c.parts))
		for _, p := range c.parts {
			texts = append(texts, p.String())
		}
		sort.Strings(texts)
		kept := texts[:0]
		for i, t := range texts {
			if i == 0 || t != texts[i-1] {
				kept = append(kept, t)
			}
		}
		if len(kept) == 1 {
			return kept[0]
		}
		return "[" + strings.Join(kept, ", ") + "]"
	}
	return ""
}

// append appends the canonical text.
func (c Condition) append(b []byte) []byte {
	if c.condition != nil && c.op == condValue { // as most are
		return appendQuoted(b, c.text)
	}
	return append(b, c.String()...)
}

// SpecText returns the canonical text.
func (c Condition) SpecText() string { return c.String() }
