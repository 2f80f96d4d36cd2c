package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// settings are the decoded parameters of instances that share them.
type settings struct {
	config any
	fields []Field
	with   *node
	wrong  []string // paths of the parameters that hold mistakes

	listed  bool   // outputs are known, for
	from    []From // these inputs
	outputs Outputs
}

// outputsFor lists the outputs of the stage for what its "from" names.
func (set *settings) outputsFor(k Kind, from []From) Outputs {
	if !set.listed || !sameFrom(set.from, from) {
		set.listed, set.from, set.outputs = true, from, k.Outputs(set.config, from)
	}
	return set.outputs
}

// A settingsReader decodes with: once for each combination of the axes that it
// refers to.
type settingsReader struct {
	c        *checker
	s        *stage
	with     *node
	path     string // where the parameters stand
	axes     []string
	defaults any
	failed   bool // the spec holds mistakes already
	fields   fieldWriter
}

// configType describes the parameters of the stage's kind.
func (c *checker) configType(s *stage) *structType { return c.types.get(derefType(s.kind.NewConfig())) }

func (c *checker) settingsReader(s *stage) *settingsReader {
	r := &settingsReader{c: c, s: s, with: s.word("with"), path: s.withPath(), defaults: s.kind.NewConfig(), fields: fieldWriter{types: c.types}}
	if r.with == nil {
		r.with = &node{kind: Map, src: c.source(s.pos), line: int32(s.pos.Line), col: int32(s.pos.Column)}
		if s.n.get("with") != nil {
			r.with.kind = broken
		}
	}
	r.axes = c.checkPlace(s, r.with, r.path)
	r.failed = c.rep.failed()
	return r
}

// checkPlace checks the references of one word of a stage and returns the axes
// it refers to, sorted.
func (c *checker) checkPlace(s *stage, n *node, path string) []string {
	if n == nil || !n.refs {
		return nil
	}
	seen := map[string]bool{}
	c.checkRefs(n, &refScope{params: c.params, axes: s.axes, open: s.open, seen: seen}, path)
	return sortedNames(seen)
}

// all returns the settings of every row, nil for those that hold a mistake; equal
// ones are the same.
func (r *settingsReader) all(rows []row) []*settings {
	out := make([]*settings, len(rows))
	if r.with.kind == broken || len(rows) == 0 {
		return out
	}
	if r.onAllAxes(rows) {
		combos := make([][]*axisValue, len(rows))
		for i := range rows {
			combos[i] = rows[i].vals
		}
		return r.readAll(combos)
	}
	place := make([]int32, len(rows)) // among the distinct ones
	var distinct [][]*axisValue
	known := map[string]int32{}
	var key []byte
	for i := range rows {
		key = appendProjection(key[:0], rows[i].vals, r.axes)
		at, ok := known[string(key)]
		if !ok {
			at = int32(len(distinct))
			known[string(key)] = at
			distinct = append(distinct, rows[i].vals)
		}
		place[i] = at
	}
	made := r.readAll(distinct)
	for i, at := range place {
		out[i] = made[at]
	}
	return out
}

// onAllAxes says whether the settings depend on every axis that rows have: no two
// are alike then.
func (r *settingsReader) onAllAxes(rows []row) bool {
	return len(r.axes) > 0 && !slices.ContainsFunc(rows, func(row row) bool { return len(row.vals) != len(r.axes) })
}

// readAll reads the settings of several combinations, many of them on all
// processors. The first is read before the others: it leaves behind what they have
// in common, the parameters of the spec, which are then only looked at.
func (r *settingsReader) readAll(combos [][]*axisValue) []*settings {
	out := make([]*settings, len(combos))
	out[0] = r.read(combos[0])
	failed := r.failed || r.c.rep.failed()
	others := len(combos) - 1
	found := make([]Errors, partsOf(others))
	inParts(others, func(part, from, to int) {
		c := *r.c
		c.rep, c.texts, c.slab = reporter{}, nil, nil
		mine := *r
		mine.c, mine.fields, mine.failed = &c, fieldWriter{types: c.types}, failed
		for i := from; i < to; i++ {
			out[1+i] = mine.read(combos[1+i])
		}
		found[part] = c.rep.errs
	})
	for _, errs := range found {
		for _, e := range errs {
			r.c.rep.put(e)
		}
	}
	return out
}

