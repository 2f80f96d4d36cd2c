package jpeg

// space is how a file's components are colours.
type space int

const (
	grey space = iota
	ycc
	rgb
	cmyk
	ycck
)

// space follows the JPEG group's rules: the Adobe segment decides, then JFIF, then the components' names.
func (d *decoder) space() space {
	id := func(i int) byte { return d.comps[i].id }
	switch len(d.comps) {
	case 1:
		return grey
	case 4:
		if d.adobe == 2 {
			return ycck
		}
		return cmyk
	}
	switch {
	case d.sawJFIF:
		return ycc
	case d.adobe == 0:
		return rgb
	case d.adobe > 0:
		return ycc
	case id(0) == 'R' && id(1) == 'G' && id(2) == 'B':
		return rgb
	}
	return ycc
}

// assemble widens the planes and turns them into RGB.
func (d *decoder) assemble() []byte {
	height, width := d.outHeight(), d.outWidth()
	pix := make([]byte, 3*width*height)
	wideners := make([]*widener, len(d.comps))
	for i := range d.comps {
		wideners[i] = newWidener(d, &d.comps[i])
	}
	space := d.space()
	var rows [4][]byte
	for y := range height {
		for i, w := range wideners {
			rows[i] = w.at(y)[:width]
		}
		out := pix[3*width*y:][:3*width]
		switch space {
		case grey:
			for x, v := range rows[0] {
				o := out[3*x:][:3]
				o[0], o[1], o[2] = v, v, v
			}
		case rgb:
			for x, v := range rows[0] {
				o := out[3*x:][:3]
				o[0], o[1], o[2] = v, rows[1][x], rows[2][x]
			}
		case ycc:
			yccToRGB(out, rows[0], rows[1], rows[2])
		case cmyk:
			for x, k := range rows[3] {
				o := out[3*x:][:3]
				o[0], o[1], o[2] = ink(rows[0][x], k), ink(rows[1][x], k), ink(rows[2][x], k)
			}
		case ycck:
			// The first three are YCbCr of the inks' complements, which the inverted file turns into RGB's.
			yccToRGB(out, rows[0], rows[1], rows[2])
			for x, k := range rows[3] {
				o := out[3*x:][:3]
				o[0], o[1], o[2] = ink(255-o[0], k), ink(255-o[1], k), ink(255-o[2], k)
			}
		}
	}
	return pix
}

// ink is a colour of Pillow's CMYK to RGB for a stored (inverted) ink and black: black less its share by the ink, never below 0.
func ink(stored, black byte) byte {
	t := int(255-stored)*int(black) + 128
	return byte(max(int(black)-((t>>8)+t)>>8, 0))
}

// yccToRGBGeneric is the conversion of JFIF in 16-bit fixed point: R = Y + 1.402 Cr, G = Y - 0.34414 Cb - 0.71414 Cr, B = Y + 1.772 Cb, the sum of
// both terms of G rounded once.
func yccToRGBGeneric(out, y, cb, cr []byte) {
	const half = 1 << 15
	n := len(y)
	cb, cr, out = cb[:n], cr[:n], out[:3*n]
	for i, v := range y {
		l, b, r := int32(v), int32(cb[i])-128, int32(cr[i])-128
		o := out[3*i : 3*i+3 : 3*i+3]
		o[0] = clamp(l + (91881*r+half)>>16)
		o[1] = clamp(l + (-22554*b-46802*r+half)>>16)
		o[2] = clamp(l + (116130*b+half)>>16)
	}
}
