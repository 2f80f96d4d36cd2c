package source

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
)

// A labeler makes the columns "label" or "labels", and "class" beside a known list of classes.
type labeler struct {
	rule    Label
	classes *classList // or nil
}

func newLabeler(rule Label, classes string) labeler {
	l := labeler{rule: rule}
	if classes != "" {
		l.classes = imagenet1k()
		if l.rule.column == "" {
			l.rule.column = "label"
		}
	}
	return l
}

// labelProblems reports what is wrong with the parameters label and classes.
func labelProblems(rule Label, classes string) []pipeline.Problem {
	var problems []pipeline.Problem
	for _, name := range []string{"id", "image"} {
		if rule.column == name {
			problems = append(problems, pipeline.Problem{Field: "label", Msg: fmt.Sprintf("column %q holds no class", name)})
		}
	}
	if rule.list() && classes != "" {
		problems = append(problems, pipeline.Problem{Field: "classes", Msg: "a list of known classes goes with one label a row, not with a separator"})
	}
	return problems
}

// works says whether there is anything to do beyond handing columns on.
func (l labeler) works() bool { return l.rule.column != "" && (!l.rule.plain() || l.classes != nil) }

// fields are the columns to add to those of the source, or to replace there.
func (l labeler) fields() []arrow.Field {
	if l.rule.list() {
		return []arrow.Field{{Name: "labels", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true}}
	}
	fields := []arrow.Field{{Name: "label", Type: arrow.BinaryTypes.String, Nullable: true}}
	if l.classes != nil {
		fields = append(fields, arrow.Field{Name: "class", Type: arrow.BinaryTypes.String, Nullable: true})
	}
	return fields
}

// columns makes them of the n texts of the rule's column; missing says which are null. bad is told
// of rows whose text gives no label.
func (l labeler) columns(n int, text func(i int) (string, bool), bad func(i int, why string)) []arrow.Array {
	builders := make([]array.Builder, len(l.fields()))
	for i, f := range l.fields() {
		builders[i] = array.NewBuilder(memory.DefaultAllocator, f.Type)
		defer builders[i].Release()
	}
	for i := range n {
		why := ""
		if t, ok := text(i); ok {
			why = l.add(builders, t)
		} else {
			for _, b := range builders {
				b.AppendNull()
			}
		}
		if why != "" {
			bad(i, why)
			for _, b := range builders {
				if b.Len() == i {
					b.AppendNull()
				}
			}
		}
	}
	out := make([]arrow.Array, len(builders))
	for i, b := range builders {
		out[i] = b.NewArray()
	}
	return out
}

// add appends the row's values, or nothing and says why.
func (l labeler) add(builders []array.Builder, text string) (why string) {
	if list, ok := builders[0].(*array.ListBuilder); ok {
		labels, why := l.rule.all(text)
		if why != "" {
			return why
		}
		list.Append(true)
		for _, s := range labels {
			list.ValueBuilder().(*array.StringBuilder).Append(s)
		}
		return ""
	}
	label, why := l.rule.of(text)
	if why != "" {
		return why
	}
	if l.classes != nil {
		id, name, why := l.classes.of(label)
		if why != "" {
			return fmt.Sprintf("column %q: %s", l.rule.column, why)
		}
		label = id
		builders[1].(*array.StringBuilder).Append(name)
	}
	builders[0].(*array.StringBuilder).Append(label)
	return ""
}

// merged is a schema's fields with those of the labeler in place of their namesakes or at the end;
// at says where the labeler's went. A column that would be hidden by another one is a problem.
func (l labeler) merged(fields []arrow.Field) (all []arrow.Field, at []int, problems []pipeline.Problem) {
	all = append(all, fields...)
	has := func(name string) int {
		for i, f := range all {
			if f.Name == name {
				return i
			}
		}
		return -1
	}
	if l.rule.column != "" && has(l.rule.column) < 0 && !l.rule.lists {
		var names []string
		for _, f := range all {
			if f.Name != "id" && f.Name != "image" {
				names = append(names, f.Name)
			}
		}
		msg := fmt.Sprintf("there is no column %q; there are %s", l.rule.column, strings.Join(names, ", "))
		if near := pipeline.Nearest(l.rule.column, names); near != "" {
			msg = fmt.Sprintf("there is no column %q; did you mean %q?", l.rule.column, near)
		}
		return all, nil, []pipeline.Problem{{Field: "label", Msg: msg}}
	}
	if l.rule.column == "" || !l.works() && l.rule.column == "label" {
		return all, nil, nil
	}
	for _, f := range l.fields() {
		i := has(f.Name)
		switch {
		case i < 0:
			i = len(all)
			all = append(all, f)
		case f.Name != l.rule.column:
			problems = append(problems, pipeline.Problem{Field: "label", Msg: fmt.Sprintf("there is a column %q besides %q, which it would hide: rename one", f.Name, l.rule.column)})
		default:
			all[i] = f
		}
		at = append(at, i)
	}
	return all, at, problems
}
