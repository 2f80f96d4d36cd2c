// Command resize writes the AVX2 and AVX-512 twins of stages/imageio's resampling loops.
//
// The AVX2 loops take 16-bit products of pixel pairs (VPMADDWD), for which a weight k of 24 bits is split into low = k mod 2^15 and
// high = k >> 15: the sum of p*k is the sum of p*low plus 2^15 times the sum of p*high, exactly, modulo 2^32.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const precisionBits = 22

func main() {
	ConstraintExpr("amd64,!purego")
	rows("resizeRowsAVX2", 0)
	rows("resizeRows2AVX2", 2)
	columns()
	for quads, name := range []string{"", "1", "2", "3"} {
		rowsVNNI("resizeRows"+name+"VNNI", quads)
		columnsVNNI("resizeColumns"+name+"VNNI", quads)
	}
	Generate()
}

func constant(name string, v [32]byte) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i, b := range v {
		DATA(i, U8(b))
	}
	return m
}

// twice is 16 bytes, for both lanes.
func twice(b ...byte) (v [32]byte) {
	for i := range v {
		v[i] = b[i%16]
	}
	return v
}

// rows resamples two rows at once, one in each lane, four pixels a turn; pairs fixes the number of tap pairs, or 0 leaves it open.
func rows(name string, pairs int) {
	TEXT(name, NOSPLIT, "func(out, in *byte, outStride, inStride int, start *int32, weight *uint32, pairs, quads int)")
	Pragma("noescape")
	Doc(name+" makes 4*quads pixels of two rows of 3 channels. Pixel i is the sum of 2*pairs taps from byte start[i] on; weight holds",
		"for each pair of taps the high and the low parts. 6*pairs+16 bytes from start[i] on must be readable, and 4 bytes past the",
		"last pixel writable.")
	out, in := Load(Param("out"), GP64()), Load(Param("in"), GP64())
	outStride, inStride := Load(Param("outStride"), GP64()), Load(Param("inStride"), GP64())
	start, weight := Load(Param("start"), GP64()), Load(Param("weight"), GP64())
	var count Register
	if pairs == 0 {
		count = Load(Param("pairs"), GP64())
	}
	quads := Load(Param("quads"), GP64())

	pair, half, drop := YMM(), YMM(), YMM()
	z := byte(0x80)
	VMOVDQU(constant(name+"Pair", twice(0, z, 3, z, 1, z, 4, z, 2, z, 5, z, z, z, z, z)), pair)
	VMOVDQU(constant(name+"Half", twice(0, 0, 1<<(precisionBits-1-16), 0, 0, 0, 1<<(precisionBits-1-16), 0, 0, 0, 1<<(precisionBits-1-16), 0, 0, 0, 0, 0)), half)
	VMOVDQU(constant(name+"Drop", twice(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, z, z, z, z)), drop)

	Label("quad")
	var v [4]VecVirtual
	for i := range v {
		at := GP64()
		MOVLQSX(Mem{Base: start, Disp: 4 * i}, at)
		ADDQ(in, at)
		high, low := YMM(), YMM()
		if pairs == 0 {
			VPXOR(high, high, high)
			VMOVDQU(half, low)
		}
		step := func(shift int, w Mem, from VecVirtual) {
			x, k, p := YMM(), YMM(), YMM()
			if shift == 0 {
				VPSHUFB(pair, from, x)
			} else {
				VPSRLDQ(Imm(uint64(shift)), from, x)
				VPSHUFB(pair, x, x)
			}
			VPBROADCASTD(w, k)
			if pairs > 0 && shift == 0 { // the first sums
				VPMADDWD(k, x, high)
				VPBROADCASTD(w.Offset(4), k)
				VPMADDWD(k, x, low)
				VPADDD(half, low, low)
				return
			}
			VPMADDWD(k, x, p)
			VPADDD(p, high, high)
			VPBROADCASTD(w.Offset(4), k)
			VPMADDWD(k, x, p)
			VPADDD(p, low, low)
		}
		load := func() VecVirtual {
			x, y := XMM(), YMM()
			VMOVDQU(Mem{Base: at}, x)
			VINSERTI128(Imm(1), Mem{Base: at, Index: inStride, Scale: 1}, x.AsY(), y)
			return y
		}
		if pairs > 0 {
			from := load()
			for p := range pairs {
				step(6*p, Mem{Base: weight, Disp: 8 * p}, from)
			}
			ADDQ(Imm(uint64(8*pairs)), weight)
		} else {
			n := GP64()
			MOVQ(count, n)
			again := "pair" + string(rune('0'+i))
			Label(again)
			step(0, Mem{Base: weight}, load())
			ADDQ(Imm(6), at)
			ADDQ(Imm(8), weight)
			DECQ(n)
			JNZ(LabelRef(again))
		}
		VPSLLD(Imm(15), high, high)
		VPADDD(high, low, low)
		VPSRAD(Imm(precisionBits), low, low)
		v[i] = low
	}
	VPACKSSDW(v[1], v[0], v[0])
	VPACKSSDW(v[3], v[2], v[2])
	VPACKUSWB(v[2], v[0], v[0])
	VPSHUFB(drop, v[0], v[0])
	VMOVDQU(v[0].AsX(), Mem{Base: out})
	VEXTRACTI128(Imm(1), v[0], Mem{Base: out, Index: outStride, Scale: 1})
	ADDQ(Imm(12), out)
	ADDQ(Imm(16), start)
	DECQ(quads)
	JNZ(LabelRef("quad"))
	VZEROUPPER()
	RET()
}

