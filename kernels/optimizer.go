package kernels

// SGD makes one step of stochastic gradient descent on w, with momentum v, gradient g (left as it is), learning rate lr and
// weight decay wd: g' = fma(wd, w, g), v = fma(mom, v, g'), s = nesterov ? fma(mom, v, g') : v, w = fma(-lr, s, w). With v
// starting at +0 this is PyTorch's SGD with dampening 0.
func SGD(w, v, g []float32, lr, mom, wd float32, nesterov bool) {
	sameLength("SGD", len(w), len(v), len(g))
	backend().SGD(-lr, mom, wd, nesterov, w, v, g)
}

// Adam makes step number step (from 1) of Adam on w with moments m and v, both +0 before the first, and gradient g (left as
// it is). wd is added to the gradient as wd*w.
//
// Source: Kingma and Ba, ICLR 2015. Bits: g' = fma(wd, w, g); m = fma(b1, m, (1-b1)*g'); v = fma(b2, v, ((1-b2)*g')*g');
// w = fma(-lr/(1-b1^step), m / (sqrt(v)/sqrt(1-b2^step) + eps), w), the corrections in float64 rounded to float32.
func Adam(w, m, v, g []float32, lr, b1, b2, eps, wd float32, step int) {
	sameLength("Adam", len(w), len(m), len(v), len(g))
	if step < 1 {
		panic("kernels: Adam: steps count from 1")
	}
	rate, root := adamCorrected(lr, b1, b2, step)
	backend().Adam(rate, b1, 1-b1, b2, 1-b2, root, eps, wd, w, m, v, g)
}

func adamCorrected(lr, b1, b2 float32, step int) (rate, root float32) {
	rate = -float32(float64(lr) / (1 - Pow64(float64(b1), float64(step))))
	return rate, Sqrt(float32(1 - Pow64(float64(b2), float64(step))))
}

// CosineRate returns the learning rate at step (from 0) of total steps: from first at step 0 along half a cosine to last at
// step total, in float64 that is the same on every processor.
func CosineRate(first, last float64, step, total int) float64 {
	if total <= 0 {
		return first
	}
	const pi = 0x1.921fb54442d18p+1
	c := Cos64(pi * float64(step) / float64(total))
	return last + float64(0.5*(first-last)*(1+c))
}
