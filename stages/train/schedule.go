package train

import "shiftmill/kernels"

// rate is the learning rate of a step, from 0, of a training of so many. It
// rises in a line over the warm-up, then follows the schedule over the steps
// that are left. All in float64 that is the same on every processor.
func (c *Config) rate(step, steps int) float32 {
	warm := int(c.Warmup * float64(steps))
	if step < warm {
		return float32(c.LR * float64(step+1) / float64(warm))
	}
	at, of := step-warm, steps-warm
	switch c.Schedule {
	case "constant":
		return float32(c.LR)
	case "linear":
		return float32(c.LR * float64(of-at) / float64(of))
	case "step":
		lr := c.LR
		for _, m := range c.Milestones {
			if float64(step) >= m*float64(steps) {
				lr *= c.Decay
			}
		}
		return float32(lr)
	}
	return float32(kernels.CosineRate(c.LR, 0, at, of))
}
