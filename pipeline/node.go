package pipeline

import (
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// A source is a file, or the command line, that values were written in.
type source struct {
	name string // as it stands in messages
	dir  string // absolute folder that relative paths start from

	line0   bool // the name says it all: no lines
	nowhere bool // not even a text: values that were made here; what refers to them is blamed
}

// newSource describes a file by the name it was given.
func newSource(file string) *source {
	dir := filepath.Dir(file)
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return &source{name: file, dir: dir}
}

// A node is a value of a spec. It replaces yaml.Node after the checks of
// parseYAML: no tags, aliases or repeated keys are left, and a position costs
// 16 bytes.
type node struct {
	kind      ValueKind
	tag       Tag
	refs      bool // a "$" stands somewhere in it
	dropped   bool // of a map: an entry is missing, since it held a mistake
	line, col int32
	src       *source
	base      *source // whose folder relative paths start from, when not src's
	text      string
	keys      []key
	items     []*node // of a list, or the values of a map
}

// A key of a map; src differs from the map's after extends.
type key struct {
	text      string
	line, col int32
	src       *source
}

func (n *node) pos() Pos { return n.src.pos(n.line, n.col) }
func (k *key) pos() Pos  { return k.src.pos(k.line, k.col) }

func (s *source) pos(line, col int32) Pos {
	if s.line0 {
		return Pos{File: s.name}
	}
	return Pos{s.name, int(line), int(col)}
}

// get returns the value of a key, nil when n is no map or has none.
func (n *node) get(name string) *node {
	if i := n.index(name); i >= 0 {
		return n.items[i]
	}
	return nil
}

func (n *node) index(name string) int {
	if n == nil || n.kind != Map {
		return -1
	}
	for i := range n.keys {
		if n.keys[i].text == name {
			return i
		}
	}
	return -1
}

func (n *node) names() []string {
	if n == nil || n.kind != Map {
		return nil
	}
	out := make([]string, len(n.keys))
	for i := range n.keys {
		out[i] = n.keys[i].text
	}
	return out
}

// find returns the deepest value on a dotted path, or nil. Keys may hold dots:
// the longest key that fits is taken.
func (n *node) find(path string) *node {
	for path != "" && n != nil {
		next, rest := (*node)(nil), ""
		switch n.kind {
		case Map:
			best := -1
			for i := range n.keys {
				k := n.keys[i].text
				if len(k) > best && strings.HasPrefix(path, k) && (len(path) == len(k) || path[len(k)] == '.') {
					best, next, rest = len(k), n.items[i], strings.TrimPrefix(path[len(k):], ".")
				}
			}
		case List:
			head, tail, _ := strings.Cut(path, ".")
			if i, err := strconv.Atoi(head); err == nil && i >= 0 && i < len(n.items) {
				next, rest = n.items[i], tail
			}
		}
		if next == nil {
			return n
		}
		n, path = next, rest
	}
	return n
}

// abs is the absolute path that a scalar names.
func (n *node) abs() string {
	base := n.base
	if base == nil {
		base = n.src
	}
	path := filepath.FromSlash(n.text)
	if path == "~" || strings.HasPrefix(path, "~"+string(filepath.Separator)) {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, path[1:])
		}
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(base.dir, path)
}

// canonical appends the canonical text of n.
func (n *node) canonical(b []byte) []byte {
	if n == nil {
		return append(b, "absent"...)
	}
	switch n.kind {
	case Null:
		return append(b, "null"...)
	case Scalar:
		if n.tag == TagInt || n.tag == TagFloat || n.tag == TagBool {
			return append(b, n.text...)
		}
		return appendQuoted(b, n.text)
	case List:
		b = append(b, '[')
		for i, item := range n.items {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = item.canonical(b)
		}
		return append(b, ']')
	}
	order := make([]int, len(n.keys))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool { return n.keys[order[i]].text < n.keys[order[j]].text })
	b = append(b, '{')
	for i, at := range order {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendQuoted(b, n.keys[at].text)
		b = append(b, ": "...)
		b = n.items[at].canonical(b)
	}
	return append(b, '}')
}

// appendQuoted appends text as a quoted ASCII string: equal bytes, equal text.
func appendQuoted(b []byte, text string) []byte { return strconv.AppendQuoteToASCII(b, text) }

// quoted is what appendQuoted appends.
func quoted(text string) string {
	var short [64]byte
	return string(appendQuoted(short[:0], text))
}

// describe names a value for a message: its text, or its form.
func (n *node) describe() string {
	switch {
	case n == nil:
		return "nothing"
	case n.kind != Scalar:
		return n.kind.String()
	case n.tag == TagInt || n.tag == TagFloat || n.tag == TagBool:
		return n.text
	}
	return quote(n.text)
}

// colonHint says why a text may be meant as a map.
func (n *node) colonHint() string {
	if at := strings.IndexByte(n.text, ':'); n.kind == Scalar && at > 0 && at+1 < len(n.text) {
		return "; a space is missing after the colon"
	}
	return ""
}

// quote quotes user text for a message and cuts what is long.
func quote(text string) string {
	const most = 60
	if len(text) > most {
		cut := most
		for cut > 0 && text[cut]&0xc0 == 0x80 {
			cut--
		}
		return strconv.Quote(text[:cut]) + "..."
	}
	return strconv.Quote(text)
}

// classify says what a plain scalar is. The rules are those of YAML 1.2's core
// schema without its octal, hexadecimal, infinite and leading-zero forms, which
// stay text; yaml.v3 would read 08 as a float and 1_000 as an int.
func classify(text string) (ValueKind, Tag) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return Null, TagNone
	case "true", "false":
		return Scalar, TagBool
	}
	switch c := text[0]; {
	case c >= '0' && c <= '9', c == '-', c == '+', c == '.':
		if isInt(text) {
			return Scalar, TagInt
		}
		if isFloat(text) {
			return Scalar, TagFloat
		}
	}
	return Scalar, TagText
}

// isInt says whether text is a decimal whole number without leading zeros.
func isInt(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	if s == "" || len(s) > 1 && s[0] == '0' {
		return false
	}
	return digits(s) == len(s)
}

// isFloat says whether text is a decimal number with a point or an exponent,
// without leading zeros.
func isFloat(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	whole := digits(s)
	if whole > 1 && s[0] == '0' {
		return false
	}
	rest, frac, marked := s[whole:], 0, false
	if rest != "" && rest[0] == '.' {
		frac = digits(rest[1:])
		rest, marked = rest[1+frac:], true
	}
	if whole+frac == 0 {
		return false
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		rest, marked = rest[1:], true
		if rest != "" && (rest[0] == '-' || rest[0] == '+') {
			rest = rest[1:]
		}
		n := digits(rest)
		if n == 0 {
			return false
		}
		rest = rest[n:]
	}
	return marked && rest == ""
}

// digits counts the decimal digits that s begins with.
func digits(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return i
		}
	}
	return len(s)
}
