package opencl

import (
	"errors"
	"os"
	"testing"

	"shiftmill/kernels"
)

// testDevice opens the first device that can be used. Without OpenCL the test
// is skipped, under CI=true it fails.
func testDevice(tb testing.TB) *Device {
	tb.Helper()
	d, err := Open(0, Options{Cache: tb.TempDir()})
	if err == nil {
		tb.Cleanup(func() {
			if err := d.Close(); err != nil {
				tb.Error(err)
			}
		})
		return d
	}
	if os.Getenv("CI") == "true" || !errors.Is(err, ErrNone) {
		tb.Fatal(err)
	}
	tb.Skipf("no OpenCL here: %v", err)
	return nil
}

// TestOperations compares every sample operation with the plain one, as it is
// and with special values among its sources.
func TestOperations(t *testing.T) {
	d := testDevice(t)
	for _, s := range kernels.Samples() {
		t.Run(s.Name, func(t *testing.T) {
			if err := s.Compare(d); err != nil {
				t.Error(err)
			}
			s.Special = true
			if err := s.Compare(d); err != nil {
				t.Errorf("with special values: %v", err)
			}
		})
	}
}

// TestWinogradInParts computes a convolution some tiles at a time, the last
// time fewer.
func TestWinogradInParts(t *testing.T) {
	defer func(most int) { mostTiled = most }(mostTiled)
	mostTiled = 16 * (20 + 12) * 13
	d := testDevice(t)
	o := kernels.ConvOp{ConvShape: kernels.ConvShape{N: 2, Ci: 20, H: 11, W: 9, Co: 12, KH: 3, KW: 3, PadH: 1, PadW: 1}, Bias: true, Winograd: true}
	if err := (kernels.Sample{Name: "Winograd in parts", Op: o, Special: true}).Compare(d); err != nil {
		t.Error(err)
	}
}
