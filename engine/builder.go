package engine

import (
	"errors"
	"slices"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// A graphBuilder makes the nodes of an engine.
type graphBuilder struct {
	e         *Engine
	registry  *stages.Registry
	specs     map[string]*foreignSpec // by absolute file
	classes   map[*pipeline.Setup]*class
	shapes    map[string]*shape // by stage
	sample    *stages.Kind
	last      *class
	lastSetup *pipeline.Setup
	depth     int
	wrong     pipeline.Errors // references to other specs that name nothing
}

// add appends the nodes of a graph: those of the spec itself, or those of
// another one that were not added before. Their classes and places are settled one
// after another; then all processors fill them in.
func (b *graphBuilder) add(g *pipeline.Graph, from *foreignSpec) error {
	b.depth++
	defer func() { b.depth-- }()
	m := &nodeMaker{e: b.e, from: from, specs: g.Nodes}
	if from == nil {
		m.of = newNodeMap(g.Nodes)
	} else {
		m.of = from.nodes
		m.specs = slices.DeleteFunc(slices.Clone(g.Nodes), func(s *pipeline.Node) bool { return m.of.get(s).node != nil })
	}
	m.nodes = make([]node, len(m.specs))
	b.e.nodes, b.e.newest = slices.Grow(b.e.nodes, len(m.nodes)), slices.Grow(b.e.newest, len(m.nodes))
	var end stretch
	for i, s := range m.specs {
		if i%waveShare == 0 {
			m.starts = append(m.starts, end)
		}
		c, err := b.classOf(s)
		if err != nil {
			return err
		}
		for k := range s.In {
			in := &s.In[k]
			for j := range in.Refs {
				if in.Refs[j].Foreign == nil {
					continue
				}
				refs, err := b.foreignRefs(in.Refs[j], c.ports[k].Many, s.Path+".from."+in.Port)
				if wrong := pipeline.Errors(nil); errors.As(err, &wrong) {
					b.wrong = append(b.wrong, wrong...) // that of others is told with it
					s.Lacks = true
				} else if err != nil {
					return err
				}
				m.remember(&in.Refs[j], refs)
				end.refs += len(refs) - 1
			}
			end.refs += len(in.Refs)
		}
		end.inputs += len(s.In)
		m.of.put(placedNode{s, &m.nodes[i], c, len(b.e.nodes)})
		b.e.nodes, b.e.newest = append(b.e.nodes, &m.nodes[i]), append(b.e.newest, -1)
	}
	m.inputs, m.refs = make([]input, end.inputs), make([]inputRef, end.refs)
	inShares(len(m.specs), m.fill)
	return nil
}

// A nodeMaker fills in the nodes of a graph whose places are settled.
type nodeMaker struct {
	e       *Engine
	from    *foreignSpec // nil for the own graph
	of      *nodeMap
	specs   []*pipeline.Node
	nodes   []node // theirs
	foreign map[*pipeline.Ref][]inputRef
	inputs  []input // of all nodes, in their order
	refs    []inputRef
	starts  []stretch // where the inputs of each share of nodes begin
}

// A stretch counts inputs and references.
type stretch struct{ inputs, refs int }

func (m *nodeMaker) remember(r *pipeline.Ref, refs []inputRef) {
	if m.foreign == nil {
		m.foreign = map[*pipeline.Ref][]inputRef{}
	}
	m.foreign[r] = refs
}

// fill makes a share of the nodes.
func (m *nodeMaker) fill(from, to int) {
	start := m.starts[from/waveShare]
	inputs, refs := m.inputs[start.inputs:], m.refs[start.refs:]
	for i := from; i < to; i++ {
		s, n := m.specs[i], &m.nodes[i]
		p := m.of.get(s)
		n.spec, n.kind, n.class, n.index = s, p.class.kind, p.class, p.index
		if m.from != nil {
			named := *s
			named.Name = m.from.text + "#" + s.Name
			n.spec, n.locked = &named, m.from.lockOf(s)
		}
		n.inputs, inputs = inputs[:len(s.In):len(s.In)], inputs[len(s.In):]
		for k := range s.In {
			in, x := &s.In[k], &n.inputs[k]
			x.name, x.port, x.list = in.Port, &p.class.ports[k], in.List && len(in.Refs) > 1
			x.refs = m.refer(refs[:0], in.Refs, &m.e.newest[p.index])
			refs = refs[len(x.refs):]
		}
	}
}

// refer appends the nodes behind references, tells them that they are read, and raises
// newest to the last of them.
func (m *nodeMaker) refer(to []inputRef, refs []pipeline.Ref, newest *int) []inputRef {
	for j := range refs {
		r := &refs[j]
		if r.Foreign == nil {
			p := m.of.get(r.Node)
			p.class.markAsked(r.Output)
			*newest = max(*newest, p.index)
			to = append(to, inputRef{p.node, r})
			continue
		}
		for _, f := range m.foreign[r] {
			f.node.class.markAsked(f.Output)
			*newest = max(*newest, f.node.index)
			to = append(to, f)
		}
	}
	return to[:len(to):len(to)]
}
