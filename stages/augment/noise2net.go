package augment

import (
	"context"
	"fmt"
	"sync"

	"shiftmill/kernels"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/transform"
)

// noise2net and noiseVersion enter the keys of random numbers too.
const (
	noise2net    = "augment/noise2net"
	noiseVersion = 1
)

// Noise are the parameters of augment/noise2net.
type Noise struct {
	Epsilon float64    `yaml:"epsilon" min:"0" max:"16" doc:"the largest strength; each picture draws from its upper half"`
	Size    int        `yaml:"size" min:"0" max:"4096" doc:"side to which pictures are brought first (shorter side scaled, middle cut out); 0 leaves them as they are"`
	Mean    [3]float64 `yaml:"mean" min:"-10" max:"10" doc:"subtracted from each channel of pixels in 0..1 before the network, added after it"`
	Std     [3]float64 `yaml:"std" above:"0" max:"10" doc:"divides each channel after that, and multiplies it on the way back"`
}

// side is that of the pictures, 0 for as they are.
func (c *Noise) side() int { return c.Size }

// Noise2Net is augment/noise2net: every picture passes through a random
// network of its own (kernels.Noise2Net), whose weights, kernel sizes,
// dilations and strength are drawn by seed and row id. The result goes back to
// pixels: times std, plus mean, clamped, 8 bits.
//
// Inside training the method keeps float32 values and shares some of its draws
// between rows: see train/classifier.
func Noise2Net() *stages.Kind {
	return pictures(noise2net, noiseVersion, "Sends every picture through a random network of its own (Noise2Net).",
		Noise{
			Epsilon: 0.75,
			Mean:    [3]float64{0.485, 0.456, 0.406}, Std: [3]float64{0.229, 0.224, 0.225},
		},
		func(c *Noise) (stages.Stage, error) {
			s := &noiseStage{c: c}
			for i := range 3 {
				s.mean[i], s.std[i] = float32(c.Mean[i]), float32(c.Std[i])
			}
			if c.Size > 0 {
				s.fit = transform.Fit(c.Size)
			}
			s.images.New = func() any { return new([]float32) }
			return s, nil
		})
}

// A noiseStage is augment/noise2net made ready; its parts run concurrently.
type noiseStage struct {
	c         *Noise
	mean, std [3]float32
	fit       transform.List
	images    sync.Pool // of *[]float32
}

// maxPixels is the limit of kernels.Noise2Net.
const maxPixels = 1 << 24

// Run augments the rows of one part.
func (s *noiseStage) Run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	return transform.Rows(ctx, in, out, piece, func(id string, p *imageio.Pixels) (*imageio.Pixels, error) {
		return s.augment(in.Seed, id, p)
	})
}

// augment makes one row's picture.
func (s *noiseStage) augment(seed uint64, id string, p *imageio.Pixels) (*imageio.Pixels, error) {
	p, err := s.fit.Apply(p, 0, len(s.fit), kernels.Source{})
	if err != nil {
		return nil, err
	}
	if p.H*p.W > maxPixels {
		return nil, fmt.Errorf("picture of %d x %d pixels, at most %d fit the network; set size", p.H, p.W, maxPixels)
	}
	draw := func(purpose string) kernels.Source {
		return kernels.NewKey(noise2net, noiseVersion, seed, purpose, 0).Row(id)
	}
	buffer := s.images.Get().(*[]float32)
	defer s.images.Put(buffer)
	n := 3 * p.H * p.W
	if cap(*buffer) < n {
		*buffer = make([]float32, n)
	}
	image := (*buffer)[:n]
	imageio.ToFloat(p, s.mean, s.std, image)
	most := float32(s.c.Epsilon)
	op := kernels.Noise2NetOp{
		H: p.H, W: p.W, Structures: []kernels.Noise2NetStructure{kernels.DrawNoise2NetStructure(draw("structure"))},
		Weights: []kernels.Source{draw("weights")}, Epsilon: []float32{draw("epsilon").Range(0, most/2, most)},
	}
	if err := op.Apply(nil, image); err != nil {
		return nil, err
	}
	return imageio.FromFloat(image, p.H, p.W, s.mean, s.std), nil
}
