package main

import "fmt"

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

// A vec is an element-wise loop: scalars are broadcast into Y15, Y14, ... in order; pointers are walked together, eight
// elements a turn. The body may use Y0 to Y9.
type vec struct {
	name    string
	scalars []string
	ptrs    []string // the first is the destination
	body    func(f *file, at map[string]string, s map[string]string)
}

func (f *file) vector(v vec) {
	args := []arg{num("n")}
	for _, s := range v.scalars {
		args = append(args, f32(s))
	}
	for _, p := range v.ptrs {
		args = append(args, ptr(p))
	}
	slot := f.begin(v.name+"AVX2", "is the vector loop of the Go twin of its name, for a multiple of 8 elements, at least 8.", args...)
	regs := []string{"DI", "SI", "BX", "CX"}
	at, scalars := map[string]string{}, map[string]string{}
	f.op("MOVQ %s, AX", slot("n"))
	for i, s := range v.scalars {
		scalars[s] = fmt.Sprintf("Y%d", 15-i)
		f.op("VBROADCASTSS %s, %s", slot(s), scalars[s])
	}
	for i, p := range v.ptrs {
		at[p] = "(" + regs[i] + ")(DX*4)"
		f.op("MOVQ %s, %s", slot(p), regs[i])
	}
	f.op("XORQ DX, DX")
	f.label("loop")
	v.body(f, at, scalars)
	f.op("ADDQ $8, DX")
	f.op("CMPQ DX, AX")
	f.op("JLT loop")
	f.end()
}

// elementwise emits the loops over whole tensors.
func (f *file) elementwise() {
	f.vector(vec{"affine", []string{"a", "b"}, []string{"dst", "x"}, func(f *file, at, s map[string]string) {
		f.op("VMOVUPS %s, Y0", at["x"])
		f.op("VFMADD213PS %s, %s, Y0", s["b"], s["a"])
		f.op("VMOVUPS Y0, %s", at["dst"])
	}})
	f.vector(vec{"normBack", []string{"p", "mean", "q", "r"}, []string{"dx", "dy", "x"}, func(f *file, at, s map[string]string) {
		f.op("VMOVUPS %s, Y0", at["x"])
		f.op("VSUBPS %s, Y0, Y0", s["mean"])
		f.op("VFMADD213PS %s, %s, Y0", s["r"], s["q"])
		f.op("VFMADD231PS %s, %s, Y0", at["dy"], s["p"])
		f.op("VMOVUPS Y0, %s", at["dx"])
	}})
	f.vector(vec{"reLU", nil, []string{"dst", "x"}, func(f *file, at, s map[string]string) {
		f.op("VXORPS Y1, Y1, Y1")
		f.op("VMOVUPS %s, Y0", at["x"])
		f.op("VMAXPS Y0, Y1, Y0")
		f.op("VMOVUPS Y0, %s", at["dst"])
	}})
	f.vector(vec{"reLUBack", nil, []string{"dx", "dy", "y"}, func(f *file, at, s map[string]string) {
		f.op("VXORPS Y1, Y1, Y1")
		f.op("VMOVUPS %s, Y0", at["y"])
		f.op("VCMPPS $2, Y1, Y0, Y0") // y <= 0, false for NaN
		f.op("VMOVUPS %s, Y2", at["dy"])
		f.op("VANDNPS Y2, Y0, Y0")
		f.op("VMOVUPS Y0, %s", at["dx"])
	}})
	f.vector(vec{"add", nil, []string{"dst", "x", "y"}, func(f *file, at, s map[string]string) {
		f.op("VMOVUPS %s, Y0", at["x"])
		f.op("VADDPS %s, Y0, Y0", at["y"])
		f.op("VMOVUPS Y0, %s", at["dst"])
	}})
	f.vector(vec{"offset", []string{"b"}, []string{"dst", "x"}, func(f *file, at, s map[string]string) {
		f.op("VADDPS %s, %s, Y0", at["x"], s["b"])
		f.op("VMOVUPS Y0, %s", at["dst"])
	}})
	f.vector(vec{"scale", []string{"w"}, []string{"dst", "x"}, func(f *file, at, s map[string]string) {
		f.op("VMULPS %s, %s, Y0", at["x"], s["w"])
		f.op("VMOVUPS Y0, %s", at["dst"])
	}})
	sgd := func(name string, nesterov bool) {
		f.vector(vec{name, []string{"minusLR", "momentum", "decay"}, []string{"w", "v", "grad"}, func(f *file, at, s map[string]string) {
			f.op("VMOVUPS %s, Y0", at["w"])
			f.op("VMOVUPS %s, Y1", at["grad"])
			f.op("VFMADD231PS Y0, %s, Y1", s["decay"]) // g
			f.op("VMOVUPS %s, Y2", at["v"])
			f.op("VFMADD213PS Y1, %s, Y2", s["momentum"]) // v
			f.op("VMOVUPS Y2, %s", at["v"])
			step := "Y2"
			if nesterov {
				f.op("VFMADD231PS Y2, %s, Y1", s["momentum"])
				step = "Y1"
			}
			f.op("VFMADD231PS %s, %s, Y0", step, s["minusLR"])
			f.op("VMOVUPS Y0, %s", at["w"])
		}})
	}
	sgd("sgd", false)
	sgd("sgdNesterov", true)
}

// tree emits the pairwise sum of 64 lanes, the upper half to the lower until one is left.
func (f *file) tree() {
	arg := f.begin("treeAVX2", "is the body of Backend.Tree.", ptr("acc"), ptr("sum"))
	f.op("MOVQ %s, SI", arg("acc"))
	f.op("MOVQ %s, DI", arg("sum"))
	for i := range 8 {
		f.op("VMOVUPS %d(SI), Y%d", 32*i, i)
	}
	for h := 4; h > 0; h /= 2 {
		for i := range h {
			f.op("VADDPS Y%d, Y%d, Y%d", i+h, i, i)
		}
	}
	f.op("VEXTRACTF128 $1, Y0, X1")
	f.op("VADDPS X1, X0, X0")
	f.op("VMOVHLPS X0, X0, X1")
	f.op("VADDPS X1, X0, X0")
	f.op("VMOVSHDUP X0, X1")
	f.op("VADDSS X1, X0, X0")
	f.op("VMOVSS X0, (DI)")
	f.end()
}
