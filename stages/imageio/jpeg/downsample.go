package jpeg

// separate converts RGB pixels to Y, Cb and Cr and stores the chroma planes coarser, band by band of as many rows as one chroma row covers. Rows
// are extended to the right, and the last band downwards, by repeating the edge before chroma is averaged.
func (e *encoder) separate(pix []byte) {
	luma := &e.planes[0]
	wide := e.planes[1].stride * e.h // chroma reads this many columns
	band := [2][]byte{make([]byte, wide*e.v), make([]byte, wide*e.v)}
	scratch := make([]byte, wide)
	groups := ceilDiv(e.height, e.v)
	for g := range groups {
		for i := range e.v {
			y := g*e.v + i
			cb, cr := band[0][i*wide:][:wide], band[1][i*wide:][:wide]
			if y >= e.height {
				copy(cb, band[0][(i-1)*wide:])
				copy(cr, band[1][(i-1)*wide:])
				continue
			}
			to := scratch
			if len(luma.samples) >= (y+1)*luma.stride {
				to = luma.samples[y*luma.stride:][:luma.stride]
			}
			rgbToYCC(to[:e.width], cb, cr, pix[3*e.width*y:][:3*e.width])
			extendRow(cb, e.width)
			extendRow(cr, e.width)
		}
		for i := range band {
			p := &e.planes[i+1]
			average(p.samples[g*p.stride:][:p.stride], band[i], wide, e.h, e.v)
		}
	}
	luma.extend(e.width, e.height)
	for i := range band {
		e.planes[i+1].extend(e.planes[i+1].stride, groups)
	}
}

// extend fills the plane to the right of width and below height by repeating the edge.
func (p *plane) extend(width, height int) {
	for y := range height {
		extendRow(p.samples[y*p.stride:][:p.stride], width)
	}
	last := p.samples[(height-1)*p.stride:][:p.stride]
	for y := height; y < 8*p.high; y++ {
		copy(p.samples[y*p.stride:], last)
	}
}

func extendRow(row []byte, width int) {
	v := row[width-1]
	for i := width; i < len(row); i++ {
		row[i] = v
	}
}

// rgbToYCCGeneric is JFIF's conversion in 16-bit fixed point, as the JPEG group's library rounds it.
func rgbToYCCGeneric(y, cb, cr, pix []byte) {
	const half, chroma = 1 << 15, 128<<16 + 1<<15 - 1
	n := len(y)
	cb, cr, pix = cb[:n], cr[:n], pix[:3*n]
	for i := range y {
		in := pix[3*i : 3*i+3 : 3*i+3]
		r, g, b := int32(in[0]), int32(in[1]), int32(in[2])
		y[i] = byte((19595*r + 38470*g + 7471*b + half) >> 16)
		cb[i] = byte((-11059*r - 21709*g + 32768*b + chroma) >> 16)
		cr[i] = byte((32768*r - 27439*g - 5329*b + chroma) >> 16)
	}
}

// average makes one row from the v rows of a band, h samples across and v down for each. On ties it rounds up and down in turn
// where the library does so, to add no bias.
func average(out, band []byte, wide, h, v int) {
	switch {
	case h == 1 && v == 1:
		copy(out, band)
	case h == 2 && v == 1:
		for i := range out {
			out[i] = byte((int(band[2*i]) + int(band[2*i+1]) + i&1) >> 1)
		}
	case h == 2 && v == 2:
		average22(out, band[:2*len(out)], band[wide:][:2*len(out)])
	default:
		for i := range out {
			sum := h * v / 2
			for y := range v {
				for _, s := range band[y*wide+i*h:][:h] {
					sum += int(s)
				}
			}
			out[i] = byte(sum / (h * v))
		}
	}
}

// average22Generic is the average of 2 x 2 samples.
func average22Generic(out, upper, lower []byte) {
	for i := range out {
		u, l := upper[2*i:2*i+2:2*i+2], lower[2*i:2*i+2:2*i+2]
		out[i] = byte((int(u[0]) + int(u[1]) + int(l[0]) + int(l[1]) + 1 + i&1) >> 2)
	}
}
