package pipeline

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// An axis is one dimension of a stage's matrix, or the outputs of a group.
type axis struct {
	name   string
	owner  string // the stage that defines it
	values []*axisValue
	more   []*axisValue // what include adds for single combinations
	byText map[string]*axisValue
	fields []string        // of its named settings, sorted
	read   map[string]bool // fields that something refers to, dotted; "" for the axis itself
}

// An axisValue is one place on an axis.
type axisValue struct {
	axis     string
	text     string // source text: what names, matching and sorting use
	whole    *node  // what $matrix.AXIS means
	settings *node  // what $matrix.AXIS.FIELD reads; nil for a list
	def      *axis
}

func (a *axis) value(text string) *axisValue { return a.byText[text] }

func (a *axis) add(v *axisValue) {
	if a.byText == nil {
		a.byText = map[string]*axisValue{}
	}
	a.values = append(a.values, v)
	a.byText[v.text] = v
}

func (a *axis) texts() []string {
	out := make([]string, len(a.values))
	for i, v := range a.values {
		out[i] = v.text
	}
	return out
}

// refer notes that something refers to the axis, or to a dotted field of it.
func (a *axis) refer(field string) {
	if a.read == nil {
		a.read = map[string]bool{}
	}
	a.read[field] = true
}

// hasField says whether some entry has the dotted field.
func (a *axis) hasField(field string) bool {
	for _, v := range a.values {
		if dig(v.settings, field) != nil {
			return true
		}
	}
	return false
}

// mostInstances bounds what one stage may expand to: beyond it a spec is a
// mistake, and a small file must not fill the memory.
const (
	mostInstances = 100_000
	mostNodes     = 200_000   // of a whole spec
	mostGathered  = 2_000_000 // by one port
)

// readMatrix reads the matrix of a stage and multiplies it out. A stage without
// one has a single, empty combination.
func (c *checker) readMatrix(s *stage) {
	s.combos = [][]*axisValue{nil}
	n := s.word("matrix")
	if n == nil {
		return
	}
	path := s.path + ".matrix"
	before := len(c.rep.errs)
	defer func() { s.open = s.open || len(c.rep.errs) > before }()
	c.checkRefs(n, &refScope{params: c.params, matrix: "a matrix is read before there are instances"}, path)
	n = c.resolve(n, &env{params: c.params}, path)
	if n == nil || n.kind == broken {
		s.open = true
		return
	}
	if n.kind != Map {
		c.rep.add(n.pos(), path, "must be a map of axes, such as {seed: [1, 2, 3]}, got %s", n.describe())
		return
	}
	var include, exclude *node
	for i := range n.keys {
		switch name := n.keys[i].text; name {
		case "include":
			include = n.items[i]
		case "exclude":
			exclude = n.items[i]
		default:
			if a := c.readAxis(s, &n.keys[i], n.items[i], join(path, name)); a != nil {
				s.own = append(s.own, a)
			}
		}
	}
	if len(s.own) == 0 && (s.open || n.dropped || len(c.rep.errs) > before) {
		s.open = true // what include and exclude name is not known
		return
	}
	if len(s.own) == 0 && include == nil {
		c.rep.add(n.pos(), path, "has no axis, such as seed: [1, 2, 3]")
		return
	}
	if s.combos = c.multiply(s, n); len(s.own) > 0 && s.combos == nil {
		return
	}
	if exclude != nil {
		c.exclude(s, exclude, path+".exclude")
	}
	if include != nil {
		c.include(s, include, path+".include")
	}
	if len(s.combos) == 0 && len(c.rep.errs) == before {
		c.rep.add(n.pos(), path, "exclude leaves nothing of the matrix")
	}
}

func (c *checker) readAxis(s *stage, k *key, n *node, path string) *axis {
	a := &axis{name: k.text, owner: s.name}
	switch {
	case n.kind == broken:
		s.open = true
		return nil
	case !isName(a.name):
		c.rep.add(k.pos(), path, "the name of an axis has %s", nameRule)
		return nil
	case a.name == "output":
		c.rep.add(k.pos(), path, "output is the axis of a group's outputs: choose another name")
		return nil
	case (n.kind == List || n.kind == Map) && len(n.items) == 0:
		c.rep.add(n.pos(), path, "has no values")
		return nil
	}
	switch n.kind {
	case List:
		a.values, a.byText = make([]*axisValue, 0, len(n.items)), make(map[string]*axisValue, len(n.items))
		slab := make([]axisValue, len(n.items))
		for i, item := range n.items {
			if msg := a.listValue(item, &slab[i]); msg != "" {
				c.rep.add(item.pos(), join(path, fmt.Sprint(i)), "%s", msg)
			}
		}
	case Map:
		fields := map[string]bool{}
		for i, item := range n.items {
			c.namedValue(a, &n.keys[i], item, join(path, n.keys[i].text))
			for _, name := range item.names() {
				fields[name] = true
			}
		}
		a.fields = sortedNames(fields)
	default:
		c.rep.add(n.pos(), path, "must be a list of values or a map of named settings, got %s%s", n.describe(), listed(n))
		return nil
	}
	return a
}