// columns resamples one output row, 32 bytes a strip. Unpacking and packing both stay within 16-byte lanes, so the order comes back.
func columns() {
	TEXT("resizeColumnsAVX2", NOSPLIT, "func(out, in *byte, stride int, weight *uint32, taps, n int)")
	Pragma("noescape")
	Doc("resizeColumnsAVX2 makes n bytes, at least 32, of one row: each is the sum of taps bytes below each other, stride apart. weight holds",
		"for each pair of taps the high and the low parts, the last pair filled up with 0.")
	out, in := Load(Param("out"), GP64()), Load(Param("in"), GP64())
	stride := Load(Param("stride"), GP64())
	weight := Load(Param("weight"), GP64())
	taps := Load(Param("taps"), GP64())
	last := Load(Param("n"), GP64())
	SUBQ(Imm(32), last)
	i := GP64()
	XORQ(i, i)
	half := constant("columnsHalf", twice(0, 0, 1<<(precisionBits-1-16), 0, 0, 0, 1<<(precisionBits-1-16), 0, 0, 0, 1<<(precisionBits-1-16), 0, 0, 0, 1<<(precisionBits-1-16), 0))
	zero := YMM()
	VPXOR(zero, zero, zero)

	Label("strip")
	var high, low [4]VecVirtual
	for s := range high {
		high[s], low[s] = YMM(), YMM()
		VPXOR(high[s], high[s], high[s])
		VMOVDQU(half, low[s])
	}
	at, w, n := GP64(), GP64(), GP64()
	LEAQ(Mem{Base: in, Index: i, Scale: 1}, at)
	MOVQ(weight, w)
	MOVQ(taps, n)
	a, b, k, x := YMM(), YMM(), YMM(), YMM()
	// step adds 32 bytes each of two rows, in a and b.
	step := func() {
		VPUNPCKHBW(b, a, k)
		VPUNPCKLBW(b, a, a)
		VMOVDQA(k, b)
		for s, from := range []VecVirtual{a, a, b, b} {
			if s%2 == 0 {
				VPUNPCKLBW(zero, from, x)
			} else {
				VPUNPCKHBW(zero, from, x)
			}
			VPBROADCASTD(Mem{Base: w}, k)
			VPMADDWD(k, x, k)
			VPADDD(k, high[s], high[s])
			VPBROADCASTD(Mem{Base: w, Disp: 4}, k)
			VPMADDWD(k, x, k)
			VPADDD(k, low[s], low[s])
		}
	}
	SUBQ(Imm(2), n)
	JL(LabelRef("odd"))
	Label("pair")
	VMOVDQU(Mem{Base: at}, a)
	VMOVDQU(Mem{Base: at, Index: stride, Scale: 1}, b)
	step()
	LEAQ(Mem{Base: at, Index: stride, Scale: 2}, at)
	ADDQ(Imm(8), w)
	SUBQ(Imm(2), n)
	JGE(LabelRef("pair"))
	Label("odd")
	CMPQ(n, I32(-1))
	JNE(LabelRef("even"))
	VMOVDQU(Mem{Base: at}, a)
	VPXOR(b, b, b)
	step()
	Label("even")
	for s := range high {
		VPSLLD(Imm(15), high[s], high[s])
		VPADDD(high[s], low[s], low[s])
		VPSRAD(Imm(precisionBits), low[s], low[s])
	}
	VPACKSSDW(low[1], low[0], low[0])
	VPACKSSDW(low[3], low[2], low[2])
	VPACKUSWB(low[2], low[0], low[0])
	VMOVDQU(low[0], Mem{Base: out, Index: i, Scale: 1})
	CMPQ(i, last)
	JE(LabelRef("done"))
	ADDQ(Imm(32), i)
	CMPQ(i, last)
	CMOVQGT(last, i)
	JMP(LabelRef("strip"))
	Label("done")
	VZEROUPPER()
	RET()
}
