package jpeg

// spectrum transforms 8 x 8 samples, rows stride apart, into coefficients times 8, in natural order, as the JPEG group's
// jpeg_fdct_islow does.
func spectrum(out *[64]int32, in []byte, stride int) {
	for y := range 8 {
		s := in[y*stride:][:8:8]
		o := out[8*y : 8*y+8 : 8*y+8]
		s0, s1, s2, s3 := int32(s[0]), int32(s[1]), int32(s[2]), int32(s[3])
		s4, s5, s6, s7 := int32(s[4]), int32(s[5]), int32(s[6]), int32(s[7])
		t0, t1, t2, t3 := s0+s7, s1+s6, s2+s5, s3+s4
		a0, a3, a1, a2 := t0+t3, t0-t3, t1+t2, t1-t2
		o[0] = (a0 + a1 - 8*128) << pass1Bits // the level shift, of all samples at once
		o[4] = (a0 - a1) << pass1Bits
		const shift, half = constBits - pass1Bits, 1 << (constBits - pass1Bits - 1)
		z := (a2+a3)*f0541 + half
		o[2] = (z + a3*f0765) >> shift
		o[6] = (z - a2*f1847) >> shift
		t4, t5, t6, t7 := s3-s4, s2-s5, s1-s6, s0-s7
		d1, d3, d5, d7 := oddPart(t4, t5, t6, t7)
		o[1], o[3], o[5], o[7] = (d1+half)>>shift, (d3+half)>>shift, (d5+half)>>shift, (d7+half)>>shift
	}
	for x := range 8 {
		t0, t1, t2, t3 := out[x]+out[x+56], out[x+8]+out[x+48], out[x+16]+out[x+40], out[x+24]+out[x+32]
		t4, t5, t6, t7 := out[x+24]-out[x+32], out[x+16]-out[x+40], out[x+8]-out[x+48], out[x]-out[x+56]
		a0, a3, a1, a2 := t0+t3, t0-t3, t1+t2, t1-t2
		out[x] = (a0 + a1 + 2) >> pass1Bits
		out[x+32] = (a0 - a1 + 2) >> pass1Bits
		const shift, half = constBits + pass1Bits, 1 << (constBits + pass1Bits - 1)
		z := (a2+a3)*f0541 + half
		out[x+16] = (z + a3*f0765) >> shift
		out[x+48] = (z - a2*f1847) >> shift
		d1, d3, d5, d7 := oddPart(t4, t5, t6, t7)
		out[x+8], out[x+24], out[x+40], out[x+56] = (d1+half)>>shift, (d3+half)>>shift, (d5+half)>>shift, (d7+half)>>shift
	}
}

// oddPart makes the coefficients of odd frequency, times 2^13, from the differences of opposite samples, inner pair first.
func oddPart(t4, t5, t6, t7 int32) (d1, d3, d5, d7 int32) {
	z3, z4 := t4+t6, t5+t7
	z5 := (z3 + z4) * f1175
	z1, z2 := (t4+t7)*-f0899, (t5+t6)*-f2562
	z3 = z5 - z3*f1961
	z4 = z5 - z4*f0390
	return t7*f1501 + z1 + z4, t6*f3072 + z2 + z3, t5*f2053 + z2 + z4, t4*f0298 + z1 + z3
}

// divisors turns the division by quantisation steps (times 8, natural order) into multiplications. half is half a step, reciprocal
// 2^32 over the step, rounded up: the quotient is exact as long as dividend times step stays below 2^32, here 2^26.
type divisors struct {
	half       [64]int32
	reciprocal [64]uint64
	floats     [128]float32 // half + 0.5, then 1 over the step: for the assembly
}

// newDivisors takes the steps in zigzag order.
func newDivisors(quant *[64]uint16) *divisors {
	d := new(divisors)
	for k, q := range quant {
		step, i := uint64(q)*8, zigzag[k]
		d.half[i], d.reciprocal[i] = int32(step/2), 1<<32/step+1
		d.floats[i], d.floats[64+i] = float32(step/2)+0.5, 1/float32(step)
	}
	return d
}

// forwardGeneric makes the quantised coefficients of 8 x 8 samples, rows stride apart, in natural order, rounded half away from zero.
func forwardGeneric(out *[64]int16, in []byte, stride int, d *divisors) {
	var coef [64]int32
	spectrum(&coef, in, stride)
	for i, v := range coef {
		sign := v >> 31
		v = (v ^ sign) - sign
		v = int32(uint64(v+d.half[i]) * d.reciprocal[i] >> 32)
		out[i] = int16((v ^ sign) - sign)
	}
}

// block makes the quantised coefficients of a block, in natural order.
func (p *plane) block(out *[64]int16, row, col int) {
	forward(out, p.samples[row*8*p.stride+col*8:], p.stride, p.divisors)
}

// roundTripBlock writes the samples that are left of a block after quantisation.
func (p *plane) roundTripBlock(out []byte, stride, row, col int) {
	var block [64]int16
	p.block(&block, row, col)
	ac := int16(0)
	for i, q := range p.steps {
		block[i] *= q
		if i > 0 {
			ac |= block[i]
		}
	}
	if ac == 0 {
		fillDC(out, stride, 8, block[0])
		return
	}
	inverse(out, stride, &block)
}
