package main

import "fmt"

// axpy emits y += w*x, fused, for whole vectors.
func (f *file) axpy() {
	f.vector(vec{"axpy", []string{"w"}, []string{"y", "x"}, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V0", at["y"])
		f.vop("VFMADD231PS %s, %s, V0", at["x"], s["w"])
		f.vop("VMOVUPS V0, %s", at["y"])
	}})
}

// lanes emits the three lane sums of 64 accumulators over rows of 64 values.
func (f *file) lanes() {
	n := 256 / f.isa.bytes // registers of accumulators
	load := func(arg func(string) string) {
		f.op("MOVQ %s, AX", arg("rows"))
		f.op("MOVQ %s, DI", arg("acc"))
		f.op("MOVQ %s, SI", arg("x"))
		for i := range n {
			f.zero(fmt.Sprintf("V%d", i))
		}
		f.op("TESTQ AX, AX")
		f.op("JZ store")
	}
	store := func() {
		f.op("DECQ AX")
		f.op("JNZ loop")
		f.label("store")
		for i := range n {
			f.vop("VMOVUPS V%d, @%d(DI)", i, i)
		}
		f.end()
	}

	arg := f.begin("laneSum"+f.isa.suffix, "is the body of Backend.LaneSum.", num("rows"), ptr("x"), ptr("acc"))
	load(arg)
	f.label("loop")
	for i := range n {
		f.vop("VADDPS @%d(SI), V%d, V%d", i, i, i)
	}
	f.op("ADDQ $256, SI")
	store()

	arg = f.begin("laneSquare"+f.isa.suffix, "is the body of Backend.LaneSquare.", num("rows"), ptr("x"), f32("mu"), ptr("acc"))
	f.vop("VBROADCASTSS %s, V15", arg("mu"))
	load(arg)
	f.label("loop")
	for i := range n {
		d := 8 + i%4
		f.vop("VMOVUPS @%d(SI), V%d", i, d)
		f.vop("VSUBPS V15, V%d, V%d", d, d)
		f.vop("VFMADD231PS V%d, V%d, V%d", d, d, i)
	}
	f.op("ADDQ $256, SI")
	store()

	arg = f.begin("laneCross"+f.isa.suffix, "is the body of Backend.LaneCross.", num("rows"), ptr("x"), f32("mux"), ptr("y"), f32("muy"), ptr("acc"))
	f.vop("VBROADCASTSS %s, V15", arg("mux"))
	f.vop("VBROADCASTSS %s, V14", arg("muy"))
	f.op("MOVQ %s, BX", arg("y"))
	load(arg)
	f.label("loop")
	for i := range n {
		d, e := 8+i%2, 10+i%2
		f.vop("VMOVUPS @%d(SI), V%d", i, d)
		f.vop("VSUBPS V15, V%d, V%d", d, d)
		f.vop("VMOVUPS @%d(BX), V%d", i, e)
		f.vop("VSUBPS V14, V%d, V%d", e, e)
		f.vop("VFMADD231PS V%d, V%d, V%d", d, e, i)
	}
	f.op("ADDQ $256, SI")
	f.op("ADDQ $256, BX")
	store()
}

func (f *file) zero(reg string) { f.bits("XOR", reg, reg, reg) }

// A vec is an element-wise loop: scalars are broadcast into the highest registers in order; pointers are walked together, a
// vector a turn. The body may use V0 to V11, and V12 to V15 where no scalar lies.
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
	doc := fmt.Sprintf("is the vector loop of the Go twin of its name, for a multiple of %d elements, at least %d.", f.isa.lanes(), f.isa.lanes())
	slot := f.begin(v.name+f.isa.suffix, doc, args...)
	regs := []string{"DI", "SI", "BX", "CX"}
	top := 15
	if f.isa.masks() {
		top = 31
	}
	at, scalars := map[string]string{}, map[string]string{}
	f.op("MOVQ %s, AX", slot("n"))
	for i, s := range v.scalars {
		scalars[s] = fmt.Sprintf("V%d", top-i)
		f.vop("VBROADCASTSS %s, %s", slot(s), scalars[s])
	}
	for i, p := range v.ptrs {
		at[p] = "(" + regs[i] + ")(DX*4)"
		f.op("MOVQ %s, %s", slot(p), regs[i])
	}
	f.op("XORQ DX, DX")
	f.label("loop")
	v.body(f, at, scalars)
	f.op("ADDQ $%d, DX", f.isa.lanes())
	f.op("CMPQ DX, AX")
	f.op("JLT loop")
	f.end()
}

