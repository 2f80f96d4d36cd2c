package pipeline

import (
	"slices"
	"sort"
	"strings"
)

// An expansion turns one stage into its instances.
type expansion struct {
	c        *checker
	s        *stage
	with     *settingsReader
	words    *wordsReader
	when     *whenReader
	memo     map[memoKey]*candidates
	reported bool
	lacks    bool // what is gathered may not be all there
}

// expand makes the instances of a stage whose inputs have theirs.
func (c *checker) expand(s *stage) {
	for _, d := range s.deps {
		s.left = s.left || d.on.left
	}
	if s.kind == nil || len(s.combos) == 0 {
		return
	}
	s.axes = c.axesOf(s)
	e := &expansion{c: c, s: s}
	e.with, e.words, e.when = c.settingsReader(s), c.wordsReader(s), c.whenReader(s)
	if s.bad {
		e.checkCombos()
		return
	}
	var rows []row
	for i, v := range s.variants {
		if more := e.rows(v); i == 0 { // mostly the only ones
			rows = more
		} else {
			rows = append(rows, more...)
		}
		if len(rows) > mostInstances {
			c.rep.add(s.pos, s.path, "its inputs make more than %d instances of it", mostInstances)
			e.reported, rows = true, nil
			break
		}
	}
	if s.open = s.open || e.reported; e.reported && len(rows) == 0 {
		s.bad = true
		e.checkCombos()
		return
	}
	if c.total += len(rows); c.total > mostNodes {
		c.rep.add(s.pos, s.path, "with this stage the spec makes more than %d instances", mostNodes)
		s.bad = true
		return
	}
	if len(rows) == 0 {
		s.left = true
		c.skipped = append(c.skipped, Skip{Name: s.name, Stage: s.name, Pos: s.pos, Reason: "what it reads is left out"})
	}
	e.instances(e.filter(rows))
}

// checkCombos checks the parameters of a stage that cannot be expanded, as far
// as they depend on its own axes alone.
func (e *expansion) checkCombos() {
	for _, name := range e.with.axes {
		if e.s.axes[name] == nil || e.s.axes[name][0].owner != e.s.name {
			return
		}
	}
	rows := make([]row, len(e.s.combos))
	for i, combo := range e.s.combos {
		rows[i].vals = combo
	}
	e.with.all(rows)
}

// axesOf returns the axes that instances of s have, its own before those of the
// inputs that it follows.
func (c *checker) axesOf(s *stage) map[string][]*axis {
	out := ownAxes(s)
	own := ownAxes(s)
	add := func(a *axis) {
		if own[a.name] == nil && !slices.Contains(out[a.name], a) {
			out[a.name] = append(out[a.name], a)
		}
	}
	for _, v := range s.variants {
		for _, p := range v.ports {
			if p.port.Many {
				continue
			}
			for _, r := range p.refs {
				if r.stage == nil {
					s.open = s.open || r.foreign == nil
					continue
				}
				s.open = s.open || r.stage.open || r.stage.bad
				for _, name := range sortedNames(r.stage.axes) {
					for _, a := range r.stage.axes[name] {
						add(a)
					}
				}
				if r.named && !p.list && !p.port.Any && out["output"] == nil {
					add(&axis{name: "output", owner: r.stage.name})
				}
			}
		}
	}
	return out
}

// valuesOn returns the values that instances of s have on an axis, or had
// before when left them out; nil when they do not have the axis.
func (s *stage) valuesOn(axis string) map[string]bool {
	var out map[string]bool
	note := func(vals []*axisValue) {
		for _, v := range vals {
			if v.axis == axis {
				if out == nil {
					out = map[string]bool{}
				}
				out[v.text] = true
			}
		}
	}
	for _, inst := range s.insts {
		note(inst.vals)
	}
	for _, vals := range s.leftOut {
		note(vals)
	}
	return out
}

// rows joins the combinations of a variant with its inputs: those it follows
// first, then those it gathers.
func (e *expansion) rows(v *variant) []row {
	rows := make([]row, len(v.combos))
	for i, combo := range v.combos {
		rows[i].vals = combo
	}
	ports := make([]*portFrom, 0, len(v.ports))
	for _, many := range []bool{false, true} {
		for _, p := range v.ports {
			if p.port.Many == many && !e.leftOut(p) {
				ports = append(ports, p)
			}
		}
	}
	slab := make([]Input, len(rows)*len(ports))
	for i := range rows {
		rows[i].ins, slab = slab[:len(ports):len(ports)], slab[len(ports):]
	}
	for _, p := range ports {
		at := 0 // its place among the inputs of a node
		for _, q := range v.ports {
			if q == p {
				break
			}
			if slices.Contains(ports, q) {
				at++
			}
		}
		for i := range rows {
			rows[i].ins[at] = Input{Port: p.name, Many: p.port.Many || p.port.Any, List: p.list && !p.port.Many, Pos: p.pos}
		}
		if p.port.Many {
			rows = e.gather(rows, p, at)
			continue
		}
		for j := range p.refs {
			rows = e.follow(rows, p, &p.refs[j], at)
		}
	}
	return rows
}

