package pipeline

import "strings"

// Presettable is implemented by kinds with ready-made parameters.
type Presettable interface{ Presets() []Preset }

// A Preset is a set of parameters under a name: what "with: {preset: NAME}"
// stands for. Parameters beside it are laid over: maps merge, everything else
// replaces, null removes. The name itself is no parameter and is in no key.
type Preset struct {
	Name string
	Doc  string // one sentence
	With string // parameters, as YAML
}

// presetWord names a preset among the parameters.
const presetWord = "preset"

// presetsOf are the presets of a kind, if it has any.
func presetsOf(k Kind) []Preset {
	if p, ok := k.(Presettable); ok {
		return p.Presets()
	}
	return nil
}

// preset puts the parameters that a stage's preset stands for in its place.
func (c *checker) preset(s *stage) {
	if s.kind == nil || s.n.kind != Map {
		return
	}
	presets := presetsOf(s.kind)
	with := s.n.get("with")
	said := with.orNil().get(presetWord)
	if len(presets) == 0 || said == nil || said.kind == broken {
		return
	}
	place := s.path + ".with." + presetWord
	var names []string
	base := (*node)(nil)
	for _, p := range presets {
		names = append(names, p.Name)
		if said.kind == Scalar && !said.refs && said.text == p.Name {
			base = c.presetNode(p, said)
		}
	}
	with = without(with, presetWord)
	if base == nil {
		with.kind = broken // what else stands there says nothing
	}
	switch {
	case said.refs:
		c.rep.add(said.pos(), place, "must be written out, without references, so that the stage can be checked")
	case base == nil:
		c.rep.add(said.pos(), place, "must be %s, got %s%s", strings.Join(names, " or "), said.describe(), suggest(said.text, names))
	default:
		with = c.merge(base, with, s.path+".with")
	}
	i, n := s.n.index("with"), *s.n
	n.items = append([]*node(nil), n.items...)
	n.items[i], s.n = with, &n
}

// orNil lets get be asked of a value that may be absent.
func (n *node) orNil() *node {
	if n == nil {
		return &node{kind: Null}
	}
	return n
}

// presetNode reads a preset; all of it stands where the spec names it.
func (c *checker) presetNode(p Preset, at *node) *node {
	var rep reporter
	n := parseYAML(newSource("preset "+p.Name), []byte(p.With), &rep)
	if err := rep.err(); err != nil {
		panic("pipeline: preset " + p.Name + ": " + err.Error())
	}
	var move func(n *node)
	move = func(n *node) {
		n.src, n.line, n.col = at.src, at.line, at.col
		for i := range n.keys {
			n.keys[i].src, n.keys[i].line, n.keys[i].col = at.src, at.line, at.col
		}
		for _, item := range n.items {
			move(item)
		}
	}
	move(n)
	return n
}
