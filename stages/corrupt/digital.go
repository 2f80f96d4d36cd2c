package corrupt

import (
	"math"

	"shiftmill/stages/imageio"
)

// contrast scales the distance from each channel's mean.
func contrast(x *field, c float64) *field {
	var mean [3]float64
	for i, v := range x.v {
		mean[i%3] += v
	}
	for k := range mean {
		mean[k] /= float64(x.h * x.w)
	}
	for i, v := range x.v {
		x.v[i] = float64((v-mean[i%3])*c) + mean[i%3]
	}
	return x
}

// saturate multiplies the S of HSV and adds to it.
func saturate(x *field, factor, offset float64) *field {
	for i := 0; i < len(x.v); i += 3 {
		p := x.v[i:][:3]
		h, s, v := toHSV(p)
		fromHSV(p, h, clip(float64(s*factor)+offset), v)
	}
	return x
}

// toHSV returns hue (0 to 1, wrapping), saturation and value of a pixel.
func toHSV(p []float64) (h, s, v float64) {
	r, g, b := p[0], p[1], p[2]
	v = max(r, g, b)
	span := v - min(r, g, b)
	if span == 0 {
		return 0, 0, v
	}
	switch v {
	case b:
		h = 4 + (r-g)/span
	case g:
		h = 2 + (b-r)/span
	default:
		h = (g - b) / span
	}
	h /= 6
	return h - math.Floor(h), span / v, v
}

func fromHSV(dst []float64, h, s, v float64) {
	sector := math.Floor(h * 6)
	f := float64(h*6) - sector
	p := v * (1 - s)
	q := v * (1 - float64(f*s))
	t := v * (1 - float64((1-f)*s))
	switch int(sector) % 6 {
	case 0:
		dst[0], dst[1], dst[2] = v, t, p
	case 1:
		dst[0], dst[1], dst[2] = q, v, p
	case 2:
		dst[0], dst[1], dst[2] = p, v, t
	case 3:
		dst[0], dst[1], dst[2] = p, q, v
	case 4:
		dst[0], dst[1], dst[2] = t, p, v
	default:
		dst[0], dst[1], dst[2] = v, p, q
	}
}

// pixelate makes the picture smaller by a factor and large again, both with
// the box filter.
func pixelate(p *imageio.Pixels, factor float64) *imageio.Pixels {
	h, w := max(1, int(float64(p.H)*factor)), max(1, int(float64(p.W)*factor))
	return imageio.Resize(imageio.Resize(p, h, w, imageio.Box), p.H, p.W, imageio.Box)
}
