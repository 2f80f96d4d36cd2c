package pipeline

import (
	"math"
	"path/filepath"
	"strconv"
	"strings"
)

// The words of the language.
var (
	topWords   = [...]string{"shiftmill", "name", "seed", "params", "extends", "stages"}
	stageWords = [...]string{"kind", "from", "with", "matrix", "when", "seed", "cache", "encode", "resources"}
)

// A stage is a stage of the spec while it is checked and expanded.
type stage struct {
	name     string
	path     string // "stages.NAME"
	under    string // path of the parameters where it is not path.with
	pos      Pos    // of its name
	n        *node
	kindName string
	kind     Kind
	ports    []Port
	own      []*axis // of its own matrix, in the order of the spec
	combos   [][]*axisValue
	variants []*variant // combos with the inputs that from names for them
	deps     []dep      // stages that from names, each once, in order
	axes     map[string][]*axis
	insts    []*instance
	leftOut  [][]*axisValue // coordinates of the instances that when took away
	bad      bool           // it holds a mistake for which it cannot be expanded: nothing is known of its results
	open     bool           // so does something that gives it axes: there may be more of them, and more values
	left     bool           // when left some instance out
}

// A dep is a stage that another one reads, at the place of the first reference.
type dep struct {
	on   *stage
	pos  Pos
	path string
}

// word returns a word of the stage, nil when it is not written or has no value.
func (s *stage) word(name string) *node {
	if n := s.n.get(name); n != nil && n.kind != broken && n.kind != Null {
		return n
	}
	return nil
}

// spec checks and expands a whole spec; the graph is complete only when nothing
// was reported.
func (c *checker) spec(file string, root *node) *Graph {
	if v := root.get("shiftmill"); v != nil && v.kind != broken && (v.kind != Scalar || v.text != "v1") {
		c.rep.add(v.pos(), "shiftmill", "this program reads version v1, got %s", v.describe())
	}
	g := &Graph{File: file, Name: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))}
	if v := root.get("name"); v != nil && v.kind != broken {
		if v.kind != Scalar || v.tag == TagBool || !isName(strings.ReplaceAll(v.text, ".", "_")) {
			c.rep.add(v.pos(), "name", "must be a name of %s, got %s", nameRule, v.describe())
		} else {
			g.Name = v.text
		}
	}
	c.params = c.readParams(root.get("params"), c.options)
	c.readSeed(root.get("seed"))
	c.readStages(root)
	c.readInputs()
	order := c.sortStages()
	for _, s := range order {
		c.expand(s)
	}
	g.Nodes = make([]*Node, 0, c.total)
	for _, s := range order {
		for _, inst := range s.insts {
			if made := c.through(s, inst.node); made != nil {
				made.Place = len(g.Nodes)
				g.Nodes = append(g.Nodes, made)
			}
			inst.node.Place = len(g.Nodes)
			g.Nodes = append(g.Nodes, inst.node)
		}
	}
	g.Seed, g.Skipped = c.specSeed, c.skipped
	g.Params, g.Open, g.Unused = c.params.fields(), c.params.open(), c.params.unused(root.src)
	for _, s := range c.stages {
		g.Stages = append(g.Stages, s.name)
	}
	if !c.rep.failed() {
		c.params.checkSet()
		c.checkIdle(root.src)
	}
	return g
}

func isWord(words []string, name string) bool {
	for _, w := range words {
		if w == name {
			return true
		}
	}
	return false
}

// readSeed reads the seed of the spec.
func (c *checker) readSeed(n *node) {
	if n == nil {
		return
	}
	c.seedPos = n.pos()
	c.checkRefs(n, &refScope{params: c.params, matrix: "the spec's seed is the same for all instances"}, "seed")
	if got := c.resolve(n, &env{params: c.params}, "seed"); got != nil {
		c.specSeed, _ = c.seed(got, "seed")
	}
}

func (c *checker) seed(n *node, path string) (uint64, bool) {
	if n.kind == broken {
		return 0, false
	}
	if n.kind == Scalar && n.tag == TagInt {
		if x, err := strconv.ParseUint(n.text, 10, 64); err == nil {
			return x, true
		}
	}
	c.rep.add(n.pos(), path, "must be a whole number from 0 to %d, got %s", uint64(math.MaxUint64), n.describe())
	return 0, false
}

