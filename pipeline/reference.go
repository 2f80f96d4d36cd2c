package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// A reference is $params.a.b, ${params.a.b} or the same with matrix.
type reference struct {
	root string // "params" or "matrix"
	path string // dotted, without the root
}

func (r reference) String() string { return "$" + r.root + "." + r.path }

// A piece of a text: literal, or a reference when root is set.
type piece struct {
	text string
	reference
}

// parseText cuts a text into literals and references. whole says that it is
// one reference and nothing else, which then keeps its type. msg is what is
// wrong with it, or "".
func parseText(text string) (pieces []piece, whole bool, msg string) {
	if strings.HasPrefix(text, "$$") && !strings.HasPrefix(text, "$${") {
		return []piece{{text: text[1:]}}, false, ""
	}
	if len(text) > 1 && text[0] == '$' && text[1] != '{' {
		ref, rest, ok := bareReference(text)
		switch {
		case !ok:
		case ref.root != "params" && ref.root != "matrix":
			return nil, false, fmt.Sprintf("unknown reference %s%s", quote(text), meant(ref.root, "$params.NAME or $matrix.AXIS", "$"+text))
		case ref.path == "":
			return nil, false, fmt.Sprintf("%s needs a name: $%s.NAME", quote(text), ref.root)
		case rest != "":
			return nil, false, fmt.Sprintf("a reference inside text needs braces and quotes: \"${%s.%s}%s\"", ref.root, ref.path, rest)
		default:
			return []piece{{reference: ref}}, true, ""
		}
	}
	literal := ""
	for {
		before, after, found := strings.Cut(text, "${")
		if !found {
			literal += text
			break
		}
		if strings.HasSuffix(before, "$") {
			literal += before + "{" // $${ is the text ${
			text = after
			continue
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed {
			return nil, false, "this ${ is never closed"
		}
		root, path, _ := strings.Cut(name, ".")
		switch {
		case root != "params" && root != "matrix":
			return nil, false, fmt.Sprintf("unknown reference ${%s}%s", name, meant(root, "${params.NAME} or ${matrix.AXIS}", "$${"+name+"}"))
		case !isPath(path):
			return nil, false, fmt.Sprintf("${%s} needs a name: ${%s.NAME}", name, root)
		}
		if literal += before; literal != "" {
			pieces = append(pieces, piece{text: literal})
			literal = ""
		}
		pieces = append(pieces, piece{reference: reference{root, path}})
		text = rest
	}
	if literal != "" || len(pieces) == 0 {
		pieces = append(pieces, piece{text: literal})
	}
	for i := range pieces {
		if msg := pieces[i].bare(); msg != "" {
			return nil, false, msg
		}
	}
	return pieces, len(pieces) == 1 && pieces[0].root != "", ""
}

// bare says what is wrong with a literal in which a reference stands without braces, and
// makes $params.x of $$params.x, which is how its text is written.
func (p *piece) bare() string {
	for from := 0; p.root == ""; {
		at := strings.IndexByte(p.text[from:], '$')
		if at < 0 {
			break
		}
		at += from
		ref, rest, ok := bareReference(p.text[at:])
		switch {
		case !ok || ref.path == "" || ref.root != "params" && ref.root != "matrix":
			from = at + 1
		case at > 0 && p.text[at-1] == '$':
			p.text = p.text[:at-1] + p.text[at:]
			from = at
		default:
			word := p.text[1+strings.LastIndexAny(p.text[:at], " \t\n") : at]
			rest, _, _ = strings.Cut(rest, " ")
			return fmt.Sprintf("a reference inside text needs braces and quotes: %s; $%s is the text itself", quote(word+"${"+ref.root+"."+ref.path+"}"+rest), ref)
		}
	}
	return ""
}

// meant ends a message about an unknown reference: with the root that it
// misspells, or with all forms.
func meant(root, forms, literal string) string {
	if near := Nearest(root, []string{"params", "matrix"}); near != "" {
		return "; did you mean " + near + "?"
	}
	return "; write " + forms + ", or " + literal + " for the text itself"
}

// bareReference reads $root.path from the start of text. ok is false when text
// does not look like a reference: $HOME, $1, "$ 5".
func bareReference(text string) (ref reference, rest string, ok bool) {
	i := 1
	for i < len(text) && nameByte(text[i]) && text[i] != '-' && text[i] != '+' {
		i++
	}
	ref.root = text[1:i]
	if ref.root == "params" || ref.root == "matrix" {
		if i == len(text) {
			return ref, "", true
		}
	}
	if i == 1 || i == len(text) || text[i] != '.' {
		return ref, text[i:], (ref.root == "params" || ref.root == "matrix") && i < len(text) && text[i] != '_'
	}
	end := i + 1
	for end < len(text) && (nameByte(text[end]) || text[end] == '.' && end+1 < len(text) && nameByte(text[end+1])) {
		end++
	}
	ref.path = text[i+1 : end]
	return ref, text[end:], true
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '+'
}

// isName says whether text can name a stage, parameter or axis.
func isName(text string) bool {
	if text == "" || text[0] == '-' || text[0] == '+' {
		return false
	}
	for i := range len(text) {
		if !nameByte(text[i]) {
			return false
		}
	}
	return true
}

const nameRule = "letters, digits, _, - and +, beginning with a letter, a digit or _"

func isPath(path string) bool {
	for _, part := range strings.Split(path, ".") {
		if part == "" {
			return false
		}
		for i := range len(part) {
			if !nameByte(part[i]) {
				return false
			}
		}
	}
	return true
}

// An env is what references mean at some place: parameters, and the matrix
// values of an instance.
type env struct {
	params *paramSet
	axes   []*axisValue       // nil where matrix may not stand
	known  map[string][]*axis // axes that there can be
}

func (e *env) axis(name string) *axisValue {
	for _, v := range e.axes {
		if v.axis == name {
			return v
		}
	}
	return nil
}

// value returns what a reference means, nil when an entry lacks the field.
func (e *env) value(ref reference) *node {
	if ref.root == "params" {
		return e.params.value(e.params.readAs(ref.path))
	}
	axis, field, deep := strings.Cut(ref.path, ".")
	v := e.axis(axis)
	if v == nil && e.known[axis] == nil {
		if v = e.axis(Nearest(axis, sortedNames(e.known))); v == nil {
			return &node{kind: broken}
		}
	}
	switch {
	case v == nil:
		return nil
	case !deep:
		return v.whole
	}
	got := dig(v.settings, field)
	if head := axisOf(field); got == nil && !isSorted(v.def.fields, head) {
		near := Nearest(head, v.def.fields)
		if near == "" {
			return &node{kind: broken}
		}
		got = dig(v.settings, near+strings.TrimPrefix(field, head))
	}
	return got
}

// isSorted says whether a sorted list has a name.
func isSorted(names []string, name string) bool {
	_, ok := slices.BinarySearch(names, name)
	return ok
}

// dig follows a dotted path through maps exactly; nil when there is none.
func dig(n *node, path string) *node {
	for path != "" && n != nil {
		head, rest, _ := strings.Cut(path, ".")
		n, path = n.get(head), rest
	}
	return n
}

// resolve returns n with its references filled in; nil when n is a reference
// to a field that an entry lacks. What checkRefs has found wrong comes back as
// broken.
func (c *checker) resolve(n *node, e *env, path string) *node {
	return c.resolveAt(n, e, append(make(trail, 0, deepTrail), path))
}

func (c *checker) resolveAt(n *node, e *env, path trail) *node {
	if n == nil || !n.refs {
		return n
	}
	switch n.kind {
	case Scalar:
		return c.resolveText(n, e, path)
	case List:
		out := c.copyOf(n)
		out.refs, out.items = false, make([]*node, 0, len(n.items))
		for _, item := range n.items {
			if got := c.resolveAt(item, e, path); got != nil {
				out.items = append(out.items, got)
			}
		}
		return out
	case Map:
		out := c.copyOf(n)
		out.refs, out.items = false, make([]*node, len(n.items))
		absent := 0
		for i, item := range n.items {
			got := item
			if item.refs {
				got = c.resolveAt(item, e, append(path, n.keys[i].text))
			}
			if out.items[i] = got; got == nil {
				absent++
			}
		}
		if absent > 0 { // else the keys are n's
			out.keys = make([]key, 0, len(n.keys)-absent)
			for i, item := range out.items {
				if item != nil {
					out.keys = append(out.keys, n.keys[i])
				}
			}
			out.items = slices.DeleteFunc(out.items, func(item *node) bool { return item == nil })
		}
		return out
	}
	return n
}

func (c *checker) copyOf(n *node) *node {
	if len(c.slab) == 0 {
		c.slab = make([]node, 16)
	}
	out := &c.slab[0]
	c.slab = c.slab[1:]
	*out = *n
	return out
}

func (c *checker) resolveText(n *node, e *env, path trail) *node {
	text := c.text(n)
	if text.msg != "" {
		return n.broken()
	}
	if text.whole {
		got := e.value(text.pieces[0].reference)
		if got != nil && (got.kind == Null || got.kind == broken) {
			return n.unset(got)
		}
		if got != nil && got.src.nowhere {
			here := *got
			here.src, here.line, here.col = n.src, n.line, n.col
			return &here
		}
		return got
	}
	out := *n
	out.refs, out.tag, out.kind = false, TagQuoted, Scalar
	var b strings.Builder
	for i, p := range text.pieces {
		if p.root == "" {
			b.WriteString(p.text)
			continue
		}
		got := e.value(p.reference)
		switch {
		case got == nil && p.root == "matrix" && e.axis(axisOf(p.path)) != nil:
			c.rep.add(n.pos(), path.String(), "%s is absent from %s=%s, and text needs a value", p.reference, axisOf(p.path), e.axis(axisOf(p.path)).text)
			return n.broken()
		case got == nil:
			return n.broken()
		case got.kind == broken || got.kind == Null:
			return n.unset(got)
		case got.kind != Scalar:
			c.rep.add(n.pos(), path.String(), "%s is %s, which cannot stand inside text", p.reference, got.kind)
			return n.broken()
		}
		if i == 0 {
			if out.base = got.base; out.base == nil {
				out.base = got.src
			}
		}
		if b.WriteString(got.text); b.Len() > mostText {
			c.rep.add(n.pos(), path.String(), "makes a text of more than %d bytes", mostText)
			return n.broken()
		}
	}
	out.text = b.String()
	if text.spans() {
		out.tag = TagSpan
	}
	return &out
}

// spans says whether a text is written as a range around references: the dots are the
// spec's own, not those of a value.
func (t parsedText) spans() bool {
	refers, dots := false, false
	for _, p := range t.pieces {
		refers = refers || p.root != ""
		dots = dots || p.root == "" && strings.Contains(p.text, "..")
	}
	return refers && dots
}

func axisOf(path string) string {
	axis, _, _ := strings.Cut(path, ".")
	return axis
}

// broken returns a stand-in for n about which nothing more is said.
func (n *node) broken() *node {
	out := *n
	out.kind, out.refs, out.keys, out.items = broken, false, nil, nil
	return &out
}

// unset returns a stand-in for n, whose reference means nothing: the parameter has no
// value, which is reported where that stands or left open, or its value holds a mistake.
func (n *node) unset(value *node) *node {
	out := n.broken()
	if out.tag = TagNone; value.kind == Null || value.tag == tagOpen {
		out.tag = tagOpen
	}
	return out
}

// A refScope says which references may stand somewhere, for checkRefs.
type refScope struct {
	params *paramSet
	axes   map[string][]*axis // by name; several when inputs bring one of the same name
	open   bool               // there may be more axes, of which nothing is known
	matrix string             // why matrix may not stand here, or ""
	seen   map[string]bool    // axes that are referred to, filled by checkRefs
}

// checkRefs reports every reference in n that means nothing.
func (c *checker) checkRefs(n *node, s *refScope, path string) {
	if n == nil || !n.refs {
		return
	}
	for i := range n.keys {
		if _, _, msg := parseText(n.keys[i].text); strings.HasPrefix(n.keys[i].text, "$") || msg != "" {
			c.rep.add(n.keys[i].pos(), join(path, n.keys[i].text), "a reference cannot stand in a key")
		}
	}
	for i, item := range n.items {
		at := path
		if n.kind == Map {
			at = join(path, n.keys[i].text)
		}
		c.checkRefs(item, s, at)
	}
	if n.kind != Scalar {
		return
	}
	text := c.text(n)
	if text.msg != "" {
		c.rep.add(n.pos(), path, "%s", text.msg)
		return
	}
	for _, p := range text.pieces {
		if p.root != "" {
			c.checkRef(n.pos(), p.reference, s, path)
		}
	}
}

func (c *checker) checkRef(pos Pos, ref reference, s *refScope, path string) {
	if ref.root == "params" {
		if msg := s.params.unknown(ref.path); msg != "" {
			c.rep.add(pos, path, "%s", msg)
		} else {
			s.params.used(c, ref.path)
		}
		return
	}
	if s.matrix != "" {
		c.rep.add(pos, path, "%s cannot stand here: %s", ref, s.matrix)
		return
	}
	name, field, deep := strings.Cut(ref.path, ".")
	defs := s.axes[name]
	if len(defs) == 0 {
		if s.open {
			return
		}
		c.rep.add(pos, path, "unknown axis %s%s", quote(name), suggest(name, sortedNames(s.axes)))
		if name = Nearest(name, sortedNames(s.axes)); name == "" {
			return
		}
		defs = s.axes[name]
	}
	if s.seen != nil {
		s.seen[name] = true
	}
	for _, a := range defs {
		a.refer(field)
	}
	if !deep {
		return
	}
	if len(defs) > 1 {
		c.rep.add(pos, path, "%s is unclear: axis %s comes from %s and from %s with settings of its own", ref, name, defs[0].owner, defs[1].owner)
		return
	}
	if first := axisOf(field); !defs[0].hasField(field) {
		if len(defs[0].fields) == 0 {
			c.rep.add(pos, path, "axis %s is a list, so it has no field %s: write $matrix.%s for its value", name, quote(first), name)
			return
		}
		c.rep.add(pos, path, "no entry of axis %s has the field %s%s", name, quote(field), suggest(first, defs[0].fields))
	}
}
