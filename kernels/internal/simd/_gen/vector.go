package main

// axpy emits y += w*x, fused, for a multiple of 8 elements.
func (f *file) axpy() {
	arg := f.begin("axpyAVX2", "adds w*x to y by fused multiply-add; n is a multiple of 8.", num("n"), f32("w"), ptr("x"), ptr("y"))
	f.op("MOVQ %s, AX", arg("n"))
	f.op("VBROADCASTSS %s, Y15", arg("w"))
	f.op("MOVQ %s, SI", arg("x"))
	f.op("MOVQ %s, DI", arg("y"))
	f.op("SHRQ $3, AX")
	f.op("JZ done")
	f.label("loop")
	f.op("VMOVUPS (DI), Y0")
	f.op("VFMADD231PS (SI), Y15, Y0")
	f.op("VMOVUPS Y0, (DI)")
	f.op("ADDQ $32, SI")
	f.op("ADDQ $32, DI")
	f.op("DECQ AX")
	f.op("JNZ loop")
	f.label("done")
	f.end()
}

// lanes emits the three lane sums of 64 accumulators (eight registers) over rows of 64 values.
func (f *file) lanes() {
	load := func(arg func(string) string) {
		f.op("MOVQ %s, AX", arg("rows"))
		f.op("MOVQ %s, DI", arg("acc"))
		f.op("MOVQ %s, SI", arg("x"))
		for i := range 8 {
			f.op("VXORPS Y%d, Y%d, Y%d", i, i, i)
		}
		f.op("TESTQ AX, AX")
		f.op("JZ store")
	}
	store := func() {
		f.op("DECQ AX")
		f.op("JNZ loop")
		f.label("store")
		for i := range 8 {
			f.op("VMOVUPS Y%d, %d(DI)", i, 32*i)
		}
		f.end()
	}

	arg := f.begin("laneSumAVX2", "is the body of Backend.LaneSum.", num("rows"), ptr("x"), ptr("acc"))
	load(arg)
	f.label("loop")
	for i := range 8 {
		f.op("VADDPS %d(SI), Y%d, Y%d", 32*i, i, i)
	}
	f.op("ADDQ $256, SI")
	store()

	arg = f.begin("laneSquareAVX2", "is the body of Backend.LaneSquare.", num("rows"), ptr("x"), f32("mu"), ptr("acc"))
	f.op("VBROADCASTSS %s, Y15", arg("mu"))
	load(arg)
	f.label("loop")
	for i := range 8 {
		d := 8 + i%4
		f.op("VMOVUPS %d(SI), Y%d", 32*i, d)
		f.op("VSUBPS Y15, Y%d, Y%d", d, d)
		f.op("VFMADD231PS Y%d, Y%d, Y%d", d, d, i)
	}
	f.op("ADDQ $256, SI")
	store()

	arg = f.begin("laneCrossAVX2", "is the body of Backend.LaneCross.", num("rows"), ptr("x"), f32("mux"), ptr("y"), f32("muy"), ptr("acc"))
	f.op("VBROADCASTSS %s, Y15", arg("mux"))
	f.op("VBROADCASTSS %s, Y14", arg("muy"))
	f.op("MOVQ %s, BX", arg("y"))
	load(arg)
	f.label("loop")
	for i := range 8 {
		d, e := 8+i%2, 10+i%2
		f.op("VMOVUPS %d(SI), Y%d", 32*i, d)
		f.op("VSUBPS Y15, Y%d, Y%d", d, d)
		f.op("VMOVUPS %d(BX), Y%d", 32*i, e)
		f.op("VSUBPS Y14, Y%d, Y%d", e, e)
		f.op("VFMADD231PS Y%d, Y%d, Y%d", d, e, i)
	}
	f.op("ADDQ $256, SI")
	f.op("ADDQ $256, BX")
	store()
}
