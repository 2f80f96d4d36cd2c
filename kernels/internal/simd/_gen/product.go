package main

import "fmt"

// productTile emits a row of tiles of rows x 16*vectors accumulators of a matrix product, one behind another in the columns.
// The left factor is read where it lies, row by row; of the right one, a panel of columns for each tile, every load is of a
// whole cache line where it is packed. Six rows of four vectors make 24 multiply-adds of ten loads, whose addresses are
// constants behind the rows and one index, which counts too.
func (f *file) productTile(rows, vectors int) {
	name := fmt.Sprintf("productTile%sx%dx%d", f.isa.suffix, rows, vectors)
	arg := f.begin(name, fmt.Sprintf("is the body of Backend.ProductTile for %d rows of %d vectors.", rows, vectors),
		num("panels"), num("k"), ptr("a"), num("lda"), ptr("b"), num("ldb"), num("size"), ptr("c"), num("ldc"), num("mask"), flag("whole"), flag("load"), arg{"end", "*Ending", 8})
	acc := func(i, v int) int { return i*vectors + v }
	ptrs := []string{"R8", "R9", "R10", "R11", "R12", "R13"}
	f.op("MOVQ %s, AX", arg("mask"))
	f.op("KMOVW AX, K1") // of the last vector
	masked := func(v int, zeroing string) (suffix, mask string) {
		if v < vectors-1 {
			return "", ""
		}
		return zeroing, "K1, "
	}
	f.op("MOVQ %s, AX", arg("k"))
	f.op("SHLQ $2, AX")
	f.op("MOVQ %s, DX", arg("lda"))
	f.op("SHLQ $2, DX")
	f.op("MOVQ %s, R8", arg("a"))
	f.op("ADDQ AX, R8")
	for i := range rows - 1 {
		f.op("LEAQ (%s)(DX*1), %s", ptrs[i], ptrs[i+1])
	}
	f.op("MOVQ %s, DI", arg("c"))
	f.op("MOVQ %s, SI", arg("ldc"))
	f.op("SHLQ $2, SI")
	f.label("panel")
	// The rows behind these, whose beginnings nothing else foresees, some more lines of them with each panel.
	f.op("MOVQ DI, CX")
	f.op("SUBQ %s, CX", arg("c"))
	f.op("SHRQ $%d, CX", 1)
	f.op("LEAQ (%s)(DX*1), BX", ptrs[rows-1])
	f.op("MOVQ %s, AX", arg("k"))
	f.op("SHLQ $2, AX")
	f.op("SUBQ AX, BX")
	f.op("ADDQ CX, BX")
	for i := range rows {
		f.op("PREFETCHT0 (BX)")
		f.op("PREFETCHT0 64(BX)")
		if i+1 < rows {
			f.op("ADDQ DX, BX")
		}
	}
	f.op("MOVBLZX %s, AX", arg("load"))
	f.op("MOVQ DI, CX")
	f.op("TESTL AX, AX")
	f.op("JZ zero")
	for i := range rows {
		for v := range vectors {
			z, mask := masked(v, ".Z")
			f.op("VMOVUPS%s %d(CX), %sZ%d", z, 64*v, mask, acc(i, v))
		}
		if i+1 < rows {
			f.op("ADDQ SI, CX")
		}
	}
	f.op("JMP loaded")
	f.label("zero")
	for i := range rows * vectors {
		f.op("VPXORD Z%d, Z%d, Z%d", i, i, i)
	}
	f.label("loaded")
	// The places of the next panel, or of the first of the next rows.
	f.op("LEAQ %d(DI), CX", 64*vectors)
	f.op("CMPQ %s, $1", arg("panels"))
	f.op("JNE ahead")
	f.op("IMUL3Q $%d, SI, CX", rows)
	f.op("ADDQ %s, CX", arg("c"))
	f.label("ahead")
	for i := range rows {
		for v := range vectors {
			f.op("PREFETCHT0 %d(CX)", 64*v)
		}
		if i+1 < rows {
			f.op("ADDQ SI, CX")
		}
	}
	f.op("MOVQ %s, BX", arg("b"))
	f.op("MOVQ %s, AX", arg("k"))
	f.op("SHLQ $1, AX")
	terms := func(name string, load func(u, v int), step string, ahead ...string) {
		f.op("NEGQ AX")
		term := func(u int) {
			for v := range vectors {
				load(u, v)
			}
			if u < len(ahead) {
				f.op("PREFETCHT0 %s", ahead[u])
			}
			for i := range rows {
				x := 28 + i%4
				f.op("VBROADCASTSS %d(%s)(AX*2), Z%d", 4*u, ptrs[i], x)
				for v := range vectors {
					f.op("VFMADD231PS Z%d, Z%d, Z%d", 24+v, x, acc(i, v))
				}
			}
		}
		f.label(name + "Single")
		f.op("TESTQ $%d, AX", 2*(unrolled-1))
		f.op("JZ %sMany", name)
		term(0)
		f.op(step, 1)
		f.op("ADDQ $2, AX")
		f.op("JMP %sSingle", name)
		f.label(name + "Many")
		f.op("TESTQ AX, AX")
		f.op("JZ ended")
		f.op("PCALIGN $64")
		f.label(name + "Loop")
		for u := range unrolled {
			term(u)
		}
		f.op(step, unrolled)
		f.op("ADDQ $%d, AX", 2*unrolled)
		f.op("JNZ %sLoop", name)
	}
	f.op("MOVBLZX %s, CX", arg("whole"))
	f.op("TESTL CX, CX")
	f.op("JZ part")
	// Some lines of the rows behind these with each term, of both factors' product and of the left one, because the next call is
	// for them: two rows a panel.
	f.op("MOVQ DI, CX")
	f.op("SUBQ %s, CX", arg("c"))
	f.op("SHRQ $7, CX")
	f.op("ADDQ $%d, CX", rows)
	f.op("MOVQ CX, R14")
	f.op("IMULQ DX, R14")
	f.op("ADDQ R8, R14")
	f.op("LEAQ (R14)(DX*1), R15")
	f.op("IMULQ SI, CX")
	f.op("ADDQ %s, CX", arg("c"))
	f.op("ADDQ AX, CX")
	f.op("LEAQ (CX)(SI*1), DX")
	terms("whole", func(u, v int) { f.op("VMOVUPS %d(BX), Z%d", 64*(4*u+v), 24+v) }, "ADDQ $256*%d, BX",
		"(R14)(AX*2)", "(CX)(AX*1)", "(R15)(AX*2)", "(DX)(AX*1)")
	f.op("MOVQ %s, DX", arg("lda"))
	f.op("SHLQ $2, DX")
	f.op("JMP ended")
	f.label("part")
	f.op("MOVQ %s, R14", arg("ldb"))
	f.op("SHLQ $2, R14")
	f.op("LEAQ (R14)(R14*2), R15")
	terms("part", func(u, v int) { // loads by a mask take a place of a port that multiplies
		z, mask := masked(v, ".Z")
		f.op("VMOVUPS%s %d(BX)%s, %sZ%d", z, 64*v, [unrolled]string{"", "(R14*1)", "(R14*2)", "(R15*1)"}[u], mask, 24+v)
	}, "LEAQ (BX)(R14*%d), BX")
	f.label("ended")
	f.op("MOVQ %s, AX", arg("end"))
	f.op("TESTQ AX, AX")
	f.op("JZ store")
	f.rowShift("AX", "BX", "CX", rows, vectors, acc)
	f.op("MOVQ %d(AX), BX", endingAdd)
	f.op("TESTQ BX, BX")
	f.op("JZ added")
	f.op("ADDQ DI, BX")
	f.op("SUBQ %s, BX", arg("c"))
	f.op("MOVQ %d(AX), CX", endingPitch)
	f.op("SHLQ $2, CX")
	for i := range rows {
		for v := range vectors {
			_, mask := masked(v, "")
			f.op("VADDPS %d(BX), Z%d, %sZ%d", 64*v, acc(i, v), mask, acc(i, v))
		}
		if i+1 < rows {
			f.op("ADDQ CX, BX")
		}
	}
	f.label("added")
	f.activation(rows*vectors, "AX", "BX")
	f.label("store")
	f.op("MOVQ DI, CX")
	for i := range rows {
		for v := range vectors {
			_, mask := masked(v, "")
			f.op("VMOVUPS Z%d, %s%d(CX)", acc(i, v), mask, 64*v)
		}
		if i+1 < rows {
			f.op("ADDQ SI, CX")
		}
	}
	f.op("ADDQ $%d, DI", 64*vectors)
	f.op("MOVQ %s, BX", arg("size"))
	f.op("SHLQ $2, BX")
	f.op("ADDQ BX, %s", arg("b"))
	f.op("DECQ %s", arg("panels"))
	f.op("JNZ panel")
	f.end()
}

