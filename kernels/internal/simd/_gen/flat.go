package main

import "fmt"

// flatTile emits rows x 16*vectors accumulators of a convolution whose lanes are neighbours in the flattened plane. Eight
// rows of three vectors fill 24 of the 32 registers with eleven loads a term, of which the three that may cross a cache line
// are each used eight times; the other registers hold the lanes of a term and, in turn, the broadcast weights. Lanes that
// fall between two rows of the output are computed and not stored: each group of 16 has a mask and a place for the row in
// which it begins, and one for the row after.
func (f *file) flatTile(rows, vectors int) {
	name := fmt.Sprintf("flatTileAVX512x%dx%d", rows, vectors)
	arg := f.begin(name, fmt.Sprintf("is the body of Backend.FlatTile for %d rows of %d groups.", rows, vectors),
		num("k"), ptr("a"), ptr("src"), ints("off"), ints("groups"), ptr("c"), num("ldc"), flag("load"), arg{"end", "*Ending", 8})
	f.op("MOVQ %s, AX", arg("k"))
	f.op("MOVQ %s, BX", arg("a"))
	f.op("MOVQ %s, CX", arg("src"))
	f.op("MOVQ %s, DX", arg("off"))
	f.op("MOVQ %s, SI", arg("groups"))
	f.op("MOVQ %s, DI", arg("c"))
	f.op("MOVQ %s, R10", arg("ldc"))
	f.op("SHLQ $2, R10")
	acc := func(i, v int) int { return i*vectors + v }
	// The next call is most often for the rows behind these, whose places are seldom in the first-level cache.
	f.op("IMUL3Q $%d, R10, R12", rows)
	for v := range vectors {
		f.op("MOVQ %d(SI), R11", groupWord(v, groupAt0))
		f.op("LEAQ (R12)(R11*4), R11")
		f.op("ADDQ DI, R11")
		for i := range rows {
			f.op("PREFETCHT0 (R11)")
			if i+1 < rows {
				f.op("ADDQ R10, R11")
			}
		}
	}
	f.op("MOVBLZX %s, R11", arg("load"))
	f.op("TESTL R11, R11")
	f.op("JZ zero")
	for v := range vectors {
		f.eachRow(v, "DI", "R10", rows, fmt.Sprintf("loaded%d", v),
			func(i int, at string) { f.op("VMOVUPS.Z (%s), K1, Z%d", at, acc(i, v)) },
			func(i int, at string) { f.op("VMOVUPS (%s), K2, Z%d", at, acc(i, v)) })
	}
	f.op("JMP terms")
	f.label("zero")
	for i := range rows * vectors {
		f.op("VPXORD Z%d, Z%d, Z%d", i, i, i)
	}
	f.label("terms")
	sources := []string{"CX", "R8", "R9"}
	for v := vectors - 1; v >= 0; v-- {
		f.op("MOVQ %d(SI), R11", groupWord(v, groupSrc))
		f.op("LEAQ (CX)(R11*4), %s", sources[v])
	}
	f.op("MOVQ %s, R15", arg("end"))
	f.ahead(rows, vectors)
	term := func(u int) {
		f.op("MOVQ %d(DX), R11", 8*u)
		for v := range vectors {
			f.op("VMOVUPS (%s)(R11*4), Z%d", sources[v], 24+v)
		}
		for i := range rows {
			w := 27 + i%5
			f.op("VBROADCASTSS %d(BX), Z%d", 4*(rows*u+i), w)
			for v := range vectors {
				f.op("VFMADD231PS Z%d, Z%d, Z%d", 24+v, w, acc(i, v))
			}
		}
	}
	f.terms(term, func(n int) {
		f.op("ADDQ $%d, DX", 8*n)
		f.op("ADDQ $%d, BX", 4*rows*n)
	}, "ending")
	f.label("ending")
	f.ending(rows, vectors, acc)
	f.label("store")
	f.op("MOVQ %s, R10", arg("ldc"))
	f.op("SHLQ $2, R10")
	for v := range vectors {
		f.eachRow(v, "DI", "R10", rows, fmt.Sprintf("stored%d", v),
			func(i int, at string) { f.op("VMOVUPS Z%d, K1, (%s)", acc(i, v), at) },
			func(i int, at string) { f.op("VMOVUPS Z%d, K2, (%s)", acc(i, v), at) })
	}
	f.end()
}

