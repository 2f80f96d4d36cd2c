package engine

import "shiftmill/pipeline"

// Part is the part of a graph that some of its nodes need: they and all that
// they read, in the order of the graph.
func Part(g *pipeline.Graph, nodes []*pipeline.Node) *pipeline.Graph {
	keep := map[*pipeline.Node]bool{}
	for _, n := range nodes {
		keep[n] = true
	}
	part := *g
	part.Nodes = nil
	for i := len(g.Nodes) - 1; i >= 0; i-- { // what a node reads stands before it
		if n := g.Nodes[i]; keep[n] {
			for _, in := range n.In {
				for _, r := range in.Refs {
					keep[r.Node] = true
				}
			}
		}
	}
	for _, n := range g.Nodes {
		if keep[n] {
			part.Nodes = append(part.Nodes, n)
		}
	}
	return &part
}
