package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// strips calls body for i = first, first+16, ... and last: the final strip overlaps the one before, which is harmless since
// outputs never are inputs.
func strips(i, last GPVirtual, body func()) {
	Label("strip")
	body()
	CMPQ(i, last)
	JE(LabelRef("done"))
	ADDQ(Imm(16), i)
	CMPQ(i, last)
	CMOVQGT(last, i)
	JMP(LabelRef("strip"))
	Label("done")
	VZEROUPPER()
	RET()
}

// yccToRGB splits the factors so that 16-bit products do: 1.402 = 1 + 26345/2^16, 1.772 = 2 - 14942/2^16,
// -0.71414 = -1 + 18734/2^16. A rounded shift by 16 of x*c is (high half of 2x*c, plus 1) shifted by 1.
func yccToRGB() {
	TEXT("yccToRGBAVX2", NOSPLIT, "func(out, y, cb, cr *byte, n int)")
	Pragma("noescape")
	Doc("yccToRGBAVX2 is yccToRGB for n pixels, at least 16.")
	out := Load(Param("out"), GP64())
	y, cb, cr := Load(Param("y"), GP64()), Load(Param("cb"), GP64()), Load(Param("cr"), GP64())
	last := Load(Param("n"), GP64()).(GPVirtual)
	SUBQ(Imm(16), last)
	i := GP64()
	XORQ(i, i)

	load := func(m Mem, v int16) VecVirtual {
		r := YMM()
		VMOVDQU(m, r)
		return r
	}
	center := load(words("center", 128), 0)
	one := load(words("one", 1), 0)
	red, blue := load(words("red", 26345), 0), load(words("blue", -14942), 0)
	green := load(words("green", -22554, 18734), 0)
	half := dwords("half16", 1<<15)

	// Byte c of pixel p is at 3p+c of 48: one shuffle for each colour and third, together 9.
	var spread [3][3]Mem
	for c, name := range []string{"Red", "Green", "Blue"} {
		for third := range 3 {
			var b [16]byte
			for j := range b {
				b[j] = 0x80
				if at := 16*third + j; at%3 == c {
					b[j] = byte(at / 3)
				}
			}
			spread[c][third] = bytes16("spread"+name+string(rune('0'+third)), b, 1)
		}
	}

	strips(i, last, func() {
		at := func(p Register) Mem { return Mem{Base: p, Index: i, Scale: 1} }
		l, b, r := YMM(), YMM(), YMM()
		VPMOVZXBW(at(cb), b)
		VPMOVZXBW(at(cr), r)
		VPMOVZXBW(at(y), l)
		VPSUBW(center, b, b)
		VPSUBW(center, r, r)
		scaled := func(x, factor VecVirtual) VecVirtual {
			d := YMM()
			VPADDW(x, x, d)
			VPMULHW(factor, d, d)
			VPADDW(one, d, d)
			VPSRAW(Imm(1), d, d)
			return d
		}
		rr := scaled(r, red)
		VPADDW(r, rr, rr)
		VPADDW(l, rr, rr)
		bb := scaled(b, blue)
		VPADDW(b, bb, bb)
		VPADDW(b, bb, bb)
		VPADDW(l, bb, bb)
		lo, hi := YMM(), YMM()
		VPUNPCKLWD(r, b, lo)
		VPUNPCKHWD(r, b, hi)
		for _, g := range []VecVirtual{lo, hi} {
			VPMADDWD(green, g, g)
			VPADDD(half, g, g)
			VPSRAD(Imm(16), g, g)
		}
		gg := YMM()
		VPACKSSDW(hi, lo, gg)
		VPSUBW(r, gg, gg)
		VPADDW(l, gg, gg)

		var colours [3]VecVirtual
		for c, v := range []VecVirtual{rr, gg, bb} {
			high := XMM()
			VEXTRACTI128(Imm(1), v, high)
			VPACKUSWB(high, v.AsX(), high)
			colours[c] = high
		}
		to := GP64()
		LEAQ(Mem{Base: i, Index: i, Scale: 2}, to)
		ADDQ(out, to)
		for third := range 3 {
			a, b := XMM(), XMM()
			VPSHUFB(spread[0][third], colours[0], a)
			VPSHUFB(spread[1][third], colours[1], b)
			VPOR(b, a, a)
			VPSHUFB(spread[2][third], colours[2], b)
			VPOR(b, a, a)
			VMOVDQU(a, Mem{Base: to, Disp: 16 * third})
		}
	})
}
