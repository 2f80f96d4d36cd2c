package kernels

import (
	"runtime/debug"
	"testing"
)

// TestNoise2NetAllocations checks that Noise2Net allocates nothing for an image once its buffers are there.
func TestNoise2NetAllocations(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection takes back buffers that wait to be used again
	eachBackend(t, func(t *testing.T, p *Pool) {
		if p.Workers() > 1 {
			return // goroutines are allocated for each call, not for each image
		}
		var net Noise2NetNet
		var scratch Scratch
		x := testValues("image", 3*20*24, false)
		st := DrawNoise2NetStructure(NewKey("noise2net", 1, 3, "structure", 0).Row(""))
		draw, key := uint64(0), NewKey("noise2net", 1, 3, "weights", 0)
		got := testing.AllocsPerRun(5, func() {
			draw++
			net.Draw(st, key.Hash(draw))
			Noise2Net(x, x, 20, 24, &net, 0.5, &scratch)
		})
		if got != 0 {
			t.Errorf("%g allocations an image", got)
		}
		allocations := func(images int) float64 {
			op := Noise2NetOp{H: 20, W: 24, Structures: []Noise2NetStructure{st}, Epsilon: []float32{0.5}}
			for i := range images {
				op.Weights = append(op.Weights, NewKey("noise2net", 1, 3, "weights", 0).Hash(uint64(i)))
			}
			batch := testValues("images", images*len(x), false)
			return testing.AllocsPerRun(3, func() {
				if err := op.Apply(p, batch); err != nil {
					t.Fatal(err)
				}
			})
		}
		// The counter is the process's, in which others allocate now and then; four
		// images more would show in four.
		if two, six := allocations(2), allocations(6); six >= two+4 {
			t.Errorf("%g allocations for two images, %g for six", two, six)
		}
	})
}