// listed says how a value that is no list is written as one.
func listed(n *node) string {
	if n.tag == TagText && strings.Contains(n.text, ",") && len(n.text) <= 40 {
		return ": write [" + n.text + "]"
	}
	if r, err := ParseRange(n.text); err == nil && n.tag == TagText {
		low, err1 := strconv.Atoi(r.Low)
		high, err2 := strconv.Atoi(r.High)
		if r.Open {
			high--
		}
		if err1 != nil || err2 != nil || high < low || high-low > 9 {
			return ": write each of the values, as in [1, 2, 3]"
		}
		var values []string
		for i := low; i <= high; i++ {
			values = append(values, strconv.Itoa(i))
		}
		return ": write [" + strings.Join(values, ", ") + "]"
	}
	return bracketed(n)
}

// listValue adds an item of a list as v, or says what is wrong with it.
func (a *axis) listValue(item *node, v *axisValue) string {
	switch {
	case item.kind == broken:
	case item.kind != Scalar:
		return fmt.Sprintf("must be a single value, got %s: give it a name and write the axis as a map, as in {%s: {first: {...}, second: {...}}}", item.kind, a.name)
	case a.value(item.text) != nil:
		return quote(item.text) + " stands twice in this axis"
	default:
		*v = axisValue{axis: a.name, text: item.text, whole: item, def: a}
		a.add(v)
	}
	return ""
}

// namedValue adds an entry of named settings to its axis.
func (c *checker) namedValue(a *axis, k *key, item *node, path string) {
	switch {
	case item.kind == broken:
	case item.kind != Map:
		form := k.text + ": {}"
		if item.kind == Scalar {
			form = k.text + ": {" + a.name + ": " + item.describe() + "}"
		}
		c.rep.add(item.pos(), path, "the settings of an entry are a map, got %s: write %s", item.describe(), form)
	default:
		whole := &node{kind: Scalar, tag: TagText, text: k.text, src: k.src, line: k.line, col: k.col}
		a.add(&axisValue{axis: a.name, text: k.text, whole: whole, settings: item, def: a})
	}
}

// multiply returns all combinations, the last axis fastest.
func (c *checker) multiply(s *stage, n *node) [][]*axisValue {
	total := 1
	for _, a := range s.own {
		if total *= len(a.values); total > mostInstances {
			c.rep.add(n.pos(), s.path+".matrix", "makes more than %d instances", mostInstances)
			return nil
		}
	}
	if len(s.own) == 0 {
		return nil
	}
	// Combinations are sorted by axis, as instances are everywhere.
	place := sortedPlaces(s.own)
	slab := make([]*axisValue, total*len(s.own))
	out := make([][]*axisValue, total)
	for i := range out {
		combo := slab[:len(s.own):len(s.own)]
		slab = slab[len(s.own):]
		rest := i
		for j := len(s.own) - 1; j >= 0; j-- {
			values := s.own[j].values
			combo[place[j]] = values[rest%len(values)]
			rest /= len(values)
		}
		out[i] = combo
	}
	return out
}

// sortedPlaces returns for each axis its rank by name.
func sortedPlaces(axes []*axis) []int {
	order := make([]int, len(axes))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool { return axes[order[i]].name < axes[order[j]].name })
	place := make([]int, len(axes))
	for rank, i := range order {
		place[i] = rank
	}
	return place
}

// eachRule calls f for the entries of include or exclude.
func (c *checker) eachRule(n *node, path string, f func(rule *node, path string)) {
	if n.kind == broken {
		return
	}
	rules := n.items
	if n.kind != List {
		rules = []*node{n}
	}
	for i, rule := range rules {
		at := path
		if n.kind == List {
			at = join(path, fmt.Sprint(i))
		}
		if rule.kind != Map || len(rule.keys) == 0 {
			if rule.kind != broken {
				c.rep.add(rule.pos(), at, "must be a map of axes to values, such as {method: augmix, seed: 1}, got %s", rule.describe())
			}
			continue
		}
		f(rule, at)
	}
}

// within says whether all values of a stage's axes stand in the file that a rule stands
// in: others may be fewer than the rule was written for.
func (s *stage) within(rule *node) bool {
	for _, a := range s.own {
		for _, v := range a.values {
			if v.whole.src.name != rule.src.name {
				return false
			}
		}
	}
	return true
}

