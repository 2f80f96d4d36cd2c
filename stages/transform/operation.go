package transform

import (
	"shiftmill/kernels"
	"shiftmill/stages/imageio"
)

// The operations of AugMix in the order of the released code; the last four
// overlap with ImageNet-C.
const (
	autocontrast = iota
	equalize
	posterize
	rotate
	solarize
	shearX
	shearY
	translateX
	translateY
	colour
	contrast
	brightness
	sharpness
)

const nine, thirteen = 9, 13

// operate applies one operation drawn at random, with a level and, where it
// has a direction, a sign of its own. The result is in dst if moved, else p
// was changed.
func (a AugMix) operate(dst, p *imageio.Pixels, draw kernels.Source, first uint32) (moved bool) {
	count := nine
	if a.All {
		count = thirteen
	}
	op := draw.IntN(first, count)
	level := 0.1 + float64((a.Severity-0.1)*float64(draw.Uniform(first+1)))
	sign := 1.0
	if draw.Uniform(first+2) < 0.5 {
		sign = -1
	}
	return a.apply(dst, p, op, level, sign)
}

// apply applies one operation at a level of at most 10.
func (a AugMix) apply(dst, p *imageio.Pixels, op int, level, sign float64) (moved bool) {
	// whole is a share of most, cut off, as the released code takes it.
	whole := func(most float64) int { return int(float64(level*most) / 10) }
	fill := [3]byte{byte(a.Fill), byte(a.Fill), byte(a.Fill)}
	if a.Red {
		fill[1], fill[2] = 0, 0
	}
	warp := func(m imageio.Affine) bool {
		imageio.Warp(dst, p, m, fill)
		return true
	}
	factor := float32(float64(level*1.8)/10 + 0.1)
	switch op {
	case autocontrast:
		imageio.AutoContrast(p).Apply(p)
	case equalize:
		imageio.Equalize(p).Apply(p)
	case posterize:
		imageio.Posterize(4 - whole(4)).Apply(p)
	case solarize:
		imageio.Solarize(256 - whole(256)).Apply(p)
	case rotate:
		degrees := whole(30)
		if degrees == 0 {
			return false
		}
		return warp(imageio.Rotation(sign*float64(degrees), p.H, p.W))
	case shearX:
		return warp(imageio.Affine{1, sign * (float64(level*0.3) / 10), 0, 0, 1, 0})
	case shearY:
		return warp(imageio.Affine{1, 0, 0, sign * (float64(level*0.3) / 10), 1, 0})
	case translateX:
		return warp(imageio.Affine{1, 0, sign * float64(whole(float64(p.W)/3)), 0, 1, 0})
	case translateY:
		return warp(imageio.Affine{1, 0, 0, 0, 1, sign * float64(whole(float64(p.H)/3))})
	case colour:
		imageio.Colour(p, factor)
	case contrast:
		imageio.Contrast(p, factor)
	case brightness:
		imageio.Brighten(p, factor)
	case sharpness:
		imageio.Sharpen(dst, p, factor)
		return true
	}
	return false
}
