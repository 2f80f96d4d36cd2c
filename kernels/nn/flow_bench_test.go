//go:build unix

package nn

import (
	"runtime"
	"syscall"
	"testing"

	"shiftmill/kernels"
)

func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// BenchmarkFlow measures whole images of the sizes that DeepAugment meets, on
// one worker. MB-heap is all memory that Go has taken so far: run one case in
// a process to see what it needs.
func BenchmarkFlow(b *testing.B) {
	image := func(c, h, w int) Signal {
		x := Signal{C: c, H: h, W: w, Data: make([]float32, c*h*w)}
		testKey("flow").Row("x").Ranges(x.Data, 0, 0, 1)
		return x
	}
	run := func(name string, x Signal, f func(dst *Signal, x Signal, p *kernels.Pool)) {
		b.Run(name, func(b *testing.B) {
			var dst Signal
			f(&dst, x, nil)
			b.ReportAllocs()
			start := cpuSeconds()
			for b.Loop() {
				f(&dst, x, nil)
			}
			b.ReportMetric((cpuSeconds()-start)*1e3/float64(b.N), "cpu-ms/op")
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapSys)/1e6, "MB-heap")
		})
	}
	e, c := NewEDSR(), NewCAE()
	e.Init(testKey("flow"))
	c.Init(testKey("flow"))
	run("edsr/128x170", image(3, 128, 170), e.Forward)
	var code Signal
	run("cae/512x683", image(3, 512, 683), func(dst *Signal, x Signal, p *kernels.Pool) {
		c.Encode(&code, x, p)
		c.Decode(dst, code, p)
	})
}
