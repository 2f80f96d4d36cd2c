package nn

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"

	"shiftmill/kernels"
)

// An onDevice is a program on a device: the arena, inputs, constants and
// further results of operations lie in its memory, and nothing comes back but
// what is asked for.
type onDevice struct {
	device kernels.Device
	at     map[*gorgonia.Node]kernels.Span // of every node
	fixed  map[*gorgonia.Node][]float32    // inputs and constants on the processor
	fresh  map[*gorgonia.Node]bool         // inputs whose values the device has
	steps  []deviceStep
}

// A deviceStep computes one node.
type deviceStep struct {
	does             kernels.Op
	results, sources []kernels.Span
}

// newOnDevice reserves the program's memory and makes its steps.
func newOnDevice(d kernels.Device, p *program) (*onDevice, error) {
	o := &onDevice{device: d, at: map[*gorgonia.Node]kernels.Span{}, fixed: p.fixed, fresh: map[*gorgonia.Node]bool{}}
	arena, err := d.Alloc(p.size)
	if err != nil {
		return nil, err
	}
	memories := map[*memory]kernels.Span{}
	held := func(m *memory) kernels.Span {
		s, ok := memories[m]
		if !ok && err == nil {
			s, err = reserve(d, m.size)
			memories[m] = s
		}
		return s
	}
	for _, w := range p.works {
		n := w.node
		if v, ok := p.fixed[n]; ok {
			if o.at[n], err = reserve(d, len(v)); err != nil {
				return nil, err
			}
			continue
		}
		at := p.places[n]
		o.at[n] = kernels.Span{Memory: arena, Offset: at.offset, Size: at.size}
		var in []kernels.Span
		for _, c := range w.in {
			in = append(in, o.at[c])
		}
		s := deviceStep{does: w.op.does}
		s.results, s.sources = operands(w.op, o.at[n], in, held)
		if err != nil {
			return nil, err
		}
		o.steps = append(o.steps, s)
	}
	return o, nil
}

// reserve gives so many values a memory of their own.
func reserve(d kernels.Device, size int) (kernels.Span, error) {
	m, err := d.Alloc(size)
	return kernels.Span{Memory: m, Size: size}, err
}

// changed says that the values of an input on the processor are newer than the
// device's.
func (o *onDevice) changed(n *gorgonia.Node) { delete(o.fresh, n) }

// run writes the inputs that have changed and computes the steps of a part. An
// operation that the device lacks is done here. A device that fails is a panic,
// since there is nothing to go on with.
func (o *onDevice) run(pool *kernels.Pool, of part) {
	for n, v := range o.fixed {
		if !o.fresh[n] {
			o.must(o.device.Write(o.at[n], v))
			o.fresh[n] = true
		}
	}
	for i := range o.steps {
		if of.skips(i) {
			continue
		}
		s := &o.steps[i]
		o.do(pool, s.does, s.results, s.sources)
	}
}

// do computes one operation.
func (o *onDevice) do(pool *kernels.Pool, op kernels.Op, results, sources []kernels.Span) {
	err := o.device.Do(op, results, sources)
	if !errors.Is(err, errors.ErrUnsupported) {
		o.must(err)
		return
	}
	r, s := o.copies(results), o.copies(sources)
	op.Run(pool, r, s)
	for i, at := range results {
		o.must(o.device.Write(at, r[i]))
	}
}

func (o *onDevice) copies(spans []kernels.Span) [][]float32 {
	list := make([][]float32, len(spans))
	for i, at := range spans {
		list[i] = make([]float32, at.Size)
		o.must(o.device.Read(list[i], at))
	}
	return list
}

// read copies a node's value into v, or into fresh memory.
func (o *onDevice) read(n *gorgonia.Node, v []float32) []float32 {
	if v == nil {
		v = make([]float32, o.at[n].Size)
	}
	o.must(o.device.Read(v, o.at[n]))
	return v
}

func (o *onDevice) must(err error) {
	if err != nil {
		panic(fmt.Errorf("%s failed: %w; the same command with --device cpu gives the same results", o.device, err))
	}
}
