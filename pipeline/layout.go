package pipeline

import (
	"sort"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A layout knows where in a text the values and comments of a YAML document
// stand. yaml.v3 gives beginnings only, and moves comments about; everything
// between two values is structure, so a # there, after a blank, begins a
// comment.
type layout struct {
	text     string
	lines    []int // offsets of their beginnings
	at       int   // read so far
	ends     map[*yaml.Node]int
	comments []comment

	last    textPlace // that offset was asked for
	lastOff int
}

// A comment from its # to the end of the line.
type comment struct {
	off, line, col int // line and column count from 0
	text           string
	own            bool // nothing but blanks stands before it
}

func newLayout(text string) *layout {
	l := &layout{text: text, lines: []int{0}, ends: map[*yaml.Node]int{}}
	for i := range len(text) {
		if text[i] == '\n' {
			l.lines = append(l.lines, i+1)
		}
	}
	return l
}

func (l *layout) texts() []string {
	out := make([]string, len(l.comments))
	for i, c := range l.comments {
		out[i] = c.text
	}
	return out
}

// offset is the place of a node in the text.
func (l *layout) offset(y *yaml.Node) int {
	if y.Line < 1 || y.Line > len(l.lines) {
		return len(l.text)
	}
	at, off := textPlace{y.Line, 1}, l.lines[y.Line-1]
	if l.last.line == y.Line && l.last.col <= y.Column { // places mostly follow each other, and lines may be long
		at, off = l.last, l.lastOff
	}
	for ; at.col < y.Column && off < len(l.text); at.col++ {
		_, size := utf8.DecodeRuneInString(l.text[off:])
		off += size
	}
	l.last, l.lastOff = at, off
	return off
}

// line returns the line of an offset, from 0.
func (l *layout) line(off int) int {
	return sort.SearchInts(l.lines, off+1) - 1
}

// gap reads structure up to an offset and notes its comments.
func (l *layout) gap(end int) {
	for l.at < end {
		c := l.text[l.at]
		if c != '#' || l.at > 0 && strings.IndexByte(" \t\n", l.text[l.at-1]) < 0 {
			l.at++
			continue
		}
		stop := strings.IndexByte(l.text[l.at:], '\n')
		if stop < 0 {
			stop = len(l.text) - l.at
		}
		line := l.line(l.at)
		begin := l.lines[line]
		l.comments = append(l.comments, comment{
			off: l.at, line: line, col: utf8.RuneCountInString(l.text[begin:l.at]),
			text: strings.TrimRight(l.text[l.at:l.at+stop], " \t\r"),
			own:  strings.Trim(l.text[begin:l.at], " \t") == "",
		})
		l.at += stop
	}
}

// measure reads a node and notes where it and its parts end.
func (l *layout) measure(y *yaml.Node) {
	if empty(y) {
		l.ends[y] = l.at
		return
	}
	start := l.offset(y)
	l.gap(start)
	switch y.Kind {
	case yaml.ScalarNode:
		end := l.scalarEnd(y, start)
		if y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			// A comment may stand behind the header.
			stop := strings.IndexByte(l.text[start:], '\n')
			if stop < 0 {
				stop = len(l.text) - start
			}
			l.gap(start + stop)
		}
		l.at = max(l.at, end)
	default:
		flow := y.Style&yaml.FlowStyle != 0
		braced := flow && start < len(l.text) && (l.text[start] == '{' || l.text[start] == '[')
		if braced {
			l.at = start + 1
		}
		for _, child := range y.Content {
			l.measure(child)
		}
		if braced {
			closing := byte('}')
			if l.text[start] == '[' {
				closing = ']'
			}
			l.close(closing)
		}
	}
	l.ends[y] = l.at
}

// alone says whether a key in braces has no colon.
func (l *layout) alone(k *yaml.Node) bool {
	rest := strings.TrimLeft(l.text[l.scalarEnd(k, l.offset(k)):], " \t\r\n")
	return rest != "" && (rest[0] == ',' || rest[0] == '}')
}

// close reads up to and with a closing bracket.
func (l *layout) close(c byte) {
	for l.at < len(l.text) {
		switch l.text[l.at] {
		case c:
			l.at++
			return
		case '#':
			if stop := strings.IndexByte(l.text[l.at:], '\n'); stop >= 0 {
				l.gap(l.at + stop)
				continue
			}
			l.gap(len(l.text))
		default:
			l.at++
		}
	}
}

// scalarEnd is the offset behind a scalar that begins at start.
func (l *layout) scalarEnd(y *yaml.Node, start int) int {
	text := l.text
	switch {
	case start >= len(text):
		return len(text)
	case y.Style&yaml.DoubleQuotedStyle != 0:
		for i := start + 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return len(text)
	case y.Style&yaml.SingleQuotedStyle != 0:
		for i := start + 1; i < len(text); i++ {
			if text[i] != '\'' {
				continue
			}
			if i+1 >= len(text) || text[i+1] != '\'' {
				return i + 1
			}
			i++
		}
		return len(text)
	case y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return l.blockEnd(start)
	}
	// Plain text: its characters in their order, whatever blanks stand between.
	i := start
	for _, c := range []byte(y.Value) {
		if c == ' ' || c == '\n' || c == '\t' {
			continue
		}
		for i < len(text) && text[i] != c {
			i++
		}
		i++
	}
	return min(i, len(text))
}

// blockEnd is the end of a block of text whose header begins at start: behind
// the last line that is indented more than the line of the header, or its list
// item, and not blank.
func (l *layout) blockEnd(start int) int {
	line := l.line(start)
	header := l.lines[line]
	indent := 0
	for header+indent < len(l.text) && (l.text[header+indent] == ' ' || l.text[header+indent] == '-') {
		if l.text[header+indent] == '-' && header+indent+1 < len(l.text) && l.text[header+indent+1] != ' ' {
			break
		}
		indent++
	}
	if dash := strings.LastIndex(l.text[header:header+indent], "-"); dash >= 0 && header+indent == start {
		indent = dash // "- |": the block belongs to the item itself
	}
	end := start
	for end < len(l.text) && l.text[end] != '\n' && l.text[end] != ' ' && l.text[end] != '\t' {
		end++ // the header; a comment may follow it
	}
	for i := line + 1; i < len(l.lines); i++ {
		begin := l.lines[i]
		rest := l.text[begin:]
		if stop := strings.IndexByte(rest, '\n'); stop >= 0 {
			rest = rest[:stop]
		}
		blanks := len(rest) - len(strings.TrimLeft(rest, " "))
		if strings.Trim(rest, " \t") == "" {
			continue
		}
		if blanks <= indent {
			break
		}
		end = begin + len(rest)
	}
	return end
}
