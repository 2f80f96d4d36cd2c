package jpeg

// widener makes the rows of one component as wide and as many as the picture's.
type widener struct {
	c      *component
	h, v   int  // samples of the picture for each of the component's, across and down
	smooth bool // triangle filter instead of repetition
	row    []byte
}

// newWidener chooses the method as the JPEG group's library does: a triangle filter for ratios of 2, except across rows of
// fewer than 3 samples, and repetition otherwise.
func newWidener(d *decoder, c *component) *widener {
	least := 8 / d.scale
	w := &widener{c: c, h: d.hMax * least / (c.h * c.size), v: d.vMax * least / (c.v * c.size)}
	switch {
	case least == 1: // the library repeats where a block is one sample
	case w.h == 2 && w.v <= 2:
		w.smooth = c.width > 2
	case w.h == 1 && w.v == 2:
		w.smooth = true
	}
	if w.h > 1 || w.smooth {
		w.row = make([]byte, w.h*c.stride)
	}
	return w
}

// at returns the picture's row y of the component, valid until the next call.
func (w *widener) at(y int) []byte {
	c := w.c
	this := c.samples(y / w.v)
	switch {
	case w.smooth && w.v == 1:
		smoothAcross(w.row, this)
	case w.smooth && w.h == 1:
		// The upper of two rows rounds down on a tie, the lower one up.
		smoothDown(w.row, this, c.samples(nearRow(y)), 1+y&1)
	case w.smooth:
		smoothBoth(w.row, this, c.samples(nearRow(y)))
	case w.h > 1:
		for x, v := range this {
			out := w.row[x*w.h:][:w.h]
			for i := range out {
				out[i] = v
			}
		}
	default:
		return this
	}
	return w.row
}

// nearRow is the second nearest of a half-high plane's rows to row y of the picture.
func nearRow(y int) int { return y/2 - 1 + 2*(y&1) }

// samples is row y of the plane; rows outside the picture repeat its edge.
func (c *component) samples(y int) []byte {
	y = min(max(y, 0), c.height-1)
	return c.plane[y*c.stride:][:c.width]
}

// smoothAcrossGeneric doubles a row: each new sample is 3/4 of the nearer and 1/4 of the further; ties round down on the left, up on the right.
func smoothAcrossGeneric(out, in []byte) {
	n := len(in)
	out = out[:2*n]
	out[0] = in[0]
	out[1] = byte((3*int32(in[0]) + int32(in[1]) + 2) >> 2)
	for i := 1; i < n-1; i++ {
		v := 3 * int32(in[i])
		out[2*i] = byte((v + int32(in[i-1]) + 1) >> 2)
		out[2*i+1] = byte((v + int32(in[i+1]) + 2) >> 2)
	}
	out[2*n-2] = byte((3*int32(in[n-1]) + int32(in[n-2]) + 1) >> 2)
	out[2*n-1] = in[n-1]
}

func smoothDown(out, this, near []byte, bias int) {
	for i, v := range this {
		out[i] = byte((3*int(v) + int(near[i]) + bias) >> 2)
	}
}

// smoothBothGeneric is the triangle filter in both directions with one rounding: weights 9, 3, 3 and 1 of 16.
func smoothBothGeneric(out, this, near []byte) {
	n := len(this)
	near, out = near[:n], out[:2*n]
	sum := 3*int32(this[0]) + int32(near[0])
	next := 3*int32(this[1]) + int32(near[1])
	out[0] = byte((4*sum + 8) >> 4)
	out[1] = byte((3*sum + next + 7) >> 4)
	last := sum
	sum = next
	for i := 2; i < n; i++ {
		next = 3*int32(this[i]) + int32(near[i])
		out[2*i-2] = byte((3*sum + last + 8) >> 4)
		out[2*i-1] = byte((3*sum + next + 7) >> 4)
		last, sum = sum, next
	}
	out[2*n-2] = byte((3*sum + last + 8) >> 4)
	out[2*n-1] = byte((4*sum + 7) >> 4)
}
