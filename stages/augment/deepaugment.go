package augment

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/augment/deep"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// Names and versions enter the keys of random numbers too.
const (
	edsr        = "augment/deepaugment-edsr"
	edsrVersion = 2 // 2: 3x3 convolutions by Winograd
	cae         = "augment/deepaugment-cae"
	caeVersion  = 2 // 2: 3x3 convolutions by Winograd
)

// weightsFile is the file of the model port that holds a network's tensors.
const weightsFile = "weights.safetensors"

// Deep are the parameters of DeepAugment's two kinds.
type Deep struct {
	Weights   pipeline.File `yaml:"weights" doc:"the network's tensors, as its authors name them: a file of torch.save, or safetensors; without it, those at the port model"`
	Size      int           `yaml:"size" min:"16" max:"1024" doc:"shorter side to which pictures are brought first; the release takes 128 for EDSR, which makes it four times that, and 512 for CAE"`
	Distort   []string      `yaml:"distort" doc:"names of weight distortions to draw from; all by default, [] for none"`
	Signals   []string      `yaml:"signals" doc:"names of distortions inside the network to draw from; all by default, [] for none"`
	Reference bool          `yaml:"reference" doc:"repeat the slips of the released code: swaps that copy, blocks that are not skipped, a distortion that cannot be drawn"`
	Copy      int           `yaml:"copy" min:"0" doc:"number of the draw: each gives another picture of a row"`
}

// EDSR is augment/deepaugment-edsr: every picture passes through the network
// EDSR, which enlarges by four, with three weight distortions (drawn anew for
// about every twentieth row, see augment/draws) and one distortion of its
// signals before the body and one in it, drawn for each row.
func EDSR() *stages.Kind {
	return deepKind(edsr, edsrVersion, "Sends every picture through a distorted EDSR (DeepAugment).", 128, edsrNames(), func(c *Deep, tensors []model.Tensor) (distorter, error) {
		return newEDSRDistorter(c, tensors)
	})
}

// CAE is augment/deepaugment-cae: every picture passes through the compressive
// autoencoder CAE, with one weight distortion (drawn anew for about every
// twentieth row) and one distortion of its code, drawn for each row.
func CAE() *stages.Kind {
	return deepKind(cae, caeVersion, "Sends every picture through a distorted autoencoder (DeepAugment).", 512, caeNames(), func(c *Deep, tensors []model.Tensor) (distorter, error) {
		return newCAEDistorter(c, tensors)
	})
}

// A distorter makes pictures with a network whose weights it changes. It
// belongs to one goroutine.
type distorter interface {
	// redraw distorts the clean weights afresh.
	redraw(d *deep.Dice, p *kernels.Pool)
	// picture makes a new picture; bits serves what is drawn element by element.
	picture(x *imageio.Pixels, d *deep.Dice, bits kernels.Source, p *kernels.Pool) (*imageio.Pixels, error)
}

// deepNames are the names of a kind's distortions.
type deepNames struct{ weights, signals []string }

// enlarged is how many times longer EDSR makes the sides of a picture.
var enlarged = map[string]float64{edsr: nn.EDSRScale, cae: 1}

func deepKind(name string, version int, doc string, size int, known deepNames, build func(*Deep, []model.Tensor) (distorter, error)) *stages.Kind {
	written := arrow.NewSchema([]arrow.Field{{Name: model.ImageColumn, Type: stages.ImageType}}, nil)
	return stages.Define(stages.Def[Deep]{
		Name: name, Version: version, Shape: stages.RowWise, Random: true, Doc: doc, Through: draws,
		In: []stages.Port{
			{Name: "data", Doc: "rows with image"},
			{Name: "model", Doc: "a network trained here: files with weights.safetensors", Type: stages.Files, Optional: true},
		},
		Config: Deep{Size: size, Distort: known.weights, Signals: known.signals},
		Check: func(c *Deep) []pipeline.Problem {
			return append(unknownNames("distort", c.Distort, known.weights), unknownNames("signals", c.Signals, known.signals)...)
		},
		Outputs: func(*Deep) []stages.Output { return []stages.Output{{Base: "data"}} },
		Columns: func(_ *Deep, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			out := stages.Schemas{"": written}
			if s := in["data"]; s != nil {
				return out, model.ImageProblems(s, "data")
			}
			return out, nil
		},
		Reads: func(_ *Deep, port string, in *arrow.Schema) []string {
			if port != "data" {
				return nil
			}
			return model.Present(in, model.ImageColumn, drawColumn)
		},
		Pixels: func(c *Deep, _ float64) float64 { // of the shorter side: most are a third more
			side := float64(c.Size) * enlarged[name]
			return side * side
		},
		Uses: []string{transform.Version, nn.Version},
		New: func(c *Deep) (stages.Stage, error) {
			return &deepStage{name: name, version: version, size: c.Size, copy: c.Copy, open: func(in *stages.Inputs) (func() (distorter, error), error) {
				tensors, err := c.tensors(in.One("model"))
				return func() (distorter, error) { return build(c, tensors) }, err
			}}, nil
		},
	})
}

