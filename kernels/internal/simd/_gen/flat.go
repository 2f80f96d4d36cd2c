package main

import "fmt"

// flatTile emits rows x 32 accumulators of a convolution whose lanes are neighbours in the flattened plane. Twelve rows
// fill 24 of the 32 registers; two hold the lanes of a term, six in turn the broadcast weights. Lanes that fall between
// two rows of the output are computed and not stored: each of the two groups has a mask and a place for the row in
// which it begins, and one for the row after.
func (f *file) flatTile(rows int) {
	name := fmt.Sprintf("flatTileAVX512x%d", rows)
	arg := f.begin(name, fmt.Sprintf("is the body of Backend.FlatTile for %d rows.", rows),
		num("k"), ptr("a"), ptr("src"), ints("off"), ints("groups"), ptr("c"), num("ldc"), flag("load"))
	f.op("MOVQ %s, AX", arg("k"))
	f.op("MOVQ %s, BX", arg("a"))
	f.op("MOVQ %s, CX", arg("src"))
	f.op("MOVQ %s, DX", arg("off"))
	f.op("MOVQ %s, SI", arg("groups"))
	f.op("MOVQ %s, DI", arg("c"))
	f.op("MOVQ %s, R10", arg("ldc"))
	f.op("SHLQ $2, R10")
	// A group is five words: source, first place, second place, first mask, second mask.
	f.op("MOVQ 40(SI), R11")
	f.op("LEAQ (CX)(R11*4), R8")
	f.op("MOVQ 0(SI), R11")
	f.op("LEAQ (CX)(R11*4), CX")
	places := []string{"R9", "R12", "R13", "R15"}
	for g := range 2 {
		for i := range 2 {
			f.op("MOVQ %d(SI), R11", 40*g+8+8*i)
			f.op("LEAQ (DI)(R11*4), %s", places[2*g+i])
			f.op("MOVQ %d(SI), R11", 40*g+24+8*i)
			f.op("KMOVW R11, K%d", 1+2*g+i)
		}
	}
	f.op("MOVBLZX %s, R11", arg("load"))
	f.op("TESTL R11, R11")
	f.op("JZ zero")
	f.op("XORQ R11, R11")
	for i := range rows {
		for g := range 2 {
			f.op("VMOVUPS.Z (%s)(R11*1), K%d, Z%d", places[2*g], 1+2*g, 2*i+g)
			f.op("VMOVUPS (%s)(R11*1), K%d, Z%d", places[2*g+1], 2+2*g, 2*i+g)
		}
		if i+1 < rows {
			f.op("ADDQ R10, R11")
		}
	}
	f.op("JMP terms")
	f.label("zero")
	for i := range 2 * rows {
		f.op("VPXORD Z%d, Z%d, Z%d", i, i, i)
	}
	f.label("terms")
	f.op("TESTQ AX, AX")
	f.op("JZ store")
	f.label("loop")
	f.op("MOVQ (DX), R11")
	f.op("VMOVUPS (CX)(R11*4), Z24")
	f.op("VMOVUPS (R8)(R11*4), Z25")
	for i := range rows {
		w := 26 + i%6
		f.op("VBROADCASTSS %d(BX), Z%d", 4*i, w)
		f.op("VFMADD231PS Z24, Z%d, Z%d", w, 2*i)
		f.op("VFMADD231PS Z25, Z%d, Z%d", w, 2*i+1)
	}
	f.op("ADDQ $8, DX")
	f.op("ADDQ $%d, BX", 4*rows)
	f.op("DECQ AX")
	f.op("JNZ loop")
	f.label("store")
	f.op("XORQ R11, R11")
	for i := range rows {
		for g := range 2 {
			f.op("VMOVUPS Z%d, K%d, (%s)(R11*1)", 2*i+g, 1+2*g, places[2*g])
			f.op("VMOVUPS Z%d, K%d, (%s)(R11*1)", 2*i+g, 2+2*g, places[2*g+1])
		}
		if i+1 < rows {
			f.op("ADDQ R10, R11")
		}
	}
	f.end()
}

// channelTile emits rows x 16*vectors accumulators whose lanes are channels: terms run over positions (or taps), the input
// is broadcast from row+position, so that padding, dilation and stride need no packing.
func (f *file) channelTile(rows, vectors int) {
	name := fmt.Sprintf("channelTileAVX512x%dx%d", rows, vectors)
	arg := f.begin(name, fmt.Sprintf("is the body of Backend.ChannelTile for %d rows of %d channels.", rows, 16*vectors),
		num("n"), ptr("x"), ints("row"), ints("pos"), ptr("v"), num("stride"), ptr("c"), flag("load"))
	ptrs := []string{"R8", "R9", "R10", "R11", "R12", "R13"}
	f.op("MOVQ %s, AX", arg("n"))
	f.op("MOVQ %s, CX", arg("x"))
	f.op("MOVQ %s, SI", arg("row"))
	for i := range rows {
		f.op("MOVQ %d(SI), DX", 8*i)
		f.op("LEAQ (CX)(DX*4), %s", ptrs[i])
	}
	f.op("MOVQ %s, DX", arg("pos"))
	f.op("MOVQ %s, BX", arg("v"))
	f.op("MOVQ %s, R15", arg("stride"))
	f.op("SHLQ $2, R15")
	f.op("MOVQ %s, DI", arg("c"))
	f.op("MOVBLZX %s, CX", arg("load"))
	f.op("TESTL CX, CX")
	f.op("JZ zero")
	for i := range rows * vectors {
		f.op("VMOVUPS %d(DI), Z%d", 64*i, i)
	}
	f.op("JMP terms")
	f.label("zero")
	for i := range rows * vectors {
		f.op("VPXORD Z%d, Z%d, Z%d", i, i, i)
	}
	f.label("terms")
	f.op("TESTQ AX, AX")
	f.op("JZ store")
	f.label("loop")
	f.op("MOVQ (DX), SI")
	for v := range vectors {
		f.op("VMOVUPS %d(BX), Z%d", 64*v, 24+v)
	}
	for i := range rows {
		w := 28 + i%4
		f.op("VBROADCASTSS (%s)(SI*4), Z%d", ptrs[i], w)
		for v := range vectors {
			f.op("VFMADD231PS Z%d, Z%d, Z%d", 24+v, w, i*vectors+v)
		}
	}
	f.op("ADDQ $8, DX")
	f.op("ADDQ R15, BX")
	f.op("DECQ AX")
	f.op("JNZ loop")
	f.label("store")
	for i := range rows * vectors {
		f.op("VMOVUPS Z%d, %d(DI)", i, 64*i)
	}
	f.end()
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
