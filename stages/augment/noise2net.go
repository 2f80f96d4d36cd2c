package augment

import (
	"context"
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/kernels"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
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

// Noise2Net is augment/noise2net: every picture passes through a random
// network of its own (kernels.Noise2Net), whose weights, kernel sizes,
// dilations and strength are drawn by seed and row id. The result goes back to
// pixels: times std, plus mean, clamped, 8 bits.
//
// Inside training the method keeps float32 values and shares some of its draws
// between rows: see train/classifier.
func Noise2Net() *stages.Kind {
	written := arrow.NewSchema([]arrow.Field{{Name: model.ImageColumn, Type: stages.ImageType}}, nil)
	return stages.Define(stages.Def[Noise]{
		Name: noise2net, Version: noiseVersion, Shape: stages.RowWise, Random: true,
		Doc: "Sends every picture through a random network of its own (Noise2Net).",
		In:  []stages.Port{{Name: "data", Doc: "rows with image"}},
		Config: Noise{
			Epsilon: 0.75,
			Mean:    [3]float64{0.485, 0.456, 0.406}, Std: [3]float64{0.229, 0.224, 0.225},
		},
		Outputs: func(*Noise) []stages.Output { return []stages.Output{{Base: "data"}} },
		Columns: func(_ *Noise, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			out := stages.Schemas{"": written}
			if s := in["data"]; s != nil {
				return out, model.ImageProblems(s, "data")
			}
			return out, nil
		},
		Reads: func(_ *Noise, _ string, in *arrow.Schema) []string { return model.Present(in, model.ImageColumn) },
		Uses:  []string{transform.Version},
		New: func(c *Noise) (stages.Stage, error) {
			s := &noiseStage{c: c}
			for i := range 3 {
				s.mean[i], s.std[i] = float32(c.Mean[i]), float32(c.Std[i])
			}
			if c.Size > 0 {
				s.fit = transform.Fit(c.Size)
			}
			s.makers.New = func() any { return new(noiseMaker) }
			return s, nil
		},
	})
}

// A noiseStage is augment/noise2net made ready; its parts run concurrently.
type noiseStage struct {
	c         *Noise
	mean, std [3]float32
	fit       transform.List
	makers    sync.Pool
}

// A noiseMaker holds what one worker needs.
type noiseMaker struct {
	net     kernels.Noise2NetNet
	scratch kernels.Scratch
	image   []float32
}

// piece is how many pictures are held at a time.
const piece = 64

// maxPixels is the limit of kernels.Noise2Net.
const maxPixels = 1 << 24

// Run augments the rows of one part.
func (s *noiseStage) Run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	pool := kernels.NewPool(in.Workers)
	return in.One("data").Each(ctx, func(rec arrow.Record) error {
		at := rec.Schema().FieldIndices(model.ImageColumn)
		if len(at) == 0 {
			return fmt.Errorf("%s", model.ImageProblems(rec.Schema(), "data")[0].Msg) // where the columns were unknown before the run
		}
		ids, cells := rec.Column(rec.Schema().FieldIndices("id")[0]).(*array.String), rec.Column(at[0])
		for lo := 0; lo < ids.Len(); lo += piece {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			n := min(piece, ids.Len()-lo)
			pics, errs := make([]*imageio.Pixels, n), make([]error, n)
			pool.Run(n, func(i int) {
				pics[i], errs[i] = s.augment(ctx, in, ids.Value(lo+i), cells, lo+i)
			})
			for _, err := range errs {
				if err != nil {
					return err
				}
			}
			if err := write(out, ids, lo, pics); err != nil {
				return err
			}
		}
		return nil
	})
}

// augment makes one row's picture.
func (s *noiseStage) augment(ctx context.Context, in *stages.Inputs, id string, cells arrow.Array, i int) (*imageio.Pixels, error) {
	p, err := transform.Load(ctx, in.Images, id, cells, i)
	if err != nil {
		return nil, err
	}
	if p, err = s.fit.Apply(p, 0, len(s.fit), kernels.Source{}); err != nil {
		return nil, &stages.RowError{ID: id, Err: err}
	}
	if p.H*p.W > maxPixels {
		return nil, &stages.RowError{ID: id, Err: fmt.Errorf("picture of %d x %d pixels, at most %d fit the network; set size", p.H, p.W, maxPixels)}
	}
	draw := func(purpose string) kernels.Source {
		return kernels.NewKey(noise2net, noiseVersion, in.Seed, purpose, 0).Row(id)
	}
	m := s.makers.Get().(*noiseMaker)
	defer s.makers.Put(m)
	n := 3 * p.H * p.W
	if cap(m.image) < n {
		m.image = make([]float32, n)
	}
	image := m.image[:n]
	imageio.ToFloat(p, s.mean, s.std, image)
	m.net.Draw(kernels.DrawNoise2NetStructure(draw("structure")), draw("weights"))
	most := float32(s.c.Epsilon)
	epsilon := draw("epsilon").Range(0, most/2, most)
	kernels.Noise2Net(image, image, p.H, p.W, &m.net, epsilon, &m.scratch)
	return imageio.FromFloat(image, p.H, p.W, s.mean, s.std), nil
}

// write hands on pictures as pixels.
func write(out stages.Sink, ids *array.String, lo int, pics []*imageio.Pixels) error {
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: model.ImageColumn, Type: stages.ImageType}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	cells := stages.ImageBuilderOf(b.Field(1))
	for i, p := range pics {
		b.Field(0).(*array.StringBuilder).Append(ids.Value(lo + i))
		cells.Append(stages.ImageCell{Ref: "rgb8", Data: p.Pix, Height: p.H, Width: p.W})
	}
	rec := b.NewRecord()
	defer rec.Release()
	return out.Write("", rec)
}
