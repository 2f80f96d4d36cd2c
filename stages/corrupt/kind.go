package corrupt

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/kernels"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// imagenetC and imagenetCDraws enter the keys of random numbers.
const (
	imagenetC        = "corrupt/imagenet-c"
	imagenetCVersion = 3 // 2: float32, noise drawn by inverting its distribution; 3: what is left out means the whole benchmark
	imagenetCDraws   = 2 // the version that settled the draws
)

// Config are the parameters of corrupt/imagenet-c.
type Config struct {
	Corruption Choice   `yaml:"corruption" doc:"the damage: one, a list, standard (the benchmark's fifteen, as by default), held-out (its other four) or all"`
	Severity   Severity `yaml:"severity" doc:"strength, 1 weak to 5 strong: one, or a list; by default all five"`
	Size       int      `yaml:"size" min:"0" max:"4096" doc:"side to which pictures are brought first (shorter side scaled, middle cut out); 0 leaves them as they are"`
	Family     string   `yaml:"family" enum:"auto|224|64|32|299" doc:"picture size whose published parameters are taken; auto takes 32, 64 or 224, whichever is nearest to the picture's shorter side"`
	Reference  bool     `yaml:"reference" doc:"repeat the original code's accidents, which the published sets contain: glass_blur copies instead of swapping, defocus_blur brightens, two lists of zoom_blur run a step too far, elastic_transform takes 244 for 224, frost leaves pictures out"`
}

// ImageNetC is corrupt/imagenet-c. The port data holds rows with image; so do
// the outputs, as pixels (rgb8). One corruption at one severity has one
// output; several have an output each, named such as "fog-3", in the groups
// "all", "fog" and "severity-3".
func ImageNetC() *stages.Kind {
	written := arrow.NewSchema([]arrow.Field{{Name: model.ImageColumn, Type: stages.ImageType}}, nil)
	return stages.Define(stages.Def[Config]{
		Name: imagenetC, Version: imagenetCVersion, Shape: stages.RowWise, Random: true, Streams: true,
		Doc:     "Damages every picture by corruptions of ImageNet-C, by default as the benchmark does, whose 75 sets are STAGE.all.",
		In:      []stages.Port{{Name: "data", Doc: "rows with image"}},
		Config:  Config{Corruption: groups["standard"], Severity: Severity{1, 2, 3, 4, 5}, Family: "auto"},
		Outputs: func(c *Config) []stages.Output { return c.outputs() },
		Columns: func(c *Config, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			out := stages.Schemas{}
			for _, o := range c.outputs() {
				out[o.Name] = written
			}
			if s := in["data"]; s != nil {
				return out, model.ImageProblems(s, "data")
			}
			return out, nil
		},
		Reads:  func(_ *Config, _ string, in *arrow.Schema) []string { return model.Present(in, model.ImageColumn) },
		Pixels: func(c *Config, in float64) float64 { return transform.FitPixels(c.Size, in) },
		Uses:   []string{transform.Version},
		New:    func(c *Config) (stages.Stage, error) { return newStage(c) },
	})
}

// A variant is one corruption at one severity.
type variant struct {
	name, output string
	severity     int
	corruption   *Corruption
}

// variants lists what the parameters name, corruption by corruption.
func (c *Config) variants() []variant {
	var list []variant
	for _, name := range c.Corruption {
		for _, severity := range c.Severity {
			v := variant{name: name, severity: severity}
			if len(c.Corruption) > 1 || len(c.Severity) > 1 {
				v.output = fmt.Sprintf("%s-%d", name, severity)
			}
			list = append(list, v)
		}
	}
	return list
}

func (c *Config) outputs() []stages.Output {
	var outs []stages.Output
	for _, v := range c.variants() {
		o := stages.Output{Name: v.output, Base: "data"}
		if v.output != "" {
			o.Groups = []string{"all", v.name, "severity-" + strconv.Itoa(v.severity)}
		}
		outs = append(outs, o)
	}
	return outs
}

// A stage is corrupt/imagenet-c made ready; its parts run concurrently.
type stage struct {
	variants []variant
	fit      transform.List
}

func newStage(c *Config) (*stage, error) {
	family, err := 0, error(nil)
	if c.Family != "auto" {
		if family, err = strconv.Atoi(c.Family); err != nil {
			return nil, fmt.Errorf("family must be auto, 224, 64, 32 or 299, got %q", c.Family)
		}
	}
	s := &stage{variants: c.variants()}
	for i, v := range s.variants {
		if s.variants[i].corruption, err = New(v.name, v.severity, family, c.Reference); err != nil {
			return nil, err
		}
	}
	if c.Size > 0 {
		s.fit = transform.Fit(c.Size)
	}
	return s, nil
}

// piece is how many pictures are held at a time.
const piece = 32

// Run corrupts the rows of one part. Each picture is decoded once for all
// variants that are wanted.
func (s *stage) Run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	var wanted []variant
	var names []string
	var keys []kernels.Key
	for _, v := range s.variants {
		if in.Outputs == nil || slices.Contains(in.Outputs, v.output) {
			wanted, names = append(wanted, v), append(names, v.output)
			keys = append(keys, kernels.NewKey(imagenetC, imagenetCDraws, in.Seed, v.name, uint64(v.severity)))
		}
	}
	return transform.RowsTo(ctx, in, out, max(piece/len(wanted), 4), names, func(id string, p *imageio.Pixels) ([]*imageio.Pixels, error) {
		p, err := s.fit.Apply(p, 0, len(s.fit), kernels.Source{})
		if err != nil {
			return nil, err
		}
		o, err := NewOriginal(p)
		if err != nil {
			return nil, err
		}
		made := make([]*imageio.Pixels, len(wanted))
		for i, v := range wanted {
			made[i] = v.corruption.Of(o, keys[i].Row(id))
		}
		return made, nil
	})
}
