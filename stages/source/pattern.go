package source

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A pattern reads columns out of the names of files: each {name} stands for at
// least one character other than "/".
type pattern struct {
	text  string
	names []string // of the columns, in the order of the text
	re    *regexp.Regexp
	depth int // folders above the file
}

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// parsePattern reads a pattern such as "{domain}/{label}/{file}". A name takes
// as little as what follows it allows.
func parsePattern(text string) (*pattern, error) {
	p := &pattern{text: text, depth: strings.Count(text, "/")}
	if text == "" || strings.HasPrefix(text, "/") || strings.HasSuffix(text, "/") || strings.Contains(text, "//") {
		return nil, fmt.Errorf("%q is no pattern of file names such as {label}/{file}, relative to the root", text)
	}
	var re strings.Builder
	at := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		literal, name := text[at:m[0]], text[m[2]:m[3]]
		if at > 0 && literal == "" {
			return nil, fmt.Errorf("in %q nothing says where {%s} ends and {%s} begins", text, p.names[len(p.names)-1], name)
		}
		switch {
		case strings.ContainsAny(literal, "{}"):
			return nil, fmt.Errorf("in %q a brace is not closed", text)
		case name == "" || strings.ContainsAny(name, "/*?"):
			return nil, fmt.Errorf("in %q {%s} is no name of a column", text, name)
		case name == "id" || name == "image":
			return nil, fmt.Errorf("in %q {%s} would hide the column %s that every source has: choose another name", text, name, name)
		case slices.Contains(p.names, name):
			return nil, fmt.Errorf("in %q {%s} stands twice", text, name)
		}
		p.names = append(p.names, name)
		re.WriteString(regexp.QuoteMeta(literal) + "([^/]+?)")
		at = m[1]
	}
	if strings.ContainsAny(text[at:], "{}") {
		return nil, fmt.Errorf("in %q a brace is not closed", text)
	}
	re.WriteString(regexp.QuoteMeta(text[at:]))
	// (?s): a line break may stand in a file's name.
	p.re = regexp.MustCompile("(?s)^" + re.String() + "$")
	return p, nil
}

// matches says whether a name has the columns.
func (p *pattern) matches(name string) bool { return p.re.MatchString(name) }

// match returns the columns of a name.
func (p *pattern) match(name string) ([]string, bool) {
	m := p.re.FindStringSubmatch(name)
	if m == nil {
		return nil, false
	}
	return m[1:], true
}

// fill writes a name from the columns, the inverse of match.
func (p *pattern) fill(value func(column string) string) string {
	return placeholder.ReplaceAllStringFunc(p.text, func(s string) string { return value(s[1 : len(s)-1]) })
}
