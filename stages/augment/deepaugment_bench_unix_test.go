//go:build unix

package augment

import (
	"syscall"
	"testing"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/stages/augment/deep"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
)

// BenchmarkDeepAugment makes DeepAugment's copy (EDSR) of a photograph of 375 x 500
// pixels as the release does, decoding, distorting and encoding included, in
// turns with the network's forward pass alone on a picture of that size. It
// reports both in processor time, and their ratio. Weights are drawn anew for
// every picture, and a twentieth of that is counted, since they last for twenty
// on average.
func BenchmarkDeepAugment(b *testing.B) {
	const height, width, life = 375, 500, 20
	photo := imageio.NewPixels(height, width, 3)
	for i := range photo.Pix {
		x, y := i/3%width, i/3/width
		photo.Pix[i] = byte(x*(1+i%3) + y*2 + x*y/64 + (x*y*7)%13)
	}
	file := imageio.EncodeJPEG(photo, 90)
	pool := kernels.NewPool(1)
	key, known := kernels.NewKey("bench", 1, 1, "deepaugment", 0), edsrNames()
	plain := nn.NewEDSR()
	plain.InitInterpolating(key)
	var tensors []model.Tensor
	for _, s := range plain.State {
		tensors = append(tensors, model.F32(s.Name, s.Shape, s.Data))
	}
	d, err := newEDSRDistorter(&Deep{Distort: known.weights, Signals: known.signals}, tensors)
	if err != nil {
		b.Fatal(err)
	}
	var x, y nn.Signal
	whole, forward, redraws, n := 0.0, 0.0, 0.0, 0
	for b.Loop() {
		name := string(rune('a' + n))
		n++
		start := processorTime()
		d.redraw(deep.NewDice(key.Row("weights"+name)), pool)
		drawn := processorTime()
		p, err := imageio.Decode(file, imageio.DecodeOptions{})
		if err != nil {
			b.Fatal(err)
		}
		p = imageio.ResizeShorter(p, 128, imageio.Bilinear)
		out, err := d.picture(p, deep.NewDice(key.Row("signals"+name)), key.Row("bits"+name), pool)
		if err != nil {
			b.Fatal(err)
		}
		imageio.EncodeJPEG(out, 75)
		made := processorTime()
		x.Resize(3, p.H, p.W)
		imageio.ToPlanes(x.Data, p, 1)
		begun := processorTime()
		plain.Forward(&y, x, pool)
		forward += processorTime() - begun
		redraws += drawn - start
		whole += made - drawn
	}
	whole += redraws / life
	b.ReportMetric(whole/float64(n), "cpu-s/op")
	b.ReportMetric(forward/float64(n), "forward-s/op")
	b.ReportMetric(100*(whole/forward-1), "%more")
}

func processorTime() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
