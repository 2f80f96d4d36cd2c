package train

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/stages"
	"shiftmill/stages/model"
)

// A training is one run of train/classifier.
type training struct {
	c      *Config
	limits limits
	seed   uint64
	out    stages.Sink
	pool   *kernels.Pool

	train, val *dataset // val is nil without that port
	classifier *model.Classifier
	trainer    *nn.Trainer
	batch      int
	perEpoch   int // steps
	steps      int // in all
	resume     []byte
	makers     sync.Pool // of *viewMaker
	best       best
	saved      time.Time // of the last checkpoint

	clean, change []float32 // of adversarial training: pixels and by how much they are moved
}

// key is the key of one purpose's random numbers; the augmentations chosen do
// not enter it.
func (t *training) key(purpose string, draw uint64) kernels.Key {
	return kernels.NewKey(kind, 1, t.seed, purpose, draw)
}

// prepare reads labels and builds the network with its first weights.
func prepare(ctx context.Context, c *Config, in *stages.Inputs, out stages.Sink) (*training, error) {
	t := &training{c: c, seed: in.Seed, out: out, pool: kernels.NewPool(in.Workers), resume: in.Resume}
	t.makers.New = func() any { return new(viewMaker) }
	var err error
	if t.train, err = newDataset(ctx, in.One("train"), in.Images, c.Label, c.trainSteps()); err != nil {
		return nil, err
	}
	if c.views() > 1 { // what all epochs share must not hold steps that the clean view lacks
		t.train.prefix = min(t.train.prefix, len(t.train.steps)-len(c.Online.Steps))
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
	} else if c.Keep == "best" || c.Patience > 0 {
		return nil, fmt.Errorf("keep: best and patience choose by the error on validation rows; give the port val, such as from: {train: split.train, val: split.val}")
	}
	net, err := nn.New(c.arch(len(classes)))
	if err != nil {
		return nil, err
	}
	net.Init(t.key("weights", 0))
	if err := t.begin(net, in.One("init")); err != nil {
		return nil, err
	}
	t.classifier = &model.Classifier{Net: net, Classes: classes, Head: model.Softmax, Test: c.testSteps()}
	loss := nn.CrossEntropy
	if c.Loss == "bce" {
		t.classifier.Head, loss = model.Sigmoid, nn.BinaryCrossEntropy
	}
	for i := range 3 {
		t.classifier.Mean[i], t.classifier.Std[i] = float32(c.Mean[i]), float32(c.Std[i])
	}
	if t.batch = min(c.BatchSize, len(t.train.ids)); t.batch < c.BatchSize {
		out.Note("batch_size is %d, there are %d rows: batches have %d", c.BatchSize, len(t.train.ids), t.batch)
	}
	t.perEpoch = len(t.train.ids) / t.batch
	t.steps = c.Budget.steps(t.perEpoch, t.batch)
	optimizer := nn.SGD
	if c.Optimizer == "adam" {
		optimizer = nn.Adam
	}
	consistency := float32(0)
	if c.Loss == "jsd" {
		consistency = float32(c.Consistency)
	}
	t.trainer, err = nn.NewTrainer(net, nn.Settings{
		Batch: t.batch, Optimizer: optimizer, Momentum: float32(c.Momentum), Nesterov: c.Nesterov,
		Beta1: float32(c.Betas[0]), Beta2: float32(c.Betas[1]), Epsilon: float32(c.Epsilon),
		WeightDecay: float32(c.WeightDecay), SpareNorms: !c.DecayNorms, LabelSmoothing: float32(c.LabelSmoothing),
		Loss: loss, Views: c.views(), Consistency: consistency, Slope: c.Online.Adversarial != nil,
	})
	if err != nil {
		return nil, err
	}
	out.Note("training %s with %d parameters on %d images for %d steps of %d, on %s",
		net.Arch, net.Parameters(), len(t.train.ids), t.steps, t.batch, kernels.Working(t.pool))
	return t, nil
}

