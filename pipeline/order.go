package pipeline

import "strings"

// collectDeps lists the stages that s reads.
func (c *checker) collectDeps(s *stage) {
	seen := map[*stage]bool{}
	for _, v := range s.variants {
		for _, p := range v.ports {
			for _, r := range p.refs {
				if r.stage == nil || seen[r.stage] {
					continue
				}
				seen[r.stage] = true
				s.deps = append(s.deps, dep{on: r.stage, pos: r.pos, path: r.path})
			}
		}
	}
}

// sortStages orders the stages so that each stands after those it reads, else
// as in the spec, and reports cycles at the edge that closes them.
func (c *checker) sortStages() []*stage {
	const (
		entered = 1
		left    = 2
	)
	state := make(map[*stage]int, len(c.stages))
	order := make([]*stage, 0, len(c.stages))
	var trail []*stage
	var visit func(s *stage)
	visit = func(s *stage) {
		state[s] = entered
		trail = append(trail, s)
		for _, d := range s.deps {
			switch state[d.on] {
			case entered:
				c.cycle(trail, d)
			case left:
			default:
				visit(d.on)
			}
		}
		trail = trail[:len(trail)-1]
		state[s] = left
		order = append(order, s)
	}
	for _, s := range c.stages {
		if state[s] == 0 {
			visit(s)
		}
	}
	return order
}

// cycle reports the cycle that edge d, from the end of the trail, closes.
func (c *checker) cycle(trail []*stage, d dep) {
	first := len(trail) - 1
	for trail[first] != d.on {
		first--
	}
	names := make([]string, 0, len(trail)-first+1)
	for _, s := range trail[first:] {
		names = append(names, s.name)
		s.bad = true
	}
	names = append(names, d.on.name)
	c.rep.add(d.pos, d.path, "closes a cycle: %s", strings.Join(names, " reads "))
}
