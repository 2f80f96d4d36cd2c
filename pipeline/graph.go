package pipeline

// A Graph is a checked spec with its matrices expanded: plain data, in an
// order in which every node stands after its inputs.
type Graph struct {
	File   string // the spec as it was named
	Name   string
	Seed   uint64
	Params []Field
	Nodes  []*Node
}

// A Node is one instance of a stage.
type Node struct {
	Name      string // stage[axis=value,...]: axes sorted, values percent-encoded
	Stage     string
	Coords    []Coord // its own axes and those of its inputs, sorted by axis
	Kind      string
	Pos       Pos     // of the stage's name in the spec
	Path      string  // "stages.net"
	Config    any     // as NewConfig returned it, filled
	Fields    []Field // parameters that differ from their defaults, canonical, sorted by path
	In        []Input // in the order of the kind's ports, then by name
	Seed      uint64  // resolved: the stage's seed, else the spec's
	SeedPos   Pos
	Cache     string // "", "store" or "stream"
	Encode    string // "", "png", "jpeg:85"
	Resources Resources
}

// A Coord is one coordinate of an instance in the matrix.
type Coord struct{ Axis, Value string }

// An Input is what one port of a node reads.
type Input struct {
	Port string
	Many bool
	Refs []Ref // one unless Many, or a list was written; sorted by coordinates for gathered ones
	List bool  // the spec wrote a list: rows of the refs are concatenated
	Pos  Pos
}

// A Ref is one output of another node.
type Ref struct {
	Node   *Node
	Output string
	Coords []Coord // the node's coordinates, with axis "output" where the reference came from a group
	Pos    Pos
}

// A Field is one resolved parameter in canonical text.
type Field struct {
	Path     string // dotted, below "with"
	Value    string // canonical: equal values have equal text
	Location string // "file" or "dir" when it names one; Value is then the path and must not enter a key
	Pos      Pos
}

// Resources are what a node asks of the machine; zero is unsaid.
type Resources struct {
	CPUs   int
	Memory int64 // bytes
	GPUs   int
	Time   string
}
