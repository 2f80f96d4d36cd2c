package main

import "fmt"

// tile emits the product tile: rows x 16 accumulators, one fused multiply-add a term. Six rows fill 12 of the 16
// registers, which covers the latency of two FMA pipes; two hold the lanes of a term, two the broadcast weights.
func (f *file) tile(rows int) {
	name := fmt.Sprintf("tileAVX2x%d", rows)
	arg := f.begin(name, fmt.Sprintf("is the body of Backend.Tile for %d rows.", rows),
		num("k"), ptr("a"), ptr("src"), ints("off"), num("p1"), ptr("c"), num("c1"), num("ldc"), flag("load"))
	f.op("MOVQ %s, AX", arg("k"))
	f.op("MOVQ %s, BX", arg("a"))
	f.op("MOVQ %s, CX", arg("src"))
	f.op("MOVQ %s, DX", arg("off"))
	f.op("MOVQ %s, SI", arg("p1"))
	f.op("LEAQ (CX)(SI*4), R8")
	f.op("MOVQ %s, DI", arg("c"))
	f.op("MOVQ %s, SI", arg("c1"))
	f.op("LEAQ (DI)(SI*4), R9")
	f.op("MOVQ %s, R10", arg("ldc"))
	f.op("SHLQ $2, R10")
	f.op("MOVBLZX %s, R12", arg("load"))
	f.op("TESTL R12, R12")
	f.op("JZ zero")
	f.op("MOVQ DI, R11")
	f.op("MOVQ R9, R13")
	for i := range rows {
		f.op("VMOVUPS (R11), Y%d", 2*i)
		f.op("VMOVUPS (R13), Y%d", 2*i+1)
		if i+1 < rows {
			f.op("ADDQ R10, R11")
			f.op("ADDQ R10, R13")
		}
	}
	f.op("JMP terms")
	f.label("zero")
	for i := range 2 * rows {
		f.op("VXORPS Y%d, Y%d, Y%d", i, i, i)
	}
	f.label("terms")
	f.op("TESTQ AX, AX")
	f.op("JZ store")
	f.label("loop")
	f.op("MOVQ (DX), R11")
	f.op("VMOVUPS (CX)(R11*4), Y12")
	f.op("VMOVUPS (R8)(R11*4), Y13")
	for i := range rows {
		w := 14 + i%2
		f.op("VBROADCASTSS %d(BX), Y%d", 4*i, w)
		f.op("VFMADD231PS Y12, Y%d, Y%d", w, 2*i)
		f.op("VFMADD231PS Y13, Y%d, Y%d", w, 2*i+1)
	}
	f.op("ADDQ $8, DX")
	f.op("ADDQ $%d, BX", 4*rows)
	f.op("DECQ AX")
	f.op("JNZ loop")
	f.label("store")
	for i := range rows {
		f.op("VMOVUPS Y%d, (DI)", 2*i)
		f.op("VMOVUPS Y%d, (R9)", 2*i+1)
		if i+1 < rows {
			f.op("ADDQ R10, DI")
			f.op("ADDQ R10, R9")
		}
	}
	f.end()
}

// gradTile emits the weight-gradient tile: the terms of one chunk run over positions; the input is broadcast from
// rows+pos, so that padding, dilation and stride need no packing, and 16 output channels are the lanes.
func (f *file) gradTile(rows int) {
	name := fmt.Sprintf("gradTileAVX2x%d", rows)
	arg := f.begin(name, fmt.Sprintf("is the body of Backend.GradTile for %d rows.", rows),
		num("n"), ptr("x"), ints("row"), ints("pos"), ptr("b"), ptr("c"))
	ptrs := []string{"R8", "R9", "R10", "R11", "R12", "R13"}
	f.op("MOVQ %s, AX", arg("n"))
	f.op("MOVQ %s, CX", arg("x"))
	f.op("MOVQ %s, SI", arg("row"))
	for i := range rows {
		f.op("MOVQ %d(SI), DX", 8*i)
		f.op("LEAQ (CX)(DX*4), %s", ptrs[i])
	}
	f.op("MOVQ %s, DX", arg("pos"))
	f.op("MOVQ %s, BX", arg("b"))
	f.op("MOVQ %s, DI", arg("c"))
	for i := range 2 * rows {
		f.op("VXORPS Y%d, Y%d, Y%d", i, i, i)
	}
	f.op("TESTQ AX, AX")
	f.op("JZ store")
	f.label("loop")
	f.op("MOVQ (DX), SI")
	f.op("VMOVUPS (BX), Y12")
	f.op("VMOVUPS 32(BX), Y13")
	for i := range rows {
		w := 14 + i%2
		f.op("VBROADCASTSS (%s)(SI*4), Y%d", ptrs[i], w)
		f.op("VFMADD231PS Y12, Y%d, Y%d", w, 2*i)
		f.op("VFMADD231PS Y13, Y%d, Y%d", w, 2*i+1)
	}
	f.op("ADDQ $8, DX")
	f.op("ADDQ $64, BX")
	f.op("DECQ AX")
	f.op("JNZ loop")
	f.label("store")
	for i := range rows {
		f.op("VMOVUPS Y%d, %d(DI)", 2*i, 64*i)
		f.op("VMOVUPS Y%d, %d(DI)", 2*i+1, 64*i+32)
	}
	f.end()
}
