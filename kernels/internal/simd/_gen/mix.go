package main

import "fmt"

// mix emits the element-wise part of Noise2Net for 16 channels and two vectors of pixels a turn: the entry slice h, the slice
// before normed and rectified (y), their sum for the next convolution (u) and the share of the exit convolution (o). The
// exit sums stay in registers over the channels, and on AVX-512 the pixels of x too, and masks end the last turn early.
func (f *file) mix(name string, hasZ, hasH, hasU, hasO bool) {
	turn := 2 * f.isa.lanes()
	doc := fmt.Sprintf("is a body of Backend.Mix; n is a positive multiple of %d.", turn)
	if f.isa.masks() {
		doc = "is a body of Backend.Mix; n is positive."
	}
	arg := f.begin(name+f.isa.suffix, doc,
		num("n"), ptr("x"), num("xs"), ptr("z"), num("zs"), ptr("u"), num("us"), ptr("o"), num("os"), ptr("coef"))
	f.op("MOVQ %s, BX", arg("x"))
	f.op("MOVQ %s, CX", arg("xs"))
	f.op("SHLQ $2, CX")
	if hasZ {
		f.op("MOVQ %s, SI", arg("z"))
		f.op("MOVQ %s, DI", arg("zs"))
		f.op("SHLQ $2, DI")
	}
	if hasU {
		f.op("MOVQ %s, R8", arg("u"))
		f.op("MOVQ %s, R9", arg("us"))
		f.op("SHLQ $2, R9")
	}
	x := []string{"(BX)", "(BX)(CX*1)", "(BX)(CX*2)"}
	o := []string{"(R10)", "(R10)(R11*1)", "(R10)(R11*2)"}
	if hasO {
		f.op("MOVQ %s, R10", arg("o"))
		f.op("MOVQ %s, R11", arg("os"))
		f.op("SHLQ $2, R11")
	}
	// The two halves of a turn are moved by these.
	load := func(half int, mem, reg string) {
		if f.isa.masks() {
			f.vop("VMOVUPS.Z @%d%s, K%d, %s", half, mem, 1+half, reg)
			return
		}
		f.vop("VMOVUPS @%d%s, %s", half, mem, reg)
	}
	store := func(half int, reg, mem string) {
		if f.isa.masks() {
			f.vop("VMOVUPS %s, K%d, @%d%s", reg, 1+half, half, mem)
			return
		}
		f.vop("VMOVUPS %s, @%d%s", reg, half, mem)
	}
	f.zero("V15")
	f.label("pixels")
	if f.isa.masks() {
		f.op("MOVQ $-1, R12")
		f.op("MOVQ %s, AX", arg("n"))
		f.op("CMPQ AX, $%d", turn)
		f.op("JGE full")
		f.op("MOVQ CX, R13")
		f.op("MOVQ AX, CX")
		f.op("SHLQ CX, R12")
		f.op("NOTQ R12")
		f.op("MOVQ R13, CX")
		f.label("full")
		f.op("KMOVW R12, K1")
		f.op("SHRQ $16, R12")
		f.op("KMOVW R12, K2")
	}
	f.op("MOVQ %s, R12", arg("coef"))
	f.op("MOVQ $16, AX")
	f.op("MOVQ SI, DX")
	f.op("MOVQ R8, R13")
	if hasO {
		for k := range 6 {
			load(k%2, o[k/2], fmt.Sprintf("V%d", k))
		}
	}
	if hasH && f.isa.masks() {
		for k := range 6 {
			load(k%2, x[k/2], fmt.Sprintf("V%d", 16+k))
		}
	}
	f.label("channels")
	exit := []string{"V6", "V7"}
	if hasH {
		f.vop("VBROADCASTSS 12(R12), V6")
		f.vop("VMOVAPS V6, V7")
		for k := range 6 {
			if k%2 == 0 {
				f.vop("VBROADCASTSS %d(R12), V%d", 2*k, 10+k/2)
			}
			from := fmt.Sprintf("@%d%s", k%2, x[k/2])
			if f.isa.masks() {
				from = fmt.Sprintf("V%d", 16+k)
			}
			f.vop("VFMADD231PS %s, V%d, V%d", from, 10+k/2, 6+k%2)
		}
		f.vop("VMAXPS V6, V15, V6")
		f.vop("VMAXPS V7, V15, V7")
	}
	if hasZ {
		exit = []string{"V8", "V9"}
		f.vop("VBROADCASTSS 16(R12), V13")
		f.vop("VBROADCASTSS 20(R12), V14")
		for half, y := range exit {
			load(half, "(DX)", y)
			f.vop("VFMADD213PS V14, V13, %s", y)
			f.vop("VMAXPS %s, V15, %s", y, y)
		}
		f.op("ADDQ DI, DX")
	}
	if hasO {
		for k := range 6 {
			if k%2 == 0 {
				f.vop("VBROADCASTSS %d(R12), V%d", 24+2*k, 10+k/2)
			}
			f.vop("VFMADD231PS %s, V%d, V%d", exit[k%2], 10+k/2, k)
		}
	}
	if hasU {
		if hasZ {
			f.vop("VADDPS V8, V6, V6")
			f.vop("VADDPS V9, V7, V7")
		}
		store(0, "V6", "(R13)")
		store(1, "V7", "(R13)")
		f.op("ADDQ R9, R13")
	}
	f.op("ADDQ $48, R12")
	f.op("DECQ AX")
	f.op("JNZ channels")
	if hasO {
		for k := range 6 {
			store(k%2, fmt.Sprintf("V%d", k), o[k/2])
		}
		f.op("ADDQ $%d, R10", 2*f.isa.bytes)
	}
	for _, reg := range []string{"BX", "SI", "R8"} {
		f.op("ADDQ $%d, %s", 2*f.isa.bytes, reg)
	}
	f.op("SUBQ $%d, %s", turn, arg("n"))
	f.op("JGT pixels")
	f.end()
}
