package main

import "fmt"

// winograd emits the transforms of Winograd's F(2x2, 3x3), whose lanes are channels: what enters a tile is read once, and
// each value is stored as soon as it is there.
func (f *file) winograd() {
	f.winogradInput()
	f.winogradOutput()
	f.winogradWeights()
}

func (f *file) winogradInput() {
	arg := f.begin("winogradInput"+f.isa.suffix, "is the body of Backend.WinogradInput; tiles and lanes are positive.",
		num("tiles"), num("lanes"), ptr("src"), num("pitch"), num("fourth"), num("step"), num("last"), ptr("dst"), num("plane"), num("next"))
	rows := [4]string{"SI", "R8", "R9", "R10"}
	f.op("MOVQ %s, SI", arg("src"))
	f.op("MOVQ %s, AX", arg("pitch"))
	f.op("LEAQ (SI)(AX*4), R8")
	f.op("LEAQ (R8)(AX*4), R9")
	f.op("MOVQ %s, AX", arg("fourth"))
	f.op("LEAQ (SI)(AX*4), R10")
	f.op("MOVQ %s, R11", arg("step"))
	f.op("SHLQ $2, R11")
	f.op("MOVQ %s, R12", arg("last"))
	f.op("SHLQ $2, R12")
	f.op("MOVQ %s, DI", arg("dst"))
	f.op("MOVQ %s, R13", arg("plane"))
	f.op("SHLQ $2, R13")
	f.op("LEAQ (R13)(R13*2), BX")
	f.label("tile")
	f.op("MOVQ %s, CX", arg("lanes"))
	f.label("vector")
	pixel := func(i, j int) string {
		return "(" + rows[i] + ")" + [4]string{"", "(R11*1)", "(R11*2)", "(R12*1)"}[j]
	}
	// The second row lies in V8 to V11, the third in V12 to V15.
	for j := range 4 {
		f.vop("VMOVUPS %s, V%d", pixel(1, j), 8+j)
		f.vop("VMOVUPS %s, V%d", pixel(2, j), 12+j)
	}
	f.op("MOVQ DI, DX")
	for i := range 4 {
		for j := range 4 {
			switch i {
			case 0:
				f.vop("VMOVUPS %s, V%d", pixel(0, j), j)
				f.vop("VSUBPS V%d, V%d, V%d", 12+j, j, j)
			case 1:
				f.vop("VADDPS V%d, V%d, V%d", 12+j, 8+j, j)
			case 2:
				f.vop("VSUBPS V%d, V%d, V%d", 8+j, 12+j, j)
			case 3:
				f.vop("VSUBPS %s, V%d, V%d", pixel(3, j), 8+j, j)
			}
		}
		f.vop("VSUBPS V2, V0, V4")
		f.vop("VADDPS V2, V1, V5")
		f.vop("VSUBPS V1, V2, V6")
		f.vop("VSUBPS V3, V1, V7")
		f.fourTo("DX", "R13", "BX", 4, 5, 6, 7)
		if i < 3 {
			f.op("LEAQ (DX)(R13*4), DX")
		}
	}
	for _, r := range append(rows[:], "DI") {
		f.op("ADDQ $%d, %s", f.isa.bytes, r)
	}
	f.op("SUBQ $%d, CX", f.isa.lanes())
	f.op("JNZ vector")
	f.op("MOVQ %s, CX", arg("lanes"))
	f.op("SHLQ $2, CX")
	f.op("LEAQ (R11)(R11*1), AX")
	f.op("SUBQ CX, AX")
	for _, r := range rows {
		f.op("ADDQ AX, %s", r)
	}
	f.op("MOVQ %s, AX", arg("next"))
	f.op("SHLQ $2, AX")
	f.op("SUBQ CX, AX")
	f.op("ADDQ AX, DI")
	f.op("DECQ %s", arg("tiles"))
	f.op("JNZ tile")
	f.end()
}

