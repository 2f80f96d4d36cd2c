package pipeline

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A whenReader decides which instances of a stage there are. when is true or
// false, usually through a reference; or a map from references to conditions,
// all of which must hold; or a list of such maps, one of which must hold.
type whenReader struct {
	c    *checker
	s    *stage
	n    *node
	axes []string
	made map[string]bool
}

// whenReader returns nil when the stage has no when.
func (c *checker) whenReader(s *stage) *whenReader {
	n := s.word("when")
	if n == nil || n.kind == Null {
		return nil
	}
	r := &whenReader{c: c, s: s, n: n, made: map[string]bool{}}
	seen := map[string]bool{}
	scope := &refScope{params: c.params, axes: s.axes, open: s.open, seen: seen}
	rules := []*node{n}
	if n.kind == List {
		rules = n.items
	}
	for i, rule := range rules {
		path := s.path + ".when"
		if n.kind == List {
			path = join(path, fmt.Sprint(i))
		}
		if rule.kind != Map {
			if n.kind == List && rule.kind != broken {
				c.rep.add(rule.pos(), path, "must be a map such as {$matrix.method: augmix}, got %s", rule.describe())
			}
			if form := asCondition(rule); form != "" {
				c.rep.add(rule.pos(), path, "has no operators: write the condition as a map, %s", form)
				return nil
			}
			c.checkRefs(rule, scope, path)
			continue
		}
		for j := range rule.keys {
			k := &rule.keys[j]
			pieces, whole, msg := parseText(k.text)
			switch {
			case msg != "":
				c.rep.add(k.pos(), join(path, k.text), "%s", msg)
			case !whole:
				c.rep.add(k.pos(), join(path, k.text), "must be a reference, such as $matrix.%s or $params.%s", k.text, k.text)
			default:
				c.checkRef(k.pos(), pieces[0].reference, scope, join(path, k.text))
				r.strange(pieces[0].reference, rule.items[j], join(path, k.text))
			}
			c.checkRefs(rule.items[j], scope, join(path, k.text))
		}
	}
	r.axes = sortedNames(seen)
	return r
}

// strange reports values of a condition that the axis it is about does not have.
func (r *whenReader) strange(ref reference, n *node, path string) {
	axis, field, _ := strings.Cut(ref.path, ".")
	if ref.root != "matrix" || n.refs || r.s.open || len(r.s.axes[axis]) == 0 {
		return
	}
	if cond, problems := ParseCondition(Value{n, r.c.types}); len(problems) == 0 {
		r.c.strangeTo(cond, r.s.axes[axis], field, path)
	}
}

// refersTo says whether a condition refers to an axis.
func (r *whenReader) refersTo(axis string) bool { return isSorted(r.axes, axis) }

// strangeOutputs is strange for the axis of a group's outputs, which are known when there
// are rows. Other parameters may give other outputs.
func (r *whenReader) strangeOutputs(rows []row) {
	if r.s.open || len(r.c.options.Set) > 0 || len(r.c.extending) > 1 {
		return
	}
	var outputs []*node
	seen := map[string]bool{}
	for i := range rows {
		for _, v := range rows[i].vals {
			if v.axis == "output" && !seen[v.text] {
				seen[v.text], outputs = true, append(outputs, v.whole)
			}
		}
	}
	if outputs == nil {
		return
	}
	rules, path := []*node{r.n}, r.s.path+".when"
	if r.n.kind == List {
		rules = r.n.items
	}
	for _, rule := range rules {
		cond := rule.get("$matrix.output")
		if cond == nil || cond.refs {
			continue
		}
		if cond, problems := ParseCondition(Value{cond, r.c.types}); len(problems) == 0 {
			r.c.strange(cond, "axis output", outputs, path+".$matrix.output")
		}
	}
}

