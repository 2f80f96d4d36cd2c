package kernels

import "shiftmill/kernels/internal/simd"

// An ending is what is done to each output of a convolution behind its last term, in the order of simd.Ending: scale and
// shift hold a value for each output channel. Where an ending is made changes no bit. A nil ending is nothing.
type ending struct {
	scale, shift []float32
	act          simd.Act
	slope        float32
}

// biased is the ending of a convolution with a bias, which may be nil.
func biased(bias []float32) *ending {
	if bias == nil {
		return nil
	}
	return &ending{shift: bias}
}

// A target is where the rows of a product or the channels of a convolution go: those of row i from v[i*pitch] on, which is
// output channel channel+i to the ending. add, unless nil, is added before the activation; its rows are addPitch apart.
type target struct {
	v, add          []float32
	pitch, addPitch int
	channel         int
	end             *ending
}

// from is the target from row on.
func (to target) from(row int) target {
	to.v = to.v[row*to.pitch:]
	if to.add != nil {
		to.add = to.add[row*to.addPitch:]
	}
	to.channel += row
	return to
}

// ending fills in e for a tile that begins with a row and a position, and returns it, or nil where there is nothing to do.
func (to *target) ending(e *simd.Ending, row, at int) *simd.Ending {
	if to.end == nil && to.add == nil {
		return nil
	}
	*e = simd.Ending{Pitch: to.addPitch}
	if to.add != nil {
		e.Add = to.add[row*to.addPitch+at:]
	}
	if d := to.end; d != nil {
		e.Act, e.Slope = d.act, d.slope
		if d.scale != nil {
			e.Scale = d.scale[to.channel+row:]
		}
		if d.shift != nil {
			e.Shift = d.shift[to.channel+row:]
		}
	}
	return e
}

// finish makes the ending of n outputs of a row from position at on, where no tile has done it.
func (to *target) finish(be simd.Backend, row, at, n int) {
	if d := to.end; d != nil && d.scale == nil && d.shift != nil {
		v := to.v[row*to.pitch+at:][:n]
		be.Offset(d.shift[to.channel+row], v, v)
	}
	to.rest(be, row, at, n)
}

// rest is finish where a bias has been added.
func (to *target) rest(be simd.Backend, row, at, n int) {
	v, d := to.v[row*to.pitch+at:][:n], to.end
	if d != nil && d.scale != nil {
		be.Affine(d.scale[to.channel+row], d.shift[to.channel+row], v, v)
	}
	if to.add != nil {
		be.Add(v, v, to.add[row*to.addPitch+at:][:n])
	}
	if d == nil {
		return
	}
	switch d.act {
	case simd.Rectify:
		be.ReLU(v, v)
	case simd.Leaky:
		be.Leaky(d.slope, v, v)
	}
}

// bias returns the shift where it is what is done first, else nil.
func (e *ending) bias() []float32 {
	if e == nil || e.scale != nil {
		return nil
	}
	return e.shift
}
