package train

import (
	"context"
	"fmt"
	"sync"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
)

// A training is one run of train/classifier.
type training struct {
	c    *Config
	seed uint64
	out  stages.Sink
	pool *kernels.Pool

	train, val *dataset // val is nil without that port
	classifier *model.Classifier
	trainer    *nn.Trainer
	batch      int
	perEpoch   int // steps
	steps      int // in all
	resume     []byte
	makers     sync.Pool // of *noiseMaker
}

// key is the key of one purpose's random numbers; the augmentations chosen do
// not enter it.
func (t *training) key(purpose string, draw uint64) kernels.Key {
	return kernels.NewKey(kind, version, t.seed, purpose, draw)
}

// prepare reads labels and builds the network with its first weights.
func prepare(ctx context.Context, c *Config, in *stages.Inputs, out stages.Sink) (*training, error) {
	t := &training{c: c, seed: in.Seed, out: out, pool: kernels.NewPool(in.Workers), resume: in.Resume}
	t.makers.New = func() any { return new(noiseMaker) }
	var err error
	if t.train, err = newDataset(ctx, in.One("train"), in.Images, c.Label, c.trainSteps()); err != nil {
		return nil, err
	}
	classes := t.train.classes()
	if len(classes) < 2 {
		return nil, fmt.Errorf("%d rows of %s hold %d classes in %q (%q); training needs at least 2", len(t.train.ids), source(in.One("train")), len(classes), c.Label, classes)
	}
	t.train.assign(classes)
	if input := in.One("val"); input != nil {
		if t.val, err = newDataset(ctx, input, in.Images, c.Label, c.testSteps()); err != nil {
			return nil, err
		}
		if unknown := t.val.assign(classes); unknown > 0 {
			out.Note("%d of %d validation rows have a label that no training row has; they count as errors", unknown, len(t.val.ids))
		}
	}
	net, err := nn.New(nn.Arch{Name: c.Model.Arch, Width: c.Model.Width, Stem: c.Model.Stem, Classes: len(classes), Size: c.Size})
	if err != nil {
		return nil, err
	}
	net.Init(t.key("weights", 0))
	t.classifier = &model.Classifier{Net: net, Classes: classes, Test: c.testSteps()}
	for i := range 3 {
		t.classifier.Mean[i], t.classifier.Std[i] = float32(c.Mean[i]), float32(c.Std[i])
	}
	if t.batch = min(c.BatchSize, len(t.train.ids)); t.batch < c.BatchSize {
		out.Note("batch_size is %d, there are %d rows: batches have %d", c.BatchSize, len(t.train.ids), t.batch)
	}
	t.perEpoch = len(t.train.ids) / t.batch
	t.steps = c.Budget.steps(t.perEpoch, t.batch)
	t.trainer, err = nn.NewTrainer(net, nn.Settings{
		Batch: t.batch, Momentum: float32(c.Momentum), Nesterov: c.Nesterov,
		WeightDecay: float32(c.WeightDecay), LabelSmoothing: float32(c.LabelSmoothing),
	})
	if err != nil {
		return nil, err
	}
	out.Note("training %s with %d parameters on %d images for %d steps of %d, on the CPU (%s, workers: %d)",
		net.Arch, net.Parameters(), len(t.train.ids), t.steps, t.batch, kernels.Active(), t.pool.Workers())
	return t, nil
}

// run trains from the last checkpoint, or from the start, to the end, keeping at
// most that many bytes of pictures.
func (t *training) run(ctx context.Context, keep int64) error {
	step, history, err := t.restore()
	if err != nil {
		return err
	}
	left, err := t.train.load(ctx, t.pool, keep, func(rows int) {
		t.out.Progress(int64(rows), int64(len(t.train.ids)), "images read")
	})
	if err != nil {
		return err
	}
	if t.val != nil {
		if _, err := t.val.load(ctx, t.pool, left, func(int) {}); err != nil {
			return err
		}
	}
	for step < t.steps {
		line, err := t.epoch(ctx, step)
		if err != nil {
			return err
		}
		history = append(history, line)
		if step = line.step; step < t.steps {
			state, err := t.checkpoint(history)
			if err == nil {
				err = t.out.Checkpoint(state)
			}
			if err != nil {
				return fmt.Errorf("keep checkpoint of step %d: %w", step, err)
			}
		}
	}
	weights, err := t.classifier.Save()
	if err != nil {
		return err
	}
	if err := t.out.WriteFile("", "weights.safetensors", weights); err != nil {
		return err
	}
	last := history[len(history)-1]
	t.out.Metric("train loss", last.loss)
	if t.val != nil {
		t.out.Metric("validation error", last.valError)
	}
	return t.out.WriteFile("", "history.csv", history.csv(t.val != nil))
}

