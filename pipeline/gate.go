package pipeline

import (
	"path"
	"slices"
	"strings"
)

// Guarded is implemented by kinds behind whose stages stands a gate: stages
// that look at the outputs and hand them on, unless a parameter says no.
type Guarded interface{ Gate() Gate }

// A Gate turns a stage NAME into three: NAME:rows, which is the stage itself;
// NAME:LAST, where LAST is the last part of the kind Prints, an instance of it
// for each output of the group Looked; and NAME, of the kind Kind, which reads
// the two under the ports "rows" and "prints" and has the outputs that others
// name. The zero Gate is none.
type Gate struct {
	Kind   string
	Prints string
	Looked string // group of the outputs that are looked at
	Handed string // group of those that are handed on

	Reserve Reserve // what the stage is told when the gate drops rows

	Param string // of the stage: a map of the gate's parameters, or a word
	Words []Word // what words stand for; Off is one of them
	Copy  []string
}

// A Reserve is a parameter of the stage that is set where it is not given and one
// of the gate's parameters When is Is.
type Reserve struct {
	Param, Value string
	When         []string
	Is           string
}

// A Word is short for parameters of the gate, or for its absence.
type Word struct {
	Text   string
	Off    bool
	Values map[string]string
}

// gate cuts a stage that has a gate in three, and returns the other two.
func (c *checker) gate(s *stage) []*stage {
	g, ok := s.kind.(Guarded)
	if !ok || s.n.kind != Map {
		return nil
	}
	gate := g.Gate()
	prints, known := c.vocabulary.Kind(gate.Prints)
	kind, also := c.vocabulary.Kind(gate.Kind)
	if gate.Kind == "" || !known || !also {
		return nil
	}
	with := s.n.get("with")
	said := with.get(gate.Param)
	if said != nil {
		with = without(with, gate.Param)
		i, n := s.n.index("with"), *s.n
		n.items = slices.Clone(n.items)
		n.items[i], s.n = with, &n
	}
	params, off := c.gateParams(s, &gate, said, with)
	if off {
		return nil
	}
	if r := gate.Reserve; with != nil && with.get(r.Param) == nil && slices.ContainsFunc(r.When, func(name string) bool {
		v := params.get(name)
		if v != nil && v.refs && strings.HasPrefix(v.text, "$params.") {
			v = c.resolve(v, &env{params: c.params}, s.path+".with."+gate.Param)
		}
		return v != nil && v.kind == Scalar && v.text == r.Is
	}) {
		told := *with
		told.keys = append(slices.Clone(with.keys), key{text: r.Param, src: with.src, line: with.line, col: with.col})
		told.items = append(slices.Clone(with.items), s.text(r.Value))
		i, n := s.n.index("with"), *s.n
		n.items = slices.Clone(n.items)
		n.items[i], s.n = &told, &n
	}
	name, look := s.name, s.name+":"+path.Base(gate.Prints)
	s.name += ":rows"
	for _, a := range s.own {
		a.owner = s.name
	}
	made := []*stage{
		{name: look, kind: prints, kindName: gate.Prints, n: s.made("from", s.text(s.name+"."+gate.Looked))},
		{name: name, kind: kind, kindName: gate.Kind, under: s.path + ".with." + gate.Param,
			n: s.made("from", s.made("rows", s.text(s.name+"."+gate.Handed), "prints", s.text(look)), "with", params)},
	}
	for _, m := range made {
		m.path, m.pos, m.ports, m.combos = s.path, s.pos, m.kind.Ports(), [][]*axisValue{nil}
	}
	return made
}

// gateParams are the parameters of a gate, as far as the stage's own say
// anything of them; off says that the spec wants none.
func (c *checker) gateParams(s *stage, gate *Gate, said, with *node) (params *node, off bool) {
	params = s.made()
	add := func(name string, v *node) {
		params.keys = append(params.keys, key{text: name, src: v.src, line: v.line, col: v.col})
		params.items, params.refs = append(params.items, v), params.refs || v.refs
	}
	place := s.path + ".with." + gate.Param
	if said != nil && said.refs && said.kind == Scalar {
		c.checkRefs(said, &refScope{params: c.params, matrix: "whether there is a gate is the same for all instances; give its parameters as a map"}, place)
		said = c.resolve(said, &env{params: c.params}, place)
	}
	switch {
	case said == nil || said.kind == broken:
	case said.kind == Map:
		for i, k := range said.keys {
			add(k.text, said.items[i])
		}
	default:
		at := slices.IndexFunc(gate.Words, func(w Word) bool { return said.kind == Scalar && w.Text == said.text })
		if at < 0 {
			var words []string
			for _, w := range gate.Words {
				words = append(words, w.Text)
			}
			c.rep.add(said.pos(), place, "must be %s, or a map of the parameters of %s, got %s", strings.Join(words, ", "), gate.Kind, said.describe())
			break
		}
		if gate.Words[at].Off {
			return nil, true
		}
		for _, name := range sortedNames(gate.Words[at].Values) {
			v := *said
			v.text, v.tag, v.refs = gate.Words[at].Values[name], TagText, false
			add(name, &v)
		}
	}
	for _, name := range gate.Copy {
		if v := with.get(name); v != nil && v.kind != Null && params.get(name) == nil {
			add(name, v)
		}
	}
	return params, false
}

// text and made are values that stand where the stage's name does.
func (s *stage) text(text string) *node {
	return &node{kind: Scalar, tag: TagText, text: text, src: s.n.src, line: int32(s.pos.Line), col: int32(s.pos.Column)}
}

func (s *stage) made(pairs ...any) *node {
	n := s.text("")
	n.kind = Map
	for i := 0; i < len(pairs); i += 2 {
		v := pairs[i+1].(*node)
		n.keys = append(n.keys, key{text: pairs[i].(string), src: n.src, line: n.line, col: n.col})
		n.items, n.refs = append(n.items, v), n.refs || v.refs
	}
	return n
}

// without is a map less one entry.
func without(n *node, name string) *node {
	at := n.index(name)
	out := *n
	out.keys, out.items = slices.Delete(slices.Clone(n.keys), at, at+1), slices.Delete(slices.Clone(n.items), at, at+1)
	return &out
}
