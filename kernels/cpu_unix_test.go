//go:build unix

package kernels

import (
	"syscall"
	"testing"
)

// A meter reports the rate of an operation by wall clock and by processor time, which other programs do not change.
type meter struct {
	b     *testing.B
	start float64
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func startMeter(b *testing.B) meter {
	b.ReportAllocs()
	return meter{b, cpuSeconds()}
}

// report reports an operation of so many floating-point operations.
func (m meter) report(flop float64) {
	cpu := cpuSeconds() - m.start
	m.b.ReportMetric(flop*float64(m.b.N)/m.b.Elapsed().Seconds()/1e9, "GFLOP/s")
	m.b.ReportMetric(flop*float64(m.b.N)/cpu/1e9, "GFLOP/cpu-s")
	m.b.ReportMetric(cpu*1e3/float64(m.b.N), "cpu-ms/op")
}
