package pipeline

import (
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

// A variant is what from names for some of a stage's combinations.
type variant struct {
	combos [][]*axisValue
	ports  []*portFrom // in the order of the kind's ports, then by name
}

// A portFrom is one port with what it reads.
type portFrom struct {
	port *Port
	name string
	refs []stageRef
	list bool
	pos  Pos
	path string
}

// A stageRef is a reference to a stage, not yet to its instances.
type stageRef struct {
	stage   *stage
	output  string
	named   bool // an output or group was named
	foreign *Foreign
	pos     Pos
	path    string
}

// readInputs reads from: of all stages, as text: which stages, not yet which
// instances.
func (c *checker) readInputs() {
	for _, s := range c.stages {
		if s.kind == nil || len(s.combos) == 0 {
			s.bad = true
			continue
		}
		c.readFrom(s)
		c.collectDeps(s)
	}
}

// readFrom cuts the combinations of a stage into variants.
func (c *checker) readFrom(s *stage) {
	from, path := s.word("from"), s.path+".from"
	if from == nil || !from.refs {
		s.variants = []*variant{{combos: s.combos}}
		c.readPorts(s, s.variants[0], from)
		return
	}
	seen, own := map[string]bool{}, ownAxes(s)
	c.checkRefs(from, &refScope{params: c.params, axes: own, open: s.open, seen: seen}, path)
	groups, names := map[string]*variant{}, sortedNames(seen)
	for _, combo := range s.combos {
		k := projection(combo, names)
		if groups[k] == nil {
			groups[k] = &variant{}
			s.variants = append(s.variants, groups[k])
		}
		groups[k].combos = append(groups[k].combos, combo)
	}
	for _, v := range s.variants {
		c.readPorts(s, v, c.resolve(from, &env{params: c.params, axes: v.combos[0], known: own}, path))
	}
}

func ownAxes(s *stage) map[string][]*axis {
	out := map[string][]*axis{}
	for _, a := range s.own {
		out[a.name] = []*axis{a}
	}
	return out
}

// projection is a key for the values of some axes.
func projection(vals []*axisValue, names []string) string {
	if len(names) == 0 {
		return ""
	}
	return string(appendProjection(nil, vals, names))
}

func appendProjection(b []byte, vals []*axisValue, names []string) []byte {
	for _, name := range names {
		for _, v := range vals {
			if v.axis == name {
				b = append(b, v.text...)
			}
		}
		b = append(b, 0)
	}
	return b
}

// readPorts reads from:, references filled in, for one variant.
func (c *checker) readPorts(s *stage, v *variant, n *node) {
	path := s.path + ".from"
	switch {
	case n != nil && n.kind == broken:
		s.open = true
		return
	case n != nil && len(s.ports) == 0:
		c.rep.add(n.pos(), path, "%s reads no other stage: leave from out", s.kindName)
		return
	case n != nil && n.kind == Map:
		for i := range n.keys {
			c.readPort(s, v, n, i)
		}
	case n != nil && n.kind != Null:
		if p := c.onlyPort(s, n); p != nil {
			c.readRefs(v, &portFrom{port: p, name: p.Name, pos: n.pos(), path: path}, n, s)
		}
	}
	rank := func(p *portFrom) int {
		for i := range s.ports {
			if p.port == &s.ports[i] {
				return i
			}
		}
		return len(s.ports)
	}
	sort.SliceStable(v.ports, func(i, j int) bool {
		a, b := v.ports[i], v.ports[j]
		if ra, rb := rank(a), rank(b); ra != rb {
			return ra < rb
		}
		return a.name < b.name
	})
	c.requirePorts(s, v, n)
}

// onlyPort finds the port that from means when it names none.
func (c *checker) onlyPort(s *stage, n *node) *Port {
	var required []*Port
	for i := range s.ports {
		if p := &s.ports[i]; !p.Optional {
			required = append(required, p)
		}
	}
	p := &s.ports[0]
	if len(required) == 1 {
		p = required[0]
	}
	if len(required) > 1 || p.Any {
		c.rep.add(n.pos(), s.path+".from", "must name the ports of %s: from: {%s}", s.kindName, portForms(s.ports))
		s.open = true
		return nil
	}
	return p
}

// portForms shows how the ports of a kind are named.
func portForms(ports []Port) string {
	var out []string
	for _, p := range ports {
		switch {
		case p.Any:
			out = append(out, "NAME: ...")
		case p.Optional:
		default:
			out = append(out, p.Name+": ...")
		}
	}
	return strings.Join(out, ", ")
}

func (c *checker) readPort(s *stage, v *variant, from *node, at int) {
	k, n := &from.keys[at], from.items[at]
	path, name := s.path+".from."+k.text, k.text
	var port *Port
	var names []string
	for i := range s.ports {
		p := &s.ports[i]
		switch {
		case p.Any && port == nil:
			port = p
		case !p.Any && p.Name == k.text:
			port = p
		}
		if !p.Any {
			names = append(names, p.Name)
		}
	}
	if port == nil {
		c.rep.add(k.pos(), path, "%s has no port %s%s", s.kindName, quote(name), suggest(name, names))
		name = from.readAs(name, names)
		for i := range s.ports {
			if s.ports[i].Name == name && !v.reads(name) {
				port = &s.ports[i]
			}
		}
	}
	switch {
	case port == nil:
		s.open = true
	case port.Any && port.Name != k.text && !isName(k.text):
		c.rep.add(k.pos(), path, "the name of an input has %s", nameRule)
		s.open = true
	default:
		c.readRefs(v, &portFrom{port: port, name: name, pos: n.pos(), path: path}, n, s)
	}
}

// reads says whether an input stands under a name already.
func (v *variant) reads(name string) bool {
	for _, p := range v.ports {
		if p.name == name {
			return true
		}
	}
	return false
}

// readRefs reads the references of one port.
func (c *checker) readRefs(v *variant, p *portFrom, n *node, s *stage) {
	items := []*node{n}
	if n.kind == List {
		items, p.list = n.items, true
		if len(items) == 0 {
			c.rep.add(n.pos(), p.path, "an empty list: name at least one stage")
			s.open = true
			return
		}
	}
	for i, item := range items {
		path := p.path
		if p.list {
			path = join(path, fmt.Sprint(i))
		}
		switch {
		case item.kind == broken:
			p.refs = append(p.refs, stageRef{pos: item.pos(), path: path})
			continue
		case item.kind != Scalar || item.tag == TagBool:
			c.rep.add(item.pos(), path, "must be a stage, such as split.train, or a list of them, got %s", item.describe())
			p.refs = append(p.refs, stageRef{pos: item.pos(), path: path})
			continue
		}
		ref, ok := c.stageRef(s, item, path)
		for _, other := range p.refs {
			if ok && other.stage == ref.stage && other.output == ref.output && other.foreign == nil && ref.foreign == nil {
				c.rep.add(ref.pos, path, "%s stands twice in this list", quote(item.text))
			}
		}
		p.refs = append(p.refs, ref)
	}
	if len(p.refs) > 0 {
		v.ports = append(v.ports, p)
	}
}

// stageRef reads stage, stage.output or other.yaml#stage.output; ok is false when it
// names none, and then it may be one that is meant, or nothing.
func (c *checker) stageRef(s *stage, n *node, path string) (stageRef, bool) {
	ref := stageRef{pos: n.pos(), path: path}
	if file, rest, foreign := strings.Cut(n.text, "#"); foreign {
		f, msg := foreignRef(n, file, rest)
		if msg != "" {
			c.rep.add(n.pos(), path, "%s", msg)
			return ref, false
		}
		ref.foreign, ref.output, ref.named = f, f.Output, f.Output != ""
		return ref, true
	}
	name, output, named := strings.Cut(n.text, ".")
	ref.stage, ref.output, ref.named = c.byName[name], output, named
	switch {
	case ref.stage == s:
		c.rep.add(n.pos(), path, "a stage cannot read itself")
		ref.stage = nil
		return ref, false
	case ref.stage != nil:
		return ref, true
	}
	near := c.nearStage(name)
	more := suggestNear(near, c.names)
	head := strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == ':' || r == '[' })
	switch file := specInText.FindString(n.text); {
	case file != "":
		more = fmt.Sprintf("; a stage of another spec follows a #: %s#%s", file, strings.TrimLeft(n.text[len(file):], "./:"))
	case len(head) > 1 && c.byName[head[0]] != nil && strings.Contains(head[1], "="):
		more = fmt.Sprintf("; this stage's own axes choose instances: from: %s, and matrix: {%s}", head[0], chosen(head[1]))
	case len(head) > 1 && c.byName[head[0]] != nil:
		more = fmt.Sprintf("; an output follows a point: %s.%s", head[0], strings.TrimSuffix(name[len(head[0])+1:], "]"))
	}
	c.rep.add(n.pos(), path, "no stage is named %s%s", quote(name), more)
	ref.stage = c.meantStage(s, near)
	return ref, false
}

