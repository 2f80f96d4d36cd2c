package main

import (
	"fmt"
	"math"
)

// The functions repeat the operations of functions.go, one for one; branches become selects over both results.

// constant emits a broadcast of a float32 constant, placed in the read-only data once.
func (f *file) constant(x float64, reg string) {
	f.word(math.Float32bits(float32(x)), reg)
}

func (f *file) word(bits uint32, reg string) {
	name := fmt.Sprintf("word%08x", bits)
	if !f.words[bits] {
		f.words[bits] = true
		fmt.Fprintf(&f.data, "\nDATA %s<>+0(SB)/4, $0x%08x\nGLOBL %s<>(SB), RODATA|NOPTR, $4\n", name, bits, name)
	}
	f.op("VBROADCASTSS %s<>(SB), %s", name, reg)
}

// horner emits p = (...(c0*z + c1)*z + ...) + cn, fused, with Y15 for the constants.
func (f *file) horner(p, z string, c ...float64) {
	f.constant(c[0], p)
	for _, k := range c[1:] {
		f.constant(k, "Y15")
		f.op("VFMADD213PS Y15, %s, %s", z, p)
	}
}

// exp emits Y1 = Exp(Y0), with Y2 to Y5 and Y15; Y0 stays.
func (f *file) exp() {
	f.constant(0x1.715476p+0, "Y15")
	f.op("VMULPS Y15, Y0, Y2")
	f.op("VROUNDPS $8, Y2, Y2") // n
	f.op("VCVTPS2DQ Y2, Y3")    // k
	f.op("VMOVAPS Y0, Y4")
	f.constant(0x1.62e430p-1, "Y15")
	f.op("VFNMADD231PS Y15, Y2, Y4")
	f.constant(-0x1.05c610p-29, "Y15")
	f.op("VFNMADD231PS Y15, Y2, Y4") // r
	f.horner("Y1", "Y4", 0x1.6a107cp-10, 0x1.1245c8p-7, 0x1.55593cp-5, 0x1.555482p-3, 0x1.fffffcp-2)
	f.op("VMULPS Y4, Y4, Y5")
	f.op("VFMADD213PS Y4, Y5, Y1")
	f.constant(1, "Y15")
	f.op("VADDPS Y15, Y1, Y1")
	f.op("VPSRAD $1, Y3, Y4") // half
	f.op("VPSUBD Y4, Y3, Y5") // k - half
	f.word(127, "Y15")
	for _, k := range []string{"Y4", "Y5"} {
		f.op("VPADDD Y15, %s, %s", k, k)
		f.op("VPSLLD $23, %s, %s", k, k)
		f.op("VMULPS %s, Y1, Y1", k)
	}
	f.constant(0x1.62e42ep+6, "Y15")
	f.op("VCMPPS $14, Y15, Y0, Y2") // x > largest
	f.word(0x7f800000, "Y15")
	f.op("VBLENDVPS Y2, Y15, Y1, Y1")
	f.constant(-0x1.9fe368p+6, "Y15")
	f.op("VCMPPS $1, Y15, Y0, Y2") // x < least: +0
	f.op("VANDNPS Y1, Y2, Y1")
}

func (f *file) functions() {
	unary := []string{"dst", "x"}
	f.vector(vec{"exp", nil, unary, func(f *file, at, s map[string]string) {
		f.op("VMOVUPS %s, Y0", at["x"])
		f.exp()
		f.op("VMOVUPS Y1, %s", at["dst"])
	}})
	f.vector(vec{"sigmoid", nil, unary, func(f *file, at, s map[string]string) {
		f.op("VMOVUPS %s, Y6", at["x"])
		f.word(0x80000000, "Y15")
		f.op("VORPS Y15, Y6, Y0") // -|x|
		f.exp()
		f.constant(1, "Y15")
		f.op("VXORPS Y2, Y2, Y2")
		f.op("VCMPPS $1, Y2, Y6, Y2") // x < 0
		f.op("VBLENDVPS Y2, Y1, Y15, Y3")
		f.op("VADDPS Y15, Y1, Y1")
		f.op("VDIVPS Y1, Y3, Y1")
		f.op("VMOVUPS Y1, %s", at["dst"])
	}})
	f.vector(vec{"tanh", nil, unary, func(f *file, at, s map[string]string) {
		f.op("VMOVUPS %s, Y6", at["x"])
		f.word(0x80000000, "Y15")
		f.op("VANDNPS Y6, Y15, Y7") // |x|
		f.op("VADDPS Y7, Y7, Y0")
		f.exp()
		f.constant(1, "Y15")
		f.op("VADDPS Y15, Y1, Y1")
		f.constant(2, "Y14")
		f.op("VDIVPS Y1, Y14, Y1")
		f.op("VSUBPS Y1, Y15, Y1")
		f.word(0x80000000, "Y15")
		f.op("VANDPS Y15, Y6, Y2")
		f.op("VXORPS Y2, Y1, Y1") // the sign of x
		f.op("VMULPS Y6, Y6, Y8")
		f.horner("Y9", "Y8", 0x1.0ee35ap-9, -0x1.093eeap-7, 0x1.6300d8p-6, -0x1.b9e234p-5, 0x1.11102ap-3, -0x1.555552p-2)
		f.op("VMULPS Y8, Y9, Y9")
		f.op("VFMADD213PS Y6, Y6, Y9")
		f.constant(0.625, "Y15")
		f.op("VCMPPS $1, Y15, Y7, Y2")
		f.op("VBLENDVPS Y2, Y9, Y1, Y1")
		f.op("VXORPS Y3, Y3, Y3")
		f.op("VCMPPS $0, Y3, Y6, Y2") // zero keeps its sign
		f.op("VBLENDVPS Y2, Y6, Y1, Y1")
		f.op("VMOVUPS Y1, %s", at["dst"])
	}})
}