// readStages reads stages: as far as no stage needs another one for it.
func (c *checker) readStages(root *node) {
	c.byName = map[string]*stage{}
	n := root.get("stages")
	switch {
	case n == nil:
		if !root.dropped {
			c.rep.add(root.pos(), "stages", "a spec needs stages")
		}
		return
	case n.kind == broken:
		return
	case n.kind != Map:
		c.rep.add(n.pos(), "stages", "must be a map of names to stages, got %s", n.describe())
		return
	case len(n.keys) == 0:
		if !n.dropped {
			c.rep.add(n.pos(), "stages", "a spec needs at least one stage")
		}
		return
	}
	slab := make([]stage, len(n.keys))
	for i := range n.keys {
		k, v := &n.keys[i], n.items[i]
		s := &slab[i]
		*s = stage{name: k.text, path: "stages." + k.text, pos: k.pos(), n: v}
		c.stages, c.byName[s.name], c.names = append(c.stages, s), s, append(c.names, s.name)
		c.readStage(s)
		c.preset(s)
		for _, m := range c.gate(s) {
			c.stages, c.byName[m.name] = append(c.stages, m), m
		}
		c.byName[s.name] = s
	}
}

// withPath is where the stage's parameters stand.
func (s *stage) withPath() string {
	if s.under != "" {
		return s.under
	}
	return s.path + ".with"
}

func (c *checker) readStage(s *stage) {
	if !isName(s.name) {
		c.rep.add(s.pos, s.path, "the name of a stage has %s", nameRule)
	}
	if s.n.kind != Map {
		if s.n.kind == Null {
			c.rep.add(s.pos, s.path, "this stage is empty: it needs at least kind")
		} else if s.n.kind != broken {
			c.rep.add(s.n.pos(), s.path, "a stage is a map with %s; got %s%s", strings.Join(stageWords[:], ", "), s.n.describe(), s.n.colonHint())
		}
		s.bad = true
		return
	}
	written := s.n
	s.n = written.mended(stageWords[:], func(int) bool { return false })
	c.readKind(s)
	param := map[int]bool{}
	var params []int // those of the kind that stand beside its words
	for i := range written.keys {
		name := written.keys[i].text
		if isWord(stageWords[:], name) {
			if v := written.items[i]; v.kind == Null {
				c.rep.add(v.pos(), s.path+"."+name, "has no value: write one, or leave the line out")
			}
			continue
		}
		more := suggest(name, stageWords[:])
		if s.kind != nil {
			if _, param[i] = c.configType(s).byName[name]; param[i] {
				more = "; it is a parameter of " + s.kindName + ": write it under with:"
				params = append(params, i)
			}
		}
		c.rep.add(written.keys[i].pos(), s.path+"."+name, "unknown word %s%s", quote(name), more)
	}
	if params != nil {
		s.n = written.mended(stageWords[:], func(i int) bool { return param[i] }).under("with", params)
	}
	if s.kind != nil {
		c.readMatrix(s)
	}
}

func (c *checker) readKind(s *stage) {
	n := s.n.get("kind")
	switch {
	case n == nil && s.n.dropped:
		return
	case n == nil:
		msg := "must be given: the kind of the stage, such as source/table"
		if near := Nearest(s.name, c.names); near != "" { // mostly one of a spec that this one extends
			msg += "; did you mean the stage " + quote(near) + "?"
		}
		c.rep.add(s.pos, s.path+".kind", "%s", msg)
		return
	case n.kind == broken || n.kind == Null:
		return
	case n.kind != Scalar:
		c.rep.add(n.pos(), s.path+".kind", "must be the name of a kind, got %s", n.describe())
		return
	case n.refs:
		c.rep.add(n.pos(), s.path+".kind", "must be written out, without references, so that the stage can be checked")
		return
	}
	name := n.text
	k, ok := c.vocabulary.Kind(name)
	if !ok {
		c.rep.add(n.pos(), s.path+".kind", "unknown kind %s%s", quote(name), suggestKind(name, c.vocabulary.Names()))
		name = Nearest(name, c.vocabulary.Names())
		if k, ok = c.vocabulary.Kind(name); !ok {
			return
		}
	}
	s.kindName, s.kind, s.ports = name, k, k.Ports()
}
