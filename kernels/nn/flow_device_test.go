package nn

import (
	"errors"
	"testing"

	"shiftmill/kernels"
)

// TestFlowOnDevice runs EDSR, its parts and the CAE on OpenCL and compares
// every bit with the processor's, twice, with other weights the second time.
func TestFlowOnDevice(t *testing.T) {
	e, c := NewEDSR(), NewCAE()
	image := Signal{C: 3, H: 13, W: 14, Data: make([]float32, 3*13*14)}
	testKey("device").Row("image").Ranges(image.Data, 0, 0, 1)
	run := func() []Signal {
		out := make([]Signal, 5)
		e.Forward(&out[0], image, nil)
		e.Head(&out[1], image, nil)
		e.Body(&out[2], out[1], 2, 5, nil)
		c.Encode(&out[3], image, nil)
		c.Decode(&out[4], out[3], nil)
		return out
	}
	for _, weights := range []string{"some", "others"} {
		e.Init(testKey(weights))
		c.Init(testKey(weights))
		want := run()
		var got []Signal
		onOpenCL(t, nil, func() { got = run() })
		for i := range want {
			sameSignal(t, weights, got[i], want[i])
		}
	}
	// A device without room leaves the work to the processor.
	kernels.Accelerate(full{})
	defer kernels.Accelerate(nil)
	got := run()
	kernels.Accelerate(nil)
	for i, want := range run() {
		sameSignal(t, "a full device", got[i], want)
	}
}

// A full device has no memory left.
type full struct{ kernels.Device }

func (full) Alloc(int) (kernels.Memory, error) {
	return nil, errors.New("the memory is full")
}
