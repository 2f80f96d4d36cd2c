package kernels

import (
	"fmt"
	"sync/atomic"
)

// An Op is an operation with its settings and without its operands, so that it can be handed to any Device. The plain Go
// and SIMD functions of this package are behind Run; what they say about order of terms holds for every device.
type Op interface {
	// Operands gives the number of values of every result and of every source. Results come first in the order of the
	// function behind the operation, further results (statistics, positions of maxima) after the main one.
	Operands() (results, sources []int)

	// Run computes the operation on the processor. Results that the operation changes rather than makes (the weights of an
	// optimizer) are read as well.
	Run(p *Pool, results, sources [][]float32)
}

// A Device executes operations on memory of its own, one after the other in the order in which they were given. It may be
// used by several goroutines; each sees its own operations in order.
type Device interface {
	// String names the device for people and run records, such as "opencl:0 (NVIDIA H200)".
	String() string

	// GPU says whether the device is none of the machine's processors.
	GPU() bool

	// Alloc reserves memory for so many values; its content is undefined.
	Alloc(values int) (Memory, error)

	// Do starts an operation and need not wait for its end. Spans that only hold the same place may overlap where the
	// operation lets the destination be a source. The error wraps errors.ErrUnsupported for an operation that the device
	// does not have; nothing was changed then.
	Do(op Op, results, sources []Span) error

	// Write copies values to the device, Read back from it after everything before has ended. Errors of operations that
	// ran since the last Read come from there at the latest.
	Write(dst Span, v []float32) error
	Read(v []float32, src Span) error
}

// A Memory is a stretch of a device's memory. Free gives it back; operations that were started before still use it safely.
type Memory interface{ Free() }

// A Span is size values of a memory from offset on.
type Span struct {
	Memory       Memory
	Offset, Size int
}

// accelerator is the device that does the work of programs and of Noise2Net; nil is the processor. Like the choice of an
// instruction set it changes speed only, so it is no parameter.
var accelerator atomic.Pointer[Device]

// Accelerate makes programs that are built later, and Noise2Net, run on a device; nil is the processor. Results are the
// same on all.
func Accelerate(d Device) {
	if d == nil {
		accelerator.Store(nil)
		return
	}
	accelerator.Store(&d)
}

// Accelerator returns the device given to Accelerate, or nil for the processor.
func Accelerator() Device {
	if d := accelerator.Load(); d != nil {
		return *d
	}
	return nil
}

// Working names what does the work of programs and of Noise2Net with the workers of p: "the CPU (avx2, workers: 4)", "the
// GPU opencl:0 (NVIDIA H200)", or "the CPU through opencl:0 (...)".
func Working(p *Pool) string {
	switch d := Accelerator(); {
	case d == nil:
		return fmt.Sprintf("the CPU (%s, workers: %d)", Active(), p.Workers())
	case d.GPU():
		return "the GPU " + d.String()
	default:
		return "the CPU through " + d.String()
	}
}
