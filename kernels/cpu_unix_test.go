//go:build unix

package kernels

import (
	"slices"
	"syscall"
	"testing"

	"shiftmill/kernels/internal/simd"
)

// A meter measures an operation by processor time, which other programs change less than the wall clock. Between slices of
// a few milliseconds it takes two rates: the peak, that of fused multiply-adds of registers alone, and that of a tile whose
// operands rest in the first-level cache. The shares of them are medians over slices, so that a host whose speed swings
// hits both alike. Where another thread runs on the same core, as it may unseen in a virtual machine, registers keep the
// peak, but nothing that reads memory comes near it: the tile then says what can be had.
type meter struct {
	b         *testing.B
	op        float64 // processor seconds
	calls     int     // of this slice
	since     float64 // processor seconds of this slice
	was       [2]float64
	shares    [2][]float64 // multiply-adds of a call that would be all of the rate, by slice
	a, src, c []float32
	off       []int
}

// The rates of a meter.
const (
	ofPeak = iota
	ofTile
)

// The tile has so many terms that its beginning and end hardly count; they read the same few lanes again and again, which
// rest in the first-level cache with the weights.
const (
	meterTerms = 512
	meterLanes = 64 * simd.FlatLanes
)

// meterSlice is the processor time of a slice, if one call does not take more, and meterTurns and meterRounds what is
// between two, some tenths of a millisecond.
const (
	meterSlice  = 4e-3
	meterTurns  = 100
	meterRounds = 12000
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
	m.was = m.rates()
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

// rates returns the multiply-adds a second of registers, or 0 for plain Go, and of the tile.
func (m *meter) rates() [2]float64 {
	t, tiles := cpuSeconds(), 0
	peak := backend().Peak(meterRounds)
	u := cpuSeconds()
	for range meterTurns {
		tiles += m.turn()
	}
	return [2]float64{float64(peak) / (u - t), float64(tiles) / (cpuSeconds() - u)}
}

// run measures one turn of f, and at the end of a slice the rates.
func (m *meter) run(f func()) {
	t := cpuSeconds()
	f()
	m.since += cpuSeconds() - t
	m.calls++
	if m.since >= meterSlice {
		m.cut()
	}
}

// cut ends a slice: its rates are those before and after.
func (m *meter) cut() {
	is := m.rates()
	for i := range is {
		m.shares[i] = append(m.shares[i], (is[i]+m.was[i])/2*m.since/float64(m.calls))
	}
	m.op += m.since
	m.was, m.since, m.calls = is, 0, 0
}

// seconds is the processor time of the operation so far.
func (m *meter) seconds() float64 { return m.op + m.since }

// report reports the rate of an operation of so many floating-point operations.
func (m *meter) report(flop float64) {
	if m.calls > 0 {
		m.cut()
	}
	for i, unit := range [2]string{ofPeak: "%peak", ofTile: "%tile"} {
		slices.Sort(m.shares[i])
		if most := m.shares[i][len(m.shares[i])/2]; most > 0 {
			m.b.ReportMetric(100*flop/2/most, unit)
		}
	}
	m.b.ReportMetric(flop*float64(m.b.N)/m.seconds()/1e9, "GFLOP/cpu-s")
	m.b.ReportMetric(m.seconds()*1e3/float64(m.b.N), "cpu-ms/op")
}
