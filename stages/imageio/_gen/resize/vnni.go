package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The AVX-512 loops take sums of four products of a byte and a signed byte (VPDPBUSD), for which a weight k of 24 bits is split
// into three digits, k = 2^16*high + 2^8*middle + low, each from -128 to 127. Sums are exact modulo 2^32, as are those of the
// plain loops.

// digits are the sums of products with each digit.
type digits struct{ high, middle, low VecVirtual }

// A summing makes the sums of one vector of pixels.
//
// Where one quad of taps is all there is, the products of each digit are added onto 256 times the sum of those before; else
// there are three sums, put together in the end.
type summing struct {
	single bool
	half   VecVirtual // half of what is cut off in the end: of the sum, or of the high digits' sum
	raise  VecVirtual // the shuffle that multiplies by 256, where single; shifts would all wait for the port of the products
	sum    digits
}

func newSumming(single bool, half, raise VecVirtual) summing {
	s := summing{single: single, half: half, raise: raise}
	if single {
		s.sum.low = ZMM()
		VMOVDQA64(half, s.sum.low)
		return s
	}
	s.sum = digits{ZMM(), ZMM(), ZMM()}
	VPXORD(s.sum.high, s.sum.high, s.sum.high)
	VPXORD(s.sum.middle, s.sum.middle, s.sum.middle)
	VMOVDQA64(half, s.sum.low)
	return s
}

// add adds the products of x with the digits high, middle and low.
func (s summing) add(x VecVirtual, digit [3]Op) {
	if s.single {
		VPDPBUSD(digit[0], x, s.sum.low)
		VPSHUFB(s.raise, s.sum.low, s.sum.low)
		VPDPBUSD(digit[1], x, s.sum.low)
		VPSHUFB(s.raise, s.sum.low, s.sum.low)
		VPDPBUSD(digit[2], x, s.sum.low)
		return
	}
	VPDPBUSD(digit[0], x, s.sum.high)
	VPDPBUSD(digit[1], x, s.sum.middle)
	VPDPBUSD(digit[2], x, s.sum.low)
}

// end returns the pixels, not yet clamped.
func (s summing) end() VecVirtual {
	d := s.sum
	if !s.single {
		VPSLLD(Imm(8), d.high, d.high)
		VPADDD(d.middle, d.high, d.high)
		VPSLLD(Imm(8), d.high, d.high)
		VPADDD(d.high, d.low, d.low)
	}
	VPSRAD(Imm(precisionBits), d.low, d.low)
	return d.low
}

// halves is what sums begin with.
func halves(single bool) VecVirtual {
	v, r := ZMM(), GP32()
	if single {
		MOVL(U32(1<<(precisionBits-1-16)), r)
	} else {
		MOVL(U32(1<<(precisionBits-1)), r)
	}
	VPBROADCASTD(r, v)
	return v
}

// raising is the shuffle that multiplies by 256.
func raising(name string, single bool) VecVirtual {
	v := ZMM()
	if single {
		var bytes [64]byte
		for i := range bytes {
			bytes[i] = byte(i%16 - 1)
			if i%4 == 0 {
				bytes[i] = 0x80 // zero
			}
		}
		VMOVDQU64(longConstant(name+"Raise", bytes), v)
	}
	return v
}

// packed clamps four vectors of pixels to bytes. Packing stays within 16-byte lanes.
func packed(v [4]VecVirtual) VecVirtual {
	VPACKSSDW(v[1], v[0], v[0])
	VPACKSSDW(v[3], v[2], v[2])
	VPACKUSWB(v[2], v[0], v[0])
	return v[0]
}

