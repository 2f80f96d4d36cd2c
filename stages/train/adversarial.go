package train

// Adversarial are the parameters of adversarial training: each image is
// changed, by one signed step from a random start, so that the network as it
// then is gets it more wrong, and learns from what comes of it. Lengths are in
// levels of 255.
//
// Source: Wong, Rice and Kolter, "Fast is better than free", ICLR 2020
// (arXiv:2001.03994), and its released code for ImageNet: epsilon 4 and a step
// of 1.25 epsilon; the gradient is taken in training mode, so that norms use
// the batch's statistics and running ones move twice a step.
type Adversarial struct {
	Epsilon float64 // the most that a value changes
	Step    float64 // length of the step
}

// attack changes the next batch. With several views the first stays clean.
func (t *training) attack(rows []int, epoch int) {
	a := t.c.Online.Adversarial
	views, each := t.c.views(), 3*t.c.Size*t.c.Size
	first := 0
	if views > 1 {
		first = 1
	}
	images := t.trainer.Images[first*len(rows)*each:]
	if t.clean == nil {
		t.clean, t.change = make([]float32, len(images)), make([]float32, len(images))
	}
	p := perturbation{mean: t.classifier.Mean, std: t.classifier.Std, epsilon: float32(a.Epsilon / 255), step: float32(a.Step / 255)}
	all := func(do func(images, clean, change []float32, i int)) {
		t.pool.Run(len(images)/each, func(i int) {
			do(images[i*each:(i+1)*each], t.clean[i*each:(i+1)*each], t.change[i*each:(i+1)*each], i)
		})
	}
	all(func(images, clean, change []float32, i int) {
		view, row := first+i/len(rows), rows[i%len(rows)]
		t.key("adversarial start", uint64(epoch*views+view)).Row(t.train.ids[row]).Ranges(change, 0, -p.epsilon, p.epsilon)
		p.pixels(clean, images)
		p.apply(images, clean, change)
	})
	slope := t.trainer.Slope(t.pool)[first*len(rows)*each:]
	all(func(images, clean, change []float32, i int) {
		p.move(change, clean, slope[i*each:(i+1)*each])
		p.apply(images, clean, change)
	})
}

// A perturbation changes pictures that are held as a network takes them: planes
// of pixels from 0 to 1, less mean, by std.
type perturbation struct {
	mean, std     [3]float32
	epsilon, step float32 // of pixels from 0 to 1
}

// pixels stores what an image's pixels were before they were normalised.
func (p *perturbation) pixels(dst, image []float32) {
	n := len(image) / 3
	for c := range 3 {
		for i := c * n; i < (c+1)*n; i++ {
			dst[i] = float32(image[i]*p.std[c]) + p.mean[c]
		}
	}
}

// apply stores pixels with their change, clamped, as the network takes them.
func (p *perturbation) apply(dst, pixels, change []float32) {
	n := len(pixels) / 3
	for c := range 3 {
		for i := c * n; i < (c+1)*n; i++ {
			dst[i] = (min(max(pixels[i]+change[i], 0), 1) - p.mean[c]) / p.std[c]
		}
	}
}

// move takes a step along the slope's sign, and back to epsilon. Where pixels
// are clamped nothing has a slope.
func (p *perturbation) move(change, pixels, slope []float32) {
	for i, g := range slope {
		d := change[i]
		if v := pixels[i] + d; v >= 0 && v <= 1 {
			switch {
			case g > 0:
				d += p.step
			case g < 0:
				d -= p.step
			}
		}
		change[i] = min(max(d, -p.epsilon), p.epsilon)
	}
}
