//go:build linux || darwin

package kernels

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A meter measures an operation on one core by processor time, as a share of the peak: the rate of fused multiply-adds of
// registers alone.
//
// On a rented machine somebody else's thread may run on the same core, unseen. Registers keep the peak then, but instructions
// take turns at the core's front, and nothing that reads memory comes near the peak. So the operation is cut into pieces of
// some tenths of a millisecond, as a Pool tells the ends of its parts. Before and after each piece probes of registers alone
// take the peak and tell whether the core was ours. The time of the operation is the sum over its pieces of each one's median
// over calls, in multiply-adds that the peak would have made. That is %peak-all. A run of a piece counts if the probes on both
// sides say that the core was ours, however long it took: %peak is of the medians over runs that count, the few pieces of which
// none did taking as much more than the others as they do in all. %counted is how many runs counted; if they are hardly any, or
// leave out more than a small part of the operation, there is no %peak.
type meter struct {
	b      *testing.B
	pool   *Pool      // of the operation
	every  int        // calls a piece, of a short operation; else
	cuts   []int      // the numbers of parts of a call at which its pieces end; the last piece ends with the call
	costs  [][]sample // of each piece, in the order of calls
	part   int        // of this call, as parts have ended
	calls  int        // in this piece
	piece  int        // of this call
	since  float64    // processor seconds at which the piece began
	before probe
	op     float64 // processor seconds of the operation
}

// A sample is one run of a piece: multiply-adds that the peak would have made in its time, and whether it counts.
type sample struct {
	cost float64
	ours bool
}

// A probe is what is seen between two pieces: the peak, in multiply-adds a second, and whether the core was ours.
type probe struct {
	peak float64
	ours bool
}

const (
	meterPiece  = 200e-6 // processor seconds of a piece, about
	meterRounds = 1500   // of a probe: some hundredths of a millisecond

	// meterOurs is the least share of the peak that multiply-adds among idle instructions reach on a core that is not shared:
	// they take five places in a cycle, which only processors with so many have to give. One thread of two has half of them.
	meterOurs = 0.9

	meterLeast = 20  // runs of pieces that must count: a few may be such in which another thread came and went between the probes
	meterKnown = 0.9 // share of the operation of which some run must count
)

// cpuSeconds is the processor time of the process.
func cpuSeconds() float64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano()).Seconds()
}

func newMeter(b *testing.B) *meter {
	b.ReportAllocs()
	return &meter{b: b, pool: new(Pool)}
}

// look takes a probe; plain Go has no peak.
func (m *meter) look() probe {
	be := backend()
	t := cpuSeconds()
	alone := float64(be.Peak(meterRounds))
	u := cpuSeconds()
	among := float64(be.Issue(meterRounds))
	v := cpuSeconds()
	return probe{alone / (u - t), alone > 0 && among/(v-u) >= meterOurs*alone/(u-t)}
}

// plan finds where to cut by one call of f.
func (m *meter) plan(f func(*Pool)) {
	start := cpuSeconds()
	last := start
	m.pool.ended = func() {
		m.part++
		if t := cpuSeconds(); t >= last+meterPiece {
			m.cuts = append(m.cuts, m.part)
			last = t
		}
	}
	f(m.pool)
	end := cpuSeconds()
	if n := len(m.cuts); n > 0 && end-last < meterPiece/2 { // what is left is part of the last piece
		m.cuts = m.cuts[:n-1]
	}
	m.every = max(1, int(meterPiece/(end-start)))
	m.costs = make([][]sample, len(m.cuts)+1)
	m.pool.ended = func() {
		m.part++
		if m.piece < len(m.cuts) && m.part == m.cuts[m.piece] {
			m.cut()
		}
	}
}

// run measures one call of f, which makes its multiply-adds with the pool.
func (m *meter) run(f func(*Pool)) {
	if m.costs == nil {
		f(m.pool) // fills the buffers that later calls reuse
		m.plan(f)
		m.begin()
	}
	m.part, m.piece = 0, 0
	f(m.pool)
	if m.calls++; m.calls == m.every {
		m.cut()
	}
}

// begin begins a piece behind a probe.
func (m *meter) begin() {
	m.before = m.look()
	m.since = cpuSeconds()
}

// cut ends a piece.
func (m *meter) cut() {
	took, calls, before := cpuSeconds()-m.since, m.calls, m.before
	m.begin()
	if calls == 0 { // within a call
		calls = 1
	}
	s := sample{took / float64(calls) * (before.peak + m.before.peak) / 2, before.ours && m.before.ours}
	m.costs[m.piece] = append(m.costs[m.piece], s)
	m.op += took
	m.piece++
	m.calls = 0
}

// seconds is the processor time of the operation so far.
func (m *meter) seconds() float64 { return m.op }

// report reports the rate of an operation of so many floating-point operations.
func (m *meter) report(flop float64) {
	var total, known, ours float64 // of all pieces; of those that counted once at least; of these when they counted
	all, counted := 0, 0
	for _, piece := range m.costs {
		var costs, own []float64
		for _, s := range piece {
			costs = append(costs, s.cost)
			if s.ours {
				own = append(own, s.cost)
			}
		}
		if len(costs) == 0 {
			continue
		}
		usual := median(costs)
		total, all, counted = total+usual, all+len(costs), counted+len(own)
		if len(own) > 0 {
			known, ours = known+usual, ours+median(own)
		}
	}
	if total > 0 {
		share := 100 * flop / 2 / total
		m.b.ReportMetric(share, "%peak-all")
		m.b.ReportMetric(100*float64(counted)/float64(all), "%counted")
		if counted >= meterLeast && known >= meterKnown*total {
			m.b.ReportMetric(share*known/ours, "%peak")
		}
	}
	m.b.ReportMetric(flop*float64(m.b.N)/m.seconds()/1e9, "GFLOP/cpu-s")
	m.b.ReportMetric(m.seconds()*1e3/float64(m.b.N), "cpu-ms/op")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
