package pipeline

import (
	"fmt"
	"strings"
)

// Select returns the nodes that a run restricted by --only and --from is about,
// in the order of the graph: those named by only with all they need, those
// named by from with all that needs them, both at once, or all nodes when both
// are "". A name is a stage, or stage[axis=value,...] with some or all of its
// axes. The error says which name is unknown, with the nearest one.
func (g *Graph) Select(only, from string) ([]*Node, error) {
	if only == "" && from == "" {
		return g.Nodes, nil
	}
	keep := map[*Node]bool{}
	if only != "" {
		named, err := g.named("--only", only)
		if err != nil {
			return nil, err
		}
		for i := len(g.Nodes) - 1; i >= 0; i-- {
			n := g.Nodes[i]
			if !named[n] {
				continue
			}
			keep[n] = true
			for _, in := range n.In {
				for _, ref := range in.Refs {
					if ref.Node != nil {
						named[ref.Node] = true
					}
				}
			}
		}
	}
	if from != "" {
		named, err := g.named("--from", from)
		if err != nil {
			return nil, err
		}
		for _, n := range g.Nodes {
			for _, in := range n.In {
				for _, ref := range in.Refs {
					if named[ref.Node] {
						named[n] = true
					}
				}
			}
			if named[n] {
				keep[n] = keep[n] || only == ""
			} else {
				delete(keep, n)
			}
		}
	}
	var out []*Node
	for _, n := range g.Nodes {
		if keep[n] {
			out = append(out, n)
		}
	}
	if len(out) == 0 && only != "" && from != "" {
		return nil, Errors{{Pos: Pos{File: "--only " + only + " --from " + from}, Msg: fmt.Sprintf("nothing is left: %s needs nothing that follows %s", only, from)}}
	}
	return out, nil
}

// named finds the nodes that an option names.
func (g *Graph) named(option, name string) (map[*Node]bool, error) {
	fail := func(format string, args ...any) error {
		return Errors{{Pos: Pos{File: option + " " + name}, Msg: fmt.Sprintf(format, args...)}}
	}
	stage, rest, bracket := strings.Cut(name, "[")
	if head, _, dotted := strings.Cut(stage, "."); dotted && isWord(g.Stages, head) {
		return nil, fail("a stage makes all its outputs together: write %s %s", option, head)
	}
	if !isWord(g.Stages, stage) {
		return nil, fail("no stage is named %s%s", quote(stage), suggest(stage, g.Stages))
	}
	var want []string
	if bracket {
		inner, ok := strings.CutSuffix(rest, "]")
		if !ok {
			return nil, fail("this [ is never closed: stage[axis=value,...]")
		}
		want = strings.Split(inner, ",")
	}
	out := map[*Node]bool{}
	for _, n := range g.Nodes {
		own, _, _ := strings.Cut(n.Stage, ":") // what its rows pass through belongs to it
		if own == stage && n.hasAll(want) {
			out[n] = true
		}
	}
	if len(out) == 0 && bracket {
		for _, n := range g.Nodes {
			if n.Stage == stage {
				return nil, fail("no instance of %s has these coordinates; one of them is %s", stage, n.Name)
			}
		}
	}
	return out, nil
}

// hasAll says whether n has all these coordinates, written as in its name or as they are.
func (n *Node) hasAll(want []string) bool {
	for _, w := range want {
		found := false
		for _, c := range n.Coords {
			found = found || w == string(appendEscaped([]byte(c.Axis+"="), c.Value)) || w == c.Axis+"="+c.Value && !strings.Contains(w, "%")
		}
		if !found {
			return false
		}
	}
	return true
}