// asCondition is the map that was meant by a text that compares a reference with
// a value by an operator, "" where the text is none.
func asCondition(n *node) string {
	if n.kind != Scalar {
		return ""
	}
	m := regexp.MustCompile(`^\s*\$\{?((?:params|matrix)\.[\w+.-]*[\w+-])\}?(\s*[=!<>].*|\s+\S.*)$`).FindStringSubmatch(n.text)
	if m == nil {
		return ""
	}
	rest := strings.TrimSpace(m[2])
	value := strings.TrimLeft(rest, "=!<>")
	forms := map[string]string{"=": "%s", "==": "%s", "!=": "{not: %s}", ">=": "%s..", "<=": "..%s", "<": "..<%s"}
	form, ok := forms[rest[:len(rest)-len(value)]]
	value = strings.Trim(strings.TrimSpace(value), `'"`)
	if !ok || !isPlainWord(value) {
		form, value = "%s", "VALUE"
	}
	return fmt.Sprintf("{$%s: "+form+"}", m[1], value)
}

func isPlainWord(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-+") == ""
}

// holds says whether an instance with these coordinates exists.
func (r *whenReader) holds(vals []*axisValue) bool {
	key := projection(vals, r.axes)
	got, ok := r.made[key]
	if !ok {
		got = r.read(vals)
		r.made[key] = got
	}
	return got
}

func (r *whenReader) read(vals []*axisValue) bool {
	e := &env{params: r.c.params, axes: vals, known: r.s.axes}
	path := r.s.path + ".when"
	switch r.n.kind {
	case Map:
		return r.all(r.n, e, path)
	case List:
		for i, rule := range r.n.items {
			if r.all(rule, e, join(path, fmt.Sprint(i))) {
				return true
			}
		}
		return false
	}
	n := r.c.resolve(r.n, e, path)
	if n == nil || n.kind == broken {
		return true // the field is absent, and the default is to run
	}
	if n.kind != Scalar || n.tag != TagBool {
		r.c.rep.add(n.pos(), path, "must be true or false, or a map such as {$matrix.method: augmix}, got %s", n.describe())
		return true
	}
	return n.text == "true"
}

// all says whether every condition of a rule holds.
func (r *whenReader) all(rule *node, e *env, path string) bool {
	for i := range rule.keys {
		at := join(path, rule.keys[i].text)
		pieces, whole, msg := parseText(rule.keys[i].text)
		if msg != "" || !whole {
			return true
		}
		value := e.value(pieces[0].reference)
		if value != nil && value.kind == broken {
			return true
		}
		n := r.c.resolve(rule.items[i], e, at)
		if n == nil || n.kind == broken {
			return true
		}
		cond, problems := ParseCondition(Value{n, r.c.types})
		if r.c.problems(problems, n, at) {
			return true
		}
		met, msg := cond.meets(value)
		if msg != "" {
			r.c.rep.add(cond.pos, at, "%s", msg)
			return true
		}
		if !met {
			return false
		}
	}
	return true
}

// meets says whether a value of the spec meets the condition: by source text,
// and as numbers where the condition is a range. nil is met by null alone.
func (c Condition) meets(n *node) (bool, string) {
	null := n == nil || n.kind == Null
	switch c.op {
	case condNull:
		return null, ""
	case condAny:
		for _, p := range c.parts {
			if ok, msg := p.meets(n); ok || msg != "" {
				return ok, msg
			}
		}
		return false, ""
	case condNot:
		if null {
			return false, ""
		}
		ok, msg := c.parts[0].meets(n)
		return !ok, msg
	}
	switch {
	case null:
		return false, ""
	case n.kind != Scalar:
		return false, "the value is " + n.kind.String() + ", and a condition needs a single one"
	case c.op == condValue:
		return n.text == c.text, ""
	case c.op == condLike:
		return like(c.text, n.text), ""
	}
	m, problems := c.Compile(FloatColumn)
	if len(problems) > 0 {
		return false, fmt.Sprintf("the range %s needs numbers as its ends", c.rng)
	}
	x, err := strconv.ParseFloat(n.text, 64)
	return err == nil && (n.tag == TagInt || n.tag == TagFloat) && m.Float(x), ""
}
