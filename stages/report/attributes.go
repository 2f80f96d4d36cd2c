package report

import (
	"fmt"
	"slices"
	"strings"

	"shiftmill/stages/report/stats"
)

// manyValues is how many values an attribute may have: more are ids or
// measurements, about which a table by value says nothing.
const manyValues = 60

// A naming numbers names, such as the values of an attribute, in the order in
// which they appear.
type naming struct {
	number map[string]int32
	names  []string
}

func (n *naming) of(name string) int32 {
	i, ok := n.number[name]
	if !ok {
		name = strings.Clone(name)
		i = int32(len(n.names))
		n.number[name], n.names = i, append(n.names, name)
	}
	return i
}

// sortValues numbers the values of attributes by their text instead of by
// appearance.
func (b *benchmark) sortValues() {
	for a, n := range b.values {
		sorted := slices.Sorted(slices.Values(n.names))
		moved := make([]int32, len(sorted))
		for i, name := range sorted {
			moved[n.number[name]] = int32(i)
		}
		n.names = sorted
		for _, s := range b.sets {
			for i, v := range s.groups[a] {
				s.groups[a][i] = moved[v]
			}
		}
	}
}

// An attributeErrors is a model's error by the value of an attribute.
type attributeErrors struct {
	Name   string       `json:"name"`
	Values []valueError `json:"values"`
}

// columnsOf are the columns that an attribute names: one, or several that together
// tell groups apart, such as "label * place".
func columnsOf(attribute string) []string { return strings.Split(attribute, " * ") }

// A valueError is the error on the images with one value, over all test sets.
type valueError struct {
	Value  string  `json:"value"`
	Images int     `json:"images"`
	Error  *number `json:"error"` // nil where the model lacks a set
}

// byAttribute adds the errors by attribute to the results of the models.
func (b *benchmark) byAttribute(boot *stats.Bootstrap, attributes []string, models []modelResult) (notes []string) {
	for a, name := range attributes {
		if n := len(b.values[a].names); n > manyValues {
			notes = append(notes, fmt.Sprintf("%s: attribute %s has %s values, more than the %d that are reported one by one", b.name, name, grouped(n), manyValues))
			continue
		}
		by := make([]groups, len(models))
		for i := range models {
			models[i].Attributes = append(models[i].Attributes, attributeErrors{Name: name})
			by[i].by, by[i].within = name, inAll
		}
		for v, value := range b.values[a].names {
			in, out := b.slice(func(s *testSet) []int32 { return s.groups[a] }, int32(v))
			parts := append(in, out...)
			for i, m := range b.models {
				e := valueError{Value: value, Images: rowsOf(parts)}
				if x, ok := b.errorOn(boot, m, parts); ok {
					e.Error = rate(x)
					by[i].add(value, e.Images, x)
				}
				last := &models[i].Attributes[len(models[i].Attributes)-1]
				last.Values = append(last.Values, e)
			}
		}
		for i := range models {
			if w, ok := by[i].worst(); ok {
				models[i].Worst = append(models[i].Worst, w)
			}
		}
	}
	return notes
}

// errorOn is the error of a model on slices of test sets; not ok where it lacks one
// of the sets, or nothing can be ranked.
func (b *benchmark) errorOn(boot *stats.Bootstrap, m *model, parts []slice) (stats.Estimate, bool) {
	switch {
	case !m.hasAll(parts):
		return stats.Estimate{}, false
	case b.several:
		return m.ranked(boot, parts)
	}
	return m.pooled(parts), true
}

// attributeTables have a row for each value and a column for each method.
func attributeTables(b *benchmarkResult) []table {
	var ts []table
	for a, attribute := range b.Models[0].Attributes {
		t := table{
			fold:  len(attribute.Values) > drawnValues,
			title: "Error by " + attribute.Name, head: []string{attribute.Name, "images"}, extra: true,
			note: b.overAll(),
		}
		for _, m := range b.Models {
			t.head = append(t.head, m.Name)
		}
		for v, x := range attribute.Values {
			n := float64(x.Images)
			row := []cell{{value: x.Value}, {value: grouped(x.Images), sort: &n}}
			for _, m := range b.Models {
				row = append(row, value(m.Attributes[a].Values[v].Error))
			}
			t.rows = append(t.rows, row)
		}
		ts = append(ts, t)
	}
	return ts
}

// overAll says which images errors by attribute are over.
func (b *benchmarkResult) overAll() string {
	if b.Measure == topOne {
		return "Over the images of all test sets."
	}
	return "Mean of the test sets, each weighted by its images that have the value."
}

// drawnValues is how many values of an attribute a chart shows and a table does
// unfolded.
const drawnValues = 12

// drawn are the values that a chart shows, in their order: all, or those with the
// most errors.
func (a *attributeErrors) drawn() []int {
	var at []int
	for v, x := range a.Values {
		if x.Error != nil && x.Images >= leastGroup || len(a.Values) <= drawnValues {
			at = append(at, v)
		}
	}
	if len(at) <= drawnValues {
		return at
	}
	slices.SortStableFunc(at, func(v, w int) int {
		switch x, y := a.Values[v].Error.Value, a.Values[w].Error.Value; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return at[:drawnValues]
}

// attributeCharts are the same tables as bars.
func (b *benchmarkResult) attributeCharts(colours []string) []chart {
	var cs []chart
	for a, attribute := range b.Models[0].Attributes {
		zero := 0.0
		c := chart{
			Kind: "bars", Title: "Error by " + attribute.Name, X: axis{Label: b.Measure + ", %", Low: &zero}, Guess: &b.Chance,
			Note: b.overAll() + " Whiskers are 95 % intervals; the dotted line is guessing.", Legend: b.legend(colours),
		}
		drawn := attribute.drawn()
		if len(drawn) < len(attribute.Values) {
			c.Note += fmt.Sprintf(" The %d values of %d on which %s errs most.", len(drawn), len(attribute.Values), b.Models[0].Name)
		}
		for row, v := range drawn {
			x := attribute.Values[v]
			c.Rows = append(c.Rows, fmt.Sprintf("%s (%s images)", x.Value, grouped(x.Images)))
			for i, m := range b.Models {
				if n := m.Attributes[a].Values[v].Error; n != nil {
					c.Bars = append(c.Bars, bar{row, i, n.Value, n.Low, n.High, colour(colours, m.Name), m.Name + ", " + attribute.Name + " " + x.Value + ": " + value(n).text() + " %"})
				}
			}
		}
		cs = append(cs, c)
	}
	return cs
}
