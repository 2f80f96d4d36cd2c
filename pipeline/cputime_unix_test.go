//go:build unix

package pipeline

import (
	"syscall"
	"testing"
	"time"
)

// reportCPU adds the processor time of an operation, garbage collection and
// all threads included: on a shared machine it says more than the clock.
func reportCPU(b *testing.B) func() {
	read := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	began := read()
	return func() { b.ReportMetric(float64(read()-began)/1e6/float64(b.N), "cpu-ms/op") }
}
