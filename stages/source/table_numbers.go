package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
)

// Numbers are how the numbers of a column are written: what stands before their decimals, "" for a
// point, and what between their thousands, "" for nothing.
type numbers struct{ decimal, thousands string }

// separators are what may stand between thousands; a blank is one of any width that does not break too.
var separators = []string{",", ".", "'", " ", "_"}

func (n *numbers) decode(e pipeline.Entry, problem func(string, pipeline.Pos, string, ...any) []pipeline.Problem) []pipeline.Problem {
	if e.Value.Kind() != pipeline.Map {
		if e.Key == "int" {
			return problem("int", e.Value.Pos(), "must say what stands between thousands, such as {int: {thousands: ','}}")
		}
		n.decimal = e.Value.Text()
	}
	for _, part := range e.Value.Map() {
		field, text := e.Key+"."+part.Key, part.Value.Text()
		switch {
		case part.Key == "thousands":
			if n.thousands = text; !slices.Contains(separators, text) {
				return problem(field, part.Value.Pos(), "what stands between thousands is one of %q, got %q", separators, text)
			}
		case part.Key == "decimal" && e.Key == "float":
			n.decimal = text
		default:
			return problem(field, part.KeyPos, "must be thousands%s, got %q", map[bool]string{true: " or decimal"}[e.Key == "float"], part.Key)
		}
	}
	if n.decimal != "" && n.decimal != "," && n.decimal != "." {
		return problem("float", e.Value.Pos(), "what stands before the decimals is \",\" or \".\", got %q", n.decimal)
	}
	if n.decimal == "." {
		n.decimal = ""
	}
	if e.Key == "float" && n.thousands == n.point() {
		return problem("float", e.Value.Pos(), "%q cannot stand both between thousands and before the decimals: say which does the other", n.thousands)
	}
	return nil
}

func (n *numbers) point() string {
	if n.decimal == "" {
		return "."
	}
	return n.decimal
}

func numbersSchema(words ...string) map[string]any {
	props := map[string]any{}
	for _, w := range words {
		props[w] = map[string]any{"enum": separators}
	}
	if slices.Contains(words, "decimal") {
		props["decimal"] = map[string]any{"enum": []string{",", "."}}
	}
	return map[string]any{"type": "object", "additionalProperties": false, "minProperties": 1, "properties": props}
}

// specText is the canonical text; "" is that of plain numbers.
func (n *numbers) specText() string {
	switch {
	case n.thousands != "":
		return fmt.Sprintf("{decimal: %q, thousands: %q}", n.point(), n.thousands)
	case n.decimal != "":
		return fmt.Sprintf("%q", n.decimal)
	}
	return ""
}

func (n *numbers) describe() string {
	switch {
	case n.thousands != "" && n.decimal != "":
		return fmt.Sprintf(" with a decimal comma and %q between thousands", n.thousands)
	case n.thousands != "":
		return fmt.Sprintf(" with %q between thousands", n.thousands)
	case n.decimal != "":
		return " with a decimal comma"
	}
	return ""
}

// plain writes a number as Go does; ok says whether it can be one of these.
func (n *numbers) plain(text string) (plain string, ok bool) {
	if n.decimal == "" && n.thousands == "" {
		return text, true
	}
	if n.thousands == " " {
		text = strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(text)
	}
	whole, rest, pointed := strings.Cut(text, n.point())
	if n.decimal != "" && n.thousands != "." && strings.Contains(text, ".") {
		return "", false // which may group thousands: nobody can tell
	}
	if n.thousands != "" {
		if strings.Contains(rest, n.thousands) {
			return "", false
		}
		groups := strings.Split(whole, n.thousands)
		for i, g := range groups {
			first := i == 0 && len(groups) > 1 && len(strings.TrimLeft(g, "+-")) > 3
			if first || i > 0 && len(g) != 3 || i == 0 && strings.Trim(g, "+-") == "" && len(groups) > 1 {
				return "", false
			}
		}
		whole = strings.Join(groups, "")
	}
	if pointed {
		return whole + "." + rest, true
	}
	return whole, true
}

// advice says what would read a text that is no number of the type.
func (n *numbers) advice(kind, text string) string {
	if n.decimal != "" || n.thousands != "" {
		return ""
	}
	forms := []struct {
		numbers
		says string
	}{{numbers{decimal: ","}, "{float: ','} as its type reads decimal commas"}}
	for _, s := range separators {
		if s != "." && s != "_" {
			forms = append(forms, struct {
				numbers
				says string
			}{numbers{thousands: s}, fmt.Sprintf("{%s: {thousands: %q}} reads %q between thousands", kind, s, s)})
		}
	}
	var says []string
	for i, f := range forms {
		plain, ok := f.plain(text)
		t := TableType{name: kind}
		if ok && plain != text && (i > 0 || kind == "float") && t.reads(plain) {
			says = append(says, f.says)
		}
	}
	if len(says) == 0 {
		return ""
	}
	return "; " + strings.Join(says, ", ")
}

// reads says whether a text is of the type.
func (t TableType) reads(text string) bool {
	b := array.NewBuilder(memory.DefaultAllocator, t.arrow())
	defer b.Release()
	return t.append(b, text, nil)
}
