package nn

import (
	"gorgonia.org/gorgonia"

	"shiftmill/kernels"
)

// A trainingOnDevice keeps the state of a network and of its optimizer on a
// device from step to step.
type trainingOnDevice struct {
	t       *Trainer
	program *onDevice
	batch   gorgonia.Nodes // images and targets, which every step brings
	state   []kernels.Span // of every tensor of the network
	input   []*gorgonia.Node
	kept    [][2]kernels.Span // of every update: first and second
	holds   bool              // the device has the state
	ahead   bool              // and it is newer than the processor's
}

func newTrainingOnDevice(t *Trainer, nodes map[string]*gorgonia.Node, batch ...*gorgonia.Node) (*trainingOnDevice, error) {
	o := t.program.device
	d := &trainingOnDevice{t: t, program: o, batch: batch}
	for _, tensor := range t.net.State {
		at, ok := o.at[nodes[tensor.Name]]
		if !ok { // running statistics, which no step of the program reads
			var err error
			if at, err = reserve(o.device, len(tensor.Data)); err != nil {
				return nil, err
			}
		}
		d.state, d.input = append(d.state, at), append(d.input, nodes[tensor.Name])
	}
	for _, u := range t.updates {
		var kept [2]kernels.Span
		for i, v := range u.moments() {
			var err error
			if kept[i], err = reserve(o.device, len(v)); err != nil {
				return nil, err
			}
		}
		d.kept = append(d.kept, kept)
	}
	return d, nil
}

// run computes a part of the program for the next batch, and moves the norms'
// running statistics.
func (d *trainingOnDevice) run(pool *kernels.Pool, of part) {
	t, o := d.t, d.program
	if !d.holds {
		d.load()
	}
	for _, n := range d.batch {
		o.changed(n)
	}
	o.run(pool, of)
	for _, n := range t.norms {
		op := kernels.RunningOp{C: len(t.net.State[n.mean].Data), Count: n.count, Momentum: n.momentum}
		o.do(pool, op, []kernels.Span{d.state[n.mean], d.state[n.variance]}, []kernels.Span{o.at[n.stats]})
	}
	d.ahead = true
}

// slope reads the gradient with respect to the images into the slice.
func (d *trainingOnDevice) slope(pool *kernels.Pool, into []float32) {
	d.run(pool, d.t.sloping)
	d.program.read(d.t.slope, into)
}

// step takes one step; of its results only the loss comes back.
func (d *trainingOnDevice) step(pool *kernels.Pool, rate float32) float32 {
	t, o := d.t, d.program
	d.run(pool, t.stepping)
	for i, u := range t.updates {
		results := append([]kernels.Span{d.state[u.tensor]}, d.kept[i][:len(u.moments())]...)
		o.do(pool, u.op(&t.settings, len(t.net.State[u.tensor].Data), rate, t.decay(t.net.State[u.tensor].Role), t.steps), results, []kernels.Span{o.at[t.wanted[1+i]]})
	}
	loss := []float32{0}
	o.read(t.wanted[0], loss)
	return loss[0]
}

// load brings the state to the device.
func (d *trainingOnDevice) load() {
	o := d.program
	for i, tensor := range d.t.net.State {
		o.must(o.device.Write(d.state[i], tensor.Data))
		o.fresh[d.input[i]] = true
	}
	for i, u := range d.t.updates {
		for j, v := range u.moments() {
			o.must(o.device.Write(d.kept[i][j], v))
		}
	}
	d.holds = true
}

// sync brings the state back. The next step takes it from the processor again,
// where it may have been changed.
func (d *trainingOnDevice) sync() {
	if !d.ahead {
		return
	}
	o := d.program
	for i, tensor := range d.t.net.State {
		o.must(o.device.Read(tensor.Data, d.state[i]))
	}
	for i, u := range d.t.updates {
		for j, v := range u.moments() {
			o.must(o.device.Read(v, d.kept[i][j]))
		}
	}
	d.ahead, d.holds = false, false
}
