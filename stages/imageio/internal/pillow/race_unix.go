//go:build unix

package pillow

import (
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
)

// Race runs work b.N times, in fifteen turns with Pillow's timed request, and reports the processor time of a call of both in the
// median turn, and how many times faster ours is. Without Pillow only ours runs.
func Race(b *testing.B, peer *Server, r Request, data []byte, work func()) {
	b.Helper()
	// A benchmark's heap is so small that it is collected every few calls, which a pipeline's is not.
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	const turns = 15
	var ours, theirs []float64
	r.Op, r.Times = "timed", 20
	work()
	for done := 0; done < b.N; {
		if peer != nil {
			b.StopTimer()
			theirs = append(theirs, peer.MustAsk(b, r, data).Seconds)
			b.StartTimer()
		}
		calls := min((b.N+turns-1)/turns, b.N-done)
		start := cpuSeconds()
		for range calls {
			work()
		}
		ours = append(ours, (cpuSeconds()-start)/float64(calls))
		done += calls
	}
	b.ReportMetric(median(ours)*1e3, "cpu-ms/op")
	if peer != nil {
		b.ReportMetric(median(theirs)*1e3, "pillow-ms/op")
		b.ReportMetric(median(theirs)/median(ours), "times")
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