// specInText is a spec's file at the start of a reference that lacks its #.
var specInText = regexp.MustCompile(`^\S+?\.ya?ml\b`)

// chosen writes the coordinates of an instance, "axis=value,...]...", as a matrix.
func chosen(text string) string {
	text, _, _ = strings.Cut(text, "]")
	var axes []string
	for _, part := range strings.Split(text, ",") {
		axis, value, _ := strings.Cut(part, "=")
		axes = append(axes, axis+": ["+value+"]")
	}
	return strings.Join(axes, ", ")
}

// foreignRef reads what follows a #: stage, stage.output,
// stage[axis=value].output.
func foreignRef(n *node, file, rest string) (*Foreign, string) {
	at := *n
	at.text = file
	f := &Foreign{File: at.abs(), Text: file}
	stage, output := rest, ""
	if open := strings.IndexByte(rest, '['); open >= 0 {
		end := strings.IndexByte(rest, ']')
		if end < open {
			return nil, "this [ is never closed: other.yaml#stage[axis=value].output"
		}
		stage, output = rest[:open], rest[end+1:]
		for _, part := range strings.Split(rest[open+1:end], ",") {
			name, value, ok := strings.Cut(part, "=")
			text, err := url.PathUnescape(value)
			if !ok || !isName(name) || err != nil {
				return nil, fmt.Sprintf("%s is no coordinate: write stage[axis=value]", quote(part))
			}
			f.Coords = append(f.Coords, Coord{name, text})
		}
		if output != "" && output[0] != '.' {
			return nil, "an output follows a point: other.yaml#stage[axis=value].output"
		}
		output = strings.TrimPrefix(output, ".")
		sort.Slice(f.Coords, func(i, j int) bool { return f.Coords[i].Axis < f.Coords[j].Axis })
	} else {
		stage, output, _ = strings.Cut(rest, ".")
	}
	f.Stage, f.Output = stage, output
	if file == "" || !isName(stage) || filepath.Ext(file) == "" {
		return nil, fmt.Sprintf("%s is no reference to another spec: write other.yaml#stage or other.yaml#stage.output", quote(n.text))
	}
	return f, ""
}

