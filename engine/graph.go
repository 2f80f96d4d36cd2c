package engine

import (
	"fmt"
	"strings"
)

// Mermaid draws the graph as Mermaid text: a box per instance with its kind
// and state, an arrow per input.
func (e *Engine) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, n := range e.nodes {
		fmt.Fprintf(&b, "  n%d[\"%s<br/><i>%s</i>\"]:::%s\n", n.index, escapeMermaid(n.spec.Name), n.kind.Name, n.state)
	}
	e.arrows(func(from, to int, label string) {
		if label == "" {
			fmt.Fprintf(&b, "  n%d --> n%d\n", from, to)
		} else {
			fmt.Fprintf(&b, "  n%d -->|\"%s\"| n%d\n", from, escapeMermaid(label), to)
		}
	})
	for _, s := range []State{Pending, Miss, Hit} {
		fmt.Fprintf(&b, "  classDef %s fill:%s,color:#000\n", s, colours[s])
	}
	return b.String()
}

// DOT draws the graph for Graphviz.
func (e *Engine) DOT() string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %q {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n", e.graph.Name)
	for _, n := range e.nodes {
		fmt.Fprintf(&b, "  n%d [label=%q, fillcolor=%q, tooltip=%q];\n", n.index, n.spec.Name+"\n"+n.kind.Name, colours[n.state], n.state)
	}
	e.arrows(func(from, to int, label string) {
		fmt.Fprintf(&b, "  n%d -> n%d [label=%q];\n", from, to, label)
	})
	b.WriteString("}\n")
	return b.String()
}

var colours = map[State]string{Pending: "#d9d9d9", Miss: "#ffd27f", Hit: "#b7e1b0"}

// arrows calls f for each input, labelled with the output that is read.
func (e *Engine) arrows(f func(from, to int, label string)) {
	for _, n := range e.nodes {
		for _, in := range n.inputs {
			for _, r := range in.refs {
				f(r.node.index, n.index, r.Output)
			}
		}
	}
}

func escapeMermaid(s string) string {
	return strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;").Replace(s)
}