// fourTo stores four registers in planes from base on; thrice is three times the distance of planes.
func (f *file) fourTo(base, plane, thrice string, v0, v1, v2, v3 int) {
	f.vop("VMOVUPS V%d, (%s)", v0, base)
	f.vop("VMOVUPS V%d, (%s)(%s*1)", v1, base, plane)
	f.vop("VMOVUPS V%d, (%s)(%s*2)", v2, base, plane)
	f.vop("VMOVUPS V%d, (%s)(%s*1)", v3, base, thrice)
}

func (f *file) winogradOutput() {
	arg := f.begin("winogradOutput"+f.isa.suffix, "is the body of Backend.WinogradOutput; tiles and lanes are positive, shift and add may be nil.",
		num("tiles"), num("lanes"), ptr("src"), num("plane"), num("next"), ptr("dst"), num("down"), num("right"), num("ahead"),
		ptr("shift"), ptr("add"), num("act"), f32("slope"))
	for _, a := range [][2]string{{"plane", "R8"}, {"down", "R10"}, {"right", "R11"}, {"lanes", "R15"}} {
		f.op("MOVQ %s, %s", arg(a[0]), a[1])
		f.op("SHLQ $2, %s", a[1])
	}
	f.op("LEAQ (R8)(R8*2), R9")
	f.op("LEAQ (R10)(R11*1), R13")
	for _, a := range [][2]string{{"src", "SI"}, {"dst", "DI"}, {"shift", "BX"}, {"add", "DX"}, {"act", "R12"}} {
		f.op("MOVQ %s, %s", arg(a[0]), a[1])
	}
	f.vop("VBROADCASTSS %s, V15", arg("slope"))
	f.zero("V14")
	f.label("tile")
	f.op("XORQ CX, CX")
	f.label("vector")
	f.op("LEAQ (SI)(CX*1), AX")
	product := [4]string{"(AX)", "(AX)(R8*1)", "(AX)(R8*2)", "(AX)(R9*1)"}
	// V0 to V3 become the upper row, V4 to V7 the lower one.
	for i := range 4 {
		for j, at := range product {
			switch i {
			case 0:
				f.vop("VMOVUPS %s, V%d", at, j)
			case 1:
				f.vop("VMOVUPS %s, V%d", at, 4+j)
				f.vop("VADDPS V%d, V%d, V%d", 4+j, j, j)
			case 2:
				f.vop("VMOVUPS %s, V%d", at, 8+j)
				f.vop("VADDPS V%d, V%d, V%d", 8+j, j, j)
				f.vop("VSUBPS V%d, V%d, V%d", 8+j, 4+j, 4+j)
			case 3:
				f.vop("VSUBPS %s, V%d, V%d", at, 4+j, 4+j)
			}
		}
		if i < 3 {
			f.op("LEAQ (AX)(R8*4), AX")
		}
	}
	for i := range 2 {
		v, y := 4*i, 8+2*i
		f.vop("VADDPS V%d, V%d, V%d", v+1, v, y)
		f.vop("VADDPS V%d, V%d, V%d", v+2, y, y)
		f.vop("VSUBPS V%d, V%d, V%d", v+2, v+1, y+1)
		f.vop("VSUBPS V%d, V%d, V%d", v+3, y+1, y+1)
	}
	f.op("TESTQ BX, BX")
	f.op("JZ shifted")
	f.vop("VMOVUPS (BX)(CX*1), V0")
	for y := 8; y < 12; y++ {
		f.vop("VADDPS V0, V%d, V%d", y, y)
	}
	f.label("shifted")
	outputs := [4]string{"(AX)", "(AX)(R11*1)", "(AX)(R10*1)", "(AX)(R13*1)"}
	f.op("TESTQ DX, DX")
	f.op("JZ added")
	f.op("LEAQ (DX)(CX*1), AX")
	for i, at := range outputs {
		f.vop("VADDPS %s, V%d, V%d", at, 8+i, 8+i)
	}
	f.label("added")
	f.op("CMPQ R12, $1")
	f.op("JLT store")
	f.op("JGT leaky")
	for y := 8; y < 12; y++ { // in this order NaN and -0 pass
		f.vop("VMAXPS V%d, V14, V%d", y, y)
	}
	f.op("JMP store")
	f.label("leaky")
	for i := range 4 {
		y := fmt.Sprintf("V%d", 8+i)
		f.vop("VMULPS V15, %s, V0", y)
		f.choose(less, "V14", y, "V0", y, y, "V1")
	}
	f.label("store")
	f.op("LEAQ (DI)(CX*1), AX")
	for i := 3; i >= 0; i-- { // surplus ones first, which others overwrite
		f.vop("VMOVUPS V%d, %s", 8+i, outputs[i])
	}
	f.op("ADDQ $%d, CX", f.isa.bytes)
	f.op("CMPQ CX, R15")
	f.op("JLT vector")
	f.op("MOVQ %s, AX", arg("next"))
	f.op("LEAQ (SI)(AX*4), SI")
	f.op("MOVQ %s, AX", arg("ahead"))
	f.op("LEAQ (DI)(AX*4), DI")
	f.op("TESTQ DX, DX")
	f.op("JZ nothing")
	f.op("LEAQ (DX)(AX*4), DX")
	f.label("nothing")
	f.op("DECQ %s", arg("tiles"))
	f.op("JNZ tile")
	f.end()
}

