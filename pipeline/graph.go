package pipeline

import (
	"slices"
	"strings"
)

// A Graph is a checked spec with its matrices expanded: plain data, in an
// order in which every node stands after its inputs.
type Graph struct {
	File   string // the spec as it was named
	Name   string
	Seed   uint64
	Params []Field
	Nodes  []*Node
	Stages []string // names as the spec orders them
	// Skipped are the instances that when left out, and stages that have none
	// because of it.
	Skipped []Skip
	// Open are parameters that are used and have no value, sorted: never any
	// unless Options.Partial.
	Open []string
	// Unused are parameters that the spec itself gives, not what it extends, and that
	// nothing refers to, in its order.
	Unused []Field
}

// A Skip is an instance, or a whole stage, that does not run.
type Skip struct {
	Name   string // of the instance or stage
	Stage  string
	Pos    Pos
	Reason string
}

// A Node is one instance of a stage.
type Node struct {
	*Setup
	Name   string  // stage[axis=value,...]: axes sorted, values percent-encoded
	Coords []Coord // its own axes and those of its inputs, sorted by axis
	In     []Input // in the order of the kind's ports, then by name
	Place  int     // among the nodes of the graph that it was made for
	Lacks  bool    // inputs and coordinates may hold mistakes and are then not all there; never in a graph to run
}

// A Role is what instances of a stage share whatever their parameters.
type Role struct {
	Stage     string
	Kind      string
	Pos       Pos    // of the stage's name in the spec
	Path      string // "stages.net"
	Seed      uint64 // resolved: the stage's seed, else the spec's
	SeedPos   Pos
	Cache     string // "", "store" or "stream"
	Encode    string // "", "png", "jpeg:85"
	Resources Resources
}

// A Setup is what instances of a stage share that have the same parameters: a
// matrix may make thousands of instances of one, or a setup for each.
type Setup struct {
	*Role
	Config  any      // as NewConfig returned it, filled
	Fields  []Field  // parameters that differ from their defaults, canonical, sorted by path
	From    []From   // inputs whose names are the user's, sorted by name
	Outputs Outputs  // as the kind lists them for Config and From
	Wrong   []string // parameters that hold mistakes, by their paths below "with"; never any in a graph to run

	with  *node
	loose bool // not all of Outputs may be known, for a mistake in what they follow from
}

// checkable is the part of a graph of which more can be checked although the spec
// holds mistakes; nil for none. Inputs of which nothing is known are taken off its nodes.
func (g *Graph) checkable() *Graph {
	kept := map[*Node]bool{}
	part := *g
	part.Nodes = nil
	lost := func(r Ref) bool { return r.Foreign == nil && !kept[r.Node] }
	for _, n := range g.Nodes {
		whole := n.Config != nil
		var ins []Input // as far as it is known what they read
		for _, in := range n.In {
			if slices.ContainsFunc(in.Refs, lost) {
				// What a kind makes of inputs under the user's names depends on all of them.
				whole = whole && !slices.ContainsFunc(n.From, func(f From) bool { return f.Name == in.Port })
				n.Lacks = true
				if in.Refs = slices.DeleteFunc(slices.Clone(in.Refs), lost); !in.Many || len(in.Refs) == 0 {
					continue
				}
			}
			ins = append(ins, in)
		}
		n.In = ins
		if kept[n] = whole; whole {
			n.Place = len(part.Nodes)
			part.Nodes = append(part.Nodes, n)
		}
	}
	if len(part.Nodes) == 0 {
		return nil
	}
	return &part
}

// Sound says whether a parameter was written and holds none of the mistakes that are
// known already, nor stands in or around one of them.
func (n *Node) Sound(path string) bool {
	for _, w := range n.Wrong {
		if w == path || strings.HasPrefix(w, path+".") || strings.HasPrefix(path, w+".") {
			return false
		}
	}
	return dig(n.with, path) != nil
}

// FieldPos returns where a parameter was written, by its dotted path below
// "with": the parameter itself, else the nearest part around it that was
// written, else the stage.
func (n *Node) FieldPos(path string) Pos {
	if n.with == nil || len(n.with.keys) == 0 {
		return n.Pos
	}
	return n.with.find(path).pos()
}

// With returns the value of a parameter as written, by its dotted path below
// "with", references filled in; the zero Value when it is not written.
func (n *Node) With(path string) Value {
	if got := dig(n.with, path); got != nil {
		return Value{n: got}
	}
	return Value{}
}

// A Coord is one coordinate of an instance in the matrix.
type Coord struct{ Axis, Value string }

// An Input is what one port of a node reads.
type Input struct {
	Port string
	Refs []Ref // one unless Many, or a list was written; sorted by coordinates for gathered ones
	Pos  Pos
	Many bool
	List bool // the spec wrote a list: rows of the refs are concatenated
}

// A Ref is one output of another node, or of a stage of another spec.
type Ref struct {
	Node    *Node // nil for a foreign one
	Output  string
	Coords  []Coord // the node's coordinates, with axis "output" where the reference came from a group
	Pos     Pos
	Foreign *Foreign // other.yaml#stage.output, or nil
}

// A Foreign names results of another spec, which its lock file describes: this
// package does not read it. Output may name a group, and the stage may have
// several instances; a port that takes one needs Coords to say which.
type Foreign struct {
	File   string // absolute
	Text   string // the file as the spec names it
	Stage  string
	Coords []Coord // from stage[axis=value,...], sorted by axis
	Output string
}

// A Field is one resolved parameter in canonical text.
type Field struct {
	Path     string // dotted, below "with"
	Value    string // canonical: equal values have equal text
	Location string // "file", "dir" or "tree" when it names one; Value is then the path and must not enter a key
	Pos      Pos
}

// Resources are what a node asks of the machine; zero is unsaid.
type Resources struct {
	CPUs   int
	Memory int64 // bytes
	GPUs   int
	Time   string
}
