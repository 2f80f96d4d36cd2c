package corrupt

import (
	"context"
	"fmt"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/kernels"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// imagenetC and imagenetCVersion enter the keys of random numbers too.
const (
	imagenetC        = "corrupt/imagenet-c"
	imagenetCVersion = 2 // 2: float32, noise drawn by inverting its distribution
)

// Config are the parameters of corrupt/imagenet-c.
type Config struct {
	Corruption string `yaml:"corruption" enum:"gaussian_noise|shot_noise|impulse_noise|defocus_blur|glass_blur|motion_blur|zoom_blur|snow|frost|fog|brightness|contrast|elastic_transform|pixelate|jpeg_compression|speckle_noise|gaussian_blur|spatter|saturate" doc:"the damage; the last four are the benchmark's held-out ones"`
	Severity   int    `yaml:"severity" min:"1" max:"5" doc:"strength, 1 weak to 5 strong"`
	Size       int    `yaml:"size" min:"0" max:"4096" doc:"side to which pictures are brought first (shorter side scaled, middle cut out); 0 leaves them as they are"`
	Family     string `yaml:"family" enum:"auto|224|64|32|299" doc:"picture size whose published parameters are taken; auto takes 32, 64 or 224, whichever is nearest to the picture's shorter side"`
	Reference  bool   `yaml:"reference" doc:"repeat the original code's accidents, which the published sets contain: glass_blur copies instead of swapping, defocus_blur brightens, two lists of zoom_blur run a step too far, elastic_transform takes 244 for 224, frost leaves pictures out"`
}

// ImageNetC is corrupt/imagenet-c: one corruption at one severity for every
// row. The port data and the output hold rows with image; the output's are
// pixels (rgb8).
func ImageNetC() *stages.Kind {
	written := arrow.NewSchema([]arrow.Field{{Name: model.ImageColumn, Type: stages.ImageType}}, nil)
	return stages.Define(stages.Def[Config]{
		Name: imagenetC, Version: imagenetCVersion, Shape: stages.RowWise, Random: true, Streams: true,
		Doc:     "Damages every picture by one corruption of ImageNet-C at one severity; the whole benchmark is a matrix over both, such as {corruption: [...], severity: [1, 2, 3, 4, 5]}.",
		In:      []stages.Port{{Name: "data", Doc: "rows with image"}},
		Config:  Config{Corruption: "gaussian_noise", Severity: 3, Family: "auto"},
		Outputs: func(*Config) []stages.Output { return []stages.Output{{Base: "data"}} },
		Columns: func(_ *Config, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			out := stages.Schemas{"": written}
			if s := in["data"]; s != nil {
				return out, model.ImageProblems(s, "data")
			}
			return out, nil
		},
		Reads: func(_ *Config, _ string, in *arrow.Schema) []string { return model.Present(in, model.ImageColumn) },
		Uses:  []string{transform.Version},
		New: func(c *Config) (stages.Stage, error) {
			family, err := 0, error(nil)
			if c.Family != "auto" {
				if family, err = strconv.Atoi(c.Family); err != nil {
					return nil, fmt.Errorf("family must be auto, 224, 64, 32 or 299, got %q", c.Family)
				}
			}
			s := &stage{c: c}
			if s.corruption, err = New(c.Corruption, c.Severity, family, c.Reference); err != nil {
				return nil, err
			}
			if c.Size > 0 {
				s.fit = transform.Fit(c.Size)
			}
			return s, nil
		},
	})
}

// A stage is corrupt/imagenet-c made ready; its parts run concurrently.
type stage struct {
	c          *Config
	corruption *Corruption
	fit        transform.List
}

// piece is how many pictures are held at a time.
const piece = 32

// Run corrupts the rows of one part.
func (s *stage) Run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	key := kernels.NewKey(imagenetC, imagenetCVersion, in.Seed, s.c.Corruption, uint64(s.c.Severity))
	return transform.Rows(ctx, in, out, piece, func(id string, p *imageio.Pixels) (*imageio.Pixels, error) {
		p, err := s.fit.Apply(p, 0, len(s.fit), kernels.Source{})
		if err != nil {
			return nil, err
		}
		return s.corruption.Apply(p, key.Row(id))
	})
}
