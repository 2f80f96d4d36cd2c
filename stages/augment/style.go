package augment

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// style and styleVersion enter the keys of random numbers too.
const (
	style        = "augment/style"
	styleVersion = 1
)

// Style are the parameters of augment/style.
type Style struct {
	Encoder   pipeline.File `yaml:"encoder" doc:"the encoder's tensors, vgg_normalised.pth of the AdaIN release: a file of torch.save, or safetensors"`
	Decoder   pipeline.File `yaml:"decoder" doc:"the decoder's tensors, decoder.pth"`
	Alpha     float64       `yaml:"alpha" min:"0" max:"1" doc:"strength of the style"`
	Size      int           `yaml:"size" min:"0" max:"2048" doc:"side to which pictures are brought first (shorter side scaled, middle cut out); 0 leaves them as they are"`
	StyleSize int           `yaml:"style_size" min:"16" max:"2048" doc:"side to which style pictures are brought"`
	Copy      int           `yaml:"copy" min:"0" doc:"number of the draw: each gives another picture of a row"`
}

// StyleTransfer is augment/style: every picture takes on the style of one of
// the pictures at the port styles, each equally likely, by adaptive instance
// normalisation (nn.AdaIN).
//
// Source: Geirhos et al., "ImageNet-trained CNNs are biased towards texture",
// ICLR 2019 (arXiv:1811.12231): alpha 1, one painting a picture, both at 224.
func StyleTransfer() *stages.Kind {
	written := arrow.NewSchema([]arrow.Field{{Name: model.ImageColumn, Type: stages.ImageType}}, nil)
	return stages.Define(stages.Def[Style]{
		Name: style, Version: styleVersion, Shape: stages.RowWise, Random: true,
		Pixels: func(c *Style, in float64) float64 { return transform.FitPixels(c.Size, in) },
		Doc:    "Paints every picture in the style of a random other one (AdaIN).",
		In: []stages.Port{
			{Name: "data", Doc: "rows with image"},
			{Name: "styles", Doc: "rows with the images whose style is taken, such as paintings"},
		},
		Config: Style{Alpha: 1, StyleSize: 224},
		Check: func(c *Style) []pipeline.Problem {
			var problems []pipeline.Problem
			for _, f := range []struct {
				field string
				file  pipeline.File
			}{{"encoder", c.Encoder}, {"decoder", c.Decoder}} {
				if f.file == "" {
					problems = append(problems, pipeline.Problem{Field: f.field, Msg: "must name a file of tensors"})
				}
			}
			return problems
		},
		Outputs: func(*Style) []stages.Output { return []stages.Output{{Base: "data"}} },
		Columns: func(_ *Style, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			out := stages.Schemas{"": written}
			var problems []pipeline.Problem
			for _, port := range []string{"data", "styles"} {
				if s := in[port]; s != nil {
					problems = append(problems, model.ImageProblems(s, port)...)
				}
			}
			return out, problems
		},
		Reads: func(_ *Style, _ string, in *arrow.Schema) []string { return model.Present(in, model.ImageColumn) },
		Uses:  []string{transform.Version, nn.Version},
		New:   func(c *Style) (stages.Stage, error) { return newPainter(c), nil },
	})
}

// A painter is augment/style made ready; its parts run concurrently and share
// weights and the styles they have measured.
type painter struct {
	c         *Style
	fit, each transform.List

	load  sync.Once
	clean *nn.AdaIN
	err   error

	mu     sync.Mutex
	idle   []*nn.AdaIN
	styles map[int]nn.Style
}

// keptStyles bounds the styles that are remembered: 4 kB each.
const keptStyles = 1 << 14

func newPainter(c *Style) *painter {
	p := &painter{c: c, each: transform.Fit(c.StyleSize), styles: map[int]nn.Style{}}
	if c.Size > 0 {
		p.fit = transform.Fit(c.Size)
	}
	return p
}

// leastSide is the least side that the mirrored borders allow at an eighth of
// the size.
const leastSide = 16

