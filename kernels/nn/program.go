package nn

import (
	"slices"

	"gorgonia.org/gorgonia"

	"shiftmill/kernels"
)

// A program is a graph made ready to run: steps in a fixed order over places
// in one arena, on the processor or on a device. It belongs to one goroutine at
// a time.
type program struct {
	works  []work // in order of execution
	places map[*gorgonia.Node]place
	size   int                          // of the arena
	fixed  map[*gorgonia.Node][]float32 // values of inputs and constants

	steps  []step                       // on the processor
	arena  []float32                    // there
	value  map[*gorgonia.Node][]float32 // there, of the nodes asked for
	device *onDevice                    // nil on the processor
	ready  []*kernels.ReadyConv         // convolutions whose weights are packed
}

// A work is a node of a program with the nodes that it reads. Inputs and
// constants have no operation.
type work struct {
	node *gorgonia.Node
	in   []*gorgonia.Node
	op   *op
}

// A step computes one node on the processor.
type step struct {
	does             kernels.Op
	results, sources [][]float32
}

// compile orders what the wanted nodes need and gives every value its place.
// bound holds the values of the graph's inputs; they stay the caller's, and a
// program reads them at each run. What no wanted node needs is left out: the
// gradient with respect to the images, above all. With an accelerator in use
// the program is made for it, and the error may be that it has no room.
func compile(g *gorgonia.ExprGraph, bound map[*gorgonia.Node][]float32, wanted ...*gorgonia.Node) (*program, error) {
	return compileFor(kernels.Accelerator(), g, bound, wanted, false)
}

// compileReady is compile for a network whose state stays the same from run to
// run, as in prediction: on the processor weights are packed once (see ready.go).
func compileReady(g *gorgonia.ExprGraph, bound map[*gorgonia.Node][]float32, wanted ...*gorgonia.Node) (*program, error) {
	return compileFor(kernels.Accelerator(), g, bound, wanted, true)
}

// compileOnProcessor is compile for the processor, whatever else is there.
func compileOnProcessor(g *gorgonia.ExprGraph, bound map[*gorgonia.Node][]float32, wanted ...*gorgonia.Node) (*program, error) {
	return compileFor(nil, g, bound, wanted, false)
}

func compileFor(d kernels.Device, g *gorgonia.ExprGraph, bound map[*gorgonia.Node][]float32, wanted []*gorgonia.Node, ready bool) (*program, error) {
	p, err := arrange(g, bound, wanted)
	if err != nil {
		return nil, err
	}
	if ready && d == nil {
		p.makeReady(wanted)
	}
	if p.places, p.size, err = assign(p.works, bound, wanted); err != nil {
		return nil, err
	}
	if d != nil {
		p.device, err = newOnDevice(d, p)
		return p, err
	}
	p.onProcessor(wanted)
	return p, nil
}

// arrange makes a program without places and steps.
func arrange(g *gorgonia.ExprGraph, bound map[*gorgonia.Node][]float32, wanted []*gorgonia.Node) (*program, error) {
	sorted, err := gorgonia.Sort(g)
	if err != nil {
		return nil, err
	}
	needed := map[*gorgonia.Node]bool{}
	for _, n := range wanted {
		needed[n] = true
	}
	p := &program{fixed: map[*gorgonia.Node][]float32{}}
	for _, n := range sorted { // roots first
		if !needed[n] {
			continue
		}
		w := work{node: n, in: children(n)}
		for _, c := range w.in {
			needed[c] = true
		}
		if v, ok := bound[n]; ok {
			p.fixed[n] = v
		} else if v, ok := constant(n); ok {
			p.fixed[n] = v
		} else {
			w.op = behaviour(n)
		}
		p.works = append(p.works, w)
	}
	slices.Reverse(p.works)
	return p, nil
}

// onProcessor makes the steps for the processor.
func (p *program) onProcessor(wanted []*gorgonia.Node) {
	p.arena, p.value = make([]float32, p.size), map[*gorgonia.Node][]float32{}
	value := map[*gorgonia.Node][]float32{}
	for _, w := range p.works {
		if v, ok := p.fixed[w.node]; ok {
			value[w.node] = v
			continue
		}
		at := p.places[w.node]
		value[w.node] = p.arena[at.offset : at.offset+at.size : at.offset+at.size]
		var in [][]float32
		for _, c := range w.in {
			in = append(in, value[c])
		}
		s := step{does: w.op.does}
		s.results, s.sources = operands(w.op, value[w.node], in, (*memory).host)
		p.steps = append(p.steps, s)
	}
	for _, n := range wanted {
		p.value[n] = value[n]
	}
}

// A part says of every step of a program whether it is done; nil does all.
type part []bool

func (p part) skips(step int) bool { return p != nil && !p[step] }

// part is what some of the wanted nodes need. The others' values are undefined
// when it has run.
func (p *program) part(wanted ...*gorgonia.Node) part {
	needed := map[*gorgonia.Node]bool{}
	for _, n := range wanted {
		needed[n] = true
	}
	for _, w := range slices.Backward(p.works) {
		if needed[w.node] {
			for _, c := range w.in {
				needed[c] = true
			}
		}
	}
	var list part
	for _, w := range p.works {
		if _, ok := p.fixed[w.node]; !ok {
			list = append(list, needed[w.node])
		}
	}
	return list
}

// run computes the steps of a part. On the processor the wanted values lie in
// p.value until the next run, on a device they are read with its read.
func (p *program) run(pool *kernels.Pool, of part) {
	if p.device != nil {
		p.device.run(pool, of)
		return
	}
	for i := range p.steps {
		if of.skips(i) {
			continue
		}
		s := &p.steps[i]
		s.does.Run(pool, s.results, s.sources)
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
	return &op{name: "add", does: addition(n.Shape()), inPlace: 0}
}
