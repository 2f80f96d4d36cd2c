//go:build unix

package corrupt

import (
	"syscall"
	"testing"

	"shiftmill/stages/imageio"
)

// cpuSeconds is the processor time of this process, which other programs
// change less than the wall clock.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// BenchmarkAll makes all 75 (or 95) variants of a picture of 224 x 224;
// cpu-s/op is what the benchmark is about.
func BenchmarkAll(b *testing.B) {
	p := imageio.Resize(decode(b, "testdata/picture.png"), 224, 224, imageio.Bicubic)
	for _, tt := range []struct {
		name  string
		count int
	}{{"75", 15}, {"95", 19}} {
		var all []*Corruption
		for _, name := range names[:tt.count] {
			for severity := 1; severity <= 5; severity++ {
				c, err := New(name, severity, 224, false)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := c.Apply(p, draws(name, "a")); err != nil { // tables are made once
					b.Fatal(err)
				}
				all = append(all, c)
			}
		}
		b.Run(tt.name, func(b *testing.B) {
			start := cpuSeconds()
			for b.Loop() {
				o, err := NewOriginal(p)
				if err != nil {
					b.Fatal(err)
				}
				for _, c := range all {
					c.Of(o, draws(c.name, "a"))
				}
			}
			b.ReportMetric((cpuSeconds()-start)/float64(b.N), "cpu-s/op")
		})
	}
}
