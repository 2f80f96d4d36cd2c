package pipeline

import "slices"

// A name that is misspelt is reported, and then read as the name that the message
// suggests: so the mistakes beside it are those that are left once it is mended, all
// of them in one go. Where no name is near, what it stands for stays unknown (a
// stage, an axis, an output), and unknown things agree with whatever reads them, so
// that nothing is reported that goes away with the first mistake.

// readAs returns the known name that a misspelt key of a map is read as, "" where none
// is near or the near one is there as well.
func (n *node) readAs(name string, known []string) string {
	if near := Nearest(name, known); near != "" && n.index(near) < 0 {
		return near
	}
	return ""
}

// mended returns a map with its misspelt keys as they are read; except says which to leave.
func (n *node) mended(known []string, except func(i int) bool) *node {
	out := n
	for i := range n.keys {
		if isWord(known, n.keys[i].text) || except(i) {
			continue
		}
		near := out.readAs(n.keys[i].text, known)
		if near == "" {
			continue
		}
		if out == n {
			m := *n
			m.keys, out = slices.Clone(n.keys), &m
		}
		out.keys[i].text = near
	}
	return out
}

// under returns a map whose entries at some places stand in the map below one of its
// keys instead, which is made where it is not there.
func (n *node) under(name string, places []int) *node {
	below := n.get(name)
	if below == nil {
		below = &node{kind: Map, src: n.src, line: n.line, col: n.col}
	}
	if len(places) == 0 || below.kind != Map {
		return n
	}
	out, inner := *n, *below
	out.keys, out.items = nil, nil
	inner.keys, inner.items = slices.Clone(below.keys), slices.Clone(below.items)
	for i, k := range n.keys {
		switch {
		case slices.Contains(places, i):
			if inner.index(k.text) < 0 {
				inner.keys, inner.items, inner.refs = append(inner.keys, k), append(inner.items, n.items[i]), inner.refs || n.items[i].refs
			}
		case k.text != name:
			out.keys, out.items = append(out.keys, k), append(out.items, n.items[i])
		}
	}
	out.keys = append(out.keys, key{text: name, src: below.src, line: below.line, col: below.col})
	out.items = append(out.items, &inner)
	return &out
}

// topLevel reports the words of a file that the language does not have.
func (c *checker) topLevel(root *node) *node {
	isStage := func(i int) bool { return root.items[i].get("kind") != nil }
	var misplaced []int
	for i := range root.keys {
		name := root.keys[i].text
		if isWord(topWords[:], name) {
			continue
		}
		more := suggest(name, topWords[:])
		if isStage(i) {
			more = "; a stage stands under stages:"
			misplaced = append(misplaced, i)
		}
		c.rep.add(root.keys[i].pos(), name, "unknown word %s%s", quote(name), more)
	}
	return root.mended(topWords[:], isStage).under("stages", misplaced)
}

// meantStage returns the stage of a name that is near to what a reference of s says, if
// it stands before s: else it could close a cycle that nobody wrote.
func (c *checker) meantStage(s *stage, near string) *stage {
	meant := c.byName[near]
	for _, other := range c.stages {
		switch {
		case meant == nil, other.path == s.path:
			return nil
		case other == meant:
			return meant
		}
	}
	return nil
}

// nearStage is the stage's name nearest to one that many may misspell.
func (c *checker) nearStage(name string) string {
	near, ok := c.near[name]
	if !ok {
		if c.near == nil {
			c.near, c.speller = map[string]string{}, newSpeller(c.names)
		}
		near = c.speller.nearest(name)
		c.near[name] = near
	}
	return near
}

// unknown says that nobody can tell what a reference gives: because it names no stage,
// or one of which that much could not be read.
func (r *stageRef) unknown() bool { return r.foreign == nil && (r.stage == nil || r.stage.bad) }

// anything is what an unknown reference gives: one result, of a node that nothing is
// known of.
func (r *stageRef) anything() *candidates {
	out := &candidates{all: []candidate{{refs: []Ref{{Node: &Node{Setup: &Setup{Role: &Role{}, loose: true}}, Output: r.output, Pos: r.pos}}}}}
	out.groups = []*candidateGroup{{members: []int{0}}}
	return out
}

// doubtful lists the values below n, by their paths, that hold reported mistakes.
func (n *node) doubtful(path string, found []string) []string {
	if n.dropped || n.kind == broken && n.tag != tagOpen {
		found = append(found, path)
	}
	for i, item := range n.items {
		at := path
		if n.kind == Map {
			at = join(path, n.keys[i].text)
		}
		found = item.doubtful(at, found)
	}
	return found
}
