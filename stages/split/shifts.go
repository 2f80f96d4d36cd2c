package split

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"shiftmill/pipeline"
)

// Shifts are the test sets of a shift split: for each attribute a list whose
// items are one set each, or sets with a name of their own.
type Shifts struct{ sets []set }

// A set is one shift: which attributes it alters, and to what.
type set struct {
	name   string // of the output
	path   string // of the value, below "shifts"
	pos    pipeline.Pos
	alters []alteration // sorted by attribute
	ignore []string     // base attributes that its rows need not meet
	named  bool
	joint  bool
}

type alteration struct {
	attribute string
	to        pipeline.Condition
	path      string
}

// DecodeSpec reads the map of shifts.
func (s *Shifts) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	s.sets = nil
	if v.Kind() != pipeline.Map {
		return []pipeline.Problem{{Pos: v.Pos(), Msg: "must be a map such as {country: [FR], year: [2017, 2018]}, got " + v.Kind().String()}}
	}
	var problems []pipeline.Problem
	for _, e := range v.Map() {
		switch {
		case e.Value.Kind() == pipeline.List:
			for i, item := range e.Value.List() {
				problems = append(problems, s.item(e.Key, fmt.Sprintf("%s.%d", e.Key, i), item)...)
			}
			if e.Value.Len() == 0 {
				problems = append(problems, pipeline.Problem{Field: e.Key, Pos: e.Value.Pos(), Msg: "an empty list makes no test set: name a value, or leave the line out"})
			}
		case e.Value.Kind() == pipeline.Map && !isCondition(e.Value):
			problems = append(problems, s.namedSet(e)...)
		default:
			problems = append(problems, s.item(e.Key, e.Key, e.Value)...)
		}
	}
	return problems
}

// SpecSchema describes the map of shifts.
func (s *Shifts) SpecSchema() map[string]any {
	condition := pipeline.SchemaOf[pipeline.Condition]()
	named := map[string]any{"type": "object", "description": "A test set under a name: attributes with their values; joint: true alters them together, ignore: names base attributes that its rows need not meet."}
	return map[string]any{"type": "object", "additionalProperties": map[string]any{
		"anyOf":       []map[string]any{condition, named, {"type": "null"}},
		"description": "Values that the attribute takes, each in a test set of its own; a list in the list is one set of several values.",
	}}
}

// isCondition tells {not: ..} and {like: ..} from a named set.
func isCondition(v pipeline.Value) bool {
	return v.Len() == 1 && (v.Map()[0].Key == "not" || v.Map()[0].Key == "like")
}

// below prefixes problems with the path of their value.
func below(path string, problems []pipeline.Problem) []pipeline.Problem {
	for i := range problems {
		problems[i].Field = strings.TrimSuffix(path+"."+problems[i].Field, ".")
	}
	return problems
}

func (s *Shifts) item(attribute, path string, v pipeline.Value) []pipeline.Problem {
	to, problems := pipeline.ParseCondition(v)
	s.sets = append(s.sets, set{
		name: escape(attribute) + "=" + valueName(v), path: path, pos: v.Pos(),
		alters: []alteration{{attribute, to, path}},
	})
	return below(path, problems)
}

func (s *Shifts) namedSet(e pipeline.Entry) []pipeline.Problem {
	made := set{name: escape(e.Key), path: e.Key, pos: e.KeyPos, named: true}
	var problems []pipeline.Problem
	for _, part := range e.Value.Map() {
		path := e.Key + "." + part.Key
		switch part.Key {
		case "joint":
			if part.Value.Tag() != pipeline.TagBool {
				problems = append(problems, pipeline.Problem{Field: path, Pos: part.Value.Pos(), Msg: "must be true or false"})
			}
			made.joint = part.Value.Text() == "true"
		case "ignore":
			names := part.Value.List()
			if part.Value.Kind() == pipeline.Scalar {
				names = []pipeline.Value{part.Value}
			}
			for _, n := range names {
				made.ignore = append(made.ignore, n.Text())
			}
			if len(names) == 0 {
				problems = append(problems, pipeline.Problem{Field: path, Pos: part.Value.Pos(), Msg: "must be the name of a base attribute, or a list of them"})
			}
		default:
			to, more := pipeline.ParseCondition(part.Value)
			problems = append(problems, below(path, more)...)
			made.alters = append(made.alters, alteration{part.Key, to, path})
		}
	}
	sort.Slice(made.alters, func(i, j int) bool { return made.alters[i].attribute < made.alters[j].attribute })
	slices.Sort(made.ignore)
	made.ignore = slices.Compact(made.ignore)
	s.sets = append(s.sets, made)
	return problems
}

