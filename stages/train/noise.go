package train

import "shiftmill/kernels"

// A noiseMaker holds what one worker needs for Noise2Net.
type noiseMaker struct {
	net     kernels.Noise2NetNet
	scratch kernels.Scratch
}

// noise puts the first images of the batch, their number rounded down, through
// Noise2Net. Kernel sizes and
// dilations are drawn for each epoch, the strength for each step from the
// upper half of its range, the weights for each row and epoch. Nothing is
// clamped.
//
// Source: the released code of Hendrycks et al. 2021, where half of each
// batch is augmented and the paper speaks of every image; share says which.
func (t *training) noise(rows []int, epoch, step int) {
	o := t.c.Online.Noise2Net
	count := int(o.Share * float64(len(rows)))
	structure := kernels.DrawNoise2NetStructure(t.key("noise2net structure", uint64(epoch)).Row(""))
	most := float32(o.Epsilon)
	epsilon := t.key("noise2net epsilon", uint64(step)).Row("").Range(0, most/2, most)
	weights := t.key("noise2net weights", uint64(epoch))
	each, side := 3*t.c.Size*t.c.Size, t.c.Size
	t.pool.Run(count, func(i int) {
		m := t.makers.Get().(*noiseMaker)
		defer t.makers.Put(m)
		m.net.Draw(structure, weights.Row(t.train.ids[rows[i]]))
		image := t.trainer.Images[i*each : (i+1)*each]
		kernels.Noise2Net(image, image, side, side, &m.net, epsilon, &m.scratch)
	})
}