// unrolled is the number of terms a turn: counting takes ports that multiply, and places in the pipe's front, of which a
// thread has half while another runs on its core.
const unrolled = 4

// terms emits a loop over AX terms, none of them perhaps, which goes on at done: term emits the one so many behind the first,
// and step moves on by as many.
func (f *file) terms(term, step func(n int), done string) {
	f.label("single")
	f.op("TESTQ $%d, AX", unrolled-1)
	f.op("JZ many")
	term(0)
	step(1)
	f.op("DECQ AX")
	f.op("JMP single")
	f.label("many")
	f.op("TESTQ AX, AX")
	f.op("JZ %s", done)
	f.op("PCALIGN $64")
	f.label("loop")
	for u := range unrolled {
		term(u)
	}
	step(unrolled)
	f.op("SUBQ $%d, AX", unrolled)
	f.op("JNZ loop")
}

// The words of a simd.LaneGroup.
const (
	groupSrc = iota
	groupAt0
	groupAt1
	groupMask0
	groupMask1
	groupWords
)

func groupWord(group, word int) int { return 8 * (group*groupWords + word) }

// eachRow emits something for each row of a group: first with K1 for what lies at its first place behind base, then, if
// there is any, second with K2 for what lies at its second place. Rows are step bytes apart. R11, R12 and R13 are used.
func (f *file) eachRow(group int, base, step string, rows int, done string, first, second func(i int, at string)) {
	place := func(word int, each func(i int, at string)) {
		f.op("MOVQ %d(SI), R13", groupWord(group, word))
		f.op("LEAQ (%s)(R13*4), R13", base)
		for i := range rows {
			each(i, "R13")
			if i+1 < rows {
				f.op("ADDQ %s, R13", step)
			}
		}
	}
	f.op("MOVQ %d(SI), R11", groupWord(group, groupMask0))
	f.op("KMOVW R11, K1")
	f.op("MOVQ %d(SI), R12", groupWord(group, groupMask1))
	f.op("KMOVW R12, K2")
	place(groupAt0, first)
	f.op("TESTQ R12, R12")
	f.op("JZ %s", done)
	place(groupAt1, second)
	f.label(done)
}

// Byte offsets of the fields of a simd.Ending.
const (
	endingScale = 0
	endingShift = 24
	endingAdd   = 48
	endingPitch = 72
	endingAct   = 80
	endingSlope = 88
)

// ahead emits prefetches of what an ending adds, if there is one, at R15. R11 and R12 are used.
func (f *file) ahead(rows, vectors int) {
	f.op("TESTQ R15, R15")
	f.op("JZ nothing")
	f.op("MOVQ %d(R15), R11", endingAdd)
	f.op("TESTQ R11, R11")
	f.op("JZ nothing")
	f.op("MOVQ %d(R15), R12", endingPitch)
	f.op("MOVQ %d(SI), R10", groupWord(0, groupAt0))
	f.op("LEAQ (R11)(R10*4), R11")
	for i := range rows {
		for v := range vectors {
			f.op("PREFETCHT0 %d(R11)", 64*v)
		}
		if i+1 < rows {
			f.op("LEAQ (R11)(R12*4), R11")
		}
	}
	f.label("nothing")
}

// ending emits what follows the last term, as the simd.Ending at R15 says, and jumps to store where that is nothing.
func (f *file) ending(rows, vectors int, acc func(i, v int) int) {
	f.op("TESTQ R15, R15")
	f.op("JZ store")
	f.rowShift("R15", "BX", "DX", rows, vectors, acc)
	f.op("MOVQ %d(R15), BX", endingAdd)
	f.op("TESTQ BX, BX")
	f.op("JZ added")
	f.op("MOVQ %d(R15), DX", endingPitch)
	f.op("SHLQ $2, DX")
	for v := range vectors {
		f.eachRow(v, "BX", "DX", rows, fmt.Sprintf("added%d", v),
			func(i int, at string) { f.op("VADDPS (%s), Z%d, K1, Z%d", at, acc(i, v), acc(i, v)) },
			func(i int, at string) { f.op("VADDPS (%s), Z%d, K2, Z%d", at, acc(i, v), acc(i, v)) })
	}
	f.label("added")
	f.activation(rows*vectors, "R15", "R11")
}

