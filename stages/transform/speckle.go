package transform

import (
	"math"

	"shiftmill/kernels"
	"shiftmill/stages/imageio"
)

// SpeckleStd are the standard deviations of speckle noise, each equally likely.
//
// Source: Rusak et al., "A Simple Way to Make Neural Networks Robust Against
// Diverse Image Corruptions", ECCV 2020 (arXiv:2001.06057): those of
// ImageNet-C's five severities.
var SpeckleStd = []float64{.15, .2, .35, .45, .6}

// Speckle is the step that, with probability p, multiplies every value by
// 1 + x with normal x and rounds it to 8 bits. The standard deviation is drawn
// from a list, for the picture or, as in the DeepFashion Remixed experiments,
// for each channel.
func Speckle(p float64, std []float64, channels bool) Step {
	return Step{name: "speckle", random: true, p: p, std: std, channels: channels}
}

func (s Step) speckle(p *imageio.Pixels, draw kernels.Source, first, bulk uint32) *imageio.Pixels {
	if float64(draw.Uniform(first)) >= s.p {
		return p
	}
	var std [3]float32
	for c := range std {
		e := first + 1
		if s.channels {
			e += uint32(c)
		}
		std[c] = float32(s.std[draw.IntN(e, len(s.std))])
	}
	out := imageio.NewPixels(p.H, p.W, 3)
	z := make([]float32, 3*1024)
	for lo := 0; lo < len(p.Pix); lo += len(z) {
		z := z[:min(len(z), len(p.Pix)-lo)]
		draw.Normals(z, bulk+uint32(lo/4))
		for i, n := range z {
			v := float32(p.Pix[lo+i])
			v += float32(v * float32(std[i%3]*n))
			out.Pix[lo+i] = byte(math.RoundToEven(float64(min(max(v, 0), 255))))
		}
	}
	return out
}
