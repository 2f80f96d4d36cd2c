package source

import (
	"fmt"
	"regexp"
	"strings"

	"shiftmill/pipeline"
)

// A Label says where the class of a row stands: in a column as it is, in the part of its text that
// an expression matches, or, separated, in several parts (then the rows have a list, "labels").
type Label struct {
	column    string
	match     *regexp.Regexp
	separator string
	lists     bool // the column holds lists, as the table says
}

// SpecSchema describes both forms.
func (l *Label) SpecSchema() map[string]any {
	text := func(doc string) map[string]any { return map[string]any{"type": "string", "description": doc} }
	return map[string]any{"anyOf": []map[string]any{
		{"type": []string{"string", "number"}},
		{"type": "object", "required": []string{"column"}, "additionalProperties": false, "properties": map[string]any{
			"column": text("column of the label"), "match": text("expression whose match, or one group of it, is the label"), "separator": text("what stands between several labels"),
		}},
	}}
}

// DecodeSpec reads a label: a column, or {column: NAME, match: EXPRESSION} or
// {column: NAME, separator: TEXT}.
func (l *Label) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	problem := func(field string, pos pipeline.Pos, format string, args ...any) []pipeline.Problem {
		return []pipeline.Problem{{Field: field, Pos: pos, Msg: fmt.Sprintf(format, args...)}}
	}
	*l = Label{}
	const forms = `a column, {column: NAME, match: "^(n[0-9]{8})"} or {column: NAME, separator: "|"}`
	switch v.Kind() {
	case pipeline.Scalar:
		l.column = v.Text()
		return nil
	case pipeline.List:
		return problem("", v.Pos(), "must be %s, got a list", forms)
	}
	for _, e := range v.Map() {
		text := e.Value.Text()
		switch e.Key {
		case "column":
			l.column = text
		case "separator":
			if l.separator = text; text == "" {
				return problem("separator", e.Value.Pos(), "an empty text separates nothing")
			}
		case "match":
			re, err := regexp.Compile(text)
			if err != nil {
				return problem("match", e.Value.Pos(), "%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
			}
			if re.NumSubexp() > 1 {
				return problem("match", e.Value.Pos(), "%q has %d groups; the label is what one group matches, or all: write others as (?:...)", text, re.NumSubexp())
			}
			l.match = re
		default:
			return problem(e.Key, e.KeyPos, "must be %s, got a map with %q", forms, e.Key)
		}
	}
	switch {
	case l.column == "":
		return problem("", v.Pos(), "must be %s: the column is missing", forms)
	case (l.match == nil) == (l.separator == ""):
		return problem("", v.Pos(), "must be %s: with one of match and separator", forms)
	}
	return nil
}

// SpecText is the canonical text.
func (l Label) SpecText() string {
	switch {
	case l.match != nil:
		return fmt.Sprintf("{column: %q, match: %q}", l.column, l.match)
	case l.separator != "":
		return fmt.Sprintf("{column: %q, separator: %q}", l.column, l.separator)
	}
	return fmt.Sprintf("%q", l.column)
}

// list says whether rows have a list of labels.
func (l *Label) list() bool { return l.separator != "" || l.lists }

// plain says whether the label is a column as it is.
func (l *Label) plain() bool { return l.match == nil && !l.list() }

// of reads the label out of a text; why says what is wrong.
func (l *Label) of(text string) (label, why string) {
	if l.match == nil {
		return text, ""
	}
	m := l.match.FindStringSubmatch(text)
	switch {
	case m == nil:
		return "", fmt.Sprintf("column %q: %q does not match %s", l.column, text, l.match)
	case m[len(m)-1] == "":
		return "", fmt.Sprintf("column %q: what matches in %q is empty", l.column, text)
	}
	return m[len(m)-1], ""
}

// all reads the labels of a separated text, in their order; blanks around them do not count.
func (l *Label) all(text string) (labels []string, why string) {
	if l.lists {
		return textsOf(l.column, text)
	}
	seen := map[string]bool{}
	for _, part := range strings.Split(text, l.separator) {
		part = strings.TrimSpace(part)
		switch {
		case part == "":
			continue // "a||b", or a separator at the end
		case seen[part]:
			return nil, fmt.Sprintf("column %q: %q names %q twice", l.column, text, part)
		}
		seen[part] = true
		labels = append(labels, part)
	}
	return labels, ""
}
