package pipeline

import (
	"net/url"
	"slices"
	"sort"
	"strings"
)

// An instance is a node with what the expansion needs to know of it.
type instance struct {
	node *Node
	vals []*axisValue // sorted by axis
}

// A row is an instance in the making: combinations joined with inputs.
type row struct {
	vals []*axisValue // sorted by axis
	ins  []Input
}

// A candidate is what one reference may mean for an instance.
type candidate struct {
	vals []*axisValue // the coordinates to match, sorted by axis
	refs []Ref        // one, or the outputs of a group that a list or a port under the user's names takes together
}

// candidates are the instances and outputs behind a reference, grouped by the
// axes they have: those of one stage differ only where its inputs do.
type candidates struct {
	all      []candidate
	groups   []*candidateGroup
	sig, key []byte       // scratch of matching
	found    []*candidate // result of matching
}

type candidateGroup struct {
	axes    []string
	members []int
	index   map[string]map[string][]int // shared axes, then their values
}

// groupMode says what a group of outputs turns into.
type groupMode uint8

const (
	fanOut   groupMode = iota // one candidate each, with a coordinate on axis output
	together                  // one candidate that holds all
)

// candidates collects what r means; mistakes are reported once a stage.
func (c *checker) candidates(r *stageRef, mode groupMode) *candidates {
	n := len(r.stage.insts)
	out := &candidates{all: make([]candidate, 0, n)}
	var lastVals []*axisValue
	var last *candidateGroup
	outputs := map[string]*axisValue{}
	def := &axis{name: "output", owner: r.stage.name}
	put := func(cand candidate) {
		if last == nil || !sameAxes(lastVals, cand.vals) {
			last, lastVals = out.group(cand.vals), cand.vals
		}
		last.members = append(last.members, len(out.all))
		out.all = append(out.all, cand)
	}
	quiet := false // one instance's mistake stands for those of all
	slab := make([]Ref, 0, n)
	one := func(ref Ref) []Ref {
		slab = append(slab, ref)
		return slab[len(slab)-1 : len(slab) : len(slab)]
	}
	for _, inst := range r.stage.insts {
		names, group, ok := c.outputs(r, inst, quiet)
		quiet = quiet || !ok
		switch {
		case !group:
			put(candidate{inst.vals, one(Ref{Node: inst.node, Output: names[0], Coords: inst.node.Coords, Pos: r.pos})})
		case mode == together:
			cand := candidate{vals: inst.vals}
			for _, name := range names {
				_, coords := withOutput(inst, name, def, outputs)
				cand.refs = append(cand.refs, Ref{Node: inst.node, Output: name, Coords: coords, Pos: r.pos})
			}
			put(cand)
		default:
			for _, name := range names {
				vals, coords := withOutput(inst, name, def, outputs)
				put(candidate{vals, one(Ref{Node: inst.node, Output: name, Coords: coords, Pos: r.pos})})
			}
		}
	}
	return out
}

// group returns the group of candidates with the axes of vals.
func (cs *candidates) group(vals []*axisValue) *candidateGroup {
	for _, g := range cs.groups {
		if len(g.axes) == len(vals) && slices.Equal(g.axes, axesOf(vals)) {
			return g
		}
	}
	g := &candidateGroup{axes: axesOf(vals)}
	if len(cs.groups) == 0 { // mostly the only one
		g.members = make([]int, 0, cap(cs.all))
	}
	cs.groups = append(cs.groups, g)
	return g
}

// outputs returns the outputs of an instance that r names, and whether it
// names a group; ok is false when it names none, and a mistake was reported unless
// quiet or the outputs are not all known.
func (c *checker) outputs(r *stageRef, inst *instance, quiet bool) (names []string, group, ok bool) {
	o := &inst.node.Outputs
	if !r.named {
		for i := range o.Names {
			if o.Names[i] == "" || len(o.Names) == 1 {
				return o.Names[i : i+1], false, true
			}
		}
		if !quiet && !inst.node.loose {
			c.rep.add(r.pos, r.path, "%s has several outputs: write %s", r.stage.name, anyOf(r.stage.name, o))
		}
		return []string{""}, false, false
	}
	if r.output != "" {
		for i := range o.Names {
			if o.Names[i] == r.output {
				return o.Names[i : i+1], false, true
			}
		}
	}
	if members, found := o.Groups[r.output]; found && len(members) > 0 {
		return members, true, true
	}
	for i, name := range o.Names { // named after a value, and percent-encoded
		if plain, err := url.PathUnescape(name); err == nil && plain == r.output && plain != "" {
			return o.Names[i : i+1], false, true
		}
	}
	var known []string
	for _, name := range o.Names {
		if name != "" {
			known = append(known, name)
		}
	}
	known = append(known, sortedNames(o.Groups)...)
	if inst.node.loose { // outputs that are named after values may be others
		known = slices.DeleteFunc(known, func(name string) bool { return strings.Contains(name+r.output, "=") })
	}
	near := Nearest(r.output, known)
	switch {
	case quiet, inst.node.loose && near == "":
	case len(known) == 0:
		c.rep.add(r.pos, r.path, "%s has one output, without a name: write %s", inst.node.Name, r.stage.name)
	default:
		c.rep.add(r.pos, r.path, "%s has no output %s%s", inst.node.Name, quote(r.output), suggest(r.output, known))
	}
	switch {
	case len(known) == 0 && len(o.Names) == 1:
		return o.Names, false, false
	case near == "":
		return []string{r.output}, false, false
	case o.Groups[near] != nil:
		return o.Groups[near], true, false
	}
	return []string{near}, false, false
}

