package train

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
)

// reconstructVersion is the version of train/superresolution and
// train/autoencoder, which enters the keys of random numbers too.
const reconstructVersion = 3 // 3: 3x3 convolutions by Winograd; 2: a warm-up; the networks' starts are InitInterpolating and InitCoding

// Reconstruction are the parameters of kinds that train a network to make
// images.
type Reconstruction struct {
	Steps     int     `yaml:"steps" min:"1" max:"100000000" doc:"steps of training, each on one batch"`
	BatchSize int     `yaml:"batch_size" min:"1" max:"1024" doc:"patches in a batch"`
	Size      int     `yaml:"size" min:"16" max:"512" doc:"side of the patches that the network is given, a multiple of 4"`
	LR        float64 `yaml:"lr" above:"0" max:"1" doc:"learning rate of Adam; it rises over the first twentieth of the steps, then falls to 0 along half a cosine"`
}

// trialSteps are the steps of a trial run: about one epoch of the few hundred
// rows that it has, in seconds.
const trialSteps = 20

func (c *Reconstruction) check() []pipeline.Problem {
	if c.Size%4 != 0 {
		return []pipeline.Problem{{Field: "size", Msg: fmt.Sprintf("must be a multiple of 4, got %d", c.Size)}}
	}
	return nil
}

// rate is the learning rate of a step, from 0. Adam's first steps are of full
// length whatever the gradient, which the rise keeps from undoing the start.
func (c *Reconstruction) rate(step int) float32 {
	warm := c.Steps / 20
	if step < warm {
		return float32(c.LR * float64(step+1) / float64(warm))
	}
	return float32(kernels.CosineRate(c.LR, 0, step-warm, c.Steps-warm))
}

// A reconstructor is a network in training, its way of making batches, and how
// good it is.
type reconstructor interface {
	// patch is the side of the patches of pictures that it learns from.
	patch() int
	// fill sets patch i of the next batch.
	fill(i int, p *imageio.Pixels, bits kernels.Source)
	step(pool *kernels.Pool, rate float32) float32
	sync()
	// state is the network, kept what the optimizer remembers.
	state() []nn.Tensor
	kept() []nn.Tensor
	resume(step int)
	// judge returns the mean squared errors of levels 0 to 255 in one picture:
	// the network's, and of something to compare with (NaN for nothing).
	judge(p *imageio.Pixels, bits kernels.Source, pool *kernels.Pool) (own, other float64)
}

// reconstructing describes a kind that trains such a network.
func reconstructing(name, doc, other string, at pace, defaults Reconstruction, build func(c *Reconstruction, weights kernels.Key) (reconstructor, error)) *stages.Kind {
	return stages.Define(stages.Def[Reconstruction]{
		Name: name, Version: reconstructVersion, Shape: stages.Aggregate, Random: true, Doc: doc,
		In: []stages.Port{
			{Name: "train", Doc: "rows to learn from: image"},
			{Name: "val", Doc: "rows that say how good the network is; nothing is chosen by them", Optional: true},
		},
		Config:  defaults,
		Check:   func(c *Reconstruction) []pipeline.Problem { return c.check() },
		Outputs: func(*Reconstruction) []stages.Output { return []stages.Output{{Type: stages.Files}} },
		Columns: func(_ *Reconstruction, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			var problems []pipeline.Problem
			for _, port := range []string{"train", "val"} {
				if s := in[port]; s != nil {
					problems = append(problems, model.ImageProblems(s, port)...)
				}
			}
			return nil, problems
		},
		Reads: func(_ *Reconstruction, _ string, in *arrow.Schema) []string {
			return model.Present(in, model.ImageColumn)
		},
		Try:  func(c *Reconstruction) { c.Steps = min(c.Steps, trialSteps) },
		Uses: []string{model.Version, nn.Version},
		New: func(c *Reconstruction) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				r := &reconstruction{name: name, other: other, c: c, pace: at, seed: in.Seed, out: out, pool: kernels.NewPool(in.Workers)}
				var err error
				if r.net, err = build(c, r.key("weights", 0)); err != nil {
					return err
				}
				return r.run(ctx, in)
			}), nil
		},
	})
}

// A reconstruction is one run of such a kind.
type reconstruction struct {
	name, other string
	c           *Reconstruction
	pace        pace
	seed        uint64
	out         stages.Sink
	pool        *kernels.Pool
	net         reconstructor
	data        *dataset
	losses      [][2]float64 // step, mean loss since the line before
}

