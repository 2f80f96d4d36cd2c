package engine

import (
	"fmt"
	"math"
	"strings"
)

// EveryInstance as the number of instances up to which a drawing shows those of
// a stage is no bound.
const EveryInstance = math.MaxInt

// A graphBox is an instance, or all instances of a stage, in a drawing of the graph.
type graphBox struct {
	name, kind string
	folded     int // instances that the box stands for, 0 for one by itself
	count      map[State]int
}

// title is the box's name, with its instances where it stands for more than one.
func (b *graphBox) title() string {
	if b.folded > 0 {
		return fmt.Sprintf("%s (%d instances)", b.name, b.folded)
	}
	return b.name
}

// states says how the box fares: in one word, or how many of its instances how.
func (b *graphBox) states() string {
	if b.folded == 0 {
		return b.state().String()
	}
	var parts []string
	for _, s := range []State{Hit, Miss, Pending} {
		if n := b.count[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(parts, ", ")
}

// state is the one whose colour the box has: that of what is to be done first.
func (b *graphBox) state() State {
	for _, s := range []State{Miss, Pending} {
		if b.count[s] > 0 {
			return s
		}
	}
	return Hit
}

// A graphArrow is an input, labelled with the output that is read; between boxes
// that stand for many it is all inputs, labelled where they read the same one.
type graphArrow struct {
	from, to int
	label    string
}

// boxes are the boxes of a drawing, with one for all instances of a stage that
// has more than most, and its arrows.
func (e *Engine) boxes(most int) ([]*graphBox, []graphArrow) {
	instances := map[string]int{}
	for _, n := range e.nodes {
		instances[n.stage()]++
	}
	var boxes []*graphBox
	of := map[string]int{} // box of a stage whose instances share one
	at := make([]int, len(e.nodes))
	for i, n := range e.nodes {
		stage := n.stage()
		many := instances[stage]
		shared, begun := of[stage]
		switch {
		case many <= most:
			at[i] = len(boxes)
			boxes = append(boxes, &graphBox{name: n.spec.Name, kind: n.kind.Name, count: map[State]int{}})
		case begun:
			at[i] = shared
		default:
			of[stage], at[i] = len(boxes), len(boxes)
			boxes = append(boxes, &graphBox{name: stage, kind: n.kind.Name, folded: many, count: map[State]int{}})
		}
		boxes[at[i]].count[n.state]++
	}
	return boxes, e.arrowsBetween(boxes, at)
}

// arrowsBetween are the arrows between boxes, at being the box of each node.
func (e *Engine) arrowsBetween(boxes []*graphBox, at []int) []graphArrow {
	var arrows []graphArrow
	drawn := map[[2]int]int{}
	for _, n := range e.nodes {
		for _, in := range n.inputs {
			for _, r := range in.refs {
				a := graphArrow{at[r.node.index], at[n.index], r.Output}
				if boxes[a.from].folded == 0 && boxes[a.to].folded == 0 {
					arrows = append(arrows, a)
					continue
				}
				ends := [2]int{a.from, a.to}
				i, ok := drawn[ends]
				if !ok {
					drawn[ends] = len(arrows)
					arrows = append(arrows, a)
				} else if arrows[i].label != a.label {
					arrows[i].label = ""
				}
			}
		}
	}
	return arrows
}

// stage is the name of the node's stage, with the spec that it is of where that
// is another one.
func (n *node) stage() string {
	name := n.spec.Name
	begin, end := strings.LastIndexByte(name, '['), strings.LastIndexByte(name, ']') // values are encoded
	if begin < 0 || end < begin || len(n.spec.Coords) == 0 {
		return name
	}
	return name[:begin] + name[end+1:] // behind it stands what a trial samples
}

// Mermaid draws the graph as Mermaid text: a box per instance with its kind
// and state, an arrow per input. Stages of more instances than most are one box
// with counts of their states.
func (e *Engine) Mermaid(most int) string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	boxes, arrows := e.boxes(most)
	for i, n := range boxes {
		states := ""
		if n.folded > 0 {
			states = "<br/>" + n.states()
		}
		fmt.Fprintf(&b, "  n%d[\"%s<br/><i>%s</i>%s\"]:::%s\n", i, escapeMermaid(n.title()), n.kind, states, n.state())
	}
	for _, a := range arrows {
		if a.label == "" {
			fmt.Fprintf(&b, "  n%d --> n%d\n", a.from, a.to)
		} else {
			fmt.Fprintf(&b, "  n%d -->|\"%s\"| n%d\n", a.from, escapeMermaid(a.label), a.to)
		}
	}
	for _, s := range []State{Pending, Miss, Hit} {
		fmt.Fprintf(&b, "  classDef %s fill:%s,color:#000\n", s, colours[s])
	}
	return b.String()
}

// DOT draws the graph for Graphviz, as Mermaid does.
func (e *Engine) DOT(most int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %q {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n", e.graph.Name)
	boxes, arrows := e.boxes(most)
	for i, n := range boxes {
		label := n.title() + "\n" + n.kind
		if n.folded > 0 {
			label += "\n" + n.states()
		}
		fmt.Fprintf(&b, "  n%d [label=%q, fillcolor=%q, tooltip=%q];\n", i, label, colours[n.state()], n.states())
	}
	for _, a := range arrows {
		fmt.Fprintf(&b, "  n%d -> n%d [label=%q];\n", a.from, a.to, a.label)
	}
	b.WriteString("}\n")
	return b.String()
}

var colours = map[State]string{Pending: "#d9d9d9", Miss: "#ffd27f", Hit: "#b7e1b0"}

func escapeMermaid(s string) string {
	return strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;").Replace(s)
}
