package split

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
)

// A rules is a configuration bound to the columns of its input: every
// condition compiled for its column's type.
type rules struct {
	attributes        []*attribute // those with conditions, sorted by name
	cells             []cellRule   // base first
	exclude, holdout  [][]check
	train, val, tests []check // of the pools
}

// An attribute is a column with all conditions that are asked of it.
type attribute struct {
	name   string
	field  int // of the items; -1: a column of the rows
	typ    pipeline.ColumnType
	tests  []*pipeline.Matcher
	base   int // the test that base asks, or -1
	policy string
	asked  []pipeline.Condition // beside tests
}

// A check is one test of one attribute.
type check struct{ attribute, test int }

// A cellRule says which rows a shift wants: those that meet its checks and the
// base conditions of all attributes that are not free.
type cellRule struct {
	name   string
	checks []check
	free   []bool // by attribute
}

// columnType says how conditions see a column of an Arrow type.
func columnType(t arrow.DataType) (pipeline.ColumnType, bool) {
	switch t.ID() {
	case arrow.STRING, arrow.LARGE_STRING:
		return pipeline.TextColumn, true
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32:
		return pipeline.IntColumn, true
	case arrow.FLOAT32, arrow.FLOAT64:
		return pipeline.FloatColumn, true
	case arrow.BOOL:
		return pipeline.BoolColumn, true
	case arrow.TIMESTAMP, arrow.DATE32:
		return pipeline.TimeColumn, true
	}
	return 0, false
}

// A binder compiles conditions and gathers what is wrong with them.
type binder struct {
	schema   *arrow.Schema
	items    *Items
	rules    rules
	at       map[string]int
	problems []pipeline.Problem
}

func (b *binder) report(field, format string, args ...any) {
	b.problems = append(b.problems, pipeline.Problem{Field: field, Msg: fmt.Sprintf(format, args...)})
}

// column finds a column that a parameter names.
func (b *binder) column(name, field string) (arrow.Field, pipeline.ColumnType, bool) {
	at := b.schema.FieldIndices(name)
	if len(at) == 0 {
		b.report(field, "%s", unknownColumn(name, b.schema))
		return arrow.Field{}, 0, false
	}
	f := b.schema.Field(at[0])
	typ, ok := columnType(f.Type)
	if !ok {
		b.report(field, "column %q holds %s; a split compares text, whole numbers, floats, booleans and times", name, f.Type)
	}
	return f, typ, ok
}

// check compiles a condition.
func (b *binder) check(name, field string, cond pipeline.Condition) check {
	i, ok := b.at[name]
	if !ok {
		i = len(b.rules.attributes)
		b.at[name] = i
		at := b.items.field(b.schema, name)
		var typ pipeline.ColumnType
		if at < 0 {
			_, typ, _ = b.column(name, field)
		} else if typ, ok = columnType(b.items.fields(b.schema)[at].Type); !ok {
			b.report(field, "the field %q of an item holds %s; a split compares text, whole numbers, floats, booleans and times", name, b.items.fields(b.schema)[at].Type)
		}
		b.rules.attributes = append(b.rules.attributes, &attribute{name: name, field: at, typ: typ, base: -1})
	}
	a := b.rules.attributes[i]
	m, problems := cond.Compile(a.typ)
	if a.field >= 0 || len(b.schema.FieldIndices(name)) > 0 {
		b.problems = append(b.problems, below(field, problems)...)
	}
	a.tests, a.asked = append(a.tests, m), append(a.asked, cond)
	return check{i, len(a.tests) - 1}
}

func (b *binder) all(field string, conds pipeline.Conditions) []check {
	var out []check
	for _, c := range conds {
		out = append(out, b.check(c.Column, field+"."+c.Column, c.Condition))
	}
	return out
}