func (r *reconstruction) key(purpose string, draw uint64) kernels.Key {
	return kernels.NewKey(r.name, reconstructVersion, r.seed, purpose, draw)
}

// newPictures are an input's pictures, without labels.
func newPictures(ctx context.Context, input stages.Input, images stages.Images) (*dataset, error) {
	for _, p := range model.ImageProblems(input.Schema(), source(input)) {
		return nil, errors.New(p.Msg)
	}
	d := &dataset{input: input, images: images}
	err := input.Each(ctx, func(rec arrow.Record) error {
		ids := column(rec, "id").(*array.String)
		for i := range ids.Len() {
			d.ids = append(d.ids, strings.Clone(ids.Value(i)))
		}
		return nil
	})
	d.kept = make([]*imageio.Pixels, len(d.ids))
	return d, err
}

// keepPictures is how many bytes of pictures stay in memory; others are decoded
// again in each epoch.
const keepPictures = 1 << 30

// A pace is how often a training says how it goes, and keeps what it has.
type pace struct {
	line int           // steps to a line of history
	save time.Duration // between checkpoints, which change no result
}

var usualPace = pace{line: 50, save: 2 * time.Minute}

func (r *reconstruction) run(ctx context.Context, in *stages.Inputs) (err error) {
	if r.data, err = newPictures(ctx, in.One("train"), in.Images); err != nil {
		return err
	}
	if len(r.data.ids) == 0 {
		return fmt.Errorf("%s has no rows to learn from", source(in.One("train")))
	}
	step, err := r.restore(in.Resume)
	if err != nil {
		return err
	}
	if _, err := r.data.load(ctx, r.pool, keepPictures, func(rows int) {
		r.out.Progress(int64(rows), int64(len(r.data.ids)), "images read")
	}); err != nil {
		return err
	}
	if err := r.learn(ctx, step); err != nil {
		return err
	}
	r.net.sync()
	var tensors []model.Tensor
	for _, t := range r.net.state() {
		tensors = append(tensors, model.F32(t.Name, t.Shape, t.Data))
	}
	weights, err := model.Encode(nil, tensors)
	if err == nil {
		err = r.out.WriteFile("", "weights.safetensors", weights)
	}
	if err == nil {
		err = r.out.WriteFile("", "history.csv", r.history())
	}
	if err != nil {
		return err
	}
	if val := in.One("val"); val != nil {
		return r.validate(ctx, val, in.Images)
	}
	return nil
}

// learn takes the steps from one on.
func (r *reconstruction) learn(ctx context.Context, step int) error {
	total, saved := 0.0, time.Now()
	for ; step < r.c.Steps; step++ {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := r.batch(ctx, step); err != nil {
			return err
		}
		loss := r.net.step(r.pool, r.c.rate(step))
		if loss-loss != 0 {
			return fmt.Errorf("the loss became %v at step %d of %d; a lower lr than %v may help", loss, step+1, r.c.Steps, r.c.LR)
		}
		total += float64(loss)
		r.out.Progress(int64(step+1), int64(r.c.Steps), "steps")
		if (step+1)%r.pace.line != 0 {
			continue
		}
		r.losses = append(r.losses, [2]float64{float64(step + 1), total / float64(r.pace.line)})
		total = 0
		if time.Since(saved) >= r.pace.save && step+1 < r.c.Steps {
			state, err := r.checkpoint(step + 1)
			if err == nil {
				err = r.out.Checkpoint(state)
			}
			if err != nil {
				return fmt.Errorf("keep checkpoint of step %d: %w", step+1, err)
			}
			saved = time.Now()
		}
	}
	return nil
}

// batch fills the next batch: the rows that a step's turn of an endless series
// of shuffled epochs falls to, each with a random patch, half of them mirrored.
func (r *reconstruction) batch(ctx context.Context, step int) error {
	n := len(r.data.ids)
	rows, epochs := make([]int, r.c.BatchSize), make([]int, r.c.BatchSize)
	var order []int
	known := -1
	for i := range rows {
		at := step*r.c.BatchSize + i
		if epochs[i] = at / n; epochs[i] != known {
			known = epochs[i]
			order = kernels.Permutation(r.key("order", uint64(known)), r.data.ids)
		}
		rows[i] = order[at%n]
	}
	pics, err := r.data.pictures(ctx, r.pool, rows)
	if err != nil {
		return err
	}
	side := r.net.patch()
	r.pool.Run(len(rows), func(i int) {
		id := r.data.ids[rows[i]]
		draw := r.key("patch", uint64(epochs[i])).Row(id)
		p := pics[i]
		if min(p.H, p.W) < side {
			p = imageio.ResizeShorter(p, side, imageio.Bicubic)
		}
		p = imageio.Crop(p, draw.IntN(0, p.H-side+1), draw.IntN(1, p.W-side+1), side, side)
		if draw.IntN(2, 2) == 1 {
			p = imageio.FlipH(p)
		}
		r.net.fill(i, p, r.key("bits", uint64(epochs[i])).Row(id))
	})
	return nil
}

