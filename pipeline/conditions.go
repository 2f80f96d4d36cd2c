package pipeline

import (
	"slices"
	"strings"
)

// Conditions are conditions on several columns, all of which a row must meet. A spec
// writes them as a map, {country: FR, year: 2020..}; here they are sorted by column.
type Conditions []ColumnCondition

// A ColumnCondition says which values of a column are meant.
type ColumnCondition struct {
	Column    string
	Condition Condition
}

// Columns lists the columns, sorted.
func (cs Conditions) Columns() []string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = c.Column
	}
	return names
}

// On returns the condition on a column; false when there is none.
func (cs Conditions) On(column string) (Condition, bool) {
	for _, c := range cs {
		if c.Column == column {
			return c.Condition, true
		}
	}
	return Condition{}, false
}

// DecodeSpec reads a map of conditions.
func (cs *Conditions) DecodeSpec(v Value) []Problem {
	switch v.Kind() {
	case Map:
	case Null:
		return []Problem{{Pos: v.Pos(), Msg: noValue}}
	default:
		return []Problem{{Pos: v.Pos(), Msg: "must be a map, got " + v.n.describe()}}
	}
	var problems []Problem
	out := make(Conditions, len(v.n.items))
	for i, item := range v.n.items {
		c := &out[i]
		if c.Column = v.n.keys[i].text; item.kind == broken {
			continue
		}
		for _, p := range c.Condition.DecodeSpec(Value{item, v.types}) {
			p.Field = join(c.Column, p.Field)
			problems = append(problems, p)
		}
	}
	slices.SortFunc(out, func(a, b ColumnCondition) int { return strings.Compare(a.Column, b.Column) })
	*cs = out
	return problems
}

// SpecText returns the canonical text.
func (cs Conditions) SpecText() string {
	var short [64]byte
	b := append(short[:0], '{')
	for i, c := range cs {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = c.Condition.append(append(appendQuoted(b, c.Column), ": "...))
	}
	return string(append(b, '}'))
}
