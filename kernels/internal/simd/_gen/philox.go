package main

import "fmt"

// philox emits uniform numbers, or with words the bare words, from the counters of 2 vectors a turn. A 64-bit lane holds one
// word of one counter, as the widening multiplication reads it; what stands in the upper half is never read. Two sets of
// counters run side by side to hide the latency of the multiplication.
func (f *file) philox(words bool) {
	counters := f.isa.bytes / 8 // of a set
	turn := 8 * counters
	name, args := "ranges", []arg{num("n"), ptr("dst"), num("first"), num("row"), num("key"), f32("d"), f32("lo")}
	if words {
		name, args = "words", args[:5]
	}
	arg := f.begin(name+f.isa.suffix, fmt.Sprintf("is the vector loop of its Go twin; n is a positive multiple of %d.", turn), args...)
	if !words {
		for i := range counters {
			fmt.Fprintf(&f.data, "\nDATA count<>+%d(SB)/8, $%d", 8*i, i)
		}
		fmt.Fprintf(&f.data, "\nGLOBL count<>(SB), RODATA|NOPTR, $%d\n", f.isa.bytes)
		if f.isa.masks() {
			for i, q := range []int{0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15} {
				fmt.Fprintf(&f.data, "\nDATA weave<>+%d(SB)/8, $%d", 8*i, q)
			}
			fmt.Fprintf(&f.data, "\nGLOBL weave<>(SB), RODATA|NOPTR, $128\n")
		}
	}
	f.op("MOVQ %s, AX", arg("n"))
	f.op("MOVQ %s, DI", arg("dst"))
	f.op("MOVQ %s, CX", arg("first"))
	f.op("MOVQ %s, DX", arg("row"))
	f.op("MOVQ %s, SI", arg("key"))
	if f.isa.masks() {
		f.op("MOVL $0xaaaa, R8")
		f.op("KMOVW R8, K1")
	}
	f.word(0xD2511F53, "V8")
	f.word(0xCD9E8D57, "V9")
	sets := [2][4]string{{"V0", "V1", "V2", "V3"}, {"V4", "V5", "V6", "V7"}}
	spread := func(reg, v string) { // the register in every lane of 64 bits
		f.op("MOVQ %s, X%s", reg, v[1:])
		f.vop("VPBROADCASTQ X%s, %s", v[1:], v)
	}
	f.label("loop")
	for _, c := range sets {
		spread("CX", c[0])
		f.vop("VPADDQ count<>(SB), %s, %s", c[0], c[0])
		f.op("ADDQ $%d, CX", counters)
		f.zero(c[1])
		spread("DX", c[2])
		f.vop("VPSRLQ $32, %s, %s", c[2], c[3])
	}
	spread("SI", "V10")
	f.vop("VPSRLQ $32, V10, V11")
	f.word(0x9E3779B9, "V14")
	f.word(0xBB67AE85, "V15")
	for round := range 10 {
		if round > 0 {
			f.vop("VPADDD V14, V10, V10")
			f.vop("VPADDD V15, V11, V11")
		}
		for _, c := range sets {
			f.vop("VPMULUDQ V8, %s, V12", c[0])
			f.vop("VPMULUDQ V9, %s, V13", c[2])
			f.vop("VPSRLQ $32, V13, %s", c[0])
			f.bits("XOR", c[1], c[0], c[0])
			f.bits("XOR", "V10", c[0], c[0])
			f.vop("VMOVAPS V13, %s", c[1])
			f.vop("VPSRLQ $32, V12, %s", c[2])
			f.bits("XOR", c[3], c[2], c[2])
			f.bits("XOR", "V11", c[2], c[2])
			f.vop("VMOVAPS V12, %s", c[3])
		}
	}
	if !words {
		f.vop("VBROADCASTSS %s, V14", arg("d"))
		f.vop("VBROADCASTSS %s, V15", arg("lo"))
		f.constant(0x1p-24, "V13")
	}
	for i, c := range sets {
		for j := 0; j < 4; j += 2 { // two words side by side
			f.vop("VPSLLQ $32, %s, %s", c[j+1], c[j+1])
			if f.isa.masks() {
				f.vop("VPBLENDMD %s, %s, K1, %s", c[j+1], c[j], c[j])
			} else {
				f.vop("VPBLENDD $0xAA, %s, %s, %s", c[j+1], c[j], c[j])
			}
		}
		f.vop("VPUNPCKLQDQ %s, %s, V10", c[2], c[0])
		f.vop("VPUNPCKHQDQ %s, %s, V11", c[2], c[0])
		if f.isa.masks() {
			f.vop("VMOVUPS weave<>+0(SB), V12")
			f.vop("VPERMI2Q V11, V10, V12")
			f.vop("VMOVUPS weave<>+64(SB), %s", c[1])
			f.vop("VPERMI2Q V11, V10, %s", c[1])
			f.vop("VMOVAPS %s, V10", c[1])
		} else {
			f.vop("VPERM2I128 $0x20, V11, V10, V12")
			f.vop("VPERM2I128 $0x31, V11, V10, V10")
		}
		for j, y := range []string{"V12", "V10"} {
			if !words {
				f.vop("VPSRLD $8, %s, %s", y, y)
				f.vop("VCVTDQ2PS %s, %s", y, y)
				f.vop("VMULPS V13, %s, %s", y, y)
				f.vop("VFMADD213PS V15, V14, %s", y)
			}
			f.vop("VMOVUPS %s, @%d(DI)", y, 2*i+j)
		}
	}
	f.op("ADDQ $%d, DI", 4*turn)
	f.op("SUBQ $%d, AX", turn)
	f.op("JNZ loop")
	f.end()
}