// rowShift emits the scale and shift of rows by the simd.Ending at end. The registers a and b are used.
func (f *file) rowShift(end, a, b string, rows, vectors int, acc func(i, v int) int) {
	f.op("MOVQ %d(%s), %s", endingScale, end, a)
	f.op("MOVQ %d(%s), %s", endingShift, end, b)
	f.op("TESTQ %s, %s", a, a)
	f.op("JZ unscaled")
	for i := range rows {
		f.op("VBROADCASTSS %d(%s), Z24", 4*i, a)
		f.op("VBROADCASTSS %d(%s), Z25", 4*i, b)
		for v := range vectors {
			f.op("VFMADD213PS Z25, Z24, Z%d", acc(i, v))
		}
	}
	f.op("JMP shifted")
	f.label("unscaled")
	f.op("TESTQ %s, %s", b, b)
	f.op("JZ shifted")
	for i := range rows {
		for v := range vectors {
			f.op("VADDPS.BCST %d(%s), Z%d, Z%d", 4*i, b, acc(i, v), acc(i, v))
		}
	}
	f.label("shifted")
}

// activation emits the activation of the first n registers by the simd.Ending at end, and jumps to store where there is
// none. The register act is used, and K3.
func (f *file) activation(n int, end, act string) {
	f.op("MOVQ %d(%s), %s", endingAct, end, act)
	f.op("VPXORD Z24, Z24, Z24")
	f.op("CMPQ %s, $1", act)
	f.op("JLT store")
	f.op("JGT leaky")
	for i := range n { // in this order NaN and -0 pass
		f.op("VMAXPS Z%d, Z24, Z%d", i, i)
	}
	f.op("JMP store")
	f.label("leaky")
	f.op("VBROADCASTSS %d(%s), Z25", endingSlope, end)
	for i := range n {
		f.op("VCMPPS $%d, Z24, Z%d, K3", less, i)
		f.op("VMULPS Z25, Z%d, K3, Z%d", i, i)
	}
}

