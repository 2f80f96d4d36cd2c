package nn

import (
	"gorgonia.org/gorgonia"

	"shiftmill/kernels"
)

// A program is a graph made ready to run: steps in a fixed order over places
// in one arena. It belongs to one goroutine at a time.
type program struct {
	steps []step
	arena []float32
	value map[*gorgonia.Node][]float32 // of the nodes asked for
}

// A step computes one node.
type step struct {
	run func(p *kernels.Pool, out []float32, in [][]float32)
	out []float32
	in  [][]float32
}

// compile orders what the wanted nodes need and gives every value its place.
// bound holds the values of the graph's inputs; they stay the caller's, and a
// program reads them at each run. What no wanted node needs is left out: the
// gradient with respect to the images, above all.
func compile(g *gorgonia.ExprGraph, bound map[*gorgonia.Node][]float32, wanted ...*gorgonia.Node) (*program, error) {
	sorted, err := gorgonia.Sort(g)
	if err != nil {
		return nil, err
	}
	needed := map[*gorgonia.Node]bool{}
	for _, n := range wanted {
		needed[n] = true
	}
	var nodes []*gorgonia.Node // in order of execution
	for _, n := range sorted { // roots first
		if needed[n] {
			nodes = append(nodes, n)
			for _, c := range children(n) {
				needed[c] = true
			}
		}
	}
	for i, j := 0, len(nodes)-1; i < j; i, j = i+1, j-1 {
		nodes[i], nodes[j] = nodes[j], nodes[i]
	}
	places, size, err := assign(nodes, bound, wanted)
	if err != nil {
		return nil, err
	}
	p := &program{arena: make([]float32, size), value: map[*gorgonia.Node][]float32{}}
	value := map[*gorgonia.Node][]float32{}
	for _, n := range nodes {
		if v, ok := bound[n]; ok {
			value[n] = v
			continue
		}
		if v, ok := constant(n); ok {
			value[n] = v
			continue
		}
		at := places[n]
		value[n] = p.arena[at.offset : at.offset+at.size : at.offset+at.size]
		s := step{run: behaviour(n).run, out: value[n]}
		for _, c := range children(n) {
			s.in = append(s.in, value[c])
		}
		p.steps = append(p.steps, s)
	}
	for _, n := range wanted {
		p.value[n] = value[n]
	}
	return p, nil
}

// run computes every step. The wanted values lie in p.value until the next run.
func (p *program) run(pool *kernels.Pool) {
	for i := range p.steps {
		s := &p.steps[i]
		s.run(pool, s.out, s.in)
	}
}

func children(n *gorgonia.Node) []*gorgonia.Node {
	it := n.Graph().From(n.ID())
	list := make([]*gorgonia.Node, 0, it.Len())
	for it.Next() {
		list = append(list, it.Node().(*gorgonia.Node))
	}
	return list
}

// constant is the value of a constant node: the 1 from which a gradient starts.
func constant(n *gorgonia.Node) ([]float32, bool) {
	if n.Op() == nil || n.Op().Arity() != 0 {
		return nil, false
	}
	if v, ok := n.Value().(*gorgonia.F32); ok {
		return []float32{float32(*v)}, true
	}
	return nil, false
}

// behaviour is how a node is computed: our own operation, or the addition with
// which Gorgonia joins the gradients of a value that was used several times.
// Its operation is private, so it is known by its name.
func behaviour(n *gorgonia.Node) *op {
	if o, ok := n.Op().(*op); ok {
		return o
	}
	if n.Op() == nil || n.Op().String() != "+ false" {
		return nil
	}
	in := children(n)
	if len(in) != 2 || !in[0].Shape().Eq(in[1].Shape()) {
		return nil
	}
	return &op{name: "add", run: add, inPlace: 0}
}
