//go:build unix

package corrupt

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
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

// BenchmarkAll makes all 75 (or 95) variants of a picture of 224 x 224, beside
// PyPI's imagecorruptions (testdata/peer.py) where SHIFTMILL_PEERS names a
// Python that has it; both are measured in processor time.
func BenchmarkAll(b *testing.B) {
	peers := map[string]float64{}
	if python := os.Getenv("SHIFTMILL_PEERS"); python != "" {
		out, err := exec.Command(python, "testdata/peer.py").Output()
		if err != nil {
			b.Logf("no imagecorruptions: %v", err)
		}
		for _, line := range strings.Fields(string(out)) {
			name, seconds, _ := strings.Cut(line, "=")
			if peers[name], err = strconv.ParseFloat(seconds, 64); err != nil {
				b.Fatal(err)
			}
		}
	}
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
			ours := (cpuSeconds() - start) / float64(b.N)
			b.ReportMetric(ours, "cpu-s/op")
			if theirs := peers[tt.name]; theirs > 0 {
				b.ReportMetric(theirs, "imagecorruptions-s/op")
				b.ReportMetric(theirs/ours, "times")
			}
		})
	}
}
