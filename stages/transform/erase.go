package transform

import (
	"math"

	"shiftmill/kernels"
	"shiftmill/stages/imageio"
)

// Defaults of random erasing.
//
// Source: Zhong et al., "Random Erasing Data Augmentation", AAAI 2020
// (arXiv:1708.04896), with torchvision's numbers. The fill is ImageNet's mean
// colour, which normalising brings to 0.
var (
	EraseArea  = [2]float64{0.02, 0.33}
	EraseRatio = [2]float64{0.3, 3.3}
	EraseFill  = [3]byte{124, 116, 104}
)

// RandomErasing is the step that, with probability p, paints over a rectangle:
// its share of the picture's area is uniform in a range, its height by width
// log-uniform in another, its place uniform. Of ten draws the first whose
// rectangle is smaller than the picture on both sides is taken, as torchvision
// does; otherwise nothing is erased.
func RandomErasing(p float64, area, ratio [2]float64, fill [3]byte) Step {
	return Step{name: "random-erasing", random: true, p: p, scale: area, ratio: ratio, fill: fill}
}

func (s Step) erase(p *imageio.Pixels, draw kernels.Source, first uint32) *imageio.Pixels {
	if float64(draw.Uniform(first)) >= s.p {
		return p
	}
	lo, hi := kernels.Log(float32(s.ratio[0])), kernels.Log(float32(s.ratio[1]))
	for try := range uint32(10) {
		e := first + 1 + 4*try
		area := float64(p.H*p.W) * (s.scale[0] + float64((s.scale[1]-s.scale[0])*float64(draw.Uniform(e))))
		ratio := float64(kernels.Exp(draw.Range(e+1, lo, hi)))
		h, w := int(math.RoundToEven(math.Sqrt(area*ratio))), int(math.RoundToEven(math.Sqrt(area/ratio)))
		if h >= p.H || w >= p.W {
			continue
		}
		out := p.Clone()
		y, x := draw.IntN(e+2, p.H-h+1), draw.IntN(e+3, p.W-w+1)
		for i := range h {
			row := out.Row(y + i)[3*x : 3*(x+w)]
			for k := range row {
				row[k] = s.fill[k%3]
			}
		}
		return out
	}
	return p
}