// epoch trains to the end of the epoch that holds the given step, or to the
// last step. Rows that fill no whole batch sit the epoch out; the shuffle
// changes which.
func (t *training) epoch(ctx context.Context, step int) (line, error) {
	epoch := step / t.perEpoch
	order := kernels.Permutation(t.key("order", uint64(epoch)), t.train.ids)
	end := min((epoch+1)*t.perEpoch, t.steps)
	total, count := 0.0, 0
	var rate float32
	for ; step < end; step++ {
		if err := ctx.Err(); err != nil {
			return line{}, context.Cause(ctx)
		}
		at := step % t.perEpoch * t.batch
		if err := t.fill(ctx, order[at:at+t.batch], epoch, step); err != nil {
			return line{}, err
		}
		rate = float32(kernels.CosineRate(t.c.LR, 0, step, t.steps))
		loss := t.trainer.Step(t.pool, rate)
		if loss != loss || loss-loss != 0 {
			return line{}, fmt.Errorf("the loss became %v at step %d of %d, epoch %d; a lower lr than %v may help", loss, step+1, t.steps, epoch+1, t.c.LR)
		}
		total += float64(loss)
		count++
		t.out.Progress(int64(step+1)*int64(t.batch), int64(t.steps)*int64(t.batch), "images")
	}
	l := line{epoch: epoch + 1, step: step, images: step * t.batch, rate: rate, loss: total / float64(count)}
	if t.val != nil {
		var err error
		if l.valError, err = t.validate(ctx); err != nil {
			return line{}, err
		}
	}
	return l, nil
}

// fill makes the next batch of the given rows.
func (t *training) fill(ctx context.Context, rows []int, epoch, step int) error {
	pics, err := t.train.pictures(ctx, t.pool, rows)
	if err != nil {
		return err
	}
	steps, prefix := t.train.steps, t.train.prefix
	draws := t.key("transform", uint64(epoch))
	each := 3 * t.c.Size * t.c.Size
	errs := make([]error, len(rows))
	t.pool.Run(len(rows), func(i int) {
		id := t.train.ids[rows[i]]
		p, err := steps.Apply(pics[i], prefix, len(steps), draws.Row(id))
		if err != nil {
			errs[i] = &stages.RowError{ID: id, Err: err}
			return
		}
		imageio.ToFloat(p, t.classifier.Mean, t.classifier.Std, t.trainer.Images[i*each:(i+1)*each])
		t.trainer.SetLabel(i, t.train.class[rows[i]])
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	if t.c.Online.Noise2Net != nil {
		t.noise(rows, epoch, step)
	}
	return nil
}

// validate is the share of validation rows that the network gets wrong now.
func (t *training) validate(ctx context.Context) (float64, error) {
	const piece = 256
	wrong, k := 0, len(t.classifier.Classes)
	rows := make([]int, 0, piece)
	for lo := 0; lo < len(t.val.ids); lo += piece {
		rows = rows[:0]
		for r := lo; r < min(lo+piece, len(t.val.ids)); r++ {
			rows = append(rows, r)
		}
		pics, err := t.val.pictures(ctx, t.pool, rows)
		if err != nil {
			return 0, err
		}
		scores, err := t.classifier.Predict(t.pool, pics)
		if err != nil {
			return 0, err
		}
		for i, r := range rows {
			if model.Best(scores[i*k:(i+1)*k]) != t.val.class[r] {
				wrong++
			}
		}
	}
	return float64(wrong) / float64(max(len(t.val.ids), 1)), nil
}