// requirePorts reports ports that are missing.
func (c *checker) requirePorts(s *stage, v *variant, n *node) {
	pos := s.pos
	if n != nil {
		pos = n.pos()
	}
	for i := range s.ports {
		p := &s.ports[i]
		if p.Optional {
			continue
		}
		given := false
		for _, pf := range v.ports {
			given = given || pf.port == p
		}
		if given || n != nil && n.kind != Map {
			continue
		}
		if n != nil && !p.Any && n.get(p.Name) != nil {
			continue // it holds a mistake
		}
		if n != nil && len(n.keys) > len(v.ports) {
			continue // it may stand under a name that nobody knows
		}
		if said, ref, v := s.absent(p, v); v != nil {
			c.rep.add(said.pos(), join(s.path+".from", p.Name), "%s is absent from %s=%s, and %s needs the input %s", ref, v.axis, v.text, s.kindName, p.Name)
			continue
		}
		name := p.Name
		if p.Any {
			name = "NAME"
		}
		c.rep.add(pos, s.path+".from", "%s needs the input %s%s: write from: {%s: STAGE}", s.kindName, p.Name, portDoc(p), name)
	}
}

// absent finds the reference that from gives a port and the entry that lacks its field;
// no entry when that is not why a variant has nothing there.
func (s *stage) absent(p *Port, v *variant) (said *node, ref reference, entry *axisValue) {
	if said = s.word("from"); said.orNil().kind == Map {
		said = said.get(p.Name)
	}
	if said == nil || said.kind != Scalar || !said.refs {
		return nil, ref, nil
	}
	pieces, whole, _ := parseText(said.text)
	if !whole || pieces[0].root != "matrix" {
		return nil, ref, nil
	}
	e := env{axes: v.combos[0]}
	return said, pieces[0].reference, e.axis(axisOf(pieces[0].path))
}

func portDoc(p *Port) string {
	if p.Doc == "" {
		return ""
	}
	return " (" + strings.TrimSuffix(p.Doc, ".") + ")"
}
