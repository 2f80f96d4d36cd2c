package main

// philox emits uniform numbers from the counters of 8 elements a turn, 32 values. A 64-bit lane holds one word of one
// counter, as the widening multiplication reads it; what stands in the upper half is never read. Two sets of four counters
// run side by side to hide the latency of the multiplication.
func (f *file) philox() {
	arg := f.begin("rangesAVX2", "is the vector loop of Backend.Ranges; n is a positive multiple of 32.",
		num("n"), ptr("dst"), num("first"), num("row"), num("key"), f32("d"), f32("lo"))
	f.data.WriteString("\nDATA count<>+0(SB)/8, $0\nDATA count<>+8(SB)/8, $1\nDATA count<>+16(SB)/8, $2\nDATA count<>+24(SB)/8, $3\nGLOBL count<>(SB), RODATA|NOPTR, $32\n")
	f.op("MOVQ %s, AX", arg("n"))
	f.op("MOVQ %s, DI", arg("dst"))
	f.op("MOVQ %s, CX", arg("first"))
	f.op("MOVQ %s, DX", arg("row"))
	f.op("MOVQ %s, SI", arg("key"))
	f.word(0xD2511F53, "Y8")
	f.word(0xCD9E8D57, "Y9")
	sets := [2][4]string{{"Y0", "Y1", "Y2", "Y3"}, {"Y4", "Y5", "Y6", "Y7"}}
	spread := func(reg, x, y string) { // the low word of a register in every lane
		f.op("MOVQ %s, %s", reg, x)
		f.op("VPBROADCASTQ %s, %s", x, y)
	}
	f.label("loop")
	for _, c := range sets {
		x := "X" + c[0][1:]
		spread("CX", x, c[0])
		f.op("VPADDQ count<>(SB), %s, %s", c[0], c[0])
		f.op("ADDQ $4, CX")
		f.op("VPXOR %s, %s, %s", c[1], c[1], c[1])
		spread("DX", "X"+c[2][1:], c[2])
		f.op("VPSRLQ $32, %s, %s", c[2], c[3])
	}
	spread("SI", "X10", "Y10")
	f.op("VPSRLQ $32, Y10, Y11")
	f.word(0x9E3779B9, "Y14")
	f.word(0xBB67AE85, "Y15")
	for round := range 10 {
		if round > 0 {
			f.op("VPADDD Y14, Y10, Y10")
			f.op("VPADDD Y15, Y11, Y11")
		}
		for _, c := range sets {
			f.op("VPMULUDQ Y8, %s, Y12", c[0])
			f.op("VPMULUDQ Y9, %s, Y13", c[2])
			f.op("VPSRLQ $32, Y13, %s", c[0])
			f.op("VPXOR %s, %s, %s", c[1], c[0], c[0])
			f.op("VPXOR Y10, %s, %s", c[0], c[0])
			f.op("VMOVDQA Y13, %s", c[1])
			f.op("VPSRLQ $32, Y12, %s", c[2])
			f.op("VPXOR %s, %s, %s", c[3], c[2], c[2])
			f.op("VPXOR Y11, %s, %s", c[2], c[2])
			f.op("VMOVDQA Y12, %s", c[3])
		}
	}
	f.op("VBROADCASTSS %s, Y14", arg("d"))
	f.op("VBROADCASTSS %s, Y15", arg("lo"))
	f.constant(0x1p-24, "Y13")
	for i, c := range sets {
		for j := 0; j < 4; j += 2 { // two words side by side
			f.op("VPSLLQ $32, %s, %s", c[j+1], c[j+1])
			f.op("VPBLENDD $0xAA, %s, %s, %s", c[j+1], c[j], c[j])
		}
		f.op("VPUNPCKLQDQ %s, %s, Y10", c[2], c[0])
		f.op("VPUNPCKHQDQ %s, %s, Y11", c[2], c[0])
		f.op("VPERM2I128 $0x20, Y11, Y10, Y12")
		f.op("VPERM2I128 $0x31, Y11, Y10, Y10")
		for j, y := range []string{"Y12", "Y10"} {
			f.op("VPSRLD $8, %s, %s", y, y)
			f.op("VCVTDQ2PS %s, %s", y, y)
			f.op("VMULPS Y13, %s, %s", y, y)
			f.op("VFMADD213PS Y15, Y14, %s", y)
			f.op("VMOVUPS %s, %d(DI)", y, 64*i+32*j)
		}
	}
	f.op("ADDQ $128, DI")
	f.op("SUBQ $32, AX")
	f.op("JNZ loop")
	f.end()
}