// Run paints the rows of one part, one after the other: a network uses all
// workers.
func (s *painter) Run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	s.load.Do(func() { s.clean, s.err = s.read() })
	if s.err != nil {
		return s.err
	}
	styles := in.One("styles")
	if styles.Len() == 0 {
		return errors.New("port styles has no rows")
	}
	net := s.take()
	defer s.putBack(net)
	pool := kernels.NewPool(in.Workers)
	key := kernels.NewKey(style, styleVersion, in.Seed, "style", uint64(s.c.Copy))
	one := *in
	one.Workers = 1
	return transform.Rows(ctx, &one, out, 1, func(id string, p *imageio.Pixels) (*imageio.Pixels, error) {
		p, err := s.fit.Apply(p, 0, len(s.fit), kernels.Source{})
		if err != nil {
			return nil, err
		}
		if min(p.H, p.W) < leastSide {
			return nil, fmt.Errorf("picture of %d x %d pixels, the network takes sides of at least %d; set size", p.H, p.W, leastSide)
		}
		which := key.Row(id).IntN(0, styles.Len())
		look, err := s.style(ctx, in, styles, which, net, pool)
		if err != nil {
			return nil, fmt.Errorf("style %d: %w", which, err)
		}
		var code, image nn.Signal
		net.Encode(&code, signalOf(p), pool)
		nn.Stylise(code, look, float32(s.c.Alpha))
		net.Decode(&image, code, pool)
		painted := imageio.FromFloat(image.Data, image.H, image.W, [3]float32{}, [3]float32{1, 1, 1})
		return imageio.Crop(painted, 0, 0, p.H, p.W), nil
	})
}

// signalOf is a picture as planes of 0 to 1.
func signalOf(p *imageio.Pixels) nn.Signal {
	s := nn.Signal{C: 3, H: p.H, W: p.W, Data: make([]float32, len(p.Pix))}
	imageio.ToFloat(p, [3]float32{}, [3]float32{1, 1, 1}, s.Data)
	return s
}

// style measures a style picture, by its place in ascending id.
func (s *painter) style(ctx context.Context, in *stages.Inputs, styles stages.Input, which int, net *nn.AdaIN, pool *kernels.Pool) (nn.Style, error) {
	s.mu.Lock()
	known, ok := s.styles[which]
	s.mu.Unlock()
	if ok {
		return known, nil
	}
	rec, err := styles.Take(ctx, []int{which})
	if err != nil {
		return known, err
	}
	defer rec.Release()
	at := rec.Schema().FieldIndices(model.ImageColumn)
	if len(at) == 0 {
		return known, errors.New(model.ImageProblems(rec.Schema(), "styles")[0].Msg)
	}
	p, err := transform.Load(ctx, in.Images, strconv.Itoa(which), rec.Column(at[0]), 0)
	if err != nil {
		return known, err
	}
	if p, err = s.each.Apply(p, 0, len(s.each), kernels.Source{}); err != nil {
		return known, err
	}
	var code nn.Signal
	net.Encode(&code, signalOf(p), pool)
	known = nn.StyleOf(code)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.styles) < keptStyles {
		s.styles[which] = known
	}
	return known, nil
}

// read loads both files. The encoder's may hold more layers of VGG.
func (s *painter) read() (*nn.AdaIN, error) {
	net := nn.NewAdaIN()
	for _, part := range []struct {
		file    pipeline.File
		weights *nn.Weights
	}{{s.c.Encoder, &net.Encoder}, {s.c.Decoder, &net.Decoder}} {
		name := filepath.Base(string(part.file))
		data, err := os.ReadFile(string(part.file))
		if err != nil {
			return nil, err
		}
		tensors, err := model.ReadTensors(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		wanted := map[string]bool{}
		for _, t := range part.weights.State {
			wanted[t.Name] = true
		}
		var needed []model.Tensor
		for _, t := range tensors {
			if wanted[t.Name] {
				needed = append(needed, t)
			}
		}
		if err := fill(part.weights, needed); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return net, nil
}

// take returns a network of this goroutine's own.
func (s *painter) take() *nn.AdaIN {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.idle); n > 0 {
		net := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return net
	}
	net := nn.NewAdaIN()
	net.Encoder.CopyFrom(&s.clean.Encoder)
	net.Decoder.CopyFrom(&s.clean.Decoder)
	return net
}

func (s *painter) putBack(net *nn.AdaIN) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, net)
}