// validate says how good the network is on other pictures: the peak
// signal-to-noise ratio, its mean over pictures.
func (r *reconstruction) validate(ctx context.Context, input stages.Input, images stages.Images) error {
	d, err := newPictures(ctx, input, images)
	if err != nil {
		return err
	}
	var sum [2]float64
	for i, id := range d.ids {
		pics, err := d.pictures(ctx, r.pool, []int{i})
		if err != nil {
			return err
		}
		own, other := r.net.judge(pics[0], r.key("validation", 0).Row(id), r.pool)
		for k, e := range []float64{own, other} {
			sum[k] += psnr(e)
		}
		r.out.Progress(int64(i+1), int64(len(d.ids)), "images judged")
	}
	if n := float64(len(d.ids)); n > 0 {
		r.out.Metric("PSNR (dB)", sum[0]/n)
		if r.other != "" {
			r.out.Metric("PSNR of "+r.other+" (dB)", sum[1]/n)
		}
	}
	return nil
}

// psnr is the peak signal-to-noise ratio of levels 0 to 255 in decibels; errors
// below a hundredth of a level count as that.
func psnr(meanSquare float64) float64 {
	return 10 * (kernels.Log64(255*255/max(meanSquare, 1e-4)) / kernels.Log64(10))
}

// meanSquare compares pictures of one size.
func meanSquare(a, b *imageio.Pixels) float64 {
	total := int64(0)
	for i, v := range a.Pix {
		d := int64(v) - int64(b.Pix[i])
		total += d * d
	}
	return float64(total) / float64(max(len(a.Pix), 1))
}

func (r *reconstruction) history() []byte {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"step", "loss"})
	for _, l := range r.losses {
		_ = w.Write([]string{strconv.Itoa(int(l[0])), strconv.FormatFloat(l[1], 'g', -1, 64)})
	}
	w.Flush()
	return []byte(b.String())
}

func (r *reconstruction) checkpoint(step int) ([]byte, error) {
	r.net.sync()
	var tensors []model.Tensor
	for _, t := range r.net.state() {
		tensors = append(tensors, model.F32("net."+t.Name, t.Shape, t.Data))
	}
	for _, t := range r.net.kept() {
		tensors = append(tensors, model.F32("kept."+t.Name, t.Shape, t.Data))
	}
	losses, err := json.Marshal(r.losses)
	if err != nil {
		return nil, err
	}
	return model.Encode(map[string]string{"step": strconv.Itoa(step), "losses": string(losses)}, tensors)
}

// restore goes back to a checkpoint and returns the next step.
func (r *reconstruction) restore(state []byte) (step int, err error) {
	if state == nil {
		return 0, nil
	}
	meta, tensors, err := model.Decode(state)
	if err != nil {
		return 0, fmt.Errorf("read checkpoint: %w", err)
	}
	if err := errors.Join(json.Unmarshal([]byte(meta["losses"]), &r.losses), json.Unmarshal([]byte(meta["step"]), &step)); err != nil {
		return 0, fmt.Errorf("read checkpoint: %w", err)
	}
	places := map[string]nn.Tensor{}
	for _, t := range r.net.state() {
		places["net."+t.Name] = t
	}
	for _, t := range r.net.kept() {
		places["kept."+t.Name] = t
	}
	for _, t := range tensors {
		v, err := t.Float32s()
		to, ok := places[t.Name]
		if err != nil || !ok || len(v) != len(to.Data) {
			return 0, fmt.Errorf("read checkpoint: tensor %q does not fit", t.Name)
		}
		copy(to.Data, v)
		delete(places, t.Name)
	}
	if len(places) > 0 {
		return 0, fmt.Errorf("read checkpoint: %d tensors are missing", len(places))
	}
	r.net.resume(step)
	r.out.Note("from step %d of %d on", step, r.c.Steps)
	return step, nil
}
