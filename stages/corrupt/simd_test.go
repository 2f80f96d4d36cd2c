package corrupt

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
)

// TestInnerLoops compares what this build uses with the plain Go loops, which
// define the results, with guards around what is written.
func TestInnerLoops(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			switch r.IntN(12) {
			case 0:
				v[i] = float32(math.Copysign(0, -1))
			case 1:
				v[i] = 0x1p-140 * float32(r.IntN(100))
			case 2:
				v[i] = float32(r.IntN(600)) - 200
			default:
				v[i] = float32(r.NormFloat64() * 200)
			}
		}
		return v
	}
	const guard = float32(-12345)
	guarded := func(n int) []float32 {
		all := make([]float32, n+2*lanes)
		for i := range all {
			all[i] = guard
		}
		return all
	}
	equal := func(a, b []float32) bool {
		for i := range a {
			if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
				return false
			}
		}
		return true
	}
	for n := range 100 {
		for _, taps := range []int{1, 2, 7, 33} {
			src, offsets := values(n+50), make([]int32, taps)
			for k := range offsets {
				offsets[k] = int32(r.IntN(51))
			}
			weights := values(taps)
			got, want := guarded(n), guarded(n)
			weigh(got[lanes:lanes+n], src, offsets, weights)
			if n > 0 {
				weighGeneric(want[lanes:lanes+n], src, offsets, weights)
			}
			if !equal(got, want) {
				t.Fatalf("weigh of %d values, %d taps", n, taps)
			}
		}
		blocks := n % 9
		src, base, lane := values(n+60), make([]int32, blocks), make([]int32, blocks*lanes)
		for i := range base {
			base[i] = int32(r.IntN(n + 40))
		}
		for i := range lane {
			lane[i] = int32(r.IntN(lanes))
		}
		from, to := values(blocks*lanes), values(blocks*lanes)
		got, want := guarded(blocks*lanes), guarded(blocks*lanes)
		lerp(got[lanes:], src, 3, base, lane, from, to)
		lerpGeneric(want[lanes:], src, 3, base, lane, from, to)
		if !equal(got, want) {
			t.Fatalf("lerp of %d blocks", blocks)
		}
		in := values(n)
		bytesGot, bytesWant := bytes.Repeat([]byte{0xa5}, n+64), bytes.Repeat([]byte{0xa5}, n+64)
		for _, add := range []float32{0.5, whole} {
			quantize(bytesGot[32:32+n], in, add)
			quantizeGeneric(bytesWant[32:32+n], in, add)
			if !bytes.Equal(bytesGot, bytesWant) {
				t.Fatalf("quantize %d values", n)
			}
		}
	}
}
