package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The AVX-512 loops take sums of four products of a byte and a signed byte (VPDPBUSD), for which a weight k of 24 bits is split
// into three digits, k = 2^16*high + 2^8*middle + low, each from -128 to 127. Sums are exact modulo 2^32, as are those of the
// plain loops.
//
// The first pass makes four rows at once, so that what it reads of its tables serves four times, and leaves them interleaved: the
// four bytes of a column stand together, as the second pass takes them.

const digits = 3

// A loop is what the loops have in common. Where the number of quads of taps is fixed, the products of each digit are added onto
// 256 times the sums of those before. Else each digit has sums of its own, which are put together in the end.
type loop struct {
	name  string
	quads int        // 0: as many as an argument says
	half  VecVirtual // half of what is cut off in the end, as it stands in the high digits' sums
	raise VecVirtual // the shuffle that multiplies by 256; shifts would all wait for one port
	order VecVirtual // puts bytes in order after packing
}

// begin declares a loop; order is for which index of the packed bytes, or dwords, each stands.
func begin(name string, quads int, before, after string, doc []string) loop {
	if quads == 0 {
		before += ", quads"
	}
	TEXT(name, NOSPLIT, "func("+before+", "+after+" int)")
	Pragma("noescape")
	Doc(doc...)
	return loop{name: name, quads: quads}
}

// constants loads them.
func (l *loop) constants(order [64]byte) {
	l.half, l.raise, l.order = ZMM(), ZMM(), ZMM()
	r := GP32()
	MOVL(U32(1<<(precisionBits-1-16)), r)
	VPBROADCASTD(r, l.half)
	var bytes [64]byte
	for i := range bytes {
		bytes[i] = byte(i%16 - 1)
		if i%4 == 0 {
			bytes[i] = 0x80 // zero
		}
	}
	VMOVDQU64(longConstant(l.name+"Raise", bytes), l.raise)
	VMOVDQU64(longConstant(l.name+"Order", order), l.order)
}

// fixed returns the sums, cut off, of n vectors with their quads; digit gives a digit of a quad's weights and x its bytes.
func (l *loop) fixed(n int, digit func(q, d int) VecVirtual, x func(q, i int) VecVirtual) (sum [4]VecVirtual) {
	for i := range n {
		sum[i] = ZMM()
		VMOVDQA64(l.half, sum[i])
	}
	for d := range digits {
		for i := range n {
			if d > 0 {
				VPSHUFB(l.raise, sum[i], sum[i])
			}
		}
		for q := range l.quads {
			k := digit(q, d)
			for i := range n {
				VPDPBUSD(k, x(q, i), sum[i])
			}
		}
	}
	for i := range n {
		VPSRAD(Imm(precisionBits), sum[i], sum[i])
	}
	return sum
}

// sums are those of each digit, for the loops whose quads are not fixed.
type sums [4][digits]VecVirtual

func (l *loop) zero() (s sums) {
	for i := range s {
		for d := range s[i] {
			s[i][d] = ZMM()
			if d == 0 {
				VMOVDQA64(l.half, s[i][d])
			} else {
				VPXORD(s[i][d], s[i][d], s[i][d])
			}
		}
	}
	return s
}

func (s sums) add(i int, x VecVirtual, k [digits]VecVirtual) {
	for d := range k {
		VPDPBUSD(k[d], x, s[i][d])
	}
}

// end puts the digits together and cuts off.
func (l *loop) end(s sums) (v [4]VecVirtual) {
	for i := range s {
		VPSHUFB(l.raise, s[i][0], s[i][0])
		VPADDD(s[i][1], s[i][0], s[i][0])
		VPSHUFB(l.raise, s[i][0], s[i][0])
		VPADDD(s[i][2], s[i][0], s[i][0])
		VPSRAD(Imm(precisionBits), s[i][0], s[i][0])
		v[i] = s[i][0]
	}
	return v
}

// packed clamps four vectors to bytes. Packing stays within 16-byte lanes.
func packed(v [4]VecVirtual) VecVirtual {
	VPACKSSDW(v[1], v[0], v[0])
	VPACKSSDW(v[3], v[2], v[2])
	VPACKUSWB(v[2], v[0], v[0])
	return v[0]
}

