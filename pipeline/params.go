package pipeline

import (
	"sort"
	"strings"
)

// A paramSet are the parameters of a spec with what the command line and the
// local file set.
type paramSet struct {
	names   []string
	keys    map[string]*key
	raw     map[string]*node
	done    map[string]*node
	busy    map[string]bool
	partial bool // parameters without a value are left open
	missing map[string]bool
	meant   map[string]bool   // parameters that something refers to
	paths   map[string]bool   // the same with the fields of them that are meant
	set     map[string]string // parameters that the command line sets, and by what
	c       *checker
}

// readParams reads params: and what overrides it: --set before the local file
// before the spec.
func (c *checker) readParams(n *node, o *Options) *paramSet {
	p := &paramSet{keys: map[string]*key{}, raw: map[string]*node{}, done: map[string]*node{}, busy: map[string]bool{},
		missing: map[string]bool{}, meant: map[string]bool{}, paths: map[string]bool{}, set: map[string]string{}, partial: o.Partial, c: c}
	if n != nil && n.kind != broken {
		if n.kind != Map {
			c.rep.add(n.pos(), "params", "must be a map of names to values, got %s", n.describe())
			n = nil
		}
	}
	for i, name := range n.names() {
		if !isName(name) {
			c.rep.add(n.keys[i].pos(), "params."+name, "a parameter's name has %s", nameRule)
			continue
		}
		p.names = append(p.names, name)
		p.keys[name], p.raw[name] = &n.keys[i], n.items[i]
	}
	if o.Local != nil {
		local := o.Local.params
		for i, name := range local.names() {
			if _, ok := p.raw[name]; ok {
				p.raw[name] = local.items[i]
			}
		}
	}
	for _, text := range o.Set {
		c.set(p, text)
	}
	for _, name := range p.names {
		c.checkRefs(p.raw[name], &refScope{params: p, matrix: "a parameter is the same for all instances"}, "params."+name)
	}
	return p
}

// set applies one --set.
func (c *checker) set(p *paramSet, text string) {
	src := &source{name: "--set " + text, dir: workingDir(), line0: true}
	path, value, ok := strings.Cut(text, "=")
	path = strings.TrimSpace(path)
	name, found := strings.CutPrefix(path, "params.")
	switch {
	case !ok:
		c.rep.add(Pos{File: src.name}, "", "must be params.NAME=VALUE")
		return
	case !found:
		c.rep.add(Pos{File: src.name}, "", "only parameters can be set: params.NAME=VALUE; give %s a parameter to set it by", quote(path))
		return
	}
	var n *node
	if t := strings.TrimSpace(value); t != "" && strings.IndexByte("[{\"'", t[0]) >= 0 {
		if n = parseYAML(src, []byte(value), &c.rep); n == nil {
			return
		}
	} else {
		n = &node{src: src, text: t}
		if n.kind, n.tag = classify(t); value == "" {
			n.kind, n.tag = Scalar, TagQuoted
		}
	}
	n.literal()
	head, rest, deep := strings.Cut(name, ".")
	old, known := p.raw[head]
	if !known {
		c.rep.add(Pos{File: src.name}, "", "unknown parameter %s%s", quote(head), suggest(head, p.names))
		return
	}
	if deep {
		if n = replace(old, rest, n); n == nil {
			c.rep.add(Pos{File: src.name}, "", "params.%s has no %s to set", head, quote(rest))
			return
		}
	}
	p.raw[head], p.set[head] = n, src.name
}

// literal makes text of every reference in n.
func (n *node) literal() {
	n.refs = false
	for _, item := range n.items {
		item.literal()
	}
}

// replace returns a copy of the map n with the value at a dotted path replaced,
// nil when there is none.
func replace(n *node, path string, value *node) *node {
	head, rest, deep := strings.Cut(path, ".")
	i := n.index(head)
	if i < 0 {
		return nil
	}
	if deep {
		if value = replace(n.items[i], rest, value); value == nil {
			return nil
		}
	}
	out := *n
	out.items = append([]*node(nil), n.items...)
	out.items[i] = value
	return &out
}

// value returns what a dotted path below params means; a broken value when it does
// not exist, which unknown reports.
func (p *paramSet) value(path string) *node {
	name, rest, _ := strings.Cut(path, ".")
	n, ok := p.done[name]
	if !ok {
		raw := p.raw[name]
		if raw == nil {
			return &node{kind: broken}
		}
		if p.busy[name] {
			p.c.rep.add(p.keys[name].pos(), "params."+name, "this parameter refers to itself")
			return raw.broken()
		}
		p.busy[name] = true
		n = p.c.resolve(raw, &env{params: p}, "params."+name)
		p.busy[name] = false
		if n != nil && n != raw && n.size(mostValues) > mostValues {
			p.c.rep.add(raw.pos(), "params."+name, "holds more than %d values with what it refers to", mostValues)
			n = raw.broken()
		}
		p.done[name] = n
	}
	if rest == "" || n == nil || n.kind == Null || n.kind == broken {
		return n
	}
	if n = dig(n, rest); n == nil {
		n = &node{kind: broken}
	}
	return n
}

