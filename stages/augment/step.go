package augment

import (
	"context"
	"fmt"

	"shiftmill/kernels"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/transform"
)

// Names and versions enter the keys of random numbers too.
const (
	speckle        = "augment/speckle"
	speckleVersion = 1
	erasing        = "augment/random-erasing"
	erasingVersion = 1
)

// Speckles are the parameters of augment/speckle.
type Speckles struct {
	P    float64   `yaml:"p" min:"0" max:"1" doc:"probability that a picture is changed"`
	Std  []float64 `yaml:"std" min:"0" max:"16" doc:"standard deviations of the factor, one of which is drawn"`
	Per  string    `yaml:"per" enum:"image|channel" doc:"whether a picture draws one standard deviation or each of its channels draws its own, as the DeepFashion Remixed experiments do"`
	Copy int       `yaml:"copy" min:"0" doc:"number of the draw: each gives another picture of a row"`
}

// Speckle is augment/speckle: values times 1 + x with normal x.
func Speckle() *stages.Kind {
	return pictures(speckle, speckleVersion, "Multiplies every value by 1 + x, x normal (speckle noise).",
		Speckles{P: 1, Std: transform.SpeckleStd, Per: "image"},
		func(c *Speckles) (stages.Stage, error) {
			if len(c.Std) == 0 {
				return nil, fmt.Errorf("std is empty; give at least one standard deviation")
			}
			return stepStage(transform.Speckle(c.P, c.Std, c.Per == "channel"), speckle, speckleVersion, c.Copy), nil
		})
}

// Erasing are the parameters of augment/random-erasing.
type Erasing struct {
	P     float64    `yaml:"p" min:"0" max:"1" doc:"probability that a picture is changed"`
	Area  [2]float64 `yaml:"area" above:"0" max:"1" doc:"least and largest share of the picture"`
	Ratio [2]float64 `yaml:"ratio" above:"0" max:"1024" doc:"least and largest height by width"`
	Fill  [3]int     `yaml:"fill" min:"0" max:"255" doc:"red, green and blue of the rectangle; ImageNet's mean colour, which normalising brings to 0"`
	Copy  int        `yaml:"copy" min:"0" doc:"number of the draw: each gives another picture of a row"`
}

// RandomErasing is augment/random-erasing: a rectangle is painted over.
func RandomErasing() *stages.Kind {
	f := transform.EraseFill
	return pictures(erasing, erasingVersion, "Paints over a random rectangle of every picture (random erasing).",
		Erasing{P: 0.5, Area: transform.EraseArea, Ratio: transform.EraseRatio, Fill: [3]int{int(f[0]), int(f[1]), int(f[2])}},
		func(c *Erasing) (stages.Stage, error) {
			for i, r := range [2][2]float64{c.Area, c.Ratio} {
				if r[0] > r[1] {
					return nil, fmt.Errorf("%s must be two ascending numbers [from, to], got %v", [2]string{"area", "ratio"}[i], r)
				}
			}
			fill := [3]byte{byte(c.Fill[0]), byte(c.Fill[1]), byte(c.Fill[2])}
			return stepStage(transform.RandomErasing(c.P, c.Area, c.Ratio, fill), erasing, erasingVersion, c.Copy), nil
		})
}

// stepStage applies one step to every picture, drawn by seed, row id and copy.
func stepStage(s transform.Step, name string, version, copy int) stages.Stage {
	return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
		key := kernels.NewKey(name, version, in.Seed, "draw", uint64(copy))
		return transform.Rows(ctx, in, out, piece, func(id string, p *imageio.Pixels) (*imageio.Pixels, error) {
			return s.Apply(p, key.Row(id))
		})
	})
}