// rowVNNI resamples a row, 64 bytes a turn, whatever their channels; single says that four taps are enough.
func rowVNNI(name string, single bool) {
	args := "quads, blocks int"
	if single {
		args = "blocks int"
	}
	TEXT(name, NOSPLIT, "func(out, in *byte, at *int32, table *uint32, "+args+")")
	Pragma("noescape")
	Doc(name+" makes blocks of 64 bytes of a row, in four groups of 16. For each block, at holds where in out it goes, and for",
		"each of its groups where in in the 64 bytes begin from which a quad of taps reads, quad by quad; table holds, likewise, the",
		"places of 16 times four taps among these bytes, and their high, middle and low digits.")
	out, in := Load(Param("out"), GP64()), Load(Param("in"), GP64())
	at, table := Load(Param("at"), GP64()), Load(Param("table"), GP64())
	var quads Register
	if !single {
		quads = Load(Param("quads"), GP64())
	}
	blocks := Load(Param("blocks"), GP64())
	half, raise, order := halves(single), raising(name, single), ZMM()
	var lanes [64]byte // after packing, lane l holds dword l of each group
	for i := range lanes {
		if i%4 == 0 {
			lanes[i] = byte(i/4%4*4 + i/16)
		}
	}
	VMOVDQU64(longConstant(name+"Order", lanes), order)

	Label("block")
	to := GP64()
	MOVLQSX(Mem{Base: at}, to)
	var v [4]VecVirtual
	for g := range v {
		sum := newSumming(single, half, raise)
		n, again := GP64(), "quad"+string(rune('0'+g))
		if !single {
			MOVQ(quads, n)
			Label(again)
			ADDQ(Imm(4), at)
		}
		here := func(disp int) Mem {
			if single {
				disp += g * 256
			}
			return Mem{Base: table, Disp: disp}
		}
		from, x := GP64(), ZMM()
		if single {
			MOVLQSX(Mem{Base: at, Disp: 4 + 4*g}, from)
		} else {
			MOVLQSX(Mem{Base: at}, from)
		}
		VMOVDQU64(here(0), x)
		VPERMB(Mem{Base: in, Index: from, Scale: 1}, x, x)
		sum.add(x, [3]Op{here(64), here(128), here(192)})
		if !single {
			ADDQ(I32(256), table)
			DECQ(n)
			JNZ(LabelRef(again))
		}
		v[g] = sum.end()
	}
	p := packed(v)
	VPERMD(p, order, p)
	VMOVDQU64(p, Mem{Base: out, Index: to, Scale: 1})
	if single {
		ADDQ(Imm(20), at)
		ADDQ(I32(1024), table)
	} else {
		ADDQ(Imm(4), at)
	}
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

func longConstant(name string, v [64]byte) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i, b := range v {
		DATA(i, U8(b))
	}
	return m
}

// columnsVNNI resamples one output row, 64 bytes a strip; single says that four taps are enough. Unpacking and packing both stay
// within 16-byte lanes, so the order comes back.
func columnsVNNI(name string, single bool) {
	args := "quads, n int"
	if single {
		args = "n int"
	}
	TEXT(name, NOSPLIT, "func(out, in *byte, row *int, weight *uint32, "+args+")")
	Pragma("noescape")
	Doc(name+" makes n bytes, at least 64, of one row: each is the sum of 4*quads bytes below each other. row holds where in",
		"in each of these rows begins; weight the high, middle and low digits of each quad.")
	out, in := Load(Param("out"), GP64()), Load(Param("in"), GP64())
	row, weight := Load(Param("row"), GP64()), Load(Param("weight"), GP64())
	var quads Register
	if !single {
		quads = Load(Param("quads"), GP64())
	}
	last := Load(Param("n"), GP64())
	SUBQ(Imm(64), last)
	i := GP64()
	XORQ(i, i)
	half, raise := halves(single), raising(name, single)
	var from [4]Register
	var k [3]VecVirtual
	load := func(r, w Register) {
		for j := range from {
			from[j] = GP64()
			MOVQ(Mem{Base: r, Disp: 8 * j}, from[j])
		}
		for d := range k {
			k[d] = ZMM()
			VPBROADCASTD(Mem{Base: w, Disp: 4 * d}, k[d])
		}
	}
	if single {
		load(row, weight)
	}

	Label("strip")
	var sum [4]summing
	for s := range sum {
		sum[s] = newSumming(single, half, raise)
	}
	r, w, n, base := GP64(), GP64(), GP64(), GP64()
	LEAQ(Mem{Base: in, Index: i, Scale: 1}, base)
	if !single {
		MOVQ(row, r)
		MOVQ(weight, w)
		MOVQ(quads, n)
		Label("rows")
		load(r, w)
	}
	var v [4]VecVirtual
	for j := range v {
		v[j] = ZMM()
		VMOVDQU64(Mem{Base: base, Index: from[j], Scale: 1}, v[j])
	}
	ab, cd := [2]VecVirtual{ZMM(), ZMM()}, [2]VecVirtual{ZMM(), ZMM()}
	VPUNPCKLBW(v[1], v[0], ab[0])
	VPUNPCKHBW(v[1], v[0], ab[1])
	VPUNPCKLBW(v[3], v[2], cd[0])
	VPUNPCKHBW(v[3], v[2], cd[1])
	for s := range sum {
		x := ZMM()
		if s%2 == 0 {
			VPUNPCKLWD(cd[s/2], ab[s/2], x)
		} else {
			VPUNPCKHWD(cd[s/2], ab[s/2], x)
		}
		sum[s].add(x, [3]Op{k[0], k[1], k[2]})
	}
	if !single {
		ADDQ(Imm(32), r)
		ADDQ(Imm(12), w)
		DECQ(n)
		JNZ(LabelRef("rows"))
	}
	for s := range sum {
		v[s] = sum[s].end()
	}
	p := packed(v)
	VMOVDQU64(p, Mem{Base: out, Index: i, Scale: 1})
	CMPQ(i, last)
	JE(LabelRef("done"))
	ADDQ(Imm(64), i)
	CMPQ(i, last)
	CMOVQGT(last, i)
	JMP(LabelRef("strip"))
	Label("done")
	VZEROUPPER()
	RET()
}
