package pipeline

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// deepest is the nesting that a spec may have; real ones stay below ten.
const deepest = 64

// parseYAML reads the one document of a file and refuses what yaml.v3 lets
// through: tags, anchors, aliases, repeated keys, a second document. It returns
// nil when nothing usable is left.
func parseYAML(src *source, data []byte, rep *reporter) *node {
	if line, col, ok := badBytes(data); !ok {
		rep.add(Pos{src.name, line, col}, "", "not plain text: a byte that is no UTF-8, a control character or an invisible line break stands here")
		return nil
	}
	if n := parsePieces(src, data); n != nil {
		return n
	}
	if n := parseWords(src, data); n != nil {
		return n
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) {
		rep.add(Pos{src.name, 1, 1}, "", "the file is empty")
		return nil
	}
	if err == nil {
		switch err2 := dec.Decode(&second); {
		case err2 == nil:
			at := &second
			if len(second.Content) > 0 {
				at = second.Content[0]
			}
			if empty(at) {
				at = &second // an empty document ends behind the file's last line
			}
			rep.add(Pos{src.name, max(1, at.Line), max(1, at.Column)}, "", "a second document begins here: one file is one spec; use two files, and extends where they share")
			return nil
		case !errors.Is(err2, io.EOF):
			err = err2
		}
	}
	if err != nil {
		explain(src, data, err, rep)
		return nil
	}
	c := converter{src: src, rep: rep, data: data}
	if bytes.IndexByte(data, '!') >= 0 {
		c.text = newLayout(string(data))
	}
	if len(doc.Content) == 0 || empty(doc.Content[0]) {
		rep.add(Pos{src.name, 1, 1}, "", "the file is empty")
		return nil
	}
	return c.convert(doc.Content[0], 0)
}

// badBytes returns the first place that is no UTF-8, a control character, or a
// line break that editors do not count as one: a lone carriage return, NEL, LS
// and PS.
func badBytes(data []byte) (line, col int, ok bool) {
	clean := true
	for _, c := range data {
		if c >= 0x7f || c < ' ' && c != '\n' && c != '\t' {
			clean = false
			break
		}
	}
	if clean {
		return 0, 0, true
	}
	line, col = 1, 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		switch {
		case r == utf8.RuneError && size <= 1,
			r < ' ' && r != '\n' && r != '\r' && r != '\t',
			r == '\r' && (len(data) < 2 || data[1] != '\n'),
			r >= 0x7f && r < 0xa0, r == 0x2028, r == 0x2029:
			return line, col, false
		case r == '\n':
			line, col = line+1, 1
		default:
			col++
		}
		data = data[size:]
	}
	return 0, 0, true
}

// A converter turns yaml.Nodes into nodes.
type converter struct {
	src   *source
	rep   *reporter
	path  []string // of the value being read
	data  []byte   // that the yaml.Nodes were read from
	line  int      // added to every line: a piece of a larger file begins there
	slab  []node
	lists wordLists // blanked in the text; those that were met are taken out
	text  *layout   // only of a text with a "!", for tags that leave no trace in the tree
	whole *layout   // of data, made when it is needed
}

func (c *converter) add(y *yaml.Node, format string, args ...any) {
	c.rep.add(Pos{c.src.name, y.Line + c.line, max(1, y.Column)}, strings.Join(c.path, "."), format, args...)
}

func (c *converter) new(y *yaml.Node) *node {
	if len(c.slab) == 0 {
		c.slab = make([]node, 256)
	}
	n := &c.slab[0]
	c.slab = c.slab[1:]
	n.src, n.line, n.col = c.src, int32(y.Line+c.line), int32(max(1, y.Column))
	return n
}

// convert returns nil for a value that holds a mistake; the mistake is reported.
func (c *converter) convert(y *yaml.Node, depth int) *node {
	if depth > deepest {
		c.add(y, "nested deeper than %d levels", deepest)
		return nil
	}
	if c.refused(y) {
		return nil
	}
	n := c.new(y)
	switch y.Kind {
	case yaml.ScalarNode:
		n.text = y.Value
		if y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			n.kind, n.tag = Scalar, TagQuoted
		} else {
			n.kind, n.tag = classify(y.Value)
		}
		n.refs = strings.Contains(n.text, "$")
	case yaml.SequenceNode:
		if words, ok := c.lists[textPlace{y.Line, y.Column}]; ok && depth < deepest {
			delete(c.lists, textPlace{y.Line, y.Column})
			n.kind, n.items = List, words
			return n
		}
		n.kind, n.items = List, make([]*node, 0, len(y.Content))
		for i, item := range y.Content {
			if got := c.convert(item, depth+1); got != nil {
				if empty(item) {
					c.add(item, "item %d has no value", i+1)
					continue
				}
				n.items = append(n.items, got)
				n.refs = n.refs || got.refs
			}
		}
	case yaml.MappingNode:
		c.mapping(n, y, depth)
	}
	return n
}