// leftOut says whether an input is dropped because when left out all of it: an
// optional one, or one of several that are gathered.
func (e *expansion) leftOut(p *portFrom) bool {
	for i := range p.refs {
		if s := p.refs[i].stage; s == nil || s.bad || len(s.insts) > 0 {
			return false
		}
	}
	return p.port.Optional
}

// candidates returns what a reference means, collected once a stage.
func (e *expansion) candidates(r *stageRef, mode groupMode) *candidates {
	if r.unknown() {
		return r.anything()
	}
	id := memoKey{r.stage, r.output, r.named, mode}
	got := e.memo[id]
	if got == nil {
		if got = e.c.candidates(r, mode); e.memo == nil {
			e.memo = map[memoKey]*candidates{}
		}
		e.memo[id] = got
	}
	return got
}

// A memoKey names what a reference means, wherever it stands.
type memoKey struct {
	stage  *stage
	output string
	named  bool
	mode   groupMode
}

// follow joins rows with what a reference of a single port means.
func (e *expansion) follow(rows []row, p *portFrom, r *stageRef, at int) []row {
	if r.foreign != nil {
		ref := Ref{Output: r.output, Foreign: r.foreign, Coords: r.foreign.Coords, Pos: r.pos}
		for i := range rows {
			rows[i].ins[at].Refs = append(rows[i].ins[at].Refs[:len(rows[i].ins[at].Refs):len(rows[i].ins[at].Refs)], ref)
		}
		return rows
	}
	mode := fanOut
	if p.list || p.port.Any {
		mode = together
	}
	cs := e.candidates(r, mode)
	if cs.inStep(rows) {
		cs.joinInStep(rows, r.pos, at)
		return rows
	}
	out := make([]row, 0, max(len(rows), len(cs.all)))
	for i := range rows {
		from := &rows[i]
		found := cs.matching(from.vals)
		if len(found) == 0 {
			e.unmatched(from, r)
		}
		found = found[:min(len(found), mostInstances+1-len(out))]
		width, old := len(from.ins), from.ins[at].Refs
		slab := make([]Input, width*max(0, len(found)-1))
		for j, cand := range found {
			next := row{vals: union(from.vals, cand.vals), ins: from.ins}
			if j > 0 {
				next.ins, slab = slab[:width:width], slab[width:]
				copy(next.ins, from.ins)
			}
			next.ins[at].Refs, _ = appendRefs(old, cand.refs, r.pos, nil)
			out = append(out, next)
		}
	}
	if len(out) == 0 && len(rows) > 0 && len(cs.all) > 0 && !e.s.left && !e.s.open && !e.reported {
		e.c.rep.add(r.pos, r.path, "no instance of %s goes with this stage's other inputs: on the axes they share (%s) no value is the same",
			r.stage.name, strings.Join(sharedAxes(rows, cs), ", "))
		e.reported = true
	}
	return out
}

// joinInStep gives each row the candidate at its place.
func (cs *candidates) joinInStep(rows []row, pos Pos, at int) {
	total := 0
	for i := range rows {
		if old := rows[i].ins[at].Refs; len(old) > 0 {
			total += len(old) + len(cs.all[i].refs)
		}
	}
	room := make([]Ref, total)
	for i := range rows {
		in := &rows[i].ins[at]
		in.Refs, room = appendRefs(in.Refs, cs.all[i].refs, pos, room)
	}
}

// appendRefs returns old with more, which stand in room if that is enough, and the rest
// of room. It never writes into old, which other rows may hold.
func appendRefs(old, more []Ref, pos Pos, room []Ref) (both, rest []Ref) {
	if len(old) == 0 && len(more) > 0 && more[0].Pos == pos {
		return more, room
	}
	n := len(old) + len(more)
	if len(room) < n {
		room = make([]Ref, n)
	}
	both, rest = room[:n:n], room[n:]
	copy(both, old)
	copy(both[len(old):], more)
	for i := range both[len(old):] {
		both[len(old)+i].Pos = pos
	}
	return both, rest
}

