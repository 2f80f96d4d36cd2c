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
	peakRuns  int
	a, src, c []float32
	off       []int
}

const meterTerms = 128

func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func newMeter(b *testing.B) *meter {
	b.ReportAllocs()
	m := &meter{b: b, a: make([]float32, 6*meterTerms), src: make([]float32, meterTerms*simd.Lanes),
		c: make([]float32, 6*simd.Lanes), off: make([]int, meterTerms)}
	for i := range m.off {
		m.off[i] = i * simd.Lanes
	}
	return m
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
	be := backend()
	for range 1000 {
		be.Tile(6, meterTerms, m.a, m.src, m.off, simd.Group, m.c, simd.Group, simd.Lanes, false)
	}
	m.peak += cpuSeconds() - u
	m.peakRuns++
}

// report reports the rate of an operation of so many floating-point operations.
func (m *meter) report(flop float64) {
	rate := flop * float64(m.b.N) / m.op / 1e9
	peak := 1000 * 2 * 6 * meterTerms * simd.Lanes * float64(m.peakRuns) / m.peak / 1e9
	m.b.ReportMetric(rate, "GFLOP/cpu-s")
	m.b.ReportMetric(100*rate/peak, "%peak")
	m.b.ReportMetric(m.op*1e3/float64(m.b.N), "cpu-ms/op")
}
