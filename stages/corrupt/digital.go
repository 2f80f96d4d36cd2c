package corrupt

import "shiftmill/stages/imageio"

// contrast scales the distance from each channel's mean.
func contrast(p *imageio.Pixels, c float64) *imageio.Pixels {
	var sum [3]int
	for i := 0; i+2 < len(p.Pix); i += 3 {
		v := p.Pix[i : i+3 : i+3]
		sum[0] += int(v[0])
		sum[1] += int(v[1])
		sum[2] += int(v[2])
	}
	var tone imageio.Tone
	for k, s := range sum {
		mean := float64(s) / float64(p.H*p.W)
		for v := range 256 {
			tone[k][v] = cut(float64((float64(v)-mean)*c) + mean)
		}
	}
	out := p.Clone()
	tone.Apply(out)
	return out
}

// brightness adds c to the V of HSV, the largest channel: hue and saturation
// stay as they are if all channels are scaled alike.
func brightness(p *imageio.Pixels, c float64) *imageio.Pixels {
	out := imageio.NewPixels(p.H, p.W, 3)
	var scale [256]float32
	for v := range scale {
		scale[v] = float32(min(float64(v)/255+c, 1) * 255 / float64(max(v, 1)))
	}
	black := cut(c * 255)
	for i := 0; i+2 < len(p.Pix); i += 3 {
		v, to := p.Pix[i:i+3:i+3], out.Pix[i:i+3:i+3]
		most := max(v[0], v[1], v[2])
		if most == 0 {
			to[0], to[1], to[2] = black, black, black
			continue
		}
		s := scale[most]
		to[0] = byte(int32(float32(float32(v[0])*s) + whole))
		to[1] = byte(int32(float32(float32(v[1])*s) + whole))
		to[2] = byte(int32(float32(float32(v[2])*s) + whole))
	}
	return out
}

// saturate multiplies the S of HSV and adds to it: the distances from the
// largest channel are scaled alike. Grey has the hue of red.
func saturate(p *imageio.Pixels, factor, offset float64) *imageio.Pixels {
	out := imageio.NewPixels(p.H, p.W, 3)
	var inverse [256]float32
	for v := 1; v < 256; v++ {
		inverse[v] = 1 / float32(v)
	}
	f, o := float32(factor), float32(offset)
	grey := min(max(o, 0), 1)
	for i := 0; i+2 < len(p.Pix); i += 3 {
		v, to := p.Pix[i:i+3:i+3], out.Pix[i:i+3:i+3]
		most := max(v[0], v[1], v[2])
		span := most - min(v[0], v[1], v[2])
		top := float32(most)
		if span == 0 {
			pale := byte(int32(top - float32(top*grey) + whole))
			to[0], to[1], to[2] = most, pale, pale
			continue
		}
		s := float32(span) * inverse[most]
		s = min(max(float32(s*f)+o, 0), 1)
		r := float32(s*top) * inverse[span]
		to[0] = byte(int32(top - float32(float32(most-v[0])*r) + whole))
		to[1] = byte(int32(top - float32(float32(most-v[1])*r) + whole))
		to[2] = byte(int32(top - float32(float32(most-v[2])*r) + whole))
	}
	return out
}

// pixelate makes the picture smaller by a factor and large again, both with
// the box filter.
func pixelate(p *imageio.Pixels, factor float64) *imageio.Pixels {
	h, w := max(1, int(float64(p.H)*factor)), max(1, int(float64(p.W)*factor))
	return imageio.Resize(imageio.Resize(p, h, w, imageio.Box), p.H, p.W, imageio.Box)
}
