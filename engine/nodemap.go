package engine

import "shiftmill/pipeline"

// A nodeMap finds the engine's nodes by those of a graph: by their place in it,
// and by address where two claim one place, as nodes that were put in later may.
type nodeMap struct {
	placed []placedNode
	others map[*pipeline.Node]placedNode
}

// A placedNode is a node with what others may ask of it while it is being made.
type placedNode struct {
	spec  *pipeline.Node
	node  *node
	class *class
	index int
}

func newNodeMap(nodes []*pipeline.Node) *nodeMap {
	return &nodeMap{placed: make([]placedNode, len(nodes))}
}

// get finds a node; without one the result is zero.
func (m *nodeMap) get(s *pipeline.Node) placedNode {
	if s.Place < len(m.placed) && m.placed[s.Place].spec == s {
		return m.placed[s.Place]
	}
	return m.others[s]
}

func (m *nodeMap) put(p placedNode) {
	if at := p.spec.Place; at < len(m.placed) && m.placed[at].spec == nil {
		m.placed[at] = p
		return
	}
	if m.others == nil {
		m.others = map[*pipeline.Node]placedNode{}
	}
	m.others[p.spec] = p
}
