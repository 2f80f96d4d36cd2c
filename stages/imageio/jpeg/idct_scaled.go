package jpeg

// inverse4 writes 4 x 4 samples from the lower frequencies of a block: the JPEG group's jpeg_idct_4x4, whose odd part folds the
// frequencies that alias. Frequency 4 has no part in it.
func inverse4(out []byte, stride int, block *[64]int16) {
	var w [4 * 8]int32
	for x := range 8 {
		if x == 4 {
			continue
		}
		c := func(y int) int32 { return int32(block[8*y+x]) }
		const shift, half = constBits - pass1Bits + 1, 1 << (constBits - pass1Bits)
		dc := c(0)<<(constBits+1) + half
		even := c(2)*f1847 - c(6)*f0765
		outer, inner := odd4(c(1), c(3), c(5), c(7))
		w[x], w[24+x] = (dc+even+outer)>>shift, (dc+even-outer)>>shift
		w[8+x], w[16+x] = (dc-even+inner)>>shift, (dc-even-inner)>>shift
	}
	for y := range 4 {
		c := w[8*y : 8*y+8 : 8*y+8]
		o := out[y*stride:][:4:4]
		const shift = constBits + pass1Bits + 3 + 1
		const half = 1<<(shift-1) + 128<<shift
		dc := c[0]<<(constBits+1) + half
		even := c[2]*f1847 - c[6]*f0765
		outer, inner := odd4(c[1], c[3], c[5], c[7])
		o[0], o[3] = clamp((dc+even+outer)>>shift), clamp((dc+even-outer)>>shift)
		o[1], o[2] = clamp((dc-even+inner)>>shift), clamp((dc-even-inner)>>shift)
	}
}

// odd4 is the part of the odd frequencies in the outer and the inner samples; its factors are sums of cosines times 2^13.
func odd4(c1, c3, c5, c7 int32) (outer, inner int32) {
	return c1*f2562 + c3*f0899 - c5*4926 - c7*4176, c1*8697 - c3*17799 + c5*11893 - c7*1730
}

// inverse2 writes 2 x 2 samples: the JPEG group's jpeg_idct_2x2.
func inverse2(out []byte, stride int, block *[64]int16) {
	var w [2 * 8]int32
	for _, x := range [...]int{0, 1, 3, 5, 7} { // the rows use no other
		at := func(y int) int32 { return int32(block[8*y+x]) }
		w[x], w[8+x] = half2([8]int32{at(0), at(1), 0, at(3), 0, at(5), 0, at(7)}, constBits-pass1Bits+2)
	}
	for y := range 2 {
		a, b := half2([8]int32(w[8*y:]), constBits+pass1Bits+3+2)
		out[y*stride], out[y*stride+1] = clamp(a+128), clamp(b+128)
	}
}

func half2(c [8]int32, shift int) (int32, int32) {
	dc := c[0]<<(constBits+2) + int32(1)<<(shift-1)
	odd := -c[7]*5906 + c[5]*6967 - c[3]*10426 + c[1]*29692
	return (dc + odd) >> shift, (dc - odd) >> shift
}
