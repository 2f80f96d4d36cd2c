package pipeline

import (
	"regexp"
	"strings"
)

// Lines writes a map as it could stand in a spec, a line for each entry, with
// the values in braces and brackets: references are filled in, and what extends
// and presets bring is there.
func (v Value) Lines() []string {
	if v.Kind() != Map {
		return nil
	}
	var lines []string
	for _, e := range v.Map() {
		lines = append(lines, flowScalar(e.Key, TagText)+": "+e.Value.flow())
	}
	return lines
}

// Quoted is a text as a spec writes it where it means itself: in quotes where it
// would be read as something else, such as a range, and with its $ doubled where a
// reference would begin.
func Quoted(text string) string {
	text = withoutReferences(text)
	if kind, _ := classify(text); kind == Null || strings.Contains(text, "..") || text != "" && strings.ContainsAny(text[:1], "<>=$") {
		return string(appendYAMLQuoted(nil, text))
	}
	return flowScalar(text, TagText)
}

// withoutReferences doubles the $ where a reference would begin, see parseText.
func withoutReferences(text string) string {
	if strings.HasPrefix(text, "$") && !strings.HasPrefix(text, "${") {
		return "$" + text
	}
	var b strings.Builder
	for i := range len(text) {
		if text[i] == '$' {
			ref, _, ok := bareReference(text[i:])
			if strings.HasPrefix(text[i:], "${") || ok && ref.path != "" && (ref.root == "params" || ref.root == "matrix") {
				b.WriteByte('$')
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func (v Value) flow() string {
	var parts []string
	switch v.Kind() {
	case List:
		for _, item := range v.List() {
			parts = append(parts, item.flow())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case Map:
		for _, e := range v.Map() {
			parts = append(parts, flowScalar(e.Key, TagText)+": "+e.Value.flow())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case Scalar:
		return flowScalar(v.Text(), v.Tag())
	}
	return "null"
}

// plainText may stand without quotes wherever a value may.
var plainText = regexp.MustCompile(`^[A-Za-z0-9_./<][A-Za-z0-9_./<% =+-]*$`)

// flowScalar quotes text that would be read as something else.
func flowScalar(text string, tag Tag) string {
	switch {
	case tag == TagInt || tag == TagFloat || tag == TagBool:
		return text
	case (tag == TagText || tag == TagSpan) && plainText.MatchString(text) && !strings.HasSuffix(text, " ") && text != "true" && text != "false" && text != "null":
		return text
	}
	return string(appendYAMLQuoted(nil, text))
}