// anyOf shows how the outputs of a stage are written.
func anyOf(stage string, o *Outputs) string {
	var forms []string
	for _, name := range append(append([]string(nil), o.Names...), sortedNames(o.Groups)...) {
		if len(forms) == 8 {
			forms = append(forms, "...")
			break
		}
		forms = append(forms, stage+"."+name)
	}
	return strings.Join(forms, ", ")
}

// withOutput adds the coordinate of an output. An instance that stands on axis
// output itself gets a longer one: outer/inner.
func withOutput(inst *instance, name string, def *axis, made map[string]*axisValue) ([]*axisValue, []Coord) {
	text := name
	at := sort.Search(len(inst.vals), func(i int) bool { return inst.vals[i].axis >= "output" })
	nested := at < len(inst.vals) && inst.vals[at].axis == "output"
	if nested {
		text = inst.vals[at].text + "/" + strings.NewReplacer("%", "%25", "/", "%2F").Replace(name)
	}
	v := made[text]
	if v == nil {
		v = &axisValue{axis: "output", text: text, def: def,
			whole: &node{kind: Scalar, tag: TagText, text: text, src: &source{name: "output", line0: true, nowhere: true}}}
		made[text] = v
	}
	vals := make([]*axisValue, 0, len(inst.vals)+1)
	vals = append(append(vals, inst.vals[:at]...), v)
	if nested {
		at++
	}
	vals = append(vals, inst.vals[at:]...)
	return vals, coordsOf(vals)
}

func coordsOf(vals []*axisValue) []Coord {
	out := make([]Coord, len(vals))
	for i, v := range vals {
		out[i] = Coord{v.axis, v.text}
	}
	return out
}

func sameAxes(a, b []*axisValue) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].axis != b[i].axis {
			return false
		}
	}
	return true
}

func axesOf(vals []*axisValue) []string {
	out := make([]string, len(vals))
	for i, v := range vals {
		out[i] = v.axis
	}
	return out
}

// inStep says whether each row goes with the candidate at its place and with no other,
// as where both follow the same instances: all of them stand at different coordinates.
func (cs *candidates) inStep(rows []row) bool {
	return len(cs.groups) == 1 && len(cs.groups[0].axes) > 0 && len(rows) == len(cs.all) && slices.EqualFunc(rows, cs.all, func(r row, c candidate) bool {
		return slices.Equal(r.vals, c.vals)
	})
}

// matching returns the candidates that agree with vals on the axes both have,
// until it is called again.
func (cs *candidates) matching(vals []*axisValue) []*candidate {
	found := cs.found[:0]
	for _, g := range cs.groups {
		shared := 0
		sig, key := cs.sig[:0], cs.key[:0]
		for _, v := range vals {
			if isWord(g.axes, v.axis) {
				shared++
				sig = append(append(sig, v.axis...), 0)
				key = append(append(key, v.text...), 0)
			}
		}
		if shared == 0 {
			found = slices.Grow(found, len(g.members))
			for _, i := range g.members {
				found = append(found, &cs.all[i])
			}
			continue
		}
		cs.sig, cs.key = sig, key
		index := g.index[string(sig)]
		if index == nil {
			if index = cs.build(g, vals); g.index == nil {
				g.index = map[string]map[string][]int{}
			}
			g.index[string(sig)] = index
		}
		for _, i := range index[string(key)] {
			found = append(found, &cs.all[i])
		}
	}
	cs.found = found
	return found
}

// build indexes a group by the axes it shares with vals.
func (cs *candidates) build(g *candidateGroup, vals []*axisValue) map[string][]int {
	var places []int
	for _, v := range vals {
		for at, name := range g.axes {
			if name == v.axis {
				places = append(places, at)
			}
		}
	}
	index := make(map[string][]int, len(g.members))
	var key []byte
	for _, i := range g.members {
		key = key[:0]
		for _, at := range places {
			key = append(append(key, cs.all[i].vals[at].text...), 0)
		}
		index[string(key)] = append(index[string(key)], i)
	}
	return index
}

// union merges two sorted lists of coordinates; where both have an axis, a's
// value stays, with its settings.
func union(a, b []*axisValue) []*axisValue {
	if len(a) == 0 {
		return b
	}
	extra := 0
	for _, v := range b {
		if !hasAxis(a, v.axis) {
			extra++
		}
	}
	if extra == 0 {
		return a
	}
	out := make([]*axisValue, 0, len(a)+extra)
	i := 0
	for _, v := range b {
		for i < len(a) && a[i].axis < v.axis {
			out = append(out, a[i])
			i++
		}
		if i < len(a) && a[i].axis == v.axis {
			continue
		}
		out = append(out, v)
	}
	return append(out, a[i:]...)
}

func hasAxis(vals []*axisValue, name string) bool {
	for _, v := range vals {
		if v.axis == name {
			return true
		}
	}
	return false
}

// less orders coordinates by axis and value, then shorter lists first.
func lessCoords(a, b []Coord) int {
	for i := range min(len(a), len(b)) {
		if n := strings.Compare(a[i].Axis, b[i].Axis); n != 0 {
			return n
		}
		if n := strings.Compare(a[i].Value, b[i].Value); n != 0 {
			return n
		}
	}
	return len(a) - len(b)
}