// run trains from the last checkpoint, or from the start, to the end.
func (t *training) run(ctx context.Context, l limits) error {
	t.limits = l
	at, err := t.restore()
	if err != nil {
		return err
	}
	left, err := t.train.load(ctx, t.pool, l.keep, func(rows int) {
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
	t.saved = time.Now()
	for done := t.finished(at); !done; {
		line, err := t.epoch(ctx, at)
		if err != nil {
			return err
		}
		at.history = append(at.history, line)
		at.total, at.count = 0, 0
		if t.val != nil {
			t.consider(line)
		}
		if done = t.finished(at); !done {
			if err := t.save(at); err != nil {
				return err
			}
		}
	}
	return t.finish(at)
}

// finished says whether the budget is spent or no better epoch is expected.
func (t *training) finished(at *progress) bool {
	if at.step >= t.steps {
		return true
	}
	n := len(at.history)
	return n > 0 && at.count == 0 && t.val != nil && t.enough(at.history[n-1])
}

// finish writes the results.
func (t *training) finish(at *progress) error {
	last := at.history[len(at.history)-1]
	if last.step < t.steps {
		t.out.Note("stopped after epoch %d: no lower error on val since epoch %d", last.epoch, t.best.epoch)
	}
	kept := last
	if t.c.Keep == "best" {
		for i, v := range t.best.values {
			copy(t.classifier.Net.State[i].Data, v)
		}
		kept = at.history[t.best.epoch-1]
		t.out.Note("kept the weights of epoch %d of %d, whose error on val was the lowest", kept.epoch, last.epoch)
	}
	t.classifier.Effort = &model.Effort{
		ImagesSeen: int64(last.images) * int64(t.c.views()*t.c.Online.passes()), DistinctImages: int64(len(t.train.ids)), Steps: int64(last.step),
	}
	weights, err := t.classifier.Save()
	if err != nil {
		return err
	}
	t.out.Metric("train loss", kept.loss)
	if t.val != nil {
		t.out.Metric("validation error", kept.valError)
	}
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"weights.safetensors", weights}, {"history.csv", at.history.csv(t.val != nil)}, {"curves.svg", at.history.curves(t.val != nil)},
	} {
		if err := t.out.WriteFile("", f.name, f.data); err != nil {
			return err
		}
	}
	return nil
}

// epoch trains to the end of the epoch in which training stands, or to the
// last step. Rows that fill no whole batch sit the epoch out; the shuffle
// changes which.
func (t *training) epoch(ctx context.Context, at *progress) (line, error) {
	epoch := at.step / t.perEpoch
	order := kernels.Permutation(t.key("order", uint64(epoch)), t.train.ids)
	end := min((epoch+1)*t.perEpoch, t.steps)
	var rate float32
	for ; at.step < end; at.step++ {
		if ctx.Err() != nil {
			if at.count > 0 { // stopped in good order: nothing of the epoch is lost
				if err := t.save(at); err != nil {
					return line{}, errors.Join(context.Cause(ctx), err)
				}
			}
			return line{}, context.Cause(ctx)
		}
		if at.count > 0 && time.Since(t.saved) >= t.limits.every {
			if err := t.save(at); err != nil {
				return line{}, err
			}
		}
		first := at.step % t.perEpoch * t.batch
		if err := t.fill(ctx, order[first:first+t.batch], epoch, at.step); err != nil {
			return line{}, err
		}
		rate = t.c.rate(at.step, t.steps)
		loss := t.trainer.Step(t.pool, rate)
		if loss != loss || loss-loss != 0 {
			return line{}, fmt.Errorf("the loss became %v at step %d of %d, epoch %d; a lower lr than %v may help", loss, at.step+1, t.steps, epoch+1, t.c.LR)
		}
		at.total += float64(loss)
		at.count++
		t.out.Progress(int64(at.step+1)*int64(t.batch), int64(t.steps)*int64(t.batch), "images")
	}
	t.trainer.Sync()
	l := line{epoch: epoch + 1, step: at.step, images: at.step * t.batch, rate: rate, loss: at.total / float64(at.count)}
	if t.val != nil {
		var err error
		if l.valError, err = t.validate(ctx); err != nil {
			return line{}, err
		}
	}
	return l, nil
}
