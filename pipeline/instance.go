package pipeline

import "slices"

// instances makes the nodes.
func (e *expansion) instances(rows []row) {
	s := e.s
	nodes := make([]Node, len(rows))
	insts := make([]instance, len(rows))
	s.insts = make([]*instance, len(rows))
	total := 0
	for i := range rows {
		total += len(rows[i].vals)
	}
	coords := make([]Coord, 0, total)
	var names map[string]bool // only outputs of outputs can give one name twice
	if len(rows) > 0 && s.axes["output"] != nil {
		names = make(map[string]bool, len(rows))
	}
	for i := range rows {
		r := &rows[i]
		from := len(coords)
		for _, v := range r.vals {
			coords = append(coords, Coord{v.axis, v.text})
		}
		n := &nodes[i]
		*n = Node{Name: instanceName(s.name, r.vals), Stage: s.name, Coords: coords[from:len(coords):len(coords)], Kind: s.kindName,
			Pos: s.pos, Path: s.path, In: given(r.ins)}
		if names[n.Name] {
			e.c.rep.add(s.pos, s.path, "two instances are named %s: give an output another name", n.Name)
		} else if names != nil {
			names[n.Name] = true
		}
		if set := e.with.get(r.vals); set != nil {
			n.Config, n.Fields, n.with, n.Outputs = set.config, set.fields, set.with, set.outputs
		}
		e.words.fill(n, r.vals)
		insts[i] = instance{n, r.vals}
		s.insts[i] = &insts[i]
	}
}

// given drops the inputs that are not there.
func given(ins []Input) []Input {
	for i := range ins {
		if ins[i].Port == "" {
			return slices.DeleteFunc(slices.Clone(ins), func(in Input) bool { return in.Port == "" })
		}
	}
	return ins
}

// instanceName is stage[axis=value,...]: values percent-encoded, so that two
// instances never share a name.
func instanceName(stage string, vals []*axisValue) string {
	if len(vals) == 0 {
		return stage
	}
	size := len(stage) + 2
	for _, v := range vals {
		size += len(v.axis) + len(v.text) + 2
	}
	b := make([]byte, 0, size)
	b = append(append(b, stage...), '[')
	for i, v := range vals {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, v.axis...), '=')
		b = appendEscaped(b, v.text)
	}
	return string(append(b, ']'))
}

// appendEscaped percent-encodes what could end a value or confuse a shell or a
// file name.
func appendEscaped(b []byte, text string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(text) {
		if c := text[i]; nameByte(c) || c == '.' || c == '=' || c == '~' || c == '/' {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}
