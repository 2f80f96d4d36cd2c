package jpeg

// Multipliers of the islow transform: cosines and their sums times 2^13, rounded (Loeffler, Ligtenberg and Moschytz,
// ICASSP 1989, with 12 multiplications; the JPEG group's jidctint.c).
const (
	constBits = 13
	pass1Bits = 2

	f0298 = 2446
	f0390 = 3196
	f0541 = 4433
	f0765 = 6270
	f0899 = 7373
	f1175 = 9633
	f1501 = 12299
	f1847 = 15137
	f1961 = 16069
	f2053 = 16819
	f2562 = 20995
	f3072 = 25172
)

// inverseGeneric writes the 8 x 8 samples of a block of dequantised coefficients to out, whose rows are stride apart. The
// result is that of the JPEG group's jpeg_idct_islow; sums that overflow, in damaged data only, wrap.
func inverseGeneric(out []byte, stride int, block *[64]int16) {
	var w [64]int32
	// Columns first. A block of few coefficients has columns with nothing but their first row, or with nothing at all.
	for x := range 8 {
		c0 := int32(block[x])
		if block[x+8]|block[x+16]|block[x+24]|block[x+32]|block[x+40]|block[x+48]|block[x+56] == 0 {
			if c0 != 0 {
				c0 <<= pass1Bits
				for i := x; i < 64; i += 8 {
					w[i] = c0
				}
			}
			continue
		}
		z2, z3 := int32(block[x+16]), int32(block[x+48])
		z1 := (z2 + z3) * f0541
		t2 := z1 - z3*f1847
		t3 := z1 + z2*f0765
		z3 = int32(block[x+32])
		t0 := (c0 + z3) << constBits
		t1 := (c0 - z3) << constBits
		a0, a3, a1, a2 := t0+t3, t0-t3, t1+t2, t1-t2

		t0, t1, t2, t3 = int32(block[x+56]), int32(block[x+40]), int32(block[x+24]), int32(block[x+8])
		z1, z2, z3 = t0+t3, t1+t2, t0+t2
		z4 := t1 + t3
		z5 := (z3 + z4) * f1175
		z1 *= -f0899
		z2 *= -f2562
		z3 = z5 - z3*f1961
		z4 = z5 - z4*f0390
		t0 = t0*f0298 + z1 + z3
		t1 = t1*f2053 + z2 + z4
		t2 = t2*f3072 + z2 + z3
		t3 = t3*f1501 + z1 + z4

		const shift, half = constBits - pass1Bits, 1 << (constBits - pass1Bits - 1)
		w[x] = (a0 + t3 + half) >> shift
		w[x+56] = (a0 - t3 + half) >> shift
		w[x+8] = (a1 + t2 + half) >> shift
		w[x+48] = (a1 - t2 + half) >> shift
		w[x+16] = (a2 + t1 + half) >> shift
		w[x+40] = (a2 - t1 + half) >> shift
		w[x+24] = (a3 + t0 + half) >> shift
		w[x+32] = (a3 - t0 + half) >> shift
	}
	for y := range 8 {
		r := w[8*y : 8*y+8 : 8*y+8]
		o := out[y*stride:][:8:8]
		const shift = constBits + pass1Bits + 3
		const half = 1<<(shift-1) + 128<<shift // rounding, and the level shift
		z2, z3 := r[2], r[6]
		z1 := (z2 + z3) * f0541
		t2 := z1 - z3*f1847
		t3 := z1 + z2*f0765
		t0 := (r[0]+r[4])<<constBits + half
		t1 := (r[0]-r[4])<<constBits + half
		a0, a3, a1, a2 := t0+t3, t0-t3, t1+t2, t1-t2

		t0, t1, t2, t3 = r[7], r[5], r[3], r[1]
		z1, z2, z3 = t0+t3, t1+t2, t0+t2
		z4 := t1 + t3
		z5 := (z3 + z4) * f1175
		z1 *= -f0899
		z2 *= -f2562
		z3 = z5 - z3*f1961
		z4 = z5 - z4*f0390
		t0 = t0*f0298 + z1 + z3
		t1 = t1*f2053 + z2 + z4
		t2 = t2*f3072 + z2 + z3
		t3 = t3*f1501 + z1 + z4

		o[0] = clamp((a0 + t3) >> shift)
		o[7] = clamp((a0 - t3) >> shift)
		o[1] = clamp((a1 + t2) >> shift)
		o[6] = clamp((a1 - t2) >> shift)
		o[2] = clamp((a2 + t1) >> shift)
		o[5] = clamp((a2 - t1) >> shift)
		o[3] = clamp((a3 + t0) >> shift)
		o[4] = clamp((a3 - t0) >> shift)
	}
}

// fillDC writes the size x size samples of a block that has no coefficient but the first.
func fillDC(out []byte, stride, size int, dc int16) {
	v := clamp((int32(dc)+4)>>3 + 128)
	if size < 8 {
		for y := range size {
			for x := range size {
				out[y*stride+x] = v
			}
		}
		return
	}
	for y := range 8 {
		o := out[y*stride:][:8:8]
		o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7] = v, v, v, v, v, v, v, v
	}
}

func clamp(v int32) byte {
	if uint32(v) > 255 {
		return byte(^(v >> 31))
	}
	return byte(v)
}
