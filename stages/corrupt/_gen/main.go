// This program writes the AVX2 twins of stages/corrupt's filter loops. Products and sums are rounded one by one, as Go does it.
package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!purego")
	weigh()
	lerp()
	quantize()
	Generate()
}

// lanes is how many float32 a register holds, block how many registers are in flight.
const (
	lanes = 8
	block = 4
)

func weigh() {
	TEXT("weighAVX2", NOSPLIT, "func(dst, src *float32, offsets *int32, weights *float32, taps, n int)")
	Pragma("noescape")
	Doc("weighAVX2 stores in dst[i], i < n, the sum of weights[k]*src[offsets[k]+i], k ascending; n is at least 8, taps at least 1.")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	offsets, weights := Load(Param("offsets"), GP64()), Load(Param("weights"), GP64())
	taps, n := Load(Param("taps"), GP64()), Load(Param("n"), GP64())
	i := GP64()
	XORQ(i, i)

	// turn makes count registers' worth of values from number i on.
	turn := func(name string, count int) {
		var sum [block]VecVirtual
		for j := range count {
			sum[j] = YMM()
			VXORPS(sum[j], sum[j], sum[j])
		}
		k := GP64()
		XORQ(k, k)
		at := GP64()
		LEAQ(Mem{Base: src, Index: i, Scale: 4}, at)
		Label(name + "tap")
		o, w := GP64(), YMM()
		MOVLQSX(Mem{Base: offsets, Index: k, Scale: 4}, o)
		VBROADCASTSS(Mem{Base: weights, Index: k, Scale: 4}, w)
		for j := range count {
			p := YMM()
			VMULPS(Mem{Base: at, Index: o, Scale: 4, Disp: j * lanes * 4}, w, p)
			VADDPS(p, sum[j], sum[j])
		}
		INCQ(k)
		CMPQ(k, taps)
		JLT(LabelRef(name + "tap"))
		for j := range count {
			VMOVUPS(sum[j], Mem{Base: dst, Index: i, Scale: 4, Disp: j * lanes * 4})
		}
	}

	last := GP64()
	Label("wide")
	MOVQ(n, last)
	SUBQ(Imm(block*lanes), last)
	CMPQ(i, last)
	JGT(LabelRef("narrow"))
	turn("wide", block)
	ADDQ(Imm(block*lanes), i)
	JMP(LabelRef("wide"))

	// What is left, a register at a time; the last one ends at n and may repeat values.
	Label("narrow")
	CMPQ(i, n)
	JGE(LabelRef("done"))
	MOVQ(n, last)
	SUBQ(Imm(lanes), last)
	CMPQ(i, last)
	CMOVQGT(last, i)
	turn("narrow", 1)
	ADDQ(Imm(lanes), i)
	JMP(LabelRef("narrow"))
	Label("done")
	VZEROUPPER()
	RET()
}

func lerp() {
	TEXT("lerpAVX2", NOSPLIT, "func(dst, src *float32, step int, base, lane *int32, from, to *float32, blocks int)")
	Pragma("noescape")
	Doc("lerpAVX2 makes 8 values a block: src[b+lane[i]]*from[i] + src[b+step+lane[i]]*to[i], b the block's base and lanes 0 to 7.")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	step := Load(Param("step"), GP64())
	base, lane := Load(Param("base"), GP64()), Load(Param("lane"), GP64())
	from, to := Load(Param("from"), GP64()), Load(Param("to"), GP64())
	blocks := Load(Param("blocks"), GP64())
	next := GP64()
	LEAQ(Mem{Base: src, Index: step, Scale: 4}, next)
	Label("lerp")
	o, l, a, b := GP64(), YMM(), YMM(), YMM()
	MOVLQSX(Mem{Base: base}, o)
	VMOVDQU(Mem{Base: lane}, l)
	VPERMPS(Mem{Base: src, Index: o, Scale: 4}, l, a)
	VPERMPS(Mem{Base: next, Index: o, Scale: 4}, l, b)
	VMULPS(Mem{Base: from}, a, a)
	VMULPS(Mem{Base: to}, b, b)
	VADDPS(b, a, a)
	VMOVUPS(a, Mem{Base: dst})
	ADDQ(Imm(4), base)
	for _, p := range []Register{lane, from, to, dst} {
		ADDQ(Imm(4*lanes), p)
	}
	DECQ(blocks)
	JNZ(LabelRef("lerp"))
	VZEROUPPER()
	RET()
}

func quantize() {
	TEXT("quantizeAVX2", NOSPLIT, "func(dst *byte, src *float32, n int, add float32)")
	Pragma("noescape")
	Doc("quantizeAVX2 clamps n values, a multiple of 32, to 0..255, adds, and cuts the fraction off.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	add := YMM()
	a, err := Param("add").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(a.Addr, add)
	most, zero, order := YMM(), YMM(), YMM()
	m := GLOBL("most", RODATA|NOPTR)
	for i := range lanes {
		DATA(4*i, U32(math.Float32bits(255)))
	}
	VMOVUPS(m, most)
	VXORPS(zero, zero, zero)
	o := GLOBL("order", RODATA|NOPTR)
	for i, v := range []uint32{0, 4, 1, 5, 2, 6, 3, 7} { // undoes the packing within halves
		DATA(4*i, U32(v))
	}
	VMOVDQU(o, order)
	Label("levels")
	var v [4]VecVirtual
	for i := range v {
		v[i] = YMM()
		VMAXPS(Mem{Base: src, Disp: 32 * i}, zero, v[i])
		VMINPS(most, v[i], v[i])
		VADDPS(add, v[i], v[i])
		VCVTTPS2DQ(v[i], v[i])
	}
	VPACKUSDW(v[1], v[0], v[0])
	VPACKUSDW(v[3], v[2], v[2])
	VPACKUSWB(v[2], v[0], v[0])
	VPERMD(v[0], order, v[0])
	VMOVDQU(v[0], Mem{Base: dst})
	ADDQ(Imm(128), src)
	ADDQ(Imm(32), dst)
	SUBQ(Imm(32), n)
	JNZ(LabelRef("levels"))
	VZEROUPPER()
	RET()
}
