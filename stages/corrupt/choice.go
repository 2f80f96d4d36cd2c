package corrupt

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shiftmill/pipeline"
)

// A Choice is a list of corruptions; as a parameter it reads itself: a name, a
// list of names, or "standard", "held-out" or "all".
type Choice []string

// A Severity is a list of severities; as a parameter it reads itself: a number
// or a list of numbers.
type Severity []int

var (
	_ pipeline.SpecDecoder = (*Choice)(nil)
	_ pipeline.SpecTexter  = Choice(nil)
	_ pipeline.SpecDecoder = (*Severity)(nil)
	_ pipeline.SpecTexter  = Severity(nil)
)

// groups are names of several corruptions.
var groups = map[string][]string{"standard": names[:15], "held-out": names[15:], "all": names}

// DecodeSpec reads corruptions; none may stand twice.
func (c *Choice) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	items, problems := itemsOf(v, "a corruption, a list of them, standard, held-out or all")
	*c = nil
	for i, item := range items {
		text := item.Text()
		list, ok := groups[text]
		if !ok {
			list = []string{text}
		}
		if !ok && !slices.Contains(names, text) {
			hint := ""
			if near := pipeline.Nearest(text, append(Names(), "standard", "held-out", "all")); near != "" {
				hint = fmt.Sprintf("; did you mean %q?", near)
			}
			problems = append(problems, problem(v, item, i, "no corruption %q; there are %s, and standard, held-out, all%s", text, strings.Join(names, ", "), hint))
			continue
		}
		for _, name := range list {
			if slices.Contains(*c, name) {
				problems = append(problems, problem(v, item, i, "%s stands twice", name))
				continue
			}
			*c = append(*c, name)
		}
	}
	if len(*c) == 0 { // with a problem; what follows wants one
		*c = Choice{names[0]}
	}
	return problems
}

// DecodeSpec reads severities; none may stand twice.
func (s *Severity) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	items, problems := itemsOf(v, "a severity from 1 to 5 or a list of them")
	*s = nil
	for i, item := range items {
		n, err := strconv.Atoi(item.Text())
		switch {
		case item.Kind() != pipeline.Scalar || err != nil || n < 1 || n > 5:
			problems = append(problems, problem(v, item, i, "must be 1 to 5, got %s", item.SpecText()))
		case slices.Contains(*s, n):
			problems = append(problems, problem(v, item, i, "%d stands twice", n))
		default:
			*s = append(*s, n)
		}
	}
	if len(*s) == 0 {
		*s = Severity{1}
	}
	return problems
}

// itemsOf are the items of a list, or the one value.
func itemsOf(v pipeline.Value, want string) ([]pipeline.Value, []pipeline.Problem) {
	switch {
	case v.Kind() == pipeline.Scalar:
		return []pipeline.Value{v}, nil
	case v.Kind() == pipeline.List && v.Len() > 0:
		return v.List(), nil
	}
	return nil, []pipeline.Problem{{Pos: v.Pos(), Msg: fmt.Sprintf("must be %s, got %s", want, v.SpecText())}}
}

// problem is one with an item of a list, or with the one value.
func problem(v, item pipeline.Value, i int, format string, args ...any) pipeline.Problem {
	p := pipeline.Problem{Pos: item.Pos(), Msg: fmt.Sprintf(format, args...)}
	if v.Kind() == pipeline.List {
		p.Field = strconv.Itoa(i)
	}
	return p
}

// SpecText is a name, or a list of names as JSON.
func (c Choice) SpecText() string {
	if len(c) == 1 {
		return c[0]
	}
	return jsonText([]string(c))
}

// SpecText is a number, or a list of numbers as JSON.
func (s Severity) SpecText() string {
	if len(s) == 1 {
		return strconv.Itoa(s[0])
	}
	return jsonText([]int(s))
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("corrupt: " + err.Error()) // names and numbers always have a text
	}
	return string(text)
}

// SpecSchema is the JSON Schema of a choice.
func (c *Choice) SpecSchema() map[string]any {
	word := map[string]any{"enum": append(Names(), "standard", "held-out", "all")}
	return map[string]any{"anyOf": []any{word, map[string]any{"type": "array", "items": word, "minItems": 1}}}
}

// SpecSchema is the JSON Schema of severities.
func (s *Severity) SpecSchema() map[string]any {
	number := map[string]any{"type": "integer", "minimum": 1, "maximum": 5}
	return map[string]any{"anyOf": []any{number, map[string]any{"type": "array", "items": number, "minItems": 1}}}
}
