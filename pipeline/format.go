package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Format rewrites a spec in the canonical form: two spaces a level, one space
// after colons and commas, lists indented under their key, lines of braces and
// brackets joined and broken before 120 columns, at most one blank line
// between entries. Comments, the order of entries, quotes, the choice between
// braces and blocks, and columns in which values or comments line up stay as
// they are. Formatting twice changes nothing
// more. The error is Errors when the file is no YAML that the language reads;
// mistakes in what it says are none of Format's business.
func Format(file string, data []byte) ([]byte, error) {
	var rep reporter
	src := newSource(file)
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	before := parseYAML(src, []byte(text), &rep)
	if before != nil && before.kind != Map {
		notSpec(before, &rep)
	}
	if err := rep.err(); err != nil {
		return nil, err
	}
	out, comments, err := format(text)
	if err != nil {
		return nil, fmt.Errorf("format %s: %w", file, err)
	}
	// What is written must mean what was read, with every comment: anything else
	// is a bug here, and the file is better left alone.
	after := parseYAML(src, []byte(out), &rep)
	kept, err := findComments(out)
	switch {
	case rep.failed() || err != nil || !equalNodes(before, after):
		return nil, fmt.Errorf("format %s: %w", file, errChanged)
	case !slices.Equal(comments, kept):
		return nil, fmt.Errorf("format %s: %w", file, errComments)
	}
	return []byte(out), nil
}

var (
	errChanged  = errors.New("the formatted text would mean something else; the file is left as it is")
	errComments = errors.New("the formatted text would lose a comment; the file is left as it is")
)

// equalNodes says whether two values are the same but for their places.
func equalNodes(a, b *node) bool {
	if a == nil || b == nil {
		return a == b
	}
	quoted := a.tag == TagText && b.tag == TagQuoted && strings.Contains(a.text, "\n") // see scalarInFlow
	if a.kind != b.kind || a.tag != b.tag && !quoted || a.kind == Scalar && a.text != b.text || len(a.items) != len(b.items) || len(a.keys) != len(b.keys) {
		return false
	}
	for i := range a.keys {
		if a.keys[i].text != b.keys[i].text {
			return false
		}
	}
	for i := range a.items {
		if !equalNodes(a.items[i], b.items[i]) {
			return false
		}
	}
	return true
}

// format returns the formatted text and the comments of the original.
func format(text string) (string, []string, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return "", nil, err
	}
	l := newLayout(text)
	if len(doc.Content) > 0 {
		l.measure(doc.Content[0])
	}
	l.gap(len(text))
	w := &specWriter{layout: l}
	if len(doc.Content) > 0 {
		w.document(doc.Content[0])
	}
	w.rest()
	return w.aligned(), l.texts(), nil
}

// findComments returns the comments of a text in their order.
func findComments(text string) ([]string, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, err
	}
	l := newLayout(text)
	if len(doc.Content) > 0 {
		l.measure(doc.Content[0])
	}
	l.gap(len(text))
	return l.texts(), nil
}