// A loop is a function that each instruction set has.
type loop struct {
	name string
	args []arg
}

// names are those of a loop's arguments.
func (l loop) names() []string {
	var list []string
	for _, a := range l.args {
		list = append(list, a.name)
	}
	return list
}

// elementwise emits the loops over whole tensors.
func (f *file) elementwise() {
	f.vector(vec{"affine", []string{"a", "b"}, []string{"dst", "x"}, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V0", at["x"])
		f.vop("VFMADD213PS %s, %s, V0", s["b"], s["a"])
		f.vop("VMOVUPS V0, %s", at["dst"])
	}})
	f.vector(vec{"normBack", []string{"p", "mean", "q", "r"}, []string{"dx", "dy", "x"}, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V0", at["x"])
		f.vop("VSUBPS %s, V0, V0", s["mean"])
		f.vop("VFMADD213PS %s, %s, V0", s["r"], s["q"])
		f.vop("VFMADD231PS %s, %s, V0", at["dy"], s["p"])
		f.vop("VMOVUPS V0, %s", at["dx"])
	}})
	f.vector(vec{"mulAdd", nil, []string{"acc", "x", "y"}, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V0", at["x"])
		f.vop("VMOVUPS %s, V1", at["acc"])
		f.vop("VFMADD231PS %s, V0, V1", at["y"])
		f.vop("VMOVUPS V1, %s", at["acc"])
	}})
	f.vector(vec{"reLU", nil, []string{"dst", "x"}, func(f *file, at, s map[string]string) {
		f.zero("V1")
		f.vop("VMOVUPS %s, V0", at["x"])
		f.vop("VMAXPS V0, V1, V0")
		f.vop("VMOVUPS V0, %s", at["dst"])
	}})
	f.vector(vec{"reLUBack", nil, []string{"dx", "dy", "y"}, func(f *file, at, s map[string]string) {
		f.zero("V1")
		f.vop("VMOVUPS %s, V0", at["y"])
		f.vop("VMOVUPS %s, V2", at["dy"])
		f.choose(lessEqual, "V1", "V0", "V1", "V2", "V2", "V0") // false for NaN
		f.vop("VMOVUPS V2, %s", at["dx"])
	}})
	f.vector(vec{"max", nil, []string{"dst", "m", "v"}, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V0", at["v"])
		f.vop("VMAXPS %s, V0, V1", at["m"]) // of zeros and with a NaN the second, m
		f.choose(unordered, "V0", "V0", "V0", "V1", "V1", "V2")
		f.vop("VMOVUPS V1, %s", at["dst"])
	}})
	f.vector(vec{"maxAt", []string{"place"}, []string{"m", "at", "v"}, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V0", at["v"])
		f.vop("VMOVUPS %s, V1", at["m"])
		f.vop("VMOVUPS %s, V3", at["at"])
		if f.isa.masks() {
			f.vop("VCMPPS $%d, V1, V1, K2", ordered)
			f.vop("VCMPPS $%d, V1, V0, K2, K1", notLessEqual)
			f.vop("VBLENDMPS V0, V1, K1, V1")
			f.vop("VBLENDMPS %s, V3, K1, V3", s["place"])
		} else {
			f.vop("VCMPPS $%d, V1, V1, V4", ordered)
			f.vop("VCMPPS $%d, V1, V0, V2", notLessEqual)
			f.bits("AND", "V4", "V2", "V2")
			f.vop("VBLENDVPS V2, V0, V1, V1")
			f.vop("VBLENDVPS V2, %s, V3, V3", s["place"])
		}
		f.vop("VMOVUPS V1, %s", at["m"])
		f.vop("VMOVUPS V3, %s", at["at"])
	}})
	f.vector(vec{"leaky", []string{"slope"}, []string{"dst", "x"}, func(f *file, at, s map[string]string) {
		f.zero("V1")
		f.vop("VMOVUPS %s, V0", at["x"])
		f.vop("VMULPS V0, %s, V2", s["slope"])
		f.choose(less, "V1", "V0", "V2", "V0", "V2", "V3")
		f.vop("VMOVUPS V2, %s", at["dst"])
	}})
	f.vector(vec{"leakyBack", []string{"slope"}, []string{"dx", "dy", "x"}, func(f *file, at, s map[string]string) {
		f.zero("V1")
		f.vop("VMOVUPS %s, V0", at["x"])
		f.vop("VMOVUPS %s, V2", at["dy"])
		f.vop("VMULPS V2, %s, V3", s["slope"])
		f.choose(lessEqual, "V1", "V0", "V3", "V2", "V2", "V0")
		f.vop("VMOVUPS V2, %s", at["dx"])
	}})
	f.vector(vec{"tanhBack", nil, []string{"dx", "dy", "y"}, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V0", at["y"])
		f.constant(1, "V1")
		f.vop("VFNMADD231PS V0, V0, V1")
		f.vop("VMULPS %s, V1, V1", at["dy"])
		f.vop("VMOVUPS V1, %s", at["dx"])
	}})
	f.vector(vec{"sigmoidBack", nil, []string{"dx", "dy", "y"}, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V0", at["y"])
		f.constant(1, "V1")
		f.vop("VSUBPS V0, V1, V1")
		f.vop("VMULPS V1, V0, V1")
		f.vop("VMULPS %s, V1, V1", at["dy"])
		f.vop("VMOVUPS V1, %s", at["dx"])
	}})
	f.vector(vec{"clamp", []string{"lo", "hi"}, []string{"dst", "x"}, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V0", at["x"])
		f.choose(less, s["lo"], "V0", s["lo"], "V0", "V1", "V2")
		f.choose(greater, s["hi"], "V0", s["hi"], "V1", "V1", "V2")
		f.vop("VMOVUPS V1, %s", at["dst"])
	}})
	for name, op := range sorted(map[string]string{"add": "VADDPS", "mul": "VMULPS"}) {
		f.vector(vec{name, nil, []string{"dst", "x", "y"}, func(f *file, at, s map[string]string) {
			f.vop("VMOVUPS %s, V0", at["x"])
			f.vop("%s %s, V0, V0", op, at["y"])
			f.vop("VMOVUPS V0, %s", at["dst"])
		}})
	}
	f.vector(vec{"offset", []string{"b"}, []string{"dst", "x"}, func(f *file, at, s map[string]string) {
		f.vop("VADDPS %s, %s, V0", at["x"], s["b"])
		f.vop("VMOVUPS V0, %s", at["dst"])
	}})
	f.vector(vec{"scale", []string{"w"}, []string{"dst", "x"}, func(f *file, at, s map[string]string) {
		f.vop("VMULPS %s, %s, V0", at["x"], s["w"])
		f.vop("VMOVUPS V0, %s", at["dst"])
	}})
	sgd := func(name string, nesterov bool) {
		f.vector(vec{name, []string{"minusLR", "momentum", "decay"}, []string{"w", "v", "grad"}, func(f *file, at, s map[string]string) {
			f.vop("VMOVUPS %s, V0", at["w"])
			f.vop("VMOVUPS %s, V1", at["grad"])
			f.vop("VFMADD231PS V0, %s, V1", s["decay"]) // g
			f.vop("VMOVUPS %s, V2", at["v"])
			f.vop("VFMADD213PS V1, %s, V2", s["momentum"]) // v
			f.vop("VMOVUPS V2, %s", at["v"])
			step := "V2"
			if nesterov {
				f.vop("VFMADD231PS V2, %s, V1", s["momentum"])
				step = "V1"
			}
			f.vop("VFMADD231PS %s, %s, V0", step, s["minusLR"])
			f.vop("VMOVUPS V0, %s", at["w"])
		}})
	}
	sgd("sgd", false)
	sgd("sgdNesterov", true)
	f.vector(vec{"adam", []string{"rate", "b1", "c1", "b2", "c2", "root", "eps", "decay"}, []string{"w", "m", "v", "grad"}, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V0", at["w"])
		f.vop("VMOVUPS %s, V1", at["grad"])
		f.vop("VFMADD231PS V0, %s, V1", s["decay"]) // d
		f.vop("VMULPS V1, %s, V2", s["c1"])
		f.vop("VFMADD231PS %s, %s, V2", at["m"], s["b1"]) // m
		f.vop("VMOVUPS V2, %s", at["m"])
		f.vop("VMULPS V1, %s, V3", s["c2"])
		f.vop("VMULPS V1, V3, V3")
		f.vop("VFMADD231PS %s, %s, V3", at["v"], s["b2"]) // v
		f.vop("VMOVUPS V3, %s", at["v"])
		f.vop("VSQRTPS V3, V3")
		f.vop("VDIVPS %s, V3, V3", s["root"])
		f.vop("VADDPS %s, V3, V3", s["eps"])
		f.vop("VDIVPS V3, V2, V2")
		f.vop("VFMADD231PS V2, %s, V0", s["rate"])
		f.vop("VMOVUPS V0, %s", at["w"])
	}})
}

