package pipeline

import (
	"slices"
	"strings"
)

// instances makes the nodes, many of them on all processors.
func (e *expansion) instances(rows []row) {
	s := e.s
	m := &instanceMaker{e: e, rows: rows, nodes: make([]Node, len(rows)), insts: make([]instance, len(rows))}
	s.insts = make([]*instance, len(rows))
	if len(rows) > 0 && s.axes["output"] != nil {
		m.names = make(map[string]bool, len(rows))
	}
	m.sets = e.with.all(rows)
	if len(rows) <= partSize || m.names != nil || s.opens() || !e.words.alike() {
		m.make(0, len(rows), &setupMaker{})
		return
	}
	var first setupMaker // that equal instances share one setup, whoever makes them
	first.of(s, m.sets[0], e.words.of(rows[0].vals), nil, 1)
	inParts(len(rows), func(_, from, to int) {
		setups := first
		m.make(from, to, &setups)
	})
}

// An instanceMaker is what makes the instances of a stage.
type instanceMaker struct {
	e     *expansion
	rows  []row
	sets  []*settings
	nodes []Node
	insts []instance
	names map[string]bool // only outputs of outputs can give one name twice
}

// mostNames is room enough for the coordinates of most names.
const mostNames = 16

// make makes some of the instances.
func (m *instanceMaker) make(from, to int, setups *setupMaker) {
	s := m.e.s
	names := make([]byte, 0, (to-from)*(len(s.name)+mostNames)) // of all of them, which lie in one text
	ends := make([]int, 0, partSize)
	for i := from; i < to; i++ {
		names = appendName(names, s.name, m.rows[i].vals)
		ends = append(ends, len(names))
	}
	text, begin := string(names), 0
	var slab []Coord
	for i := from; i < to; i++ {
		r := &m.rows[i]
		n := &m.nodes[i]
		*n = Node{Name: text[begin:ends[i-from]], Coords: r.followed(), In: given(r.ins), Lacks: s.open || m.e.lacks}
		begin = ends[i-from]
		if n.Coords == nil {
			if len(slab) < len(r.vals) {
				slab = make([]Coord, (to-i)*len(r.vals))
			}
			n.Coords, slab = slab[:len(r.vals):len(r.vals)], slab[len(r.vals):]
			for j, v := range r.vals {
				n.Coords[j] = Coord{v.axis, v.text}
			}
		}
		if m.names[n.Name] {
			m.e.c.rep.add(s.pos, s.path, "two instances are named %s: give an output another name", n.Name)
		} else if m.names != nil {
			m.names[n.Name] = true
		}
		n.Setup = setups.of(s, m.sets[i], m.e.words.of(r.vals), n.In, to-i)
		m.insts[i] = instance{n, r.vals}
		s.insts[i] = &m.insts[i]
	}
}

// followed are the coordinates of what a row follows where they are its own, else nil.
func (r *row) followed() []Coord {
	for i := range r.ins {
		if refs := r.ins[i].Refs; len(refs) > 0 && slices.EqualFunc(refs[0].Coords, r.vals, func(c Coord, v *axisValue) bool {
			return c.Axis == v.axis && c.Value == v.text
		}) {
			return refs[0].Coords
		}
	}
	return nil
}

// looseInput says whether what an input reads may lack outputs of a group.
func looseInput(in Input) bool {
	return slices.ContainsFunc(in.Refs, func(r Ref) bool { return r.Node != nil && r.Node.loose })
}

// A setupMaker makes the setups of a stage; instances with the same one mostly
// stand side by side.
type setupMaker struct {
	last  *Setup
	set   *settings
	role  *Role
	words givenWords // of role
	slab  []Setup
}

// of returns the setup of an instance; left is how many instances may need one.
func (m *setupMaker) of(s *stage, set *settings, words givenWords, ins []Input, left int) *Setup {
	named := s.named(ins)
	loose := set == nil || set.wrong != nil || named != nil && slices.ContainsFunc(ins, looseInput)
	if m.last != nil && m.set == set && m.words == words && m.last.loose == loose && sameFrom(m.last.From, named) {
		return m.last
	}
	if len(m.slab) == 0 {
		m.slab = make([]Setup, min(left, 64))
	}
	u := &m.slab[0]
	m.slab = m.slab[1:]
	if m.role == nil || m.words != words {
		m.words, m.role = words, &Role{Stage: s.name, Kind: s.kindName, Pos: s.pos, Path: s.path, Seed: words.seed, SeedPos: words.seedPos,
			Cache: words.cache, Encode: words.encode, Resources: words.resources}
	}
	*u = Setup{Role: m.role, loose: loose}
	if set != nil {
		u.Config, u.Fields, u.with, u.Wrong, u.From = set.config, set.fields, set.with, set.wrong, named
		if set.wrong == nil {
			u.Outputs = set.outputsFor(s.kind, named)
		} else {
			u.Outputs, _ = guessOutputs(s.kind, set.config, named)
		}
	}
	m.last, m.set = u, set
	return u
}

func sameFrom(a, b []From) bool {
	return slices.EqualFunc(a, b, func(a, b From) bool { return a.Name == b.Name && slices.Equal(a.Members, b.Members) })
}

// opens says whether the kind has a port whose inputs the user names.
func (s *stage) opens() bool {
	return slices.ContainsFunc(s.ports, func(p Port) bool { return p.Any && !p.Many })
}

// named lists the inputs whose names are the user's; nil when the kind has no
// such port.
func (s *stage) named(ins []Input) []From {
	if !s.opens() {
		return nil
	}
	fixed := func(name string) bool {
		return slices.ContainsFunc(s.ports, func(p Port) bool { return !p.Any && p.Name == name })
	}
	var out []From
	for _, in := range ins {
		if fixed(in.Port) {
			continue
		}
		f := From{Name: in.Port}
		if !in.List && len(in.Refs) > 1 {
			for _, r := range in.Refs {
				f.Members = append(f.Members, r.Output)
			}
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b From) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// given drops the inputs that are not there.
func given(ins []Input) []Input {
	for i := range ins {
		if ins[i].Port == "" {
			return slices.DeleteFunc(slices.Clone(ins), func(in Input) bool { return in.Port == "" })
		}
	}
	return ins
}

// instanceName is stage[axis=value,...]: values percent-encoded, so that two
// instances never share a name.
func instanceName(stage string, vals []*axisValue) string {
	return string(appendName(nil, stage, vals))
}

func appendName(b []byte, stage string, vals []*axisValue) []byte {
	b = append(b, stage...)
	for i, v := range vals {
		if i == 0 {
			b = append(b, '[')
		} else {
			b = append(b, ',')
		}
		b = append(append(b, v.axis...), '=')
		b = appendEscaped(b, v.text)
	}
	if len(vals) > 0 {
		b = append(b, ']')
	}
	return b
}

// appendEscaped percent-encodes what could end a value or confuse a shell or a
// file name.
func appendEscaped(b []byte, text string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(text) {
		if c := text[i]; nameByte(c) || c == '.' || c == '=' || c == '~' || c == '/' {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}
