package corrupt

import (
	"math"

	"shiftmill/kernels"
	"shiftmill/stages/imageio"
)

// A lottery gives, for each 8-bit level, the distribution of the level that
// noise makes of it. One uniform number then draws exactly from it, however
// the noise is distributed, without a floating-point operation a value.
type lottery struct {
	// cumulative[v][o] is 2^24 times the probability of at most o.
	cumulative [256][256]uint32
	// guide[v][u>>16] is the least o that can come of u.
	guide [256][256]byte
}

// newLottery makes one of the probability that v becomes at most o.
func newLottery(atMost func(v, o int) float64) *lottery {
	l := new(lottery)
	for v := range 256 {
		least := uint32(0)
		for o := range 255 {
			// Rounding must not make it fall.
			least = max(least, uint32(float64(min(max(atMost(v, o), 0), 1)*(1<<24))+0.5))
			l.cumulative[v][o] = least
		}
		l.cumulative[v][255] = 1 << 24
		o := 0
		for g := range l.guide[v] {
			for l.cumulative[v][o] <= uint32(g)<<16 {
				o++
			}
			l.guide[v][g] = byte(o)
		}
	}
	return l
}

// draw replaces every value of a picture.
func (l *lottery) draw(p *imageio.Pixels, src Draws) *imageio.Pixels {
	out := imageio.NewPixels(p.H, p.W, p.C)
	var u [1024]float32
	for lo := 0; lo < len(p.Pix); lo += len(u) {
		in := p.Pix[lo:min(lo+len(u), len(p.Pix))]
		to := out.Pix[lo:][:len(in)]
		src.Uniforms(u[:len(in)], bulk(0)+uint32(lo/4))
		for i, v := range in {
			w := uint32(int32(u[i] * (1 << 24)))
			o := l.guide[v][w>>16&255]
			row := &l.cumulative[v]
			for row[o] <= w {
				o++
			}
			to[i] = o
		}
	}
	return out
}

// normalBelow is the probability that a normal number is below x, by the
// series of its density.
func normalBelow(x float64) float64 {
	switch {
	case x < -7:
		return 0
	case x > 7:
		return 1
	}
	term, sum := x, x
	for k := 3.0; math.Abs(term) > 1e-17; k += 2 {
		term = float64(term * x * x / k)
		sum += term
	}
	const root = 0x1.988453365dec4p-02 // 1 / sqrt(2 pi)
	return 0.5 + float64(root*kernels.Exp64(-float64(x*x)/2)*sum)
}

// gaussianNoise adds normal noise of standard deviation c (of 1) to every
// value.
func gaussianNoise(c float64) *lottery {
	var below [512]float64 // of 255 more than the index
	for i := range below {
		below[i] = normalBelow(float64(i-255) / (255 * c))
	}
	return newLottery(func(v, o int) float64 { return below[o+1-v+255] })
}

// speckleNoise is gaussianNoise in proportion to the value.
func speckleNoise(c float64) *lottery {
	return newLottery(func(v, o int) float64 {
		if v == 0 {
			return 1
		}
		return normalBelow(float64(o+1-v) / (float64(v) * c))
	})
}

// shotNoise counts photons, c of which make a value of 1.
func shotNoise(c float64) *lottery {
	var sums [256][256]float64
	for v := range sums {
		mean := float64(v) / 255 * c
		p := kernels.Exp64(-mean)
		// Far out in the tail nothing of 24 bits is left.
		most := int(mean+float64(12*math.Sqrt(mean))) + 40
		var of [256]float64
		for k := 0; k <= most; k++ {
			of[cut(float64(k)/c*255)] += p
			p = float64(p * (mean / float64(k+1)))
		}
		sum := 0.0
		for o, q := range of {
			sum += q
			sums[v][o] = sum
		}
	}
	return newLottery(func(v, o int) float64 { return sums[v][o] })
}

// impulseNoise hits each value, not each pixel, with probability c and makes
// it 255 or 0, either equally likely.
func impulseNoise(p *imageio.Pixels, c float64, src Draws) *imageio.Pixels {
	out := imageio.NewPixels(p.H, p.W, p.C)
	half, full := int32(c/2*(1<<24)), int32(c*(1<<24))
	var u [1024]float32
	for lo := 0; lo < len(p.Pix); lo += len(u) {
		in := p.Pix[lo:min(lo+len(u), len(p.Pix))]
		to := out.Pix[lo:][:len(in)]
		src.Uniforms(u[:len(in)], bulk(0)+uint32(lo/4))
		for i, v := range in {
			// Without a branch, which would be guessed wrong: all ones where it holds.
			w := int32(u[i] * (1 << 24))
			hit, salt := byte((w-full)>>31), byte((w-half)>>31)
			to[i] = v&^hit | salt
		}
	}
	return out
}
