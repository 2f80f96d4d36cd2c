//go:build unix

package pillow

import (
	"math"
	"runtime/debug"
	"syscall"
	"testing"
)

// Race runs work b.N times, in ten turns with Pillow's timed request, and reports the processor time of a call in the fastest
// turn of both, which other programs disturb least, and how many times faster ours is. Without Pillow only ours runs.
func Race(b *testing.B, peer *Server, r Request, data []byte, work func()) {
	b.Helper()
	// A benchmark's heap is so small that it is collected every few calls, which a pipeline's is not.
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	const turns = 10
	ours, theirs := math.Inf(1), math.Inf(1)
	r.Op, r.Times = "timed", 20
	work()
	for done := 0; done < b.N; {
		calls := min((b.N+turns-1)/turns, b.N-done)
		start := cpuSeconds()
		for range calls {
			work()
		}
		ours = min(ours, (cpuSeconds()-start)/float64(calls))
		done += calls
		if peer != nil {
			theirs = min(theirs, peer.MustAsk(b, r, data).Seconds)
		}
	}
	b.ReportMetric(ours*1e3, "cpu-ms/op")
	if peer != nil {
		b.ReportMetric(theirs*1e3, "pillow-ms/op")
		b.ReportMetric(theirs/ours, "times")
	}
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