// interleave emits dst[2i] = a[i], dst[2i+1] = b[i].
func (f *file) interleave() {
	arg := f.begin("interleave"+f.isa.suffix, fmt.Sprintf("is the vector loop of its Go twin; n is a positive multiple of %d.", f.isa.lanes()),
		num("n"), ptr("dst"), ptr("a"), ptr("b"))
	f.op("MOVQ %s, AX", arg("n"))
	f.op("MOVQ %s, DI", arg("dst"))
	f.op("MOVQ %s, SI", arg("a"))
	f.op("MOVQ %s, BX", arg("b"))
	if f.isa.masks() {
		f.vop("VMOVUPS weave<>+0(SB), V6")
		f.vop("VMOVUPS weave<>+64(SB), V7")
	}
	f.label("loop")
	f.vop("VMOVUPS (SI), V0")
	f.vop("VMOVUPS (BX), V1")
	f.vop("VUNPCKLPS V1, V0, V2")
	f.vop("VUNPCKHPS V1, V0, V3")
	if f.isa.masks() {
		f.vop("VMOVAPS V6, V4")
		f.vop("VMOVAPS V7, V5")
		f.vop("VPERMI2Q V3, V2, V4")
		f.vop("VPERMI2Q V3, V2, V5")
	} else {
		f.vop("VPERM2F128 $0x20, V3, V2, V4")
		f.vop("VPERM2F128 $0x31, V3, V2, V5")
	}
	f.vop("VMOVUPS V4, (DI)")
	f.vop("VMOVUPS V5, @1(DI)")
	f.op("ADDQ $%d, SI", f.isa.bytes)
	f.op("ADDQ $%d, BX", f.isa.bytes)
	f.op("ADDQ $%d, DI", 2*f.isa.bytes)
	f.op("SUBQ $%d, AX", f.isa.lanes())
	f.op("JNZ loop")
	f.end()
}