// rowsVNNI resamples four rows, 16 bytes of each a turn, whatever their channels.
func rowsVNNI(name string, quads int) {
	l := begin(name, quads, "out, in *byte, row *int, at *int32, table *uint32", "groups", []string{
		name + " makes groups of 16 bytes of four rows, byte by byte below each other, from the rows that begin at row[0] to row[3] of in.",
		"For each group, quad of taps by quad of taps, at holds where in a row the 64 bytes begin from which it reads, and table",
		"the places of 16 times four taps among these bytes, then their high, middle and low digits."})
	out, in, row := Load(Param("out"), GP64()), Load(Param("in"), GP64()), Load(Param("row"), GP64())
	at, table := Load(Param("at"), GP64()), Load(Param("table"), GP64())
	groups := Load(Param("groups"), GP64())
	var from [4]Register
	for j := range from {
		from[j] = GP64()
		MOVQ(Mem{Base: row, Disp: 8 * j}, from[j])
		ADDQ(in, from[j])
	}
	var below [64]byte // after packing, each lane holds four bytes of each row
	for i := range below {
		below[i] = byte(i%4*4 + i%16/4)
	}
	l.constants(below)

	take := func(q int) (x [4]VecVirtual) {
		places, first := ZMM(), GP64()
		MOVLQSX(Mem{Base: at, Disp: 4 * q}, first)
		VMOVDQU64(Mem{Base: table, Disp: 256 * q}, places)
		for j := range x {
			x[j] = ZMM()
			VPERMB(Mem{Base: from[j], Index: first, Scale: 1}, places, x[j])
		}
		return x
	}
	digit := func(q, d int) VecVirtual {
		k := ZMM()
		VMOVDQU64(Mem{Base: table, Disp: 256*q + 64*(d+1)}, k)
		return k
	}

	Label("group")
	var v [4]VecVirtual
	if quads > 0 {
		x := make([][4]VecVirtual, quads)
		for q := range x {
			x[q] = take(q)
		}
		v = l.fixed(4, digit, func(q, i int) VecVirtual { return x[q][i] })
		ADDQ(I32(4*quads), at)
		ADDQ(I32(256*quads), table)
	} else {
		n := Load(Param("quads"), GP64())
		s := l.zero()
		Label("quad")
		x := take(0)
		k := [digits]VecVirtual{digit(0, 0), digit(0, 1), digit(0, 2)}
		for j := range x {
			s.add(j, x[j], k)
		}
		ADDQ(Imm(4), at)
		ADDQ(I32(256), table)
		DECQ(n)
		JNZ(LabelRef("quad"))
		v = l.end(s)
	}
	p := packed(v)
	VPSHUFB(l.order, p, p)
	VMOVDQU64(p, Mem{Base: out})
	ADDQ(Imm(64), out)
	DECQ(groups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

// columnsVNNI resamples one output row, 64 bytes a strip.
func columnsVNNI(name string, quads int) {
	l := begin(name, quads, "out, in *byte, at *int, weight *uint32", "n", []string{
		name + " makes n bytes, at least 1, of one row: each is the sum of quads of bytes that stand together. at holds where in in each quad's",
		"bytes begin, weight its high, middle and low digits. 64 times the strips of 64 bytes that were begun are read, times four."})
	out, in := Load(Param("out"), GP64()), Load(Param("in"), GP64())
	at, weight := Load(Param("at"), GP64()), Load(Param("weight"), GP64())
	left := Load(Param("n"), GP64())
	var lanes [64]byte // after packing, lane l holds dword l of each group
	for i := range lanes {
		if i%4 == 0 {
			lanes[i] = byte(i/4%4*4 + i/16)
		}
	}
	l.constants(lanes)
	digit := func(of Register, q, d int) VecVirtual {
		k := ZMM()
		VPBROADCASTD(Mem{Base: of, Disp: 4 * (digits*q + d)}, k)
		return k
	}
	take := func(from Register, i int) VecVirtual {
		x := ZMM()
		VMOVDQU64(Mem{Base: from, Disp: 64 * i}, x)
		return x
	}

	var v [4]VecVirtual
	if quads > 0 {
		from, k := make([]Register, quads), make([][digits]VecVirtual, quads)
		for q := range from {
			from[q] = GP64()
			MOVQ(Mem{Base: at, Disp: 8 * q}, from[q])
			ADDQ(in, from[q])
			k[q] = [digits]VecVirtual{digit(weight, q, 0), digit(weight, q, 1), digit(weight, q, 2)}
		}
		Label("strip")
		x := make([][4]VecVirtual, quads)
		for q := range x {
			for i := range x[q] {
				x[q][i] = take(from[q], i)
			}
			ADDQ(I32(256), from[q])
		}
		v = l.fixed(4, func(q, d int) VecVirtual { return k[q][d] }, func(q, i int) VecVirtual { return x[q][i] })
	} else {
		Label("strip")
		n, a, w, from := Load(Param("quads"), GP64()), GP64(), GP64(), GP64()
		MOVQ(at, a)
		MOVQ(weight, w)
		s := l.zero()
		Label("quad")
		MOVQ(Mem{Base: a}, from)
		ADDQ(in, from)
		k := [digits]VecVirtual{digit(w, 0, 0), digit(w, 0, 1), digit(w, 0, 2)}
		for i := range v {
			s.add(i, take(from, i), k)
		}
		ADDQ(Imm(8), a)
		ADDQ(Imm(4*digits), w)
		DECQ(n)
		JNZ(LabelRef("quad"))
		ADDQ(I32(256), in)
		v = l.end(s)
	}
	p := packed(v)
	VPERMD(p, l.order, p)
	SUBQ(Imm(64), left)
	JL(LabelRef("part"))
	VMOVDQU64(p, Mem{Base: out})
	JE(LabelRef("done"))
	ADDQ(Imm(64), out)
	JMP(LabelRef("strip"))
	Label("part")
	ADDQ(Imm(64), left)
	ones, mask := GP64(), K()
	MOVQ(I32(-1), ones)
	BZHIQ(left, ones, ones)
	KMOVQ(ones, mask)
	VMOVDQU8(p, mask, Mem{Base: out})
	Label("done")
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
