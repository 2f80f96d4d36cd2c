//go:build unix

package augment_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"shiftmill/kernels"
	"shiftmill/stages/imageio"
	"shiftmill/stages/transform"
)

// BenchmarkAugMix makes AugMix pictures of 224 x 224 as float planes, beside
// the same in Pillow and NumPy (testdata/augmix_peer.py) where SHIFTMILL_PEERS
// names a Python that has them; both are measured in processor time.
func BenchmarkAugMix(b *testing.B) {
	peers := map[string]float64{}
	if python := os.Getenv("SHIFTMILL_PEERS"); python != "" {
		out, err := exec.Command(python, "testdata/augmix_peer.py").Output()
		if err != nil {
			b.Fatal(err)
		}
		for _, line := range strings.Fields(string(out)) {
			name, seconds, _ := strings.Cut(line, "=")
			if peers[name], err = strconv.ParseFloat(seconds, 64); err != nil {
				b.Fatal(err)
			}
		}
	}
	const size = 224
	p := imageio.NewPixels(size, size, 3)
	for i := range p.Pix {
		x, y := i/3%size, i/3/size
		p.Pix[i] = byte(x*(1+i%3) + y*2 + x*y/64)
	}
	for _, variant := range []string{"imagenet", "cifar"} {
		a, _ := transform.AugMixVariant(variant)
		b.Run(variant, func(b *testing.B) {
			var m transform.AugMixer
			dst := make([]float32, len(p.Pix))
			key := kernels.NewKey("bench", 1, 1, "mix", 0)
			n := 0
			start := cpuSeconds()
			for b.Loop() {
				m.Float(a, dst, p, [3]float32{.485, .456, .406}, [3]float32{.229, .224, .225}, key.Row(fmt.Sprint(n)))
				n++
			}
			ours := (cpuSeconds() - start) / float64(b.N)
			b.ReportMetric(ours*1e3, "cpu-ms/op")
			if theirs := peers[variant]; theirs > 0 {
				b.ReportMetric(theirs*1e3, "pillow-ms/op")
				b.ReportMetric(theirs/ours, "times")
			}
		})
	}
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