// unknownNames reports names that are none of some.
func unknownNames(field string, names, known []string) []pipeline.Problem {
	var problems []pipeline.Problem
	for i, n := range names {
		if !slices.Contains(known, n) {
			msg := fmt.Sprintf("no distortion is named %q; there are %s", n, strings.Join(known, ", "))
			if near := pipeline.Nearest(n, known); near != "" {
				msg = fmt.Sprintf("no distortion is named %q; did you mean %q?", n, near)
			}
			problems = append(problems, pipeline.Problem{Field: fmt.Sprintf("%s.%d", field, i), Msg: msg})
		}
	}
	return problems
}

// A deepStage is a DeepAugment kind made ready; its parts run concurrently,
// each with a network of its own.
type deepStage struct {
	name       string
	version    int
	size, copy int
	// open reads the weights and returns what makes a network of them.
	open func(in *stages.Inputs) (func() (distorter, error), error)

	load  sync.Once
	build func() (distorter, error)
	err   error
	idle  sync.Pool
}

// Run makes pictures of the rows of one part, one after the other, since rows
// share a network's weights.
func (s *deepStage) Run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	s.load.Do(func() { s.build, s.err = s.open(in) })
	if s.err != nil {
		return s.err
	}
	net, ok := s.idle.Get().(distorter)
	if !ok {
		var err error
		if net, err = s.build(); err != nil {
			return err
		}
	}
	defer s.idle.Put(net)
	pool := kernels.NewPool(in.Workers)
	key := func(purpose string) kernels.Key {
		return kernels.NewKey(s.name, s.version, in.Seed, purpose, uint64(s.copy))
	}
	weights, signals, bits := key("weights"), key("signals"), key("bits")
	current, drawn := "", false
	draws := map[string]string{}
	one := *in
	one.Workers = 1 // transform.Rows calls change from this goroutine alone
	one.Ports = map[string][]stages.Input{"data": {drawRows{in.One("data"), draws}}}
	return transform.Rows(ctx, &one, out, 1, func(id string, p *imageio.Pixels) (*imageio.Pixels, error) {
		if draw := draws[id]; !drawn || draw != current {
			net.redraw(deep.NewDice(weights.Row(draw)), pool)
			current, drawn = draw, true
		}
		p = imageio.ResizeShorter(p, s.size, imageio.Bilinear)
		if p.H < 8 || p.W < 8 || p.H > 64*s.size || p.W > 64*s.size {
			return nil, fmt.Errorf("a picture of %d x %d has no sensible form for the network: crop it first", p.H, p.W)
		}
		return net.picture(p, deep.NewDice(signals.Row(id)), bits.Row(id), pool)
	})
}

// drawRows notes the draw of each row on its way.
type drawRows struct {
	stages.Input
	draws map[string]string
}

// Each calls f with records whose draws are known by then.
func (d drawRows) Each(ctx context.Context, f func(arrow.Record) error) error {
	return d.Input.Each(ctx, func(rec arrow.Record) error {
		at := rec.Schema().FieldIndices(drawColumn)
		if len(at) == 0 {
			return fmt.Errorf("port data has no column %q", drawColumn)
		}
		clear(d.draws)
		ids, col := rec.Column(rec.Schema().FieldIndices("id")[0]).(*array.String), rec.Column(at[0])
		for i := range ids.Len() {
			d.draws[ids.Value(i)] = col.ValueStr(i)
		}
		return f(rec)
	})
}

// tensors reads the network's weights from the file or the port.
func (c *Deep) tensors(port stages.Input) ([]model.Tensor, error) {
	switch {
	case c.Weights != "":
		data, err := os.ReadFile(string(c.Weights))
		if err != nil {
			return nil, err
		}
		t, err := model.ReadTensors(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(string(c.Weights)), err)
		}
		return t, nil
	case port != nil:
		data, err := port.File(weightsFile)
		if err != nil {
			return nil, fmt.Errorf("read model of %s: %w", port.Stage(), err)
		}
		return model.ReadTensors(data)
	}
	return nil, errors.New("there are no weights: give with: {weights: FILE}, or from: {model: STAGE} of a network trained here")
}

// fill copies tensors into a network, all of them and no other.
func fill(w *nn.Weights, tensors []model.Tensor) error {
	known := map[string]bool{}
	for _, t := range tensors {
		values, err := t.Float32s()
		if err == nil {
			err = w.Set(t.Name, t.Shape, values)
		}
		if err != nil {
			return fmt.Errorf("weights: %w", err)
		}
		known[t.Name] = true
	}
	for _, t := range w.State {
		if !known[t.Name] {
			return fmt.Errorf("weights: there is no tensor %q", t.Name)
		}
	}
	return nil
}
