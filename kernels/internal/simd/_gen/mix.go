package main

// mix emits the element-wise part of Noise2Net for 16 channels and 16 pixels a turn: the entry slice h, the slice before
// normed and rectified (y), their sum for the next convolution (u) and the share of the exit convolution (o). The exit
// sums stay in registers over the channels; the pixels of x come from the first-level cache again and again.
func (f *file) mix(name string, hasZ, hasH, hasU, hasO bool) {
	arg := f.begin(name+"AVX2", "is a body of Backend.Mix; n is a positive multiple of 16.",
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
	f.op("VXORPS Y15, Y15, Y15")
	f.label("pixels")
	f.op("MOVQ %s, R12", arg("coef"))
	f.op("MOVQ $16, AX")
	f.op("MOVQ SI, DX")
	f.op("MOVQ R8, R13")
	if hasO {
		for k := range 3 {
			f.op("VMOVUPS %s, Y%d", o[k], 2*k)
			f.op("VMOVUPS 32%s, Y%d", o[k], 2*k+1)
		}
	}
	f.label("channels")
	exit := "Y6, Y7"
	if hasH {
		f.op("VBROADCASTSS 12(R12), Y6")
		f.op("VMOVAPS Y6, Y7")
		for j := range 3 {
			f.op("VBROADCASTSS %d(R12), Y%d", 4*j, 10+j)
			f.op("VFMADD231PS %s, Y%d, Y6", x[j], 10+j)
			f.op("VFMADD231PS 32%s, Y%d, Y7", x[j], 10+j)
		}
		f.op("VMAXPS Y6, Y15, Y6")
		f.op("VMAXPS Y7, Y15, Y7")
	}
	if hasZ {
		exit = "Y8, Y9"
		f.op("VBROADCASTSS 16(R12), Y13")
		f.op("VBROADCASTSS 20(R12), Y14")
		f.op("VMOVUPS (DX), Y8")
		f.op("VMOVUPS 32(DX), Y9")
		f.op("VFMADD213PS Y14, Y13, Y8")
		f.op("VFMADD213PS Y14, Y13, Y9")
		f.op("VMAXPS Y8, Y15, Y8")
		f.op("VMAXPS Y9, Y15, Y9")
		f.op("ADDQ DI, DX")
	}
	if hasO {
		for k := range 3 {
			f.op("VBROADCASTSS %d(R12), Y%d", 24+4*k, 10+k)
			f.op("VFMADD231PS %s, Y%d, Y%d", exit[:2], 10+k, 2*k)
			f.op("VFMADD231PS %s, Y%d, Y%d", exit[4:], 10+k, 2*k+1)
		}
	}
	if hasU {
		if hasZ {
			f.op("VADDPS Y8, Y6, Y6")
			f.op("VADDPS Y9, Y7, Y7")
		}
		f.op("VMOVUPS Y6, (R13)")
		f.op("VMOVUPS Y7, 32(R13)")
		f.op("ADDQ R9, R13")
	}
	f.op("ADDQ $48, R12")
	f.op("DECQ AX")
	f.op("JNZ channels")
	if hasO {
		for k := range 3 {
			f.op("VMOVUPS Y%d, %s", 2*k, o[k])
			f.op("VMOVUPS Y%d, 32%s", 2*k+1, o[k])
		}
		f.op("ADDQ $64, R10")
	}
	f.op("ADDQ $64, BX")
	f.op("ADDQ $64, SI")
	f.op("ADDQ $64, R8")
	f.op("SUBQ $16, %s", arg("n"))
	f.op("JNZ pixels")
	f.end()
}
