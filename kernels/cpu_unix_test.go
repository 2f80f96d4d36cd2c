//go:build unix

package kernels

import (
	"syscall"
	"testing"

	"shiftmill/kernels/internal/simd"
)

// A meter measures an operation by processor time, which other programs change less than the wall clock, beside the rate of
// fused multiply-adds of a small tile in the first-level cache, taken in the same run: the peak of this core at this time.
type meter struct {
	b         *testing.B
	op, peak  float64 // processor seconds
	adds      int     // multiply-adds in the peak's seconds
	a, src, c []float32
	off       []int
}

// The tile of the peak has so many terms that its beginning and end hardly count; they read the same few lanes again and
// again, which rest in the first-level cache with the weights.
const (
	meterTerms = 512
	meterLanes = 64 * simd.FlatLanes
)

func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func newMeter(b *testing.B) *meter {
	b.ReportAllocs()
	m := &meter{b: b, a: make([]float32, simd.FlatRows*meterTerms), src: make([]float32, meterLanes),
		c: make([]float32, simd.FlatRows*simd.FlatLanes), off: make([]int, meterTerms)}
	for i := range m.off {
		m.off[i] = i * simd.FlatLanes % meterLanes
	}
	return m
}

// turn makes the multiply-adds of one tile and returns their number.
func (m *meter) turn() int {
	be := backend()
	if be == simd.AVX512 {
		full := [simd.FlatGroups]simd.LaneGroup{}
		for g := range full {
			full[g] = simd.LaneGroup{Src: g * simd.Lanes, At0: g * simd.Lanes, Mask0: 0xffff}
		}
		be.FlatTile(simd.FlatRows, meterTerms, m.a, m.src, m.off, full[:], m.c, simd.FlatLanes, false, nil)
		return simd.FlatRows * simd.FlatLanes * meterTerms
	}
	be.Tile(6, meterTerms, m.a, m.src, m.off, simd.Group, m.c, simd.Group, simd.Lanes, false)
	return 6 * simd.Lanes * meterTerms
}

// run measures one turn of f, and now and then the peak.
func (m *meter) run(f func()) {
	t := cpuSeconds()
	f()
	u := cpuSeconds()
	m.op += u - t
	if m.peak > m.op/8 {
		return
	}
	for range 250 {
		m.adds += m.turn()
	}
	m.peak += cpuSeconds() - u
}

// report reports the rate of an operation of so many floating-point operations.
func (m *meter) report(flop float64) {
	rate := flop * float64(m.b.N) / m.op / 1e9
	peak := 2 * float64(m.adds) / m.peak / 1e9
	m.b.ReportMetric(rate, "GFLOP/cpu-s")
	m.b.ReportMetric(100*rate/peak, "%peak")
	m.b.ReportMetric(m.op*1e3/float64(m.b.N), "cpu-ms/op")
}