// bind compiles a configuration for the columns of a schema and reports
// conditions that do not fit them.
func (c *Shift) bind(in *arrow.Schema) (*rules, []pipeline.Problem) {
	b := &binder{schema: c.withBins(in), items: &c.Items, at: map[string]int{}}
	b.checkItems(c)
	b.checkBins(c, in)
	r := &b.rules
	base := b.all("base", c.Base)
	for _, k := range base {
		r.attributes[k.attribute].base = k.test
	}
	r.cells = []cellRule{{name: "base"}}
	for _, s := range c.Shifts.sets {
		rule := cellRule{name: s.name}
		for _, a := range s.alters {
			rule.checks = append(rule.checks, b.check(a.attribute, "shifts."+a.path, a.to))
		}
		r.cells = append(r.cells, rule)
	}
	for i, set := range c.Exclude {
		r.exclude = append(r.exclude, b.all(fmt.Sprintf("exclude.%d", i), set))
	}
	for i, set := range c.Holdout.sets {
		field := "holdout"
		if len(c.Holdout.sets) > 1 {
			field = fmt.Sprintf("holdout.%d", i)
		}
		r.holdout = append(r.holdout, b.all(field, set))
	}
	r.train = b.all("where.train", c.Where.Train)
	r.val = r.train
	if len(c.Where.Val) > 0 {
		r.val = b.all("where.val", c.Where.Val)
	}
	r.tests = b.all("where.tests", c.Where.Tests)
	for i := range r.cells {
		cell := &r.cells[i]
		cell.free = make([]bool, len(r.attributes))
		for _, k := range cell.checks {
			cell.free[k.attribute] = true
		}
		if i > 0 {
			for _, name := range c.Shifts.sets[i-1].ignore {
				if at, ok := b.at[name]; ok {
					cell.free[at] = true
				}
			}
		}
	}
	for _, p := range []struct {
		field string
		names []string
	}{{"stratify", c.Stratify}, {"balance", c.Balance}, {"group", c.Group}, {"match", c.Match}} {
		for i, name := range p.names {
			if slices.Contains(p.names[:i], name) {
				b.report(p.field, "column %q is named twice", name)
			}
			at := b.schema.FieldIndices(name)
			switch {
			case p.field == "stratify" && len(at) == 1 && isList(b.schema.Field(at[0]).Type):
				for _, output := range keys(c.Sizes.of) {
					if c.Sizes.of[output].kind == each {
						b.report(p.field, "%q holds several values a row, so no stratum has rows of its own to count: size %s by a number or a share, not by each", name, output)
					}
				}
			case name != "id":
				b.column(name, p.field)
			}
		}
	}
	if (c.Classes.mode == "common" || c.Classes.mode == "list") && !c.Items.on() {
		b.column(c.Label, "label")
	}
	known := append(c.reads(in), keys(c.Bins)...)
	for _, a := range r.attributes {
		known = append(known, a.name)
	}
	for _, name := range keys(c.Missing) {
		if !slices.Contains(known, name) {
			near := ""
			if n := pipeline.Nearest(name, known); n != "" {
				near = fmt.Sprintf("; did you mean %q?", n)
			}
			b.report("missing."+name, "the split does not look at %q%s", name, near)
		}
		if i, ok := b.at[name]; ok {
			r.attributes[i].policy = c.Missing[name]
		}
	}
	return r, b.problems
}

// A verdict is what the attributes make of a row.
type verdict struct {
	cell   int // -1: none, and then reason says why
	reason string
	fails  string // an error for the whole run, to which the row's id is added
	pool   pool
	held   bool // set aside, whatever its cell
}

// judge decides on a row from the results of its tests: met[attribute][test],
// and null[attribute] for a missing value.
func (r *rules) judge(met [][]bool, null []bool) verdict {
	holds := func(checks []check) bool {
		return !slices.ContainsFunc(checks, func(k check) bool { return !met[k.attribute][k.test] })
	}
	if slices.ContainsFunc(r.exclude, holds) {
		return verdict{cell: -1, reason: "excluded"}
	}
	v := verdict{cell: -1, held: slices.ContainsFunc(r.holdout, holds)}
	for _, p := range []struct {
		checks []check
		pool   pool
	}{{r.train, trainPool}, {r.val, valPool}, {r.tests, testPool}} {
		if holds(p.checks) {
			v.pool |= p.pool
		}
	}
	if v.pool == 0 && !v.held {
		v.reason = "in no pool: where takes it for no side"
		return v
	}
	var off, unknown []string
	for i, a := range r.attributes {
		switch {
		case a.base < 0 || met[i][a.base]:
		case null[i] && a.policy == "keep":
			met[i][a.base] = true
		case null[i]:
			unknown = append(unknown, a.name)
		default:
			off = append(off, a.name)
		}
	}
	var fits []string
	for k, cell := range r.cells {
		if holds(cell.checks) && r.basic(met, cell.free) {
			fits = append(fits, cell.name)
			v.cell = k
		}
	}
	switch {
	case v.held && len(fits) != 1:
		v.cell = len(r.cells)
	case v.held:
	case len(fits) > 1:
		v.fails = fmt.Sprintf("it belongs to %s at once: make their values disjoint (a range holds both its ends, and ..<N ends before N)", strings.Join(fits, " and "))
	case len(fits) == 0 && len(unknown) > 0 && r.couldFit(met, null):
		v.reason = "missing " + strings.Join(unknown, ", ")
		for i, a := range r.attributes {
			if null[i] && a.policy == "error" {
				v.fails = fmt.Sprintf("%s is missing: fill it in, or set missing: {%s: drop}", a.name, a.name)
			}
		}
	case len(fits) == 0 && len(off) == 1:
		v.reason = off[0] + " has another value"
	case len(fits) == 0:
		sort.Strings(off)
		v.reason = "several attributes have other values: " + strings.Join(off, ", ")
	}
	return v
}

func (r *rules) basic(met [][]bool, free []bool) bool {
	for i, a := range r.attributes {
		if a.base >= 0 && !free[i] && !met[i][a.base] {
			return false
		}
	}
	return true
}

// couldFit says whether some values in place of the missing ones would put the
// row into a cell: only then are they why it is left out.
func (r *rules) couldFit(met [][]bool, null []bool) bool {
	for _, cell := range r.cells {
		fits := true
		for _, k := range cell.checks {
			fits = fits && (met[k.attribute][k.test] || null[k.attribute])
		}
		for i, a := range r.attributes {
			fits = fits && (a.base < 0 || cell.free[i] || met[i][a.base] || null[i])
		}
		if fits {
			return true
		}
	}
	return false
}