// mapping fills n with the entries of y.
func (c *converter) mapping(n *node, y *yaml.Node, depth int) {
	pairs := len(y.Content) / 2
	n.kind, n.keys, n.items = Map, make([]key, 0, pairs), make([]*node, 0, pairs)
	var seen map[string]int
	if pairs > 8 {
		seen = make(map[string]int, pairs)
	}
	for i := 0; i+1 < len(y.Content); i += 2 {
		yk, yv := y.Content[i], y.Content[i+1]
		if c.refused(yk) {
			n.dropped = true
			continue
		}
		if empty(yk) {
			c.add(yk, "a key is missing here")
			n.dropped = true
			continue
		}
		if yk.Kind != yaml.ScalarNode {
			c.add(yk, "a key must be text, not a list or a map; text in braces needs quotes")
			n.dropped = true
			continue
		}
		name := yk.Value
		if empty(yv) && glued(y, yk) {
			c.add(yk, "a space is missing after the colon, as in %s", quote(strings.Replace(name, ":", ": ", 1)))
			at := strings.IndexByte(name, ':')
			yv = &yaml.Node{Kind: yaml.ScalarNode, Value: name[at+1:], Line: yk.Line, Column: yk.Column + at + 1}
			name = name[:at]
		}
		if i > 0 && single(y.Content[i-1]) && c.loose(y, yk, yv) {
			values, last := y.Content[i-1].Value, i
			for ; last+1 < len(y.Content) && c.loose(y, y.Content[last], y.Content[last+1]); last += 2 {
				if values += ", " + y.Content[last].Value; len(values) > 60 {
					values += ", ..."
					last += 2
					break
				}
			}
			if before := y.Content[i-1].Value; isInt(before) && digits(name) == len(name) && last == i+2 {
				values += "]; a decimal number has a point: " + before + "." + name
			} else {
				values += "]"
			}
			c.add(yk, "%s has no colon and no value: several values are a list, in brackets, as in %s: [%s", quote(name), y.Content[i-2].Value, values)
			n.dropped = true
			i = last - 2
			continue
		}
		if name == "<<" && yk.Style == 0 {
			c.add(yk, "merge keys (<<) are not part of the language: use extends, or parameters")
			n.dropped = true
			continue
		}
		if len(name) > 200 || strings.Contains(name, "\n") {
			c.add(yk, "a key must be one line of at most 200 bytes")
			n.dropped = true
			continue
		}
		before, twice := seen[name]
		if seen == nil {
			if before = n.index(name); before >= 0 {
				twice = true
			}
		}
		if twice {
			first := n.keys[before]
			c.path = append(c.path, name)
			c.add(yk, "defined twice, first at %d:%d", first.line, first.col)
			c.path = c.path[:len(c.path)-1]
			continue
		}
		c.path = append(c.path, name)
		v := c.convert(yv, depth+1)
		c.path = c.path[:len(c.path)-1]
		if v == nil {
			// The mistake is reported; the key stays known, so that nobody misses it.
			v = c.new(yv)
			v.kind = broken
		}
		if seen != nil {
			seen[name] = len(n.keys)
		}
		n.keys = append(n.keys, key{text: name, line: int32(yk.Line + c.line), col: int32(max(1, yk.Column)), src: c.src})
		n.items = append(n.items, v)
		n.refs = n.refs || v.refs || strings.HasPrefix(name, "$")
	}
}

// single says whether y is a single value that is not null.
func single(y *yaml.Node) bool {
	kind := Scalar
	if y.Style&^yaml.TaggedStyle == 0 {
		kind, _ = classify(y.Value)
	}
	return y.Kind == yaml.ScalarNode && kind == Scalar
}

// loose says whether a key in braces stands between commas alone, behind a single value
// or another such key: the brackets of a list are missing. In params it may be a
// parameter that must be given.
func (c *converter) loose(y, k, v *yaml.Node) bool {
	if y.Style&yaml.FlowStyle == 0 || k.Kind != yaml.ScalarNode || k.Style != 0 || !empty(v) || slices.Equal(c.path, []string{"params"}) {
		return false
	}
	if c.whole == nil {
		c.whole = newLayout(string(c.data))
	}
	return c.whole.alone(k)
}

// broken is the form of a value whose mistake has been reported: whoever meets
// one says nothing more.
const broken = ValueKind(0)

// tagOpen marks a broken value that holds no mistake: a parameter that has no value here.
const tagOpen = Tag(255)

// glued says whether a key without a value, between braces, is "key:value".
func glued(y, k *yaml.Node) bool {
	at := strings.IndexByte(k.Value, ':')
	return y.Style&yaml.FlowStyle != 0 && k.Style == 0 && at > 0 && at+1 < len(k.Value)
}

// empty says whether nothing was written where y stands.
func empty(y *yaml.Node) bool {
	return y.Kind == yaml.ScalarNode && y.Value == "" && y.Style&^yaml.TaggedStyle == 0
}

// refused reports tags, anchors, aliases and empty text blocks.
func (c *converter) refused(y *yaml.Node) bool {
	switch {
	case y.Kind == yaml.AliasNode:
		c.add(y, "*%s is an alias, which the language does not have: use a parameter ($params.%s), or quote the text (\"*%s\")", y.Value, y.Value, y.Value)
	case y.Anchor != "":
		c.add(y, "&%s is an anchor, which the language does not have: use a parameter ($params.%s), or quote the text", y.Anchor, y.Anchor)
	case y.Style&yaml.TaggedStyle != 0 && strings.HasPrefix(y.Tag, "!!"):
		c.add(y, "%s is a YAML tag, which the language does not have: leave it out; quotes make text of a number (%s)", y.Tag, quote(y.Value))
	case y.Style&yaml.TaggedStyle != 0:
		name := strings.TrimLeft(y.Tag, "!=")
		if name == "" || y.Value != "" {
			name = y.Value
		}
		c.add(y, "YAML reads %s as a tag, not as text: write {not: %s} for negation, or quote it (%s)", y.Tag, name, quote(strings.TrimSpace(y.Tag+" "+y.Value)))
	case c.text != nil && !empty(y) && strings.HasPrefix(c.text.text[c.text.offset(y):], "!"):
		c.add(y, "YAML reads ! as a tag, not as text: leave it out, or quote all of it")
	case y.Kind == yaml.ScalarNode && y.Value == "" && y.Style&(yaml.FoldedStyle|yaml.LiteralStyle) != 0:
		c.add(y, "YAML reads > and | as the start of a block of text, which is empty here: ranges are written 5.., ..5 or ..<5")
	default:
		return false
	}
	return true
}
