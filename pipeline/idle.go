package pipeline

import "strings"

// A keyPlace tells keys apart by where they are written: several axes may hold the same
// settings, by a parameter.
type keyPlace struct {
	src       *source
	line, col int32
}

func (k *key) place() keyPlace { return keyPlace{k.src, k.line, k.col} }

// An idleness finds what a matrix says to no effect. It may only be asked when the spec
// holds no mistake: a reference in a broken part is not seen.
type idleness struct {
	c       *checker
	in      *source // the spec itself: what it extends may refer to what it leaves out
	meant   map[keyPlace]bool
	partly  map[keyPlace]bool // something below is meant
	written map[keyPlace]bool // told already
}

// checkIdle reports settings that no stage refers to, and axes along which all instances
// are alike. Both would name results by what they are not.
func (c *checker) checkIdle(in *source) {
	d := idleness{c: c, in: in, meant: map[keyPlace]bool{}, partly: map[keyPlace]bool{}, written: map[keyPlace]bool{}}
	for _, s := range c.stages {
		for _, a := range s.own {
			for field := range a.read {
				if field == "" {
					continue
				}
				for _, v := range a.values {
					d.mark(v.settings, field)
				}
			}
		}
	}
	for _, s := range c.stages {
		for _, a := range s.own {
			told := len(c.rep.errs)
			if len(a.fields) > 0 { // a list of values has none, and may be long
				for _, v := range a.values {
					d.settings(v.settings, a, "", join(join(s.path+".matrix", a.name), v.text))
				}
			}
			if len(c.rep.errs) == told { // else that is why
				d.alike(s, a)
			}
		}
	}
}

// mark notes that something refers to a field of an entry's settings, as far as the
// entry has it.
func (d *idleness) mark(n *node, field string) {
	for field != "" {
		head, rest, _ := strings.Cut(field, ".")
		i := n.index(head)
		if i < 0 {
			return
		}
		k := n.keys[i].place()
		if d.partly[k] = true; rest == "" {
			d.meant[k] = true
		}
		n, field = n.items[i], rest
	}
}

// settings reports the keys of n, an entry's settings or a part of them, that nothing
// refers to.
func (d *idleness) settings(n *node, a *axis, under, path string) {
	for i := range n.orNil().keys {
		k := &n.keys[i]
		field, at := join(under, k.text), k.place()
		switch {
		case d.meant[at] || k.src != d.in && !k.src.line0:
		case d.partly[at] && n.items[i].kind == Map:
			d.settings(n.items[i], a, field, join(path, k.text))
		case d.written[at]:
		case d.below(a, field) != "":
			d.written[at] = true
			d.c.rep.add(n.items[i].pos(), join(path, k.text), "must be a map, since $matrix.%s.%s is referred to; got %s", a.name, d.below(a, field), n.items[i].describe())
		default:
			d.written[at] = true
			d.c.rep.add(k.pos(), join(path, k.text), "nothing refers to $matrix.%s.%s%s", a.name, field, d.remedy(n, a, field))
		}
	}
}

// below is a field under another one that is referred to, "" for none.
func (d *idleness) below(a *axis, field string) string {
	for _, name := range sortedNames(a.read) {
		if strings.HasPrefix(name, field+".") {
			return name
		}
	}
	return ""
}

// remedy names a field that is read beside an idle one and that its entry lacks, of
// which it may be a misspelling.
func (d *idleness) remedy(n *node, a *axis, field string) string {
	var lacking []string
	under := field[:strings.LastIndexByte(field, '.')+1]
	for _, name := range sortedNames(a.read) {
		if rest, ok := strings.CutPrefix(name, under); ok && n.get(axisOf(rest)) == nil {
			lacking = append(lacking, axisOf(rest))
		}
	}
	if near := Nearest(field[len(under):], lacking); near != "" {
		return "; did you mean " + quote(near) + "?"
	}
	return ", so it changes nothing: refer to it where it is meant, or leave it out"
}

// alike reports an axis that nothing refers to and that selects nothing of what the stage
// reads.
func (d *idleness) alike(s *stage, a *axis) {
	n := s.n.get("matrix")
	i := n.index(a.name)
	if a.read != nil || len(a.values) < 2 || i < 0 || n.keys[i].src != d.in {
		return
	}
	for _, dep := range s.deps {
		if dep.on.axes[a.name] != nil {
			return
		}
	}
	form := "refer to it where it is meant"
	if a.name == "seed" && s.n.get("seed") == nil {
		form = "write seed: $matrix.seed"
	}
	d.c.rep.add(n.keys[i].pos(), join(s.path+".matrix", a.name), "nothing refers to $matrix.%s, so its %d instances are all the same: %s, or leave it out", a.name, len(a.values), form)
}