func (r *settingsReader) read(vals []*axisValue) *settings {
	path := r.path
	with := r.c.resolve(r.with, &env{params: r.c.params, axes: vals, known: r.s.axes}, path)
	if with == nil {
		with = &node{kind: Map, src: r.with.src, line: r.with.line, col: r.with.col}
	}
	if with.kind == broken {
		return nil
	}
	set := &settings{config: r.s.kind.NewConfig(), with: with}
	decoded := decodeInto(Value{with, r.c.types}, deref(set.config))
	open := r.open(with)
	if r.c.problems(news(decoded, open), with, path) {
		decoded = slices.DeleteFunc(decoded, func(p Problem) bool { return p.mended })
		// What is found wrong in a misspelt parameter later stands there, too.
		with = with.mended(r.c.configType(r.s).names, func(int) bool { return false })
		set.with = with
	}
	if r.failed || r.c.rep.failed() {
		set.wrong = with.doubtful("", nil)
	}
	if len(decoded) > 0 || len(set.wrong) > 0 {
		return r.doubtful(set, decoded)
	}
	// A value that was reported already, or is left open, is no news when the
	// kind misses it.
	problems := slices.DeleteFunc(r.s.kind.Check(set.config), func(p Problem) bool {
		at := dig(with, p.Field)
		return p.Pos == (Pos{}) && at != nil && at.kind == broken
	})
	if r.c.problems(news(problems, open), with, path); len(problems) > 0 {
		return r.doubtful(set, problems)
	}
	set.fields = r.fields.list(set.config, r.defaults)
	for i := range set.fields {
		set.fields[i].Pos = with.find(set.fields[i].Path).pos()
	}
	if !r.s.opens() {
		set.outputsFor(r.s.kind, nil) // while others read theirs
	}
	return set
}

// open lists the paths of values that are left open.
func (r *settingsReader) open(with *node) []string {
	if !r.c.options.Partial || len(r.c.params.missing) == 0 {
		return nil
	}
	return with.open("", nil)
}

func (n *node) open(path string, found []string) []string {
	const most = 100
	if n.kind == broken && n.tag == tagOpen {
		found = append(found, path)
	}
	for i, item := range n.items {
		if len(found) > most {
			break
		}
		at := fmt.Sprint(i)
		if n.kind == Map {
			at = n.keys[i].text
		}
		found = item.open(join(path, at), found)
	}
	return found
}

// news are the problems that are not those of values that are left open, or of what
// holds one.
func news(problems []Problem, open []string) []Problem {
	if len(open) == 0 {
		return problems
	}
	return slices.DeleteFunc(slices.Clone(problems), func(p Problem) bool {
		return p.Field != "" && slices.ContainsFunc(open, func(at string) bool { return at == p.Field || strings.HasPrefix(at, p.Field+".") })
	})
}

// doubtful keeps settings in which some parameters hold mistakes, so that others can be
// checked further; nil when the kind cannot make sense of the rest.
func (r *settingsReader) doubtful(set *settings, problems []Problem) *settings {
	for _, p := range problems {
		if p.Field == "" {
			return nil
		}
		set.wrong = append(set.wrong, p.Field)
	}
	if _, ok := guessOutputs(r.s.kind, set.config, nil); !ok {
		return nil
	}
	return set
}

// guessOutputs lists the outputs for parameters of which some hold mistakes, as far as
// the kind makes sense of them.
func guessOutputs(k Kind, config any, from []From) (o Outputs, ok bool) {
	defer func() {
		if recover() != nil { // a kind may rely on what its check has refused
			o, ok = Outputs{}, false
		}
	}()
	return k.Outputs(config, from), true
}

// problems reports what a kind or the decoder found, and says whether that was
// anything.
func (c *checker) problems(problems []Problem, at *node, path string) bool {
	for _, p := range problems {
		pos := p.Pos
		if pos == (Pos{}) {
			pos = at.find(p.Field).pos()
		}
		c.rep.add(pos, join(path, p.Field), "%s", p.Msg)
	}
	return len(problems) > 0
}

