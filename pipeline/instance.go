package pipeline

import (
	"runtime"
	"slices"
	"strings"
	"sync"
)

// instancesShare is how many instances are worth a goroutine's start.
const instancesShare = 500

// instances makes the nodes, many of them on all processors.
func (e *expansion) instances(rows []row) {
	s := e.s
	m := &instanceMaker{e: e, rows: rows, nodes: make([]Node, len(rows)), insts: make([]instance, len(rows))}
	s.insts = make([]*instance, len(rows))
	total := 0
	for i := range rows {
		total += len(rows[i].vals)
	}
	m.coords = make([]Coord, total)
	if len(rows) > 0 && s.axes["output"] != nil {
		m.names = make(map[string]bool, len(rows))
	}
	m.sets = e.with.all(rows)
	workers := min(runtime.GOMAXPROCS(0), len(rows)/instancesShare)
	if workers < 2 || m.names != nil || s.opens() || !e.words.alike() {
		m.make(0, len(rows), 0, setupMaker{})
		return
	}
	var first setupMaker // that equal instances share one setup, whoever makes them
	first.of(s, m.sets[0], e.words.of(rows[0].vals), nil, 1)
	var wg sync.WaitGroup
	at, from := 0, 0
	for w := range workers {
		to, coords := (w+1)*len(rows)/workers, at
		for i := from; i < to; i++ {
			at += len(rows[i].vals)
		}
		start := from
		wg.Go(func() { m.make(start, to, coords, first) })
		from = to
	}
	wg.Wait()
}

// An instanceMaker is what makes the instances of a stage.
type instanceMaker struct {
	e      *expansion
	rows   []row
	sets   []*settings
	nodes  []Node
	insts  []instance
	coords []Coord
	names  map[string]bool // only outputs of outputs can give one name twice
}

// make makes some of the instances; their coordinates begin at one of coords.
func (m *instanceMaker) make(from, to, coord int, setups setupMaker) {
	s := m.e.s
	for i := from; i < to; i++ {
		r := &m.rows[i]
		coords := m.coords[coord : coord : coord+len(r.vals)]
		coord += len(r.vals)
		for _, v := range r.vals {
			coords = append(coords, Coord{v.axis, v.text})
		}
		n := &m.nodes[i]
		*n = Node{Name: instanceName(s.name, r.vals), Coords: coords, In: given(r.ins), Lacks: s.open}
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

// looseInput says whether what an input reads may lack outputs of a group.
func looseInput(in Input) bool {
	return slices.ContainsFunc(in.Refs, func(r Ref) bool { return r.Node != nil && r.Node.loose })
}

// A setupMaker makes the setups of a stage; instances with the same one mostly
// stand side by side.
type setupMaker struct {
	last  *Setup
	set   *settings
	words givenWords
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
	*u = Setup{Stage: s.name, Kind: s.kindName, Pos: s.pos, Path: s.path, Seed: words.seed, SeedPos: words.seedPos,
		Cache: words.cache, Encode: words.encode, Resources: words.resources, loose: loose}
	if set != nil {
		u.Config, u.Fields, u.with, u.Wrong, u.From = set.config, set.fields, set.with, set.wrong, named
		if set.wrong == nil {
			u.Outputs = set.outputsFor(s.kind, named)
		} else {
			u.Outputs, _ = guessOutputs(s.kind, set.config, named)
		}
	}
	m.last, m.set, m.words = u, set, words
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
	if len(vals) == 0 {
		return stage
	}
	size := len(stage) + 2
	for _, v := range vals {
		size += len(v.axis) + len(v.text) + 2
	}
	b := make([]byte, 0, size)
	b = append(append(b, stage...), '[')
	for i, v := range vals {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, v.axis...), '=')
		b = appendEscaped(b, v.text)
	}
	return string(append(b, ']'))
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