// productTiles emits the choice of a product tile by its size.
func (f *file) productTiles() {
	fmt.Fprint(&f.decl, "\nfunc productTileAVX512(rows, vectors, panels, k int, a []float32, lda int, b []float32, ldb, size int, c []float32, ldc, mask int, whole, load bool, end *Ending) {\n")
	fmt.Fprint(&f.decl, "switch 8*vectors + rows {\n")
	for vectors := 1; vectors <= 4; vectors++ {
		for rows := 1; rows <= 6; rows++ {
			fmt.Fprintf(&f.decl, "case 8*%d + %d:\nproductTileAVX512x%dx%d(panels, k, &a[0], lda, &b[0], ldb, size, &c[0], ldc, mask, whole, load, end)\n", vectors, rows, rows, vectors)
		}
	}
	fmt.Fprint(&f.decl, "}\n}\n")
}

// copyRows emits the copy of n rows of 64 values a panel to panels.
func (f *file) copyRows() {
	arg := f.begin("copyRowsAVX512", "is the body of Backend.CopyRows; n and panels are positive.",
		num("n"), num("panels"), ptr("x"), num("xs"), ptr("y"), num("size"))
	f.op("MOVQ %s, AX", arg("n"))
	f.op("MOVQ %s, R8", arg("panels"))
	f.op("MOVQ %s, SI", arg("x"))
	f.op("MOVQ %s, DX", arg("xs"))
	f.op("SHLQ $2, DX")
	f.op("MOVQ %s, DI", arg("y"))
	f.op("MOVQ %s, R9", arg("size"))
	f.op("SHLQ $2, R9")
	f.label("row")
	f.op("MOVQ SI, R10")
	f.op("MOVQ DI, R11")
	f.op("MOVQ R8, CX")
	f.op("PCALIGN $64")
	f.label("panel")
	for v := range 4 {
		f.op("VMOVUPS %d(R10), Z%d", 64*v, v)
	}
	for v := range 4 {
		f.op("PREFETCHT0 %d(R10)(DX*4)", 64*v)
		f.op("VMOVUPS Z%d, %d(R11)", v, 64*v)
	}
	f.op("ADDQ $256, R10")
	f.op("ADDQ R9, R11")
	f.op("DECQ CX")
	f.op("JNZ panel")
	f.op("ADDQ DX, SI")
	f.op("ADDQ $256, DI")
	f.op("DECQ AX")
	f.op("JNZ row")
	f.end()
}
