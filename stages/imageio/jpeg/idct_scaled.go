package jpeg

// inverse4 writes 4 x 4 samples from the lower frequencies of a block: the JPEG group's jpeg_idct_4x4, whose odd part folds the
// frequencies that alias.
func inverse4(out []byte, stride int, block *[64]int16) {
	var w [4 * 8]int32
	for x := range 8 {
		if x == 4 { // the rows don't use it
			continue
		}
		at := func(y int) int32 { return int32(block[8*y+x]) }
		o := half4([8]int32{at(0), at(1), at(2), at(3), 0, at(5), at(6), at(7)}, constBits-pass1Bits+1)
		w[x], w[8+x], w[16+x], w[24+x] = o[0], o[1], o[2], o[3]
	}
	for y := range 4 {
		for x, v := range half4([8]int32(w[8*y:]), constBits+pass1Bits+3+1) {
			out[y*stride+x] = clamp(v + 128)
		}
	}
}

// half4 makes 4 samples of 8 coefficients, rounded and shifted. The factors are sums of cosines times 2^13.
func half4(c [8]int32, shift int) [4]int32 {
	half := int32(1) << (shift - 1)
	dc := c[0]<<(constBits+1) + half
	even := c[2]*f1847 - c[6]*f0765
	outer := -c[7]*4176 - c[5]*4926 + c[3]*f0899 + c[1]*f2562
	inner := -c[7]*1730 + c[5]*11893 - c[3]*17799 + c[1]*8697
	a, b := dc+even, dc-even
	return [4]int32{(a + outer) >> shift, (b + inner) >> shift, (b - inner) >> shift, (a - outer) >> shift}
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