func (f *file) winogradWeights() {
	arg := f.begin("winogradWeights"+f.isa.suffix, "is the body of Backend.WinogradWeights; n and lanes are positive.",
		num("n"), num("lanes"), ptr("src"), ptr("dst"), num("plane"))
	f.op("MOVQ %s, SI", arg("src"))
	f.op("MOVQ %s, R9", arg("lanes"))
	f.op("SHLQ $2, R9")
	f.op("LEAQ (R9)(R9*2), R10")
	f.op("MOVQ %s, DI", arg("dst"))
	f.op("MOVQ %s, R13", arg("plane"))
	f.op("SHLQ $2, R13")
	f.op("LEAQ (R13)(R13*2), BX")
	f.constant(0.5, "V15")
	f.label("channel")
	f.op("XORQ CX, CX")
	f.label("vector")
	// Taps in V0 to V2, V3 to V5 and V9 to V11; with V6 to V8 they become four rows of three.
	f.op("LEAQ (SI)(CX*1), AX")
	for i, first := range []int{0, 3, 9} {
		for j, at := range []string{"(AX)", "(AX)(R9*1)", "(AX)(R9*2)"} {
			f.vop("VMOVUPS %s, V%d", at, first+j)
		}
		if i < 2 {
			f.op("ADDQ R10, AX")
		}
	}
	halves := func(g0, g1, g2, plus, minus int) { // minus may be g0, plus g1
		f.vop("VADDPS V%d, V%d, V12", g2, g0)
		f.vop("VSUBPS V%d, V12, V%d", g1, minus)
		f.vop("VADDPS V%d, V12, V%d", g1, plus)
		f.vop("VMULPS V15, V%d, V%d", minus, minus)
		f.vop("VMULPS V15, V%d, V%d", plus, plus)
	}
	for j := range 3 {
		halves(j, 3+j, 9+j, 3+j, 6+j)
	}
	f.op("LEAQ (DI)(CX*1), AX")
	for i := range 4 {
		halves(3*i, 3*i+1, 3*i+2, 13, 14)
		f.fourTo("AX", "R13", "BX", 3*i, 13, 14, 3*i+2)
		if i < 3 {
			f.op("LEAQ (AX)(R13*4), AX")
		}
	}
	f.op("ADDQ $%d, CX", f.isa.bytes)
	f.op("CMPQ CX, R9")
	f.op("JLT vector")
	f.op("LEAQ (R10)(R10*2), AX")
	f.op("ADDQ AX, SI")
	f.op("ADDQ R9, DI")
	f.op("DECQ %s", arg("n"))
	f.op("JNZ channel")
	f.end()
}
