package png

// store writes w pixels of an unfiltered row to out, step bytes apart.
func (d *decoder) store(out, row []byte, w, step int) {
	h := &d.header
	switch {
	case h.palette:
		for i := range w {
			at := 3 * int(h.sample(row, i))
			copy(out[i*step:i*step+3], d.palette[at:])
		}
	case h.samples >= 3:
		unit, next := h.bitsPerPixel()/8, h.depth/8
		if unit == 3 && step == 3 {
			copy(out, row[:3*w])
			return
		}
		for i := range w {
			in, o := row[i*unit:], out[i*step:][:3]
			o[0], o[1], o[2] = in[0], in[next], in[2*next]
		}
	case h.depth >= 8:
		unit := h.bitsPerPixel() / 8
		for i := range w {
			v, o := row[i*unit], out[i*step:][:3]
			o[0], o[1], o[2] = v, v, v
		}
	default:
		scale := 255 / (1<<h.depth - 1)
		for i := range w {
			v, o := h.sample(row, i)*byte(scale), out[i*step:][:3]
			o[0], o[1], o[2] = v, v, v
		}
	}
}

// sample is sample i of a row with 1 to 8 bits each.
func (h *header) sample(row []byte, i int) byte {
	at := i * h.depth
	return row[at/8] >> (8 - h.depth - at%8) & (1<<h.depth - 1)
}
