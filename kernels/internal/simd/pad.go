package simd

// padWidest is the number of values of a row that PadRows takes by vectors.
const padWidest = 64 * Lanes

// PadRows stores in y n rows of width values, ys apart: left zeros, w values of a row of x, whose rows are w long too, and
// zeros.
func (b Backend) PadRows(n, left, w, width int, x, y []float32, ys int) {
	if b != AVX512 || n == 0 || w == 0 || width > padWidest {
		for i := range n {
			row := y[i*ys : i*ys+width]
			clear(row[:left])
			clear(row[left+copy(row[left:], x[i*w:(i+1)*w]):])
		}
		return
	}
	var masks [padWidest / Lanes]uint16
	vectors := (width + Lanes - 1) / Lanes
	for i := range vectors {
		lo, hi := max(left-i*Lanes, 0), min(left+w-i*Lanes, Lanes)
		if lo < hi {
			masks[i] = uint16(1<<hi - 1<<lo)
		}
	}
	last := 1<<(width-(vectors-1)*Lanes) - 1
	for i := 0; i < n; i += padPiece {
		// Lanes before the first value and behind the last are masked, so they are not read.
		padRowsAVX512(min(padPiece, n-i), vectors, &x[i*w], left, w, &y[i*ys], ys, last, &masks[0])
	}
}

// padPiece bounds the rows of one call, which nobody can interrupt.
const padPiece = 256
