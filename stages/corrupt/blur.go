package corrupt

import (
	"math"

	"shiftmill/kernels"
	"shiftmill/stages/imageio"
)

// defocus blurs with a disk of the given radius whose edge is smoothed by a
// Gaussian. The original's kernel is not brought back to a sum of 1 after
// smoothing, which reflects the disk where it touches the kernel's edge and so
// brightens pictures by 1 % at radii of 8 and 10.
func defocus(x *field, radius, smooth float64, reference bool) *field {
	kernel, side := disk(radius, smooth)
	if !reference {
		sum := 0.0
		for _, v := range kernel {
			sum += v
		}
		for i := range kernel {
			kernel[i] /= sum
		}
	}
	return correlate(x, kernel, side)
}

// disk returns a square kernel of odd side, at least 17.
func disk(radius, smooth float64) (kernel []float64, side int) {
	r, taps := 8, 1
	if radius > 8 {
		r, taps = int(radius), 2
	}
	side = 2*r + 1
	kernel = make([]float64, side*side)
	lit := 0.0
	for y := -r; y <= r; y++ {
		for x := -r; x <= r; x++ {
			if float64(x*x+y*y) <= radius*radius {
				kernel[(y+r)*side+x+r] = 1
				lit++
			}
		}
	}
	for i := range kernel {
		kernel[i] /= lit
	}
	w := bell(smooth, taps)
	along := func(step, across int) {
		line := make([]float64, side)
		for j := range side {
			for i := range line {
				line[i] = 0
				for k := range w {
					line[i] += float64(w[k] * kernel[j*across+step*reflect101.at(i+k-taps, side)])
				}
			}
			for i, v := range line {
				kernel[j*across+step*i] = v
			}
		}
	}
	along(1, side)
	along(side, 1)
	return kernel, side
}

// glass blurs, exchanges pixels with neighbours at most shift away, pass after
// pass, and blurs again. The original's exchange is a copy: a pixel takes its
// neighbour's colour and the neighbour keeps it.
func glass(x *field, sigma float64, shift, passes int, reference bool, src Draws) *field {
	p := gaussian(x, sigma, 4, nearest).pixels()
	u := make([]float32, 2*p.W)
	span, back := float64(2*shift), shift*(p.W+1)
	for pass := range passes {
		for y := p.H - shift; y > shift; y-- {
			first := 2 * y * p.W
			uniforms(src, u, bulk(pass), first)
			for xx := p.W - shift; xx > shift; xx-- {
				i := y*p.W + xx
				dx, dy := int(float64(u[2*xx])*span), int(float64(u[2*xx+1])*span)
				here, there := (*[3]byte)(p.Pix[3*i:]), (*[3]byte)(p.Pix[3*(i+dy*p.W+dx-back):])
				if reference {
					*here = *there
					continue
				}
				*here, *there = *there, *here
			}
		}
	}
	return gaussian(fromPixels(p), sigma, 4, nearest)
}

// uniforms fills dst with values first, first+1, ... of an array of draws.
func uniforms(src Draws, dst []float32, array uint32, first int) {
	lead := first % 4
	if lead == 0 {
		src.Uniforms(dst, array+uint32(first/4))
		return
	}
	all := make([]float32, lead+len(dst))
	src.Uniforms(all, array+uint32(first/4))
	copy(dst, all[lead:])
}

// motion blurs along a direction, one-sided, with Gaussian weights: sample i
// lies i pixels away. It follows ImageMagick's motion blur, which rounds to 8
// bits.
func motion(x *field, radius, sigma, angle float64) *imageio.Pixels {
	width := 2*int(radius) + 1
	weights := bell(sigma, width-1)[width-1:] // one side
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	rad := angle * (math.Pi / 180)
	sin, cos := kernels.Sin64(rad), kernels.Cos64(rad)
	taps := make([]tap, width)
	for i, w := range weights {
		taps[i] = tap{
			dy: int(math.Ceil(float64(float64(i)*sin) - 0.5)), dx: int(math.Ceil(float64(float64(i)*cos) - 0.5)),
			weight: w / sum,
		}
	}
	return gather(x, taps, width, nearest).rounded()
}
