package engine

import "shiftmill/pipeline"

// A nodeMap finds the engine's nodes by those of a graph: by their place in it,
// and by address where two claim one place, as nodes that were put in later may.
type nodeMap struct {
	placed []placedNode
	others map[*pipeline.Node]*node
}

type placedNode struct {
	spec *pipeline.Node
	node *node
}

func newNodeMap(nodes []*pipeline.Node) *nodeMap {
	return &nodeMap{placed: make([]placedNode, len(nodes))}
}

func (m *nodeMap) get(s *pipeline.Node) *node {
	if s.Place < len(m.placed) && m.placed[s.Place].spec == s {
		return m.placed[s.Place].node
	}
	return m.others[s]
}

func (m *nodeMap) put(s *pipeline.Node, n *node) {
	if s.Place < len(m.placed) && m.placed[s.Place].spec == nil {
		m.placed[s.Place] = placedNode{s, n}
		return
	}
	if m.others == nil {
		m.others = map[*pipeline.Node]*node{}
	}
	m.others[s] = n
}