// SpecText is the canonical text: sets by name, so that their order in the
// spec is not content.
func (s Shifts) SpecText() string {
	lines := make([]string, len(s.sets))
	for i, set := range s.sets {
		var b strings.Builder
		fmt.Fprintf(&b, "%q: {", set.name)
		for _, a := range set.alters {
			fmt.Fprintf(&b, "%q: %s, ", a.attribute, a.to)
		}
		fmt.Fprintf(&b, "ignore: %q}", set.ignore)
		lines[i] = b.String()
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// valueName is how a shift's value stands in the name of its output: the
// values, separated by commas.
func valueName(v pipeline.Value) string {
	switch v.Kind() {
	case pipeline.List:
		parts := make([]string, v.Len())
		for i, item := range v.List() {
			parts[i] = valueName(item)
		}
		return strings.Join(parts, ",")
	case pipeline.Map:
		e := v.Map()[0]
		return e.Key + ":" + valueName(e.Value)
	case pipeline.Null:
		return "null"
	}
	return escape(v.Text())
}

// escape percent-encodes what would be mistaken for a part of a reference.
func escape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~<>:*", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// check reports what is wrong with the sets beside the base.
func (s *Shifts) check(base pipeline.Conditions) []pipeline.Problem {
	var problems []pipeline.Problem
	names := map[string]bool{}
	for _, set := range s.sets {
		report := func(path, format string, args ...any) {
			problems = append(problems, pipeline.Problem{Field: "shifts." + path, Msg: fmt.Sprintf(format, args...)})
		}
		switch {
		case names[set.name]:
			report(set.path, "the test set %q is defined twice", set.name)
		case set.named && slices.Contains([]string{"train", "val", "iid", "tests", "ood", "unused", "holdout", "sets", "every", "leaks"}, set.name):
			report(set.path, "the name %q is taken by another output: choose another", set.name)
		case len(set.alters) == 0:
			report(set.path, "alters nothing: name an attribute and its values")
		case len(set.alters) > 1 && !set.joint:
			report(set.path, "alters %d attributes: add joint: true if that is meant", len(set.alters))
		}
		names[set.name] = true
		fresh := false
		for _, a := range set.alters {
			from, ok := base.On(a.attribute)
			if !ok {
				near := ""
				if n := pipeline.Nearest(a.attribute, base.Columns()); n != "" {
					near = fmt.Sprintf("; did you mean %q?", n)
				}
				report(a.path, "%q has no base value, so nothing says what it is altered from: add it to base%s", a.attribute, near)
				continue
			}
			same, known := overlap(from, a.to)
			fresh = fresh || !known || len(same) == 0
			if known && len(same) > 0 && !set.joint {
				report(a.path, "base holds %s=%s already, so this would not alter it", a.attribute, strings.Join(same, ","))
			}
		}
		if set.joint && len(set.alters) > 0 && !fresh {
			report(set.path, "alters nothing: base holds all these values")
		}
		for _, name := range set.ignore {
			_, ok := base.On(name)
			altered := slices.ContainsFunc(set.alters, func(a alteration) bool { return a.attribute == name })
			switch {
			case !ok:
				report(set.path+".ignore", "%q is no attribute of base; base has %s", name, strings.Join(base.Columns(), ", "))
			case altered:
				report(set.path+".ignore", "%q cannot be both altered and ignored", name)
			}
		}
	}
	return problems
}

// overlap lists the values that two conditions share, when both are lists of
// values.
func overlap(a, b pipeline.Condition) ([]string, bool) {
	x, ok := a.Values()
	y, ok2 := b.Values()
	if !ok || !ok2 {
		return nil, false
	}
	var same []string
	for _, v := range y {
		if slices.Contains(x, v) {
			same = append(same, v)
		}
	}
	return same, true
}

func keys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, k)
	}
	sort.Strings(names)
	return names
}
