package augment

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// adversarial and adversarialVersion enter the keys of random numbers too.
const (
	adversarial        = "augment/adversarial"
	adversarialVersion = 1
)

// Attack are the parameters of augment/adversarial. Strengths are in levels of
// 255.
type Attack struct {
	Attack   string  `yaml:"attack" enum:"fgsm|pgd" doc:"fgsm takes one step from a random start, pgd many"`
	Epsilon  float64 `yaml:"epsilon" min:"0" max:"255" doc:"most that a value may change, in levels of 255"`
	Step     float64 `yaml:"step" min:"0" max:"255" doc:"length of a step in levels; 0 takes 1.25 epsilon for fgsm and 1 for pgd"`
	Steps    int     `yaml:"steps" min:"0" max:"10000" doc:"number of steps of pgd; 0 takes 50"`
	Restarts int     `yaml:"restarts" min:"1" max:"1000" doc:"random starts of each picture; the one whose result the model gets most wrong is kept"`
	Label    string  `yaml:"label" doc:"column of class names, away from which the attack leads"`
}

// Adversarial is augment/adversarial: it changes every picture by at most
// epsilon a value so that a model's loss grows. Pictures are first prepared as
// the model prepares its test images, and leave at its size in 8 bits.
//
// Sources: Wong, Rice and Kolter, "Fast is better than free", ICLR 2020
// (arXiv:2001.03994): one signed step of 1.25 epsilon from a uniform start;
// Madry et al., ICLR 2018 (arXiv:1706.06083): projected gradient descent. The
// evaluation of the former takes epsilon 4, 50 steps of 1 and 10 restarts.
func Adversarial() *stages.Kind {
	written := arrow.NewSchema([]arrow.Field{{Name: model.ImageColumn, Type: stages.ImageType}}, nil)
	return stages.Define(stages.Def[Attack]{
		Name: adversarial, Version: adversarialVersion, Shape: stages.RowWise, Random: true,
		Doc: "Changes every picture within epsilon so that a model gets it wrong (FGSM, PGD).",
		In: []stages.Port{
			{Name: "data", Doc: "rows with image and label"},
			{Name: "model", Doc: "what train/classifier made", Type: stages.Files},
		},
		Config:  Attack{Attack: "fgsm", Epsilon: 4, Restarts: 1, Label: "label"},
		Outputs: func(*Attack) []stages.Output { return []stages.Output{{Base: "data"}} },
		Columns: func(c *Attack, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			out := stages.Schemas{"": written}
			if s := in["data"]; s != nil {
				return out, append(model.ImageProblems(s, "data"), model.LabelProblems(s, "data", c.Label)...)
			}
			return out, nil
		},
		Reads: func(c *Attack, port string, in *arrow.Schema) []string {
			if port != "data" {
				return nil
			}
			return model.Present(in, model.ImageColumn, c.Label)
		},
		Uses: []string{transform.Version, model.Version, nn.Version},
		New: func(c *Attack) (stages.Stage, error) {
			a := &attacker{c: *c, epsilon: float32(c.Epsilon), step: float32(c.Step), steps: c.Steps}
			if c.Attack == "fgsm" {
				a.steps = 1
			} else if a.steps == 0 {
				a.steps = 50
			}
			if a.step == 0 {
				if a.step = 1; c.Attack == "fgsm" {
					a.step = 1.25 * a.epsilon
				}
			}
			return a, nil
		},
	})
}

// An attacker is augment/adversarial made ready; its parts run concurrently
// and share one model.
type attacker struct {
	c             Attack
	epsilon, step float32 // in levels
	steps         int

	load       sync.Once
	classifier *model.Classifier
	err        error

	mu   sync.Mutex
	idle []*nn.Slope
}

// attacked is how many pictures a pass through the network takes. A batch that
// is not full is filled up with zeros, so that a picture's gradient is the same
// in every batch.
const attacked = 16

