package pipeline

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// commented says whether a value in braces or brackets holds comments: its
// lines are then kept.
func (w *specWriter) commented(y *yaml.Node) bool {
	for _, c := range w.comments[w.next:] {
		if c.off >= w.ends[y] {
			return false
		}
		if c.off > w.offset(y) {
			return true
		}
	}
	return false
}

// flow is a value in one line.
func (w *specWriter) flow(y *yaml.Node) string {
	var b strings.Builder
	w.pieces(y, func(s string, _ bool) { b.WriteString(s) })
	return b.String()
}

// broken is a value in lines that end before the widest column where they can,
// broken after commas and opening brackets.
func (w *specWriter) broken(y *yaml.Node, indent, taken int) string {
	var b strings.Builder
	var word strings.Builder // what cannot be broken
	col := taken
	flush := func() {
		s := word.String()
		word.Reset()
		n := utf8.RuneCountInString(strings.TrimRight(s, " "))
		if col > indent && col+n > widest && s != "" {
			trimmed := strings.TrimRight(b.String(), " ")
			b.Reset()
			b.WriteString(trimmed)
			b.WriteString("\n" + strings.Repeat(" ", indent))
			col = indent
		}
		b.WriteString(s)
		col += utf8.RuneCountInString(s)
	}
	w.pieces(y, func(s string, end bool) {
		word.WriteString(s)
		if end {
			flush()
		}
	})
	flush()
	return b.String()
}

// pieces calls put with the parts of a value; end says that a line may be
// broken behind the part.
func (w *specWriter) pieces(y *yaml.Node, put func(s string, end bool)) {
	switch y.Kind {
	case yaml.ScalarNode:
		put(w.scalarInFlow(y), false)
	case yaml.SequenceNode:
		put("[", true)
		for i, item := range y.Content {
			if i > 0 {
				put(", ", true)
			}
			w.pieces(item, put)
		}
		put("]", false)
	case yaml.MappingNode:
		put("{", true)
		for i := 0; i+1 < len(y.Content); i += 2 {
			if i > 0 {
				put(", ", true)
			}
			w.pieces(y.Content[i], put)
			if v := y.Content[i+1]; !empty(v) {
				put(": ", false)
				w.pieces(v, put)
			} else if !w.alone(y.Content[i]) {
				put(": null", false) // a key alone may be meant as an item of a list without brackets
			}
		}
		put("}", false)
	}
}

// scalarInFlow is a scalar in one line: text that was written in several lines
// and is not joined by blanks is quoted.
func (w *specWriter) scalarInFlow(y *yaml.Node) string {
	s := w.source(y)
	if !strings.Contains(s, "\n") {
		return s
	}
	return string(appendYAMLQuoted(nil, y.Value))
}

// appendYAMLQuoted appends text in double quotes.
func appendYAMLQuoted(b []byte, text string) []byte {
	b = append(b, '"')
	for _, r := range text {
		switch r {
		case '"', '\\':
			b = append(b, '\\', byte(r))
		case '\n':
			b = append(b, `\n`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			if r < ' ' || r >= 0x7f && r <= 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0xfff0 && r <= 0xffff || r == 0xfeff {
				b = fmt.Appendf(b, `\u%04x`, r)
			} else {
				b = utf8.AppendRune(b, r)
			}
		}
	}
	return append(b, '"')
}

// flowLines writes a value in braces or brackets that holds comments, with the
// lines it has.
type flowLines struct {
	w      *specWriter
	indent int
	depth  int // of open brackets
	line   int // of the last token in the original
	begun  bool
}

// token writes a part that begins at an offset of the original, behind the
// comments before it.
func (f *flowLines) token(s string, off int) {
	w := f.w
	opening, closing := 0, 0
	switch s {
	case "{", "[":
		opening = 1
	case "}", "]":
		closing = 1
	}
	for f.begun && w.next < len(w.comments) && w.comments[w.next].off < off {
		c := w.comments[w.next]
		w.next++
		if c.own {
			f.newLine(f.depth)
			w.b.WriteString(c.text)
		} else {
			f.trim()
			w.trailing(c)
		}
		f.newLine(f.depth - closing)
		f.line = w.line(off)
	}
	if line := w.line(off); line > f.line {
		f.newLine(f.depth - closing)
		f.line = line
	}
	f.begun = true
	f.depth += opening - closing
	w.b.WriteString(s)
}

// newLine begins a line, unless one has just begun.
func (f *flowLines) newLine(depth int) {
	f.trim()
	f.w.b.WriteString("\n" + strings.Repeat(" ", f.indent+2*max(0, depth-1)))
}

// trim takes away the blanks at the end of what is written.
func (f *flowLines) trim() {
	s := bytes.TrimSuffix(bytes.TrimRight(f.w.b.Bytes(), " "), []byte("\n"))
	f.w.b.Truncate(len(s))
}

func (f *flowLines) value(y *yaml.Node) {
	w := f.w
	switch y.Kind {
	case yaml.ScalarNode:
		if !empty(y) {
			f.token(w.scalarInFlow(y), w.offset(y))
			f.line = w.line(max(0, w.ends[y]-1))
		}
		return
	case yaml.SequenceNode:
		braced := w.text[w.offset(y)] == '['
		f.token("[", w.offset(y))
		for i, item := range y.Content {
			if i > 0 {
				w.b.WriteString(", ")
			}
			f.value(item)
		}
		f.end("]", y, braced)
	case yaml.MappingNode:
		braced := w.text[min(w.offset(y), len(w.text)-1)] == '{'
		if braced {
			f.token("{", w.offset(y))
		} else {
			f.token("{", w.offset(y.Content[0])) // a pair without braces, in a list
		}
		for i := 0; i+1 < len(y.Content); i += 2 {
			if i > 0 {
				w.b.WriteString(", ")
			}
			f.value(y.Content[i])
			if v := y.Content[i+1]; !empty(v) {
				w.b.WriteString(": ")
				f.value(v)
			} else if !w.alone(y.Content[i]) {
				w.b.WriteString(": null")
			}
		}
		f.end("}", y, braced)
	}
}

// end writes a closing bracket.
func (f *flowLines) end(s string, y *yaml.Node, braced bool) {
	if !braced {
		f.depth--
		f.w.b.WriteString(s)
		return
	}
	f.token(s, f.w.ends[y]-1)
}