// channelTiles emits tiles of rows x 16*vectors accumulators whose lanes are channels, one after another: terms run over
// positions (or taps), the input is broadcast from row+position, so that padding, dilation and stride need no packing. The
// counters and lists of the tiles stay on the stack. Six rows of four vectors fill 24 of the 32 registers with ten loads a
// term, none of which crosses a cache line.
func (f *file) channelTiles(rows, vectors int) {
	name := fmt.Sprintf("channelTiles%sx%dx%d", f.isa.suffix, rows, vectors)
	args := []arg{num("tiles"), num("n"), ptr("x"), ints("row"), ints("pos"), ptr("v"), num("stride"), ptr("c"), ints("out"), flag("load")}
	each := Lanes / f.isa.lanes() // registers of 16 lanes
	if each == 1 {
		args = append(args, arg{"end", "*Ending", 8}, ptr("ahead"), num("step"), ptr("aside"), num("apart"))
	}
	arg := f.begin(name, fmt.Sprintf("is the body of Backend.ChannelTiles for tiles of %d rows of %d channels.", rows, Lanes*vectors), args...)
	wide := each * vectors // registers of a row
	weight, value := 24, 28
	if each > 1 {
		weight, value = 12, 14
	}
	reg := func(n int) string { return fmt.Sprintf("%s%d", f.isa.vector, n) }
	acc := func(i, v int) string { return reg(i*wide + v) }
	ptrs := []string{"R8", "R9", "R10", "R11", "R12", "R13"}
	stored := func(list, base string, first int, do func(i, v int, at string)) { // for each vector of places of a list
		for i := range rows {
			f.op("MOVQ %d(%s), CX", 8*(first+i), list)
			for v := range wide {
				do(i, v, fmt.Sprintf("%d(%s)(CX*4)", f.isa.bytes*v, base))
			}
		}
	}
	f.op("MOVQ %s, R15", arg("stride"))
	f.op("SHLQ $2, R15")
	f.label("tile")
	f.op("MOVQ %s, SI", arg("out"))
	f.op("MOVQ %s, DI", arg("c"))
	f.op("MOVBLZX %s, AX", arg("load"))
	f.op("TESTL AX, AX")
	f.op("JZ zero")
	stored("SI", "DI", 0, func(i, v int, at string) { f.op("VMOVUPS %s, %s", at, acc(i, v)) })
	f.op("JMP loaded")
	f.label("zero")
	for i := range rows * wide {
		f.vop("VXORPS V%d, V%d, V%d", i, i, i)
	}
	f.label("loaded")
	f.op("CMPQ %s, $1", arg("tiles"))
	f.op("JLE last")
	stored("SI", "DI", rows, func(i, v int, at string) { // places of the next tile
		if v%each == 0 {
			f.op("PREFETCHT0 %s", at)
		}
	})
	f.label("last")
	f.op("MOVQ %s, CX", arg("x"))
	f.op("MOVQ %s, SI", arg("row"))
	for i := range rows {
		f.op("MOVQ %d(SI), DX", 8*i)
		f.op("LEAQ (CX)(DX*4), %s", ptrs[i])
	}
	f.op("MOVQ %s, AX", arg("n"))
	f.op("MOVQ %s, DX", arg("pos"))
	f.op("MOVQ %s, BX", arg("v"))
	if each == 1 {
		f.op("MOVQ %s, R14", arg("ahead"))
		f.op("MOVQ %s, CX", arg("aside"))
		f.op("SUBQ R14, CX")
	}
	f.terms(func(u int) {
		f.op("MOVQ %d(DX), SI", 8*u)
		for v := range wide {
			f.op("VMOVUPS %d(BX)%s, %s", f.isa.bytes*v, []string{"", "(R15*1)"}[u%2], reg(weight+v))
		}
		if u == 1 {
			f.op("LEAQ (BX)(R15*2), BX")
		}
		if each == 1 && u%2 == 1 {
			f.op("PREFETCHT0 (R14)%s", []string{"", "(CX*1)"}[u/2])
		}
		for i := range rows {
			x := reg(value + i%(f.isa.registers()-value))
			f.op("VBROADCASTSS (%s)(SI*4), %s", ptrs[i], x)
			for v := range wide {
				f.op("VFMADD231PS %s, %s, %s", reg(weight+v), x, acc(i, v))
			}
		}
	}, func(n int) {
		f.op("ADDQ $%d, DX", 8*n)
		f.op("LEAQ (BX)(R15*%d), BX", min(n, 2))
		if each == 1 {
			f.op("ADDQ $%d, R14", aheadBytes*n)
		}
	}, "ended")
	f.label("ended")
	f.op("MOVQ %s, SI", arg("out"))
	if each == 1 {
		f.channelEnding(rows, vectors, arg("end"), stored)
	}
	stored("SI", "DI", 0, func(i, v int, at string) { f.op("VMOVUPS %s, %s", acc(i, v), at) })
	f.op("ADDQ $%d, SI", 8*rows)
	f.op("MOVQ SI, %s", arg("out"))
	f.op("ADDQ $%d, %s", 8*rows, arg("row"))
	if each == 1 {
		for _, p := range [][2]string{{"step", "ahead"}, {"apart", "aside"}} {
			f.op("MOVQ %s, AX", arg(p[0]))
			f.op("SHLQ $2, AX")
			f.op("ADDQ AX, %s", arg(p[1]))
		}
	}
	f.op("DECQ %s", arg("tiles"))
	f.op("JNZ tile")
	f.end()
}

// aheadBytes is how far a term goes in what a simd.Ahead foresees.
const aheadBytes = 8

