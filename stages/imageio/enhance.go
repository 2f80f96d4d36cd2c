package imageio

// Brighten scales every value of p by a factor, as Pillow's ImageEnhance.Brightness.
func Brighten(p *Pixels, factor float32) {
	same(func(v int) byte { return extrapolate(0, byte(v), factor) }).Apply(p)
}

// Contrast scales the distance of every value of p from the mean luminance, as Pillow's ImageEnhance.Contrast.
func Contrast(p *Pixels, factor float32) {
	sum := 0
	for i := 0; i+2 < len(p.Pix); i += 3 {
		sum += int(luminance(p.Pix[i : i+3 : i+3]))
	}
	n := p.H * p.W
	mean := byte((2*sum + n) / (2 * n)) // rounded half up
	same(func(v int) byte { return extrapolate(mean, byte(v), factor) }).Apply(p)
}

// Colour scales the distance of every value of p from its pixel's luminance, as Pillow's ImageEnhance.Color.
func Colour(p *Pixels, factor float32) {
	for i := 0; i+2 < len(p.Pix); i += 3 {
		v := p.Pix[i : i+3 : i+3]
		grey := luminance(v)
		v[0], v[1], v[2] = extrapolate(grey, v[0], factor), extrapolate(grey, v[1], factor), extrapolate(grey, v[2], factor)
	}
}

// Sharpen fills dst with src, the distance of every value from a smoothed copy scaled by a factor, as Pillow's
// ImageEnhance.Sharpness: the copy is a 3x3 mean with fivefold weight in its middle, and at the rim src itself.
func Sharpen(dst, src *Pixels, factor float32) {
	copy(dst.Pix, src.Pix)
	n := 3 * src.W
	for y := 1; y < src.H-1; y++ {
		up, mid, down, out := src.Row(y-1), src.Row(y), src.Row(y+1), dst.Row(y)
		for i := 3; i < n-3; i++ {
			sum := int(up[i-3]) + int(up[i]) + int(up[i+3]) + int(mid[i-3]) + 5*int(mid[i]) + int(mid[i+3]) + int(down[i-3]) + int(down[i]) + int(down[i+3])
			out[i] = extrapolate(byte((2*sum+13)/26), mid[i], factor)
		}
	}
}

// luminance is Pillow's conversion to grey.
func luminance(p []byte) byte {
	return byte((uint32(p[0])*19595 + uint32(p[1])*38470 + uint32(p[2])*7471 + 0x8000) >> 16)
}

// extrapolate is a + factor*(b-a), clamped and cut off, as Pillow's Image.blend.
func extrapolate(a, b byte, factor float32) byte {
	v := float32(a) + float32(factor*float32(int(b)-int(a)))
	switch {
	case v <= 0:
		return 0
	case v >= 255:
		return 255
	}
	return byte(v)
}
