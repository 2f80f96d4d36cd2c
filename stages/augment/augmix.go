package augment

import (
	"context"
	"sync"

	"shiftmill/kernels"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/transform"
)

// augmix and augmixVersion enter the keys of random numbers too.
const (
	augmix        = "augment/augmix"
	augmixVersion = 1
)

// Mix are the parameters of augment/augmix. Zeros and "variant" stand for what
// the variant has.
type Mix struct {
	Variant    string  `yaml:"variant" enum:"imagenet|cifar|deepfashion-remixed" doc:"settings of a published experiment: severity 1, 3 or 10; width 3, 3 or 5; nine, nine or thirteen operations; fill 0, 0 or 128"`
	Severity   float64 `yaml:"severity" min:"0" max:"10" doc:"each operation draws its level from 0.1 to this; 0 takes the variant's"`
	Width      int     `yaml:"width" min:"0" max:"16" doc:"number of chains that are mixed; 0 takes the variant's"`
	Depth      int     `yaml:"depth" min:"0" max:"16" doc:"operations of a chain; 0 draws 1 to 3"`
	Alpha      float64 `yaml:"alpha" above:"0" max:"1024" doc:"of the Dirichlet distribution of the chains' weights and the Beta distribution of their share"`
	Operations string  `yaml:"operations" enum:"variant|nine|thirteen" doc:"thirteen adds colour, contrast, brightness and sharpness, which overlap with ImageNet-C"`
	Fill       int     `yaml:"fill" min:"-1" max:"255" doc:"level of what comes in from outside the picture; -1 takes the variant's"`
	Reference  bool    `yaml:"reference" doc:"repeat an accident of the released code: a fill reaches the red channel alone"`
	Size       int     `yaml:"size" min:"0" max:"4096" doc:"side to which pictures are brought first (shorter side scaled, middle cut out); 0 leaves them as they are"`
	Copy       int     `yaml:"copy" min:"0" doc:"number of the draw: each gives another picture of a row"`
}

// side is that of the pictures, 0 for as they are.
func (c *Mix) side() int { return c.Size }

// settings are the parameters with the variant's in their place.
func (c *Mix) settings() transform.AugMix {
	a, _ := transform.AugMixVariant(c.Variant) // the enum lets no other name pass
	if c.Severity > 0 {
		a.Severity = max(c.Severity, 0.1)
	}
	if c.Width > 0 {
		a.Width = c.Width
	}
	if c.Operations != "variant" {
		a.All = c.Operations == "thirteen"
	}
	if c.Fill >= 0 {
		a.Fill = c.Fill
	}
	a.Depth, a.Alpha, a.Red = c.Depth, c.Alpha, c.Reference
	return a
}

// AugMix is augment/augmix: every picture is mixed with chains of random
// operations on it (transform.AugMix), drawn by seed, row id and copy, and
// rounded to 8 bits.
//
// Inside training, where values stay unrounded and views of a row are compared
// by the Jensen-Shannon loss, it is a parameter of train/classifier.
func AugMix() *stages.Kind {
	return pictures(augmix, augmixVersion, "Mixes every picture with chains of random operations on it (AugMix).",
		Mix{Variant: "imagenet", Alpha: 1, Operations: "variant", Fill: -1},
		func(c *Mix) (stages.Stage, error) {
			var fit transform.List
			if c.Size > 0 {
				fit = transform.Fit(c.Size)
			}
			a, mixers := c.settings(), &sync.Pool{New: func() any { return new(transform.AugMixer) }}
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				key := kernels.NewKey(augmix, augmixVersion, in.Seed, "mix", uint64(c.Copy))
				return transform.Rows(ctx, in, out, piece, func(id string, p *imageio.Pixels) (*imageio.Pixels, error) {
					p, err := fit.Apply(p, 0, len(fit), kernels.Source{})
					if err != nil {
						return nil, err
					}
					m := mixers.Get().(*transform.AugMixer)
					defer mixers.Put(m)
					return m.Pixels(a, p, key.Row(id)), nil
				})
			}), nil
		})
}