// exclude takes away the combinations that meet any of the rules.
func (c *checker) exclude(s *stage, n *node, path string) {
	before := len(c.rep.errs)
	c.eachRule(n, path, func(rule *node, path string) {
		conds := make([]Condition, len(rule.keys))
		place := make([]int, len(rule.keys))
		place2 := sortedPlaces(s.own)
		for i := range rule.keys {
			name, at := rule.keys[i].text, join(path, rule.keys[i].text)
			place[i] = -1
			for j, a := range s.own {
				if a.name == name {
					place[i] = place2[j]
				}
			}
			if place[i] < 0 && s.n.get("matrix").get(name) != nil && name != "include" && name != "exclude" {
				return // an axis that holds a mistake
			}
			if place[i] < 0 {
				c.rep.add(rule.keys[i].pos(), at, "unknown axis %s%s", quote(name), suggest(name, axisNames(s.own)))
				return
			}
			cond, problems := ParseCondition(Value{rule.items[i], c.types})
			if c.problems(problems, rule.items[i], at) {
				return
			}
			for _, a := range s.own {
				if a.name == name && c.strangeTo(cond, []*axis{a}, "", at) {
					return
				}
			}
			conds[i] = cond
		}
		kept := s.combos[:0:0]
		for _, combo := range s.combos {
			met := true
			for i := range conds {
				if ok, msg := conds[i].meets(combo[place[i]].whole); msg != "" {
					c.rep.add(conds[i].pos, join(path, rule.keys[i].text), "%s", msg)
					return
				} else if !ok {
					met = false
					break
				}
			}
			if !met {
				kept = append(kept, combo)
			}
		}
		if len(kept) == len(s.combos) && len(kept) > 0 && len(c.rep.errs) == before && s.within(rule) {
			c.rep.add(rule.pos(), path, "excludes nothing: no combination is left that it fits")
		}
		s.combos = kept
	})
}

// include adds combinations; each names a value for every axis.
func (c *checker) include(s *stage, n *node, path string) {
	there := map[string]bool{}
	for _, combo := range s.combos {
		there[comboKey(combo)] = true
	}
	c.eachRule(n, path, func(rule *node, path string) {
		if len(s.own) == 0 {
			c.rep.add(rule.pos(), path, "include adds to axes, and the matrix has none")
			return
		}
		combo := make([]*axisValue, len(s.own))
		place := sortedPlaces(s.own)
		for i := range rule.keys {
			if name := rule.keys[i].text; !isWord(axisNames(s.own), name) {
				if s.n.get("matrix").get(name) != nil && name != "include" && name != "exclude" {
					return // an axis that holds a mistake
				}
				c.rep.add(rule.keys[i].pos(), join(path, rule.keys[i].text), "unknown axis %s%s", quote(rule.keys[i].text), suggest(rule.keys[i].text, axisNames(s.own)))
				return
			}
		}
		for j, a := range s.own {
			item := rule.get(a.name)
			if item == nil {
				c.rep.add(rule.pos(), path, "must name a value for every axis: %s is missing", a.name)
				return
			}
			if combo[place[j]] = c.includedValue(a, item, join(path, a.name)); combo[place[j]] == nil {
				return
			}
		}
		if k := comboKey(combo); there[k] {
			c.rep.add(rule.pos(), path, "this combination is there already")
		} else {
			there[k] = true
			s.combos = append(s.combos, combo)
		}
	})
}

func (c *checker) includedValue(a *axis, item *node, path string) *axisValue {
	switch {
	case item.kind == broken:
		return nil
	case item.kind != Scalar:
		c.rep.add(item.pos(), path, "must be a single value, got %s", item.kind)
		return nil
	}
	if v := a.value(item.text); v != nil {
		return v
	}
	if len(a.values) == 0 {
		return nil // whatever the axis has is reported as wrong
	}
	if a.values[0].settings != nil {
		c.rep.add(item.pos(), path, "axis %s has no entry %s%s", a.name, quote(item.text), suggest(item.text, a.texts()))
		return nil
	}
	// The new value belongs to the axis, but is in no other combination.
	v := &axisValue{axis: a.name, text: item.text, whole: item, def: a}
	a.more = append(a.more, v)
	return v
}

func comboKey(combo []*axisValue) string {
	var b strings.Builder
	for _, v := range combo {
		fmt.Fprintf(&b, "%d:%s,", len(v.text), v.text)
	}
	return b.String()
}

func axisNames(axes []*axis) []string {
	out := make([]string, len(axes))
	for i, a := range axes {
		out[i] = a.name
	}
	return out
}