// unmatched reports a value of the stage's own matrix that an input lacks.
func (e *expansion) unmatched(r *row, ref *stageRef) {
	for _, v := range r.vals {
		if v.def.owner != e.s.name || ref.stage == nil || ref.stage.open || ref.stage.axes[v.axis] == nil {
			continue
		}
		have := ref.stage.valuesOn(v.axis)
		if have == nil || have[v.text] {
			continue
		}
		texts := sortedNames(have)
		if len(texts) > 12 {
			texts = append(texts[:12], "...")
		}
		e.reported = true
		e.c.rep.add(v.whole.pos(), e.s.path+".matrix."+v.axis, "%s, which this stage reads, has no instance with %s=%s; it has %s",
			ref.stage.name, v.axis, v.text, strings.Join(texts, ", "))
	}
}

// sharedAxes names, for a message, the axes that rows and candidates share.
func sharedAxes(rows []row, cs *candidates) []string {
	names := map[string]bool{}
	for _, g := range cs.groups {
		for _, name := range g.axes {
			if hasAxis(rows[0].vals, name) {
				names[name] = true
			}
		}
	}
	return sortedNames(names)
}

// gather gives rows all that the references of a port mean, sorted by
// coordinates. A row for which there is nothing is left out.
func (e *expansion) gather(rows []row, p *portFrom, at int) []row {
	var foreign []Ref
	var sets []*candidates
	var of []*stageRef
	for j := range p.refs {
		r := &p.refs[j]
		if r.foreign != nil {
			foreign = append(foreign, Ref{Output: r.output, Foreign: r.foreign, Coords: r.foreign.Coords, Pos: r.pos})
			continue
		}
		e.lacks = e.lacks || r.stage == nil || r.stage.bad || r.stage.open
		sets, of = append(sets, e.candidates(r, fanOut)), append(of, r)
	}
	axes := map[string]bool{}
	for _, cs := range sets {
		for _, g := range cs.groups {
			for _, name := range g.axes {
				axes[name] = true
			}
		}
	}
	kept := rows[:0]
	gathered := map[string][]Ref{} // by the coordinates that select them
	total := 0
	var key []byte
	for i := range rows {
		key = key[:0]
		for _, v := range rows[i].vals {
			if axes[v.axis] {
				key = append(append(append(append(key, v.axis...), '='), v.text...), 0)
			}
		}
		refs, known := gathered[string(key)]
		if !known {
			for j, cs := range sets {
				for _, cand := range cs.matching(rows[i].vals) {
					for _, ref := range cand.refs {
						ref.Pos = of[j].pos
						refs = append(refs, ref)
					}
				}
			}
			sort.SliceStable(refs, func(a, b int) bool { return lessRefs(&refs[a], &refs[b]) < 0 })
			refs = append(refs, foreign...)
			gathered[string(key)] = refs
			if total += len(refs); total > mostGathered {
				e.c.rep.add(p.pos, p.path, "gathers more than %d results", mostGathered)
				e.reported = true
				return nil
			}
		}
		if len(refs) == 0 {
			for _, r := range of {
				e.unmatched(&rows[i], r)
			}
			e.s.left = true
			if p.port.Any || p.port.Optional {
				rows[i].ins[at].Port = "" // dropped in instances
				kept = append(kept, rows[i])
			}
			continue
		}
		rows[i].ins[at].Refs = refs
		kept = append(kept, rows[i])
	}
	return kept
}

func lessRefs(a, b *Ref) int {
	if n := lessCoords(a.Coords, b.Coords); n != 0 {
		return n
	}
	if n := strings.Compare(a.Node.Stage, b.Node.Stage); n != 0 {
		return n
	}
	return strings.Compare(a.Output, b.Output)
}

// filter applies when.
func (e *expansion) filter(rows []row) []row {
	if e.when == nil {
		return rows
	}
	if e.when.refersTo("output") {
		e.when.strangeOutputs(rows)
	}
	kept := rows[:0]
	for i := range rows {
		if e.when.holds(rows[i].vals) {
			kept = append(kept, rows[i])
			continue
		}
		e.s.left = true
		e.s.leftOut = append(e.s.leftOut, rows[i].vals)
		e.c.skipped = append(e.c.skipped, Skip{Name: instanceName(e.s.name, rows[i].vals), Stage: e.s.name, Pos: e.when.n.pos(), Reason: "when does not hold"})
	}
	return kept
}
