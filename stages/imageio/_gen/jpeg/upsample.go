package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// weighted is 3*a + b of 16 byte pairs at the two addresses, as two registers of eight words.
func weighted(a, b Mem, threeOne VecVirtual) [2]VecVirtual {
	x, y, lo, hi := XMM(), XMM(), XMM(), XMM()
	VMOVDQU(a, x)
	VMOVDQU(b, y)
	VPUNPCKLBW(y, x, lo)
	VPUNPCKHBW(y, x, hi)
	VPMADDUBSW(threeOne, lo, lo)
	VPMADDUBSW(threeOne, hi, hi)
	return [2]VecVirtual{lo, hi}
}

func constant(m Mem) VecVirtual {
	r := XMM()
	VMOVDQU(m, r)
	return r
}

// interleave stores 32 bytes, from even and odd in turn, at to.
func interleave(even, odd [2]VecVirtual, to Mem) {
	e, o, lo, hi := XMM(), XMM(), XMM(), XMM()
	VPACKUSWB(even[1], even[0], e)
	VPACKUSWB(odd[1], odd[0], o)
	VPUNPCKLBW(o, e, lo)
	VPUNPCKHBW(o, e, hi)
	VMOVDQU(lo, to)
	VMOVDQU(hi, to.Offset(16))
}

func smoothBoth() {
	TEXT("smoothBothAVX2", NOSPLIT, "func(out, this, near *byte, n int)")
	Pragma("noescape")
	Doc("smoothBothAVX2 is smoothBoth for n samples, at least 18, without the first and the last.")
	out := Load(Param("out"), GP64())
	this, near := Load(Param("this"), GP64()), Load(Param("near"), GP64())
	last := Load(Param("n"), GP64()).(GPVirtual)
	SUBQ(Imm(17), last)
	i := GP64()
	MOVQ(U64(1), i)
	threeOne := constant(words("threeOne", 0x0103))
	seven, eight := constant(words("seven", 7)), constant(words("eight", 8))
	strips(i, last, func() {
		at := func(p Register, d int) Mem { return Mem{Base: p, Index: i, Scale: 1, Disp: d} }
		before := weighted(at(this, -1), at(near, -1), threeOne)
		middle := weighted(at(this, 0), at(near, 0), threeOne)
		after := weighted(at(this, 1), at(near, 1), threeOne)
		for h := range 2 {
			m3 := XMM()
			VPADDW(middle[h], middle[h], m3)
			VPADDW(middle[h], m3, m3)
			for _, side := range []struct{ sum, bias VecVirtual }{{before[h], eight}, {after[h], seven}} {
				VPADDW(m3, side.sum, side.sum)
				VPADDW(side.bias, side.sum, side.sum)
				VPSRLW(Imm(4), side.sum, side.sum)
			}
		}
		interleave(before, after, Mem{Base: out, Index: i, Scale: 2})
	})
}

func smoothAcross() {
	TEXT("smoothAcrossAVX2", NOSPLIT, "func(out, in *byte, n int)")
	Pragma("noescape")
	Doc("smoothAcrossAVX2 is smoothAcross for n samples, at least 18, without the first and the last.")
	out, in := Load(Param("out"), GP64()), Load(Param("in"), GP64())
	last := Load(Param("n"), GP64()).(GPVirtual)
	SUBQ(Imm(17), last)
	i := GP64()
	MOVQ(U64(1), i)
	threeOne := constant(words("threeOne2", 0x0103))
	one, two := constant(words("oneX", 1)), constant(words("two", 2))
	strips(i, last, func() {
		at := func(d int) Mem { return Mem{Base: in, Index: i, Scale: 1, Disp: d} }
		before := weighted(at(0), at(-1), threeOne)
		after := weighted(at(0), at(1), threeOne)
		for h := range 2 {
			for _, side := range []struct{ sum, bias VecVirtual }{{before[h], one}, {after[h], two}} {
				VPADDW(side.bias, side.sum, side.sum)
				VPSRLW(Imm(2), side.sum, side.sum)
			}
		}
		interleave(before, after, Mem{Base: out, Index: i, Scale: 2})
	})
}
