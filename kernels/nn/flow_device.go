package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"shiftmill/kernels"
)

// A flowOnDevice is a flow made ready for a device, which computes whole layers.
type flowOnDevice struct {
	device  kernels.Device
	program *program // nil where the device has no room
	inputs  []*gorgonia.Node
	result  *gorgonia.Node
}

// flowsKept is how many flows of a network stay on a device: those of a few
// sizes of images. Then all are made anew.
const flowsKept = 8

// runOn computes the last node on a device into dst, and reports false where
// that has no room for whole layers. Bits: those of run.
func (f *flow) runOn(d kernels.Device, dst *Signal, p *kernels.Pool) bool {
	key := f.signature()
	made := f.weights.onDevice[key]
	if made == nil || made.device != d {
		made = f.ready(d)
		if f.weights.onDevice == nil || len(f.weights.onDevice) >= flowsKept {
			f.weights.onDevice = map[string]*flowOnDevice{}
		}
		f.weights.onDevice[key] = made
	}
	if made.program == nil {
		return false
	}
	o, at := made.program.device, 0
	for i := range f.nodes {
		if n := &f.nodes[i]; n.kind == given {
			o.fixed[made.inputs[at]] = n.data
			at++
		}
	}
	clear(o.fresh) // the caller may have changed any weight
	o.run(p, nil)
	end := f.last()
	dst.Resize(end.c, end.h, end.w)
	o.read(made.result, dst.Data)
	return true
}

// ready makes the program of a flow for a device.
func (f *flow) ready(d kernels.Device) *flowOnDevice {
	made := &flowOnDevice{device: d}
	err := buildNamed(f.weights.network, nil, false, func(b *builder) {
		for i := range f.nodes {
			if n := &f.nodes[i]; n.kind == given {
				made.inputs = append(made.inputs, b.input(fmt.Sprint("given ", i), n.data, 1, n.c, n.h, n.w))
			}
		}
		made.result = b.flow(f, made.inputs...)
		if program, err := compileFor(d, b.g, b.bound, []*gorgonia.Node{made.result}, false); err == nil {
			made.program = program
		}
	})
	if err != nil {
		panic(err)
	}
	return made
}

// signature tells flows of one network apart by all but their values.
func (f *flow) signature() string {
	key := ""
	for i := range f.nodes {
		n := &f.nodes[i]
		key += fmt.Sprintln(n.kind, n.in, n.c, n.h, n.w, n.name, n.kernel, n.stride, n.pad, n.mirrored, n.winograd, n.act, n.factor)
	}
	return key
}
