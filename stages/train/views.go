package train

import (
	"context"
	"fmt"

	"shiftmill/kernels"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/transform"
)

// jsdViews is how many versions of an image the Jensen-Shannon loss compares:
// the clean one and two that are augmented.
const jsdViews = 3

func (c *Config) views() int {
	if c.Loss == "jsd" {
		return jsdViews
	}
	return 1
}

// A viewMaker holds what one worker needs to augment.
type viewMaker struct {
	mixer transform.AugMixer
}

// fill makes the next batch of the given rows. The transform draws once for
// an image, so that all its views show the same crop; online augmentations
// draw for each view. With several views the first is not augmented.
func (t *training) fill(ctx context.Context, rows []int, epoch, step int) error {
	pics, err := t.train.pictures(ctx, t.pool, rows)
	if err != nil {
		return err
	}
	steps, prefix, own := t.train.steps, t.train.prefix, len(t.train.steps)-len(t.c.Online.Steps)
	draws := t.key("transform", uint64(epoch))
	views := t.c.views()
	online := make([]kernels.Key, views)
	mixing := make([]kernels.Key, views)
	for v := range online {
		at := uint64(epoch*views + v)
		online[v], mixing[v] = t.key("view", at), t.key("augmix", at)
	}
	if views == 1 {
		online[0] = draws
	}
	each := 3 * t.c.Size * t.c.Size
	errs := make([]error, len(rows))
	t.pool.Run(len(rows), func(i int) {
		m := t.makers.Get().(*viewMaker)
		defer t.makers.Put(m)
		id := t.train.ids[rows[i]]
		fail := func(err error) { errs[i] = &stages.RowError{ID: id, Err: err} }
		// A step that draws may stand before the transform's last one: what is
		// shared ends where the online steps begin.
		base, err := steps.Apply(pics[i], prefix, max(own, prefix), draws.Row(id))
		if err != nil {
			fail(err)
			return
		}
		for v := range views {
			image := t.trainer.Images[(v*len(rows)+i)*each:][:each]
			if views > 1 && v == 0 {
				imageio.ToFloat(base, t.classifier.Mean, t.classifier.Std, image)
				continue
			}
			p, err := steps.Apply(base, max(own, prefix), len(steps), online[v].Row(id))
			if err != nil {
				fail(err)
				return
			}
			if a := t.c.Online.AugMix; a != nil {
				m.mixer.Float(*a, image, p, t.classifier.Mean, t.classifier.Std, mixing[v].Row(id))
			} else {
				imageio.ToFloat(p, t.classifier.Mean, t.classifier.Std, image)
			}
		}
		t.target(i, t.train.class[rows[i]])
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	if t.c.Online.Noise2Net != nil {
		for v := range views {
			if views == 1 || v > 0 {
				if err := t.noise(rows, v, epoch, step); err != nil {
					return err
				}
			}
		}
	}
	if t.c.Online.Adversarial != nil {
		t.attack(rows, epoch)
	}
	return nil
}

// target sets what image i of the batch should be scored as.
func (t *training) target(i int, classes []int) {
	if t.c.Loss != "bce" {
		t.trainer.SetLabel(i, classes[0])
		return
	}
	k := len(t.classifier.Classes)
	row := t.trainer.Targets[i*k : (i+1)*k]
	clear(row)
	for _, c := range classes {
		row[c] = 1
	}
}

// noise puts the first images of a view of the batch, their number rounded
// down, through Noise2Net. Kernel sizes and dilations are drawn for each
// epoch, the strength for each step from the upper half of its range, the
// weights for each row, view and epoch. Nothing is clamped.
//
// Source: the released code of Hendrycks et al. 2021, where half of each
// batch is augmented and the paper speaks of every image; share says which.
func (t *training) noise(rows []int, view, epoch, step int) error {
	o := t.c.Online.Noise2Net
	count := int(o.Share * float64(len(rows)))
	structure := kernels.DrawNoise2NetStructure(t.key("noise2net structure", uint64(epoch)).Row(""))
	most := float32(o.Epsilon)
	epsilon := t.key("noise2net epsilon", uint64(step)).Row("").Range(0, most/2, most)
	purpose := "noise2net weights"
	if view > 1 {
		purpose = fmt.Sprintf("noise2net weights of view %d", view)
	}
	weights := t.key(purpose, uint64(epoch))
	op := kernels.Noise2NetOp{
		H: t.c.Size, W: t.c.Size, Structures: []kernels.Noise2NetStructure{structure}, Weights: make([]kernels.Source, count), Epsilon: []float32{epsilon},
	}
	for i := range op.Weights {
		op.Weights[i] = weights.Row(t.train.ids[rows[i]])
	}
	each := 3 * t.c.Size * t.c.Size
	return op.Apply(t.pool, t.trainer.Images[view*len(rows)*each:][:count*each])
}
