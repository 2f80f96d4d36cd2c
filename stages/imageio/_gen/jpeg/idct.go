package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	constBits = 13
	pass1Bits = 2
)

// inverse transforms columns with one column a lane, transposes by way of the stack, and transforms rows with one row a lane.
func inverse() {
	TEXT("inverseAVX2", NOSPLIT, "func(out *byte, stride int, block *[64]int16)")
	Pragma("noescape")
	Doc("inverseAVX2 is inverse with all 64 coefficients taken as they are.")
	out := Load(Param("out"), GP64())
	stride := Load(Param("stride"), GP64())
	block := Mem{Base: Load(Param("block"), GP64())}
	scratch := AllocLocal(256)

	half1 := dwords("half1", 1<<(constBits-pass1Bits-1))
	half2 := dwords("half2", 1<<(constBits+pass1Bits+2)+128<<(constBits+pass1Bits+3))

	var in [8]VecVirtual
	for i := range in {
		in[i] = YMM()
		VPMOVSXWD(block.Offset(16*i), in[i])
	}
	for i, v := range transform(in, half1, constBits-pass1Bits) {
		VMOVDQU(v, scratch.Offset(32*i))
	}
	for side := range 2 {
		var a, t [4]VecVirtual
		for i := range a {
			x := XMM()
			VMOVDQU(scratch.Offset(32*i+16*side), x)
			a[i] = YMM()
			VINSERTI128(Imm(1), scratch.Offset(32*(i+4)+16*side), x.AsY(), a[i])
			t[i] = YMM()
		}
		VPUNPCKLDQ(a[1], a[0], t[0])
		VPUNPCKHDQ(a[1], a[0], t[1])
		VPUNPCKLDQ(a[3], a[2], t[2])
		VPUNPCKHDQ(a[3], a[2], t[3])
		for i := range 4 {
			in[4*side+i] = YMM()
		}
		VPUNPCKLQDQ(t[2], t[0], in[4*side])
		VPUNPCKHQDQ(t[2], t[0], in[4*side+1])
		VPUNPCKLQDQ(t[3], t[1], in[4*side+2])
		VPUNPCKHQDQ(t[3], t[1], in[4*side+3])
	}
	o := transform(in, half2, constBits+pass1Bits+3)
	// Four columns of four rows a lane become four rows of four columns.
	turn := bytes16("turn", [16]byte{0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15}, 2)
	for i := range 4 {
		VPACKSSDW(o[2*i+1], o[2*i], o[2*i])
	}
	VPACKUSWB(o[2], o[0], o[0])
	VPACKUSWB(o[6], o[4], o[4])
	VPSHUFB(turn, o[0], o[0])
	VPSHUFB(turn, o[4], o[4])
	upper, lower := YMM(), YMM() // rows 0, 1 and 4, 5; rows 2, 3 and 6, 7
	VPUNPCKLDQ(o[4], o[0], upper)
	VPUNPCKHDQ(o[4], o[0], lower)
	upper2, lower2 := XMM(), XMM()
	VEXTRACTI128(Imm(1), upper, upper2)
	VEXTRACTI128(Imm(1), lower, lower2)
	for i, v := range []VecVirtual{upper.AsX().(VecVirtual), lower.AsX().(VecVirtual), upper2, lower2} {
		VMOVQ(v, Mem{Base: out})
		VMOVHPS(v, Mem{Base: out, Index: stride, Scale: 1})
		if i < 3 {
			LEAQ(Mem{Base: out, Index: stride, Scale: 2}, out)
		}
	}
	VZEROUPPER()
	RET()
}

// transform is one pass over eight inputs, rounded and shifted. It mirrors the Go text line by line.
func transform(in [8]VecVirtual, half Mem, shift uint64) (out [8]VecVirtual) {
	add := func(a, b VecVirtual) VecVirtual { d := YMM(); VPADDD(a, b, d); return d }
	sub := func(a, b VecVirtual) VecVirtual { d := YMM(); VPSUBD(b, a, d); return d }
	mul := func(a VecVirtual, c int32) VecVirtual { d := YMM(); VPMULLD(factors[c], a, d); return d }

	z1 := mul(add(in[2], in[6]), 4433)
	t2 := sub(z1, mul(in[6], 15137))
	t3 := add(z1, mul(in[2], 6270))
	t0, t1 := add(in[0], in[4]), sub(in[0], in[4])
	for _, t := range []VecVirtual{t0, t1} {
		VPSLLD(Imm(constBits), t, t)
		VPADDD(half, t, t)
	}
	a0, a3 := add(t0, t3), sub(t0, t3)
	a1, a2 := add(t1, t2), sub(t1, t2)

	t0, t1, t2, t3 = in[7], in[5], in[3], in[1]
	z1 = mul(add(t0, t3), 7373)
	z2 := mul(add(t1, t2), 20995)
	z3, z4 := add(t0, t2), add(t1, t3)
	z5 := mul(add(z3, z4), 9633)
	z3 = sub(z5, mul(z3, 16069))
	z4 = sub(z5, mul(z4, 3196))
	t0 = add(sub(mul(t0, 2446), z1), z3)
	t3 = add(sub(mul(t3, 12299), z1), z4)
	t1 = add(sub(mul(t1, 16819), z2), z4)
	t2 = add(sub(mul(t2, 25172), z2), z3)
	for i, p := range [4][2]VecVirtual{{a0, t3}, {a1, t2}, {a2, t1}, {a3, t0}} {
		out[i], out[7-i] = add(p[0], p[1]), sub(p[0], p[1])
		VPSRAD(Imm(shift), out[i], out[i])
		VPSRAD(Imm(shift), out[7-i], out[7-i])
	}
	return out
}