// rowTiles emits tiles of 12 rows of 16 channels, one after another, whose rows are the same distance apart. Twelve
// accumulators cover the latency of two pipes, which six do not, and values are broadcast by the multiply-adds themselves.
func (f *file) rowTiles() {
	const rows = 12
	arg := f.begin("rowTiles12", "is the body of Backend.RowTiles; tiles and n are positive.",
		num("tiles"), num("n"), ptr("x"), num("next"), ptr("v"), ptr("c"), num("to"))
	bases := []string{"R8", "R9", "R10", "R11"} // of three rows each
	f.op("MOVQ %s, SI", arg("x"))
	f.op("MOVQ %s, R12", arg("next"))
	f.op("SHLQ $2, R12")
	f.op("LEAQ (R12)(R12*2), DX")
	f.op("MOVQ %s, DI", arg("c"))
	f.op("MOVQ %s, R13", arg("to"))
	f.op("SHLQ $2, R13")
	f.label("tile")
	f.op("MOVQ SI, R8")
	for i, b := range bases[1:] {
		f.op("LEAQ (%s)(DX*1), %s", bases[i], b)
	}
	f.op("LEAQ (R11)(DX*1), SI")
	for i := range rows {
		f.op("VPXORD Z%d, Z%d, Z%d", i, i, i)
	}
	f.op("MOVQ %s, BX", arg("v"))
	term := func(t int) {
		f.op("VMOVUPS %d(BX), Z%d", 64*t, 12+t)
		for i := range rows {
			index := []string{"", "(R12*1)", "(R12*2)"}[i%3]
			f.op("VFMADD231PS.BCST %d(%s)%s, Z%d, Z%d", 4*t, bases[i/3], index, 12+t, i)
		}
	}
	next := func(terms int) {
		f.op("ADDQ $%d, BX", 64*terms)
		for _, b := range bases {
			f.op("ADDQ $%d, %s", 4*terms, b)
		}
	}
	f.op("MOVQ %s, CX", arg("n"))
	f.label("single") // until whole fours are left
	f.op("TESTQ $3, CX")
	f.op("JZ fours")
	term(0)
	next(1)
	f.op("DECQ CX")
	f.op("JMP single")
	f.label("fours")
	f.op("SHRQ $2, CX")
	f.op("JZ store")
	f.label("loop")
	for t := range 4 {
		term(t)
	}
	next(4)
	f.op("DECQ CX")
	f.op("JNZ loop")
	f.label("store")
	for i := range rows {
		f.op("VMOVUPS Z%d, (DI)", i)
		f.op("ADDQ R13, DI")
	}
	f.op("DECQ %s", arg("tiles"))
	f.op("JNZ tile")
	f.end()
}

// channelEnding emits what follows the last term of a tile whose lanes are channels.
func (f *file) channelEnding(rows, vectors int, end string, stored func(list, base string, first int, do func(i, v int, at string))) {
	f.op("MOVQ %s, AX", end)
	f.op("TESTQ AX, AX")
	f.op("JZ store")
	f.op("MOVQ %d(AX), BX", endingScale)
	f.op("MOVQ %d(AX), DX", endingShift)
	f.op("TESTQ BX, BX")
	f.op("JZ unscaled")
	for v := range vectors {
		f.op("VMOVUPS %d(BX), Z24", 64*v)
		f.op("VMOVUPS %d(DX), Z25", 64*v)
		for i := range rows {
			f.op("VFMADD213PS Z25, Z24, Z%d", i*vectors+v)
		}
	}
	f.op("JMP shifted")
	f.label("unscaled")
	f.op("TESTQ DX, DX")
	f.op("JZ shifted")
	for v := range vectors {
		f.op("VMOVUPS %d(DX), Z24", 64*v)
		for i := range rows {
			f.op("VADDPS Z24, Z%d, Z%d", i*vectors+v, i*vectors+v)
		}
	}
	f.label("shifted")
	f.op("MOVQ %d(AX), BX", endingAdd)
	f.op("TESTQ BX, BX")
	f.op("JZ added")
	stored("SI", "BX", 0, func(i, v int, at string) { f.op("VADDPS %s, Z%d, Z%d", at, i*vectors+v, i*vectors+v) })
	f.label("added")
	f.activation(rows*vectors, "AX", "R11")
	f.label("store")
}

