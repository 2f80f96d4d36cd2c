package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// forward transforms rows with one row a lane, transposes by way of the stack, transforms columns, and quantises.
func forward() {
	TEXT("forwardAVX2", NOSPLIT, "func(out *[64]int16, in *byte, stride int, divisors *[128]float32)")
	Pragma("noescape")
	Doc("forwardAVX2 is forwardGeneric. The quotient of (|v| + half + 0.5) and the step, multiplied in float32, is at least 0.5/step from a whole",
		"number, and its error is far below that, so that cutting the fraction is exact.")
	out := Mem{Base: Load(Param("out"), GP64())}
	in, stride := Load(Param("in"), GP64()), Load(Param("stride"), GP64())
	d := Mem{Base: Load(Param("divisors"), GP64())}
	scratch := AllocLocal(256)
	half1 := dwords("half1", 1<<(constBits-pass1Bits-1))
	half2 := dwords("half3", 1<<(constBits+pass1Bits-1))
	two, level := dwords("twoD", 2), dwords("level", 8*128)

	// Rows of bytes to columns: row i and row i+4 share a register, one a lane, as 32-bit samples, four at a time.
	row4 := GP64()
	LEAQ(Mem{Base: in, Index: stride, Scale: 4}, row4)
	for i := range 4 {
		for side := range 2 {
			a, b, w := XMM(), XMM(), YMM()
			VPMOVZXBD(Mem{Base: in, Disp: 4 * side}, a)
			VPMOVZXBD(Mem{Base: row4, Disp: 4 * side}, b)
			VINSERTI128(Imm(1), b, a.AsY(), w)
			VMOVDQU(w, scratch.Offset(64*i+32*side))
		}
		ADDQ(stride, in)
		ADDQ(stride, row4)
	}
	var c [8]VecVirtual
	for side := range 2 {
		var a [4]VecVirtual
		for i := range a {
			a[i] = YMM()
			VMOVDQU(scratch.Offset(64*i+32*side), a[i])
		}
		turned := turn4(a)
		copy(c[4*side:], turned[:])
	}
	c = spectrum(c, half1, constBits-pass1Bits, func(a0, a1 VecVirtual) (VecVirtual, VecVirtual) {
		s, t := YMM(), YMM()
		VPADDD(a1, a0, s)
		VPSUBD(level, s, s)
		VPSUBD(a1, a0, t)
		VPSLLD(Imm(pass1Bits), s, s)
		VPSLLD(Imm(pass1Bits), t, t)
		return s, t
	})
	for i, v := range c {
		VMOVDQU(v, scratch.Offset(32*i))
	}
	for side := range 2 {
		var a [4]VecVirtual
		for i := range a {
			x := XMM()
			VMOVDQU(scratch.Offset(32*i+16*side), x)
			a[i] = YMM()
			VINSERTI128(Imm(1), scratch.Offset(32*(i+4)+16*side), x.AsY(), a[i])
		}
		turned := turn4(a)
		copy(c[4*side:], turned[:])
	}
	c = spectrum(c, half2, constBits+pass1Bits, func(a0, a1 VecVirtual) (VecVirtual, VecVirtual) {
		s, t := YMM(), YMM()
		VPADDD(a1, a0, s)
		VPSUBD(a1, a0, t)
		for _, v := range []VecVirtual{s, t} {
			VPADDD(two, v, v)
			VPSRAD(Imm(pass1Bits), v, v)
		}
		return s, t
	})
	for i, v := range c {
		q := YMM()
		VPABSD(v, q)
		VCVTDQ2PS(q, q)
		VADDPS(d.Offset(32*i), q, q)
		VMULPS(d.Offset(256+32*i), q, q)
		VCVTTPS2DQ(q, q)
		VPSIGND(v, q, q)
		top := XMM()
		VEXTRACTI128(Imm(1), q, top)
		VPACKSSDW(top, q.AsX(), top)
		VMOVDQU(top, out.Offset(16*i))
	}
	VZEROUPPER()
	RET()
}

// turn4 transposes 4 x 4 values in each lane.
func turn4(a [4]VecVirtual) (o [4]VecVirtual) {
	var t [4]VecVirtual
	for i := range t {
		t[i], o[i] = YMM(), YMM()
	}
	VPUNPCKLDQ(a[1], a[0], t[0])
	VPUNPCKHDQ(a[1], a[0], t[1])
	VPUNPCKLDQ(a[3], a[2], t[2])
	VPUNPCKHDQ(a[3], a[2], t[3])
	VPUNPCKLQDQ(t[2], t[0], o[0])
	VPUNPCKHQDQ(t[2], t[0], o[1])
	VPUNPCKLQDQ(t[3], t[1], o[2])
	VPUNPCKHQDQ(t[3], t[1], o[3])
	return o
}

// spectrum is one pass of the forward transform; flat makes frequencies 0 and 4. It mirrors the Go text.
func spectrum(s [8]VecVirtual, half Mem, shift uint64, flat func(a0, a1 VecVirtual) (VecVirtual, VecVirtual)) (out [8]VecVirtual) {
	add := func(a, b VecVirtual) VecVirtual { d := YMM(); VPADDD(b, a, d); return d }
	sub := func(a, b VecVirtual) VecVirtual { d := YMM(); VPSUBD(b, a, d); return d }
	mul := func(a VecVirtual, c int32) VecVirtual {
		d := YMM()
		VPMULLD(factors[c], a, d)
		return d
	}
	round := func(v VecVirtual) VecVirtual {
		VPADDD(half, v, v)
		VPSRAD(Imm(shift), v, v)
		return v
	}
	t0, t7 := add(s[0], s[7]), sub(s[0], s[7])
	t1, t6 := add(s[1], s[6]), sub(s[1], s[6])
	t2, t5 := add(s[2], s[5]), sub(s[2], s[5])
	t3, t4 := add(s[3], s[4]), sub(s[3], s[4])
	a0, a3, a1, a2 := add(t0, t3), sub(t0, t3), add(t1, t2), sub(t1, t2)
	out[0], out[4] = flat(a0, a1)
	z := mul(add(a2, a3), 4433)
	out[2] = round(add(z, mul(a3, 6270)))
	out[6] = round(sub(z, mul(a2, 15137)))

	z3, z4 := add(t4, t6), add(t5, t7)
	z5 := mul(add(z3, z4), 9633)
	z3 = sub(z5, mul(z3, 16069))
	z4 = sub(z5, mul(z4, 3196))
	z1 := mul(add(t4, t7), 7373)
	out[7] = round(add(sub(mul(t4, 2446), z1), z3))
	out[1] = round(add(sub(mul(t7, 12299), z1), z4))
	z2 := mul(add(t5, t6), 20995)
	out[5] = round(add(sub(mul(t5, 16819), z2), z4))
	out[3] = round(add(sub(mul(t6, 25172), z2), z3))
	return out
}
