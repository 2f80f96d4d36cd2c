package engine

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// A class is what the instances of one setup share. A matrix may make ten
// thousand instances of a handful of classes, and most of what is asked of a
// kind depends on the class alone.
type class struct {
	kind    *stages.Kind
	results []stages.Output
	ports   []stages.Port // of the inputs, in the order of a node's
	located bool          // a parameter names a file, whose content may change
	shared  bool          // by more than one instance
	files   bool          // some results are files
	shape   *shape        // of the whole stage

	asked atomic.Uint64          // a bit for each of the results that some node reads
	op    atomic.Pointer[[]byte] // the encoded lines of the operation
	reads atomic.Pointer[[]classReads]
}

// A classReads is what the kind reads from a port with a schema.
type classReads struct {
	port    string
	schema  *arrow.Schema
	columns []string
}

// mostReads bounds what a class remembers; inputs of a class mostly share one
// schema.
const mostReads = 16

// reads lists the columns that a node reads from a port.
func (n *node) reads(port string, schema *arrow.Schema) []string {
	if !n.class.shared { // nobody else asks
		return n.kind.Reads(n.spec.Config, port, schema)
	}
	known := n.class.reads.Load()
	if known != nil {
		for i := range *known {
			if r := &(*known)[i]; r.schema == schema && r.port == port {
				return r.columns
			}
		}
	}
	columns := n.kind.Reads(n.spec.Config, port, schema)
	if known == nil {
		n.class.reads.CompareAndSwap(nil, &[]classReads{{port, schema, columns}})
	} else if len(*known) < mostReads {
		more := append((*known)[:len(*known):len(*known)], classReads{port, schema, columns})
		n.class.reads.CompareAndSwap(known, &more) // another one may be faster; then it is asked again
	}
	return columns
}

// markAsked notes that a node reads a result of some instance of the class.
func (c *class) markAsked(output string) {
	for i := range c.results {
		if c.results[i].Name == output {
			if bit := askedBit(i); c.asked.Load()&bit == 0 {
				c.asked.Or(bit)
			}
			return
		}
	}
}

// asks says whether nodes read a result of the class's instances, and its name.
func (c *class) asks(output []byte) (name string, asked bool) {
	for i := range c.results {
		if name = c.results[i].Name; name == string(output) {
			return name, c.asked.Load()&askedBit(i) != 0
		}
	}
	return "", false
}

// askedBit is that of a result; the last one is that of all behind it too.
func askedBit(result int) uint64 { return 1 << min(result, 63) }

// classOf finds or makes the class of a node.
func (b *graphBuilder) classOf(s *pipeline.Node) (*class, error) {
	c := b.last // instances of a class mostly stand side by side
	if s.Setup != b.lastSetup {
		c = b.classes[s.Setup]
	}
	if c != nil && s.From == nil && len(c.ports) == len(s.In) {
		c.shared = true
		b.last, b.lastSetup = c, s.Setup
		return c, nil
	}
	k, ok := b.registry.Lookup(s.Kind)
	if s.Kind == sampleKind {
		k, ok = b.sample, true
	}
	if !ok {
		return nil, fmt.Errorf("%s: no kind %q", s.Pos, s.Kind)
	}
	c = &class{kind: k, results: k.Results(s.Config, s.From), shape: b.shapes[s.Stage]}
	if c.shape == nil {
		c.shape = new(shape)
		b.shapes[s.Stage] = c.shape
	}
	c.files = slices.ContainsFunc(c.results, isFiles)
	for _, f := range s.Fields {
		c.located = c.located || f.Location != ""
	}
	for _, in := range s.In {
		p, ok := k.Port(in.Port)
		if !ok {
			return nil, pipeline.Errors{{Pos: in.Pos, Path: s.Path, Msg: "kind " + k.Name + " has no port " + in.Port}}
		}
		c.ports = append(c.ports, p)
	}
	b.classes[s.Setup] = c
	b.last, b.lastSetup = c, s.Setup
	return c, nil
}
