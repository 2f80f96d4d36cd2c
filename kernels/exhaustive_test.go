//go:build exhaustive

package kernels

import (
	"fmt"
	"testing"
)

// TestFunctionsAll covers every float32; it takes about 20 minutes a function.
func TestFunctionsAll(t *testing.T) { testFunctions(t, 0, 1) }

// TestNoise2NetBackends compares the backends over 1,000 draws at 32x32 and one at 224x224.
func TestNoise2NetBackends(t *testing.T) {
	defer Use(Active())
	var scratch Scratch
	want := map[uint64]string{}
	for _, name := range Backends() {
		if err := Use(name); err != nil {
			t.Fatal(err)
		}
		for draw := range uint64(1001) {
			size := 32
			if draw == 1000 {
				size = 224
			}
			x := testValues(fmt.Sprint("image", draw), 3*size*size, false)
			Noise2Net(x, x, size, size, noiseNet(draw), 0.5, &scratch)
			got := digest(x)
			if want[draw] == "" {
				want[draw] = got
			}
			if got != want[draw] {
				t.Errorf("%s, draw %d: got %s, want %s", name, draw, got, want[draw])
			}
		}
	}
}