// source returns the source of a position, for nodes that were not written.
func (c *checker) source(pos Pos) *source { return newSource(pos.File) }

// A wordsReader reads seed, cache, encode and resources of a stage.
type wordsReader struct {
	c     *checker
	s     *stage
	nodes [len(otherWords)]*node
	axes  []string
	only  *words // when no axis is referred to
	made  map[string]*words
}

// otherWords are those that settle how an instance is run rather than what it
// is; seed comes first.
var otherWords = [...]string{"seed", "cache", "encode", "resources"}

// words are what cache, encode and resources say.
type words struct {
	cache     string
	encode    string
	resources Resources
}

func (c *checker) wordsReader(s *stage) *wordsReader {
	r := &wordsReader{c: c, s: s}
	var seen map[string]bool
	for i, name := range otherWords {
		n := s.word(name)
		if n == nil {
			continue
		}
		r.nodes[i] = n
		for _, a := range c.checkPlace(s, n, s.path+"."+name) {
			if i == 0 {
				continue
			}
			if seen == nil {
				seen = map[string]bool{}
			}
			seen[a] = true
		}
	}
	if n := r.nodes[0]; n != nil && !s.kind.Random() {
		c.rep.add(n.pos(), s.path+".seed", "%s draws no random numbers: leave seed out", s.kindName)
	}
	if seen != nil {
		r.axes = sortedNames(seen)
	}
	return r
}

// givenWords are the words of an instance and its seed.
type givenWords struct {
	*words
	seed    uint64
	seedPos Pos
}

// alike says whether all instances have the same words and seed.
func (r *wordsReader) alike() bool { return len(r.axes) == 0 && r.nodes[0] == nil }

// of reads the words of an instance. Seeds mostly differ between instances and
// cost little; the others are read once for each value of the axes they name.
func (r *wordsReader) of(vals []*axisValue) givenWords {
	w := r.only
	if len(r.axes) > 0 {
		if r.made == nil {
			r.made = map[string]*words{}
		}
		key := projection(vals, r.axes)
		if w = r.made[key]; w == nil {
			w = r.read(vals)
			r.made[key] = w
		}
	} else if w == nil {
		w = r.read(vals)
		r.only = w
	}
	given := givenWords{w, r.c.specSeed, r.c.seedPos}
	if r.nodes[0] == nil {
		return given
	}
	path := r.s.path + ".seed"
	got := r.c.resolve(r.nodes[0], &env{params: r.c.params, axes: vals, known: r.s.axes}, path)
	if got == nil {
		return given
	}
	if seed, ok := r.c.seed(got, path); ok {
		given.seed, given.seedPos = seed, got.pos()
	}
	return given
}

func (r *wordsReader) read(vals []*axisValue) *words {
	w := &words{}
	e := &env{params: r.c.params, axes: vals, known: r.s.axes}
	var got [len(otherWords)]*node
	shaped := false
	for i, n := range r.nodes {
		if n == nil || i == 0 {
			continue
		}
		if n = r.c.resolve(n, e, r.s.path+"."+otherWords[i]); n != nil && n.kind != broken {
			got[i], shaped = n, true
		}
	}
	if !shaped {
		return w
	}
	var shape struct {
		Cache     string   `yaml:"cache" enum:"store|stream"`
		Encode    encoding `yaml:"encode"`
		Resources struct {
			CPUs   int   `yaml:"cpus" min:"1"`
			Memory Bytes `yaml:"memory"`
			GPUs   int   `yaml:"gpus" min:"0"`
			Time   span  `yaml:"time"`
		} `yaml:"resources"`
	}
	written := &node{kind: Map, src: r.s.n.src, line: r.s.n.line, col: r.s.n.col}
	for i, n := range got {
		if n != nil {
			written.keys, written.items = append(written.keys, key{text: otherWords[i], src: n.src}), append(written.items, n)
		}
	}
	r.c.problems(decodeInto(Value{written, r.c.types}, deref(&shape)), written, r.s.path)
	w.cache, w.encode = shape.Cache, string(shape.Encode)
	w.resources = Resources{CPUs: shape.Resources.CPUs, Memory: int64(shape.Resources.Memory), GPUs: shape.Resources.GPUs, Time: string(shape.Resources.Time)}
	return w
}