// deinterleave emits dst[i] = x[2i].
func (f *file) deinterleave() {
	arg := f.begin("deinterleave"+f.isa.suffix, fmt.Sprintf("is the vector loop of its Go twin; n is a positive multiple of %d.", f.isa.lanes()),
		num("n"), ptr("dst"), ptr("x"))
	f.op("MOVQ %s, AX", arg("n"))
	f.op("MOVQ %s, DI", arg("dst"))
	f.op("MOVQ %s, SI", arg("x"))
	if f.isa.masks() {
		for i := range 16 {
			fmt.Fprintf(&f.data, "\nDATA evens<>+%d(SB)/4, $%d", 4*i, 2*i)
		}
		fmt.Fprintf(&f.data, "\nGLOBL evens<>(SB), RODATA|NOPTR, $64\n")
		f.vop("VMOVUPS evens<>(SB), V3")
	}
	f.label("loop")
	f.vop("VMOVUPS (SI), V0")
	if f.isa.masks() {
		f.vop("VMOVAPS V3, V2")
		f.vop("VPERMI2D @1(SI), V0, V2")
	} else {
		f.vop("VSHUFPS $0x88, @1(SI), V0, V2")
		f.vop("VPERMPD $0xD8, V2, V2")
	}
	f.vop("VMOVUPS V2, (DI)")
	f.op("ADDQ $%d, SI", 2*f.isa.bytes)
	f.op("ADDQ $%d, DI", f.isa.bytes)
	f.op("SUBQ $%d, AX", f.isa.lanes())
	f.op("JNZ loop")
	f.end()
}

// tree emits the pairwise sum of 64 lanes, the upper half to the lower until one is left.
func (f *file) tree() {
	arg := f.begin("tree"+f.isa.suffix, "is the body of Backend.Tree.", ptr("acc"), ptr("sum"))
	f.op("MOVQ %s, SI", arg("acc"))
	f.op("MOVQ %s, DI", arg("sum"))
	n := 256 / f.isa.bytes
	for i := range n {
		f.vop("VMOVUPS @%d(SI), V%d", i, i)
	}
	for h := n / 2; h > 0; h /= 2 {
		for i := range h {
			f.vop("VADDPS V%d, V%d, V%d", i+h, i, i)
		}
	}
	if f.isa.masks() {
		f.op("VEXTRACTF64X4 $1, Z0, Y1")
		f.op("VADDPS Y1, Y0, Y0")
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
