package pipeline

import "fmt"

// strange reports the values in a condition on an axis that the axis does not have: a
// misspelt one would silently hold for nothing, or below not for everything. Both must
// stand in one file: what narrows an axis elsewhere, by --set or in a spec that extends
// this one, need not narrow every condition.
func (c *checker) strange(cond Condition, what string, values []*node, path string) bool {
	if cond.condition == nil || len(values) == 0 {
		return false
	}
	found := false
	for _, part := range cond.parts {
		found = c.strange(part, what, values, path) || found
	}
	if cond.op != condValue {
		return found
	}
	texts := make([]string, len(values))
	for i, v := range values {
		if v.text == cond.text || !v.src.nowhere && v.src.pos(v.line, v.col).File != cond.pos.File {
			return false
		}
		texts[i] = v.text
	}
	c.rep.add(cond.pos, path, "%s has no value %s%s", what, quote(cond.text), suggest(cond.text, texts))
	return true
}

// strangeTo is strange for a reference to axes or a field of theirs.
func (c *checker) strangeTo(cond Condition, axes []*axis, field, path string) bool {
	var values []*node
	for _, a := range axes {
		if len(a.values) == 0 {
			return false // outputs of a group
		}
		for _, v := range append(a.values[:len(a.values):len(a.values)], a.more...) {
			n := v.whole
			if field != "" {
				n = dig(v.settings, field)
			}
			if n != nil && n.kind == Scalar {
				values = append(values, n)
			}
		}
	}
	what := fmt.Sprintf("axis %s", axes[0].name)
	if field != "" {
		what = fmt.Sprintf("$matrix.%s.%s", axes[0].name, field)
	}
	return c.strange(cond, what, values, path)
}