// Run attacks the rows of one part.
func (a *attacker) Run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	a.load.Do(func() {
		var data []byte
		if data, a.err = in.One("model").File("weights.safetensors"); a.err == nil {
			a.classifier, a.err = model.Load(data)
		}
	})
	if a.err != nil {
		return fmt.Errorf("read model of %s: %w", in.One("model").Stage(), a.err)
	}
	slope, err := a.take()
	if err != nil {
		return err
	}
	defer a.putBack(slope)
	pool := kernels.NewPool(in.Workers)
	return in.One("data").Each(ctx, func(rec arrow.Record) error {
		s := rec.Schema()
		for _, p := range append(model.ImageProblems(s, "data"), model.LabelProblems(s, "data", a.c.Label)...) {
			return fmt.Errorf("%s", p.Msg) // where the columns were unknown before the run
		}
		ids := rec.Column(s.FieldIndices("id")[0]).(*array.String)
		cells, labels := rec.Column(s.FieldIndices(model.ImageColumn)[0]), rec.Column(s.FieldIndices(a.c.Label)[0])
		for lo := 0; lo < ids.Len(); lo += attacked {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			n := min(attacked, ids.Len()-lo)
			b := &batch{names: make([]string, n), class: make([]int, n), pics: make([]*imageio.Pixels, n)}
			errs := make([]error, n)
			pool.Run(n, func(i int) {
				b.names[i] = ids.Value(lo + i)
				errs[i] = a.prepare(ctx, in, b, i, cells, labels, lo+i)
			})
			for _, err := range errs {
				if err != nil {
					return err
				}
			}
			if err := transform.WritePictures(out, "", b.names, a.attack(ctx, pool, slope, b, in.Seed)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *attacker) take() (*nn.Slope, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.idle); n > 0 {
		s := a.idle[n-1]
		a.idle = a.idle[:n-1]
		return s, nil
	}
	return nn.NewSlope(a.classifier.Net, attacked)
}

func (a *attacker) putBack(s *nn.Slope) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.idle = append(a.idle, s)
}

// A batch are rows that pass through the network together.
type batch struct {
	names []string
	class []int
	pics  []*imageio.Pixels
}

// prepare loads a row's picture and class.
func (a *attacker) prepare(ctx context.Context, in *stages.Inputs, b *batch, i int, cells, labels arrow.Array, row int) error {
	p, err := transform.LoadFor(ctx, in.Images, b.names[i], cells, row, a.classifier.Test)
	if err != nil {
		return err
	}
	fail := func(err error) error { return &stages.RowError{ID: b.names[i], Err: err} }
	if b.pics[i], err = a.classifier.Prepare(p); err != nil {
		return fail(err)
	}
	if labels.IsNull(row) {
		return fail(fmt.Errorf("it has no %s", a.c.Label))
	}
	if b.class[i] = slices.Index(a.classifier.Classes, labels.ValueStr(row)); b.class[i] < 0 {
		return fail(fmt.Errorf("its %s %q is none of the model's classes", a.c.Label, labels.ValueStr(row)))
	}
	return nil
}

// attack returns the rows' changed pictures.
func (a *attacker) attack(ctx context.Context, pool *kernels.Pool, slope *nn.Slope, b *batch, seed uint64) []*imageio.Pixels {
	size := a.classifier.Net.Arch.Size
	each, classes := 3*size*size, len(a.classifier.Classes)
	clear(slope.Targets)
	for i, c := range b.class {
		slope.Targets[i*classes+c] = 1
	}
	noise := make([]float32, len(b.pics)*each) // planes, in levels
	made, worst := make([]*imageio.Pixels, len(b.pics)), make([]float32, len(b.pics))
	for restart := range a.c.Restarts {
		key := kernels.NewKey(adversarial, adversarialVersion, seed, "start", uint64(restart))
		pool.Run(len(b.pics), func(i int) {
			key.Row(b.names[i]).Ranges(noise[i*each:(i+1)*each], 0, -a.epsilon, a.epsilon)
		})
		for range a.steps {
			if ctx.Err() != nil {
				break // Run notices before the next batch, and keeps nothing
			}
			pool.Run(len(b.pics), func(i int) {
				a.normalise(slope.Images[i*each:(i+1)*each], b.pics[i], noise[i*each:(i+1)*each])
			})
			_, gradient := slope.Run(pool)
			pool.Run(len(b.pics), func(i int) {
				a.move(noise[i*each:(i+1)*each], gradient[i*each:(i+1)*each], b.pics[i])
			})
		}
		now := make([]*imageio.Pixels, len(b.pics))
		pool.Run(len(b.pics), func(i int) { now[i] = a.changed(b.pics[i], noise[i*each:(i+1)*each]) })
		if a.c.Restarts == 1 {
			return now
		}
		pool.Run(len(now), func(i int) {
			imageio.ToFloat(now[i], a.classifier.Mean, a.classifier.Std, slope.Images[i*each:(i+1)*each])
		})
		logits, _ := slope.Run(pool)
		for i, p := range now {
			if loss := margin(logits[i*classes:(i+1)*classes], b.class[i]); restart == 0 || loss > worst[i] {
				made[i], worst[i] = p, loss
			}
		}
	}
	return made
}

// margin is by how much the best other class beats the right one.
func margin(logits []float32, class int) float32 {
	best := float32(math.Inf(-1))
	for k, v := range logits {
		if k != class {
			best = max(best, v)
		}
	}
	return best - logits[class]
}

// normalise writes picture and noise, clamped, as the network takes them.
func (a *attacker) normalise(dst []float32, p *imageio.Pixels, noise []float32) {
	n := p.H * p.W
	for c := range 3 {
		mean, std := a.classifier.Mean[c], a.classifier.Std[c]
		for i, d := range noise[c*n : (c+1)*n] {
			v := min(max(float32(p.Pix[3*i+c])+d, 0), 255) / 255
			dst[c*n+i] = (v - mean) / std
		}
	}
}

// move takes a step along the gradient's sign and back into the ball. Clamped
// values have no gradient.
func (a *attacker) move(noise, gradient []float32, p *imageio.Pixels) {
	n := p.H * p.W
	for c := range 3 {
		for i, g := range gradient[c*n : (c+1)*n] {
			d := noise[c*n+i]
			if v := float32(p.Pix[3*i+c]) + d; v < 0 || v > 255 {
				g = 0
			}
			switch {
			case g > 0:
				d += a.step
			case g < 0:
				d -= a.step
			}
			noise[c*n+i] = min(max(d, -a.epsilon), a.epsilon)
		}
	}
}

// changed is the picture with its noise in 8 bits, rounded half to even; no
// value is moved by more than epsilon.
func (a *attacker) changed(p *imageio.Pixels, noise []float32) *imageio.Pixels {
	out := imageio.NewPixels(p.H, p.W, 3)
	n, most := p.H*p.W, math.Floor(a.c.Epsilon)
	for c := range 3 {
		for i, d := range noise[c*n : (c+1)*n] {
			by := min(max(math.RoundToEven(float64(d)), -most), most)
			out.Pix[3*i+c] = byte(min(max(float64(p.Pix[3*i+c])+by, 0), 255))
		}
	}
	return out
}
