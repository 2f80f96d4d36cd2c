package nn

import (
	"slices"

	"gorgonia.org/gorgonia"

	"shiftmill/kernels"
)

// makeReady replaces every direct convolution whose weights are inputs, with the norm,
// addition and activation that alone follow it, by one operation that has packed
// its weights and makes what follows in its stores. Maxima forget their places,
// which only gradients need. No bit changes.
func (p *program) makeReady(wanted []*gorgonia.Node) {
	readers := map[*gorgonia.Node][]int{} // numbers of works
	for i, w := range p.works {
		for _, c := range w.in {
			readers[c] = append(readers[c], i)
		}
	}
	places := map[*memory]bool{} // that somebody reads
	for _, w := range p.works {
		if w.op != nil {
			for _, m := range w.op.reads {
				places[m] = true
			}
		}
	}
	gone := make([]bool, len(p.works))
	for i := range p.works {
		w := &p.works[i]
		if w.op == nil {
			continue
		}
		switch does := w.op.does.(type) {
		case kernels.MaxPoolOp:
			if !places[w.op.makes[0]] {
				forget(w, does)
			}
		case kernels.ConvOp:
			if c := p.readyConv(w, does); c != nil {
				last := p.follow(i, c, readers, wanted, gone)
				p.ready = append(p.ready, c.does)
				p.works[last] = work{node: p.works[last].node, in: c.in, op: &op{name: "ready-" + w.op.name, out: p.works[last].node.Shape(), inPlace: -1, does: c.does}}
			}
		}
	}
	kept := p.works[:0]
	for i, w := range p.works {
		if !gone[i] {
			kept = append(kept, w)
		}
	}
	p.works = kept
}

// forget makes a work take maxima without their places.
func forget(w *work, does kernels.MaxPoolOp) {
	o := *w.op
	o.makes, o.does = nil, kernels.MaxValuesOp(does)
	w.op = &o
}

// A readyWork is a convolution on its way to be ready, with what it reads.
type readyWork struct {
	does *kernels.ReadyConv
	in   []*gorgonia.Node
}

// readyConv is a direct convolution whose weights and bias are inputs, else nil.
func (p *program) readyConv(w *work, o kernels.ConvOp) *readyWork {
	weights, ok := p.fixed[w.in[1]]
	if !ok || o.Winograd {
		return nil
	}
	c := &kernels.ReadyConv{ConvShape: o.ConvShape, Weights: weights}
	if o.Bias {
		if c.Bias, ok = p.fixed[w.in[2]]; !ok {
			return nil
		}
	}
	return &readyWork{c, w.in[:1]}
}

// follow takes over the works that follow work i, each being the only reader of
// the one before, marks those taken over as gone and returns the last of them.
func (p *program) follow(i int, c *readyWork, readers map[*gorgonia.Node][]int, wanted []*gorgonia.Node, gone []bool) int {
	for {
		n := p.works[i].node
		next := readers[n]
		if len(next) != 1 || gone[next[0]] || slices.Contains(wanted, n) || c.does.End != kernels.EndPlain || !p.takeOver(n, &p.works[next[0]], c) {
			return i
		}
		gone[i] = true
		i = next[0]
	}
}

// takeOver makes a convolution whose result is n do a work that follows it, if
// it can.
func (p *program) takeOver(n *gorgonia.Node, w *work, c *readyWork) bool {
	if w.op == nil {
		return false
	}
	switch o := w.op.does.(type) {
	case kernels.NormEvalOp:
		if w.in[0] != n || c.does.Bias != nil || c.does.Norm != nil || c.does.Add {
			return false
		}
		var v [4][]float32
		for k := range v {
			var ok bool
			if v[k], ok = p.fixed[w.in[1+k]]; !ok {
				return false
			}
		}
		c.does.Norm = &kernels.NormValues{Gamma: v[0], Beta: v[1], Mean: v[2], Variance: v[3], Eps: o.Eps}
		return true
	case kernels.ElementOp:
		switch o.Element {
		case kernels.AddElement:
			if c.does.Add {
				return false
			}
			other := w.in[0]
			if other == n {
				other = w.in[1]
			}
			c.does.Add = true
			c.in = []*gorgonia.Node{c.in[0], other}
			return true
		case kernels.ReLUElement:
			c.does.End = kernels.EndReLU
			return true
		case kernels.LeakyElement:
			c.does.End, c.does.Slope = kernels.EndLeaky, o.A
			return true
		}
	}
	return false
}

// renew says that the values of inputs have changed that were taken as constant.
func (p *program) renew() {
	for _, c := range p.ready {
		c.Renew()
	}
}