// transpose emits the turn of up to 16 rows of n values, 16 columns at a time: value j of row i, at x[i*xs+j], goes to
// y[j*ys+i].
func (f *file) transpose() {
	arg := f.begin("transposeAVX512", "is the vector loop of Backend.Transpose; n is positive, rows from 1 to 16.",
		num("rows"), num("n"), ptr("x"), num("xs"), ptr("y"), num("ys"))
	f.op("MOVQ %s, CX", arg("rows"))
	f.op("MOVQ $1, R8")
	f.op("SHLQ CX, R8")
	f.op("DECQ R8")
	f.op("KMOVW R8, K1") // rows that exist
	f.op("MOVQ CX, R8")
	f.op("MOVQ %s, AX", arg("n"))
	f.op("MOVQ %s, SI", arg("x"))
	f.op("MOVQ %s, BX", arg("xs"))
	f.op("SHLQ $2, BX")
	f.op("MOVQ BX, R12")
	f.op("SHLQ $5, R12") // what is turned two calls later
	f.op("MOVQ %s, DI", arg("y"))
	f.op("MOVQ %s, R9", arg("ys"))
	f.op("SHLQ $2, R9")
	f.op("XORQ R10, R10")
	f.label("loop")
	f.op("MOVQ $0xffff, R11") // columns that exist
	f.op("CMPQ AX, $16")
	f.op("JGE full")
	f.op("MOVQ AX, CX")
	f.op("MOVQ $1, R11")
	f.op("SHLQ CX, R11")
	f.op("DECQ R11")
	f.label("full")
	f.op("KMOVW R11, K2")
	f.op("MOVQ SI, DX")
	f.op("MOVQ BX, R11")
	f.op("MOVQ R8, CX")
	for i := range 16 { // the last row stands for those that don't exist
		f.op("VMOVUPS.Z (DX), K2, Z%d", i)
		f.op("PREFETCHT0 (DX)(R12*1)")
		if i < 15 {
			f.op("SUBQ $1, CX")
			f.op("CMOVQLE R10, R11")
			f.op("ADDQ R11, DX")
		}
	}
	// Pairs, then fours of values within lanes of 128 bits, then the lanes themselves.
	for i := 0; i < 16; i += 2 {
		f.op("VUNPCKLPS Z%d, Z%d, Z%d", i+1, i, 16+i)
		f.op("VUNPCKHPS Z%d, Z%d, Z%d", i+1, i, 17+i)
	}
	for i := 0; i < 16; i += 4 {
		f.op("VUNPCKLPD Z%d, Z%d, Z%d", 16+i+2, 16+i, i)
		f.op("VUNPCKHPD Z%d, Z%d, Z%d", 16+i+2, 16+i, i+1)
		f.op("VUNPCKLPD Z%d, Z%d, Z%d", 16+i+3, 16+i+1, i+2)
		f.op("VUNPCKHPD Z%d, Z%d, Z%d", 16+i+3, 16+i+1, i+3)
	}
	for k := range 4 { // rows 0-3 are in Zk, 4-7 in Z(4+k), ...; a lane of 128 bits is a column
		f.op("VSHUFF32X4 $0x88, Z%d, Z%d, Z%d", 4+k, k, 16+k)
		f.op("VSHUFF32X4 $0xDD, Z%d, Z%d, Z%d", 4+k, k, 20+k)
		f.op("VSHUFF32X4 $0x88, Z%d, Z%d, Z%d", 12+k, 8+k, 24+k)
		f.op("VSHUFF32X4 $0xDD, Z%d, Z%d, Z%d", 12+k, 8+k, 28+k)
	}
	for k := range 4 {
		f.op("VSHUFF32X4 $0x88, Z%d, Z%d, Z%d", 24+k, 16+k, k)
		f.op("VSHUFF32X4 $0x88, Z%d, Z%d, Z%d", 28+k, 20+k, 4+k)
		f.op("VSHUFF32X4 $0xDD, Z%d, Z%d, Z%d", 24+k, 16+k, 8+k)
		f.op("VSHUFF32X4 $0xDD, Z%d, Z%d, Z%d", 28+k, 20+k, 12+k)
	}
	for i := range 16 {
		f.op("VMOVUPS Z%d, K1, (DI)", i)
		f.op("ADDQ R9, DI")
		f.op("SUBQ $1, AX")
		f.op("JZ done")
	}
	f.op("ADDQ $64, SI")
	f.op("JMP loop")
	f.label("done")
	f.end()
}

// flatTiles emits the choice of a flat tile by its size.
func (f *file) flatTiles() {
	fmt.Fprint(&f.decl, "\nfunc flatTileAVX512(rows, k int, a, src []float32, off []int, groups []LaneGroup, c []float32, ldc int, load bool, end *Ending) {\n")
	fmt.Fprint(&f.decl, "g := &groups[0].Src\nswitch 8*len(groups) + rows - 1 {\n")
	for vectors := 1; vectors <= 3; vectors++ {
		for rows := 1; rows <= 8; rows++ {
			fmt.Fprintf(&f.decl, "case 8*%d + %d:\nflatTileAVX512x%dx%d(k, &a[0], &src[0], &off[0], g, &c[0], ldc, load, end)\n", vectors, rows-1, rows, vectors)
		}
	}
	fmt.Fprint(&f.decl, "}\n}\n")
}
