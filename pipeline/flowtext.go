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
	if strings.HasPrefix(text, "$") && !strings.HasPrefix(text, "${") {
		text = "$" + text
	} else {
		text = strings.ReplaceAll(text, "${", "$${")
	}
	if kind, _ := classify(text); kind == Null || strings.Contains(text, "..") || text != "" && strings.ContainsAny(text[:1], "<>=$") {
		return string(appendYAMLQuoted(nil, text))
	}
	return flowScalar(text, TagText)
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