// readAs returns a dotted path below params with its first two names as they are read
// where they are misspelt.
func (p *paramSet) readAs(path string) string {
	name, rest, deep := strings.Cut(path, ".")
	if p.raw[name] == nil {
		if name = Nearest(name, p.names); name == "" {
			return path
		}
		path = join(name, rest)
	}
	if field, more, _ := strings.Cut(rest, "."); deep && p.raw[name].kind == Map && p.raw[name].get(field) == nil {
		if near := Nearest(field, p.raw[name].names()); near != "" {
			path = join(join(name, near), more)
		}
	}
	return path
}

// mostValues and mostText bound what references make of a parameter: each may double what
// the one before holds, and a small file must not fill the memory.
const (
	mostValues = 1_000_000
	mostText   = 1 << 20 // bytes
)

// size counts the values in n, up to a bit more than most.
func (n *node) size(most int) int {
	count := 1
	for _, item := range n.items {
		if count > most {
			break
		}
		count += item.size(most - count)
	}
	return count
}

// unknown says what is wrong with a dotted path below params, or "".
func (p *paramSet) unknown(path string) string {
	name, rest, deep := strings.Cut(path, ".")
	raw, ok := p.raw[name]
	switch {
	case !ok:
		return "unknown parameter " + quote(name) + suggest(name, p.names)
	case !deep || raw.refs || raw.kind == broken:
		return ""
	case raw.kind != Map:
		return "params." + name + " is " + raw.kind.String() + ", so it has no field " + quote(rest)
	case dig(raw, rest) == nil:
		return "params." + name + " has no field " + quote(rest) + suggest(axisOf(rest), raw.names())
	}
	return ""
}

// used notes that something refers to a parameter, and reports one without a value.
func (p *paramSet) used(c *checker, path string) {
	name := axisOf(path)
	p.meant[name], p.paths[path] = true, true
	raw := p.raw[name]
	if dug := dig(raw, strings.TrimPrefix(strings.TrimPrefix(path, name), ".")); dug != nil {
		raw = dug
	}
	if raw.kind != Null {
		return
	}
	if p.missing[path] = true; p.partial {
		return
	}
	c.rep.add(raw.pos(), "params."+path, "must be given: --set params.%s=..., or shiftmill.local.yaml", path)
}

// fields lists the parameters as they are used, sorted by name.
func (p *paramSet) fields() []Field {
	var out []Field
	for _, name := range p.names {
		n := p.value(name)
		if n == nil || n.kind == broken || n.kind == Null {
			continue
		}
		out = append(out, Field{Path: name, Value: string(n.canonical(nil)), Pos: n.pos()})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}

// open lists the parameters that are used and have no value, sorted.
func (p *paramSet) open() []string {
	return sortedNames(p.missing)
}

// unused lists the parameters that a file gives and nothing refers to, where they are written.
func (p *paramSet) unused(in *source) (out []Field) {
	for _, name := range p.names {
		switch at := p.keys[name]; {
		case p.meant[name]:
			out = p.unusedIn(p.raw[name], name, in, out)
		case at.src == in:
			out = append(out, Field{Path: name, Pos: at.pos()})
		}
	}
	return out
}

// unusedIn adds the entries of a map that nothing refers to, where something refers to
// others of them.
func (p *paramSet) unusedIn(n *node, path string, in *source, out []Field) []Field {
	if p.paths[path] || n.kind != Map {
		return out
	}
	for i := range n.keys {
		k := &n.keys[i]
		at := join(path, k.text)
		below := false
		for used := range p.paths {
			below = below || used == at || strings.HasPrefix(used, at+".")
		}
		switch {
		case below:
			out = p.unusedIn(n.items[i], at, in, out)
		case k.src == in:
			out = append(out, Field{Path: at, Pos: k.pos()})
		}
	}
	return out
}

// checkSet reports what the command line sets to no effect. It may only be asked when
// the spec holds no mistake: a reference in a broken part is not seen.
func (p *paramSet) checkSet() {
	for _, name := range p.names {
		if by := p.set[name]; by != "" && !p.meant[name] {
			p.c.rep.add(Pos{File: by}, "", "changes nothing: no stage refers to params.%s", name)
		}
	}
}

func sortedNames[T any](m map[string]T) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}
