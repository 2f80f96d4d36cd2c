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
	f.vop("VBROADCASTSS %s<>(SB), %s", name, reg)
}

// horner emits p = (...(c0*z + c1)*z + ...) + cn, fused, with V15 for the constants.
func (f *file) horner(p, z string, c ...float64) {
	f.constant(c[0], p)
	for _, k := range c[1:] {
		f.constant(k, "V15")
		f.vop("VFMADD213PS V15, %s, %s", z, p)
	}
}

// round emits dst = x rounded half to even.
func (f *file) round(x, dst string) {
	if f.isa.masks() {
		f.vop("VRNDSCALEPS $8, %s, %s", x, dst)
		return
	}
	f.vop("VROUNDPS $8, %s, %s", x, dst)
}

// exp emits V1 = Exp(V0), with V2 to V5, V14 and V15; V0 stays.
func (f *file) exp() {
	f.constant(0x1.715476p+0, "V15")
	f.vop("VMULPS V15, V0, V2")
	f.round("V2", "V2")       // n
	f.vop("VCVTPS2DQ V2, V3") // k
	f.vop("VMOVAPS V0, V4")
	f.constant(0x1.62e430p-1, "V15")
	f.vop("VFNMADD231PS V15, V2, V4")
	f.constant(-0x1.05c610p-29, "V15")
	f.vop("VFNMADD231PS V15, V2, V4") // r
	f.horner("V1", "V4", 0x1.6a107cp-10, 0x1.1245c8p-7, 0x1.55593cp-5, 0x1.555482p-3, 0x1.fffffcp-2)
	f.vop("VMULPS V4, V4, V5")
	f.vop("VFMADD213PS V4, V5, V1")
	f.constant(1, "V15")
	f.vop("VADDPS V15, V1, V1")
	f.vop("VPSRAD $1, V3, V4") // half
	f.vop("VPSUBD V4, V3, V5") // k - half
	f.word(127, "V15")
	for _, k := range []string{"V4", "V5"} {
		f.vop("VPADDD V15, %s, %s", k, k)
		f.vop("VPSLLD $23, %s, %s", k, k)
		f.vop("VMULPS %s, V1, V1", k)
	}
	f.constant(0x1.62e42ep+6, "V15")
	f.word(0x7f800000, "V14")
	f.choose(greater, "V15", "V0", "V14", "V1", "V1", "V2") // x > largest: +Inf
	f.constant(-0x1.9fe368p+6, "V15")
	f.bits("XOR", "V14", "V14", "V14")
	f.choose(less, "V15", "V0", "V14", "V1", "V1", "V2") // x < least: +0
}

// log emits V1 = Log(V0), with V2 to V7, V14 and V15; V0 stays.
func (f *file) log() {
	f.bits("XOR", "V7", "V7", "V7") // e, as an integer
	f.constant(0x1p-126, "V15")
	f.constant(0x1p23, "V14")
	f.vop("VMULPS V14, V0, V2")
	f.word(uint32(0xffffffe9), "V14") // -23
	f.choose(less, "V15", "V0", "V2", "V0", "V6", "V3")
	f.choose(less, "V15", "V0", "V14", "V7", "V7", "V3")
	f.vop("VPSRLD $23, V6, V2")
	f.vop("VPADDD V2, V7, V7")
	f.word(127, "V15")
	f.vop("VPSUBD V15, V7, V7")
	f.word(0x007fffff, "V15")
	f.bits("AND", "V15", "V6", "V6")
	f.word(0x3f800000, "V15")
	f.bits("OR", "V15", "V6", "V6") // m
	f.vop("VCVTDQ2PS V7, V7")
	f.constant(1, "V15")
	f.vop("VADDPS V15, V7, V2")
	f.constant(0.5, "V14")
	f.vop("VMULPS V14, V6, V3")
	f.constant(0x1.6a09e6p+0, "V14")
	f.choose(greater, "V14", "V6", "V2", "V7", "V7", "V4") // k
	f.choose(greater, "V14", "V6", "V3", "V6", "V6", "V4")
	f.vop("VSUBPS V15, V6, V3") // f
	f.vop("VMULPS V3, V3, V4")  // z
	f.horner("V1", "V3", 0x1.1454c2p-4, -0x1.dfe2aep-4, 0x1.e7d510p-4, -0x1.fbf1acp-4, 0x1.2325e4p-3, -0x1.555ce6p-3, 0x1.99a584p-3, -0x1.000006p-2, 0x1.555546p-2)
	f.vop("VMULPS V3, V1, V1")
	f.vop("VMULPS V4, V1, V1")
	f.constant(-0x1.05c610p-29, "V15")
	f.vop("VFMADD231PS V15, V7, V1")
	f.constant(-0.5, "V15")
	f.vop("VFMADD231PS V15, V4, V1")
	f.vop("VADDPS V1, V3, V1")
	f.constant(0x1.62e430p-1, "V15")
	f.vop("VFMADD231PS V15, V7, V1")
	f.word(0x7f800000, "V15")
	f.choose(equal, "V15", "V0", "V15", "V1", "V1", "V2") // +Inf
	f.bits("XOR", "V14", "V14", "V14")
	f.word(0xff800000, "V15")
	f.choose(equal, "V14", "V0", "V15", "V1", "V1", "V2") // zero: -Inf
	f.word(0x7fc00000, "V15")
	f.choose(less, "V14", "V0", "V15", "V1", "V1", "V2")
	f.choose(unordered, "V0", "V0", "V15", "V1", "V1", "V2")
}

// erf emits V1 = Erf(V8), with V0, V2 to V7, V9, V14 and V15; V8 stays.
func (f *file) erf() {
	f.word(0x7fffffff, "V15")
	f.bits("AND", "V15", "V8", "V9") // |x|
	f.horner("V6", "V9", -0x1.00f886p-20, 0x1.0163bcp-16, -0x1.662410p-14, -0x1.d7df80p-17, 0x1.9a3d18p-9, -0x1.800d16p-6, 0x1.b44a8ep-4,
		0x1.44dec0p-1, 0x1.210b16p+0, -0x1.add346p-14)
	f.word(0x80000000, "V15")
	f.bits("XOR", "V15", "V6", "V0")
	f.exp()
	f.constant(1, "V15")
	f.vop("VSUBPS V1, V15, V1")
	f.constant(3.9375, "V14")
	f.choose(less, "V14", "V9", "V1", "V15", "V1", "V2") // else 1
	f.word(0x80000000, "V14")
	f.bits("AND", "V14", "V8", "V2")
	f.bits("XOR", "V2", "V1", "V1") // the sign of x
	f.vop("VMULPS V8, V8, V3")
	f.horner("V6", "V3", -0x1.3deab2p-17, 0x1.d5ceeep-14, -0x1.bc5c76p-11, 0x1.562100p-8, -0x1.b82900p-6, 0x1.ce2f02p-4, -0x1.812746p-2, 0x1.06eba8p-3)
	f.vop("VFMADD213PS V8, V8, V6")
	f.constant(1, "V15")
	f.choose(less, "V15", "V9", "V6", "V1", "V1", "V2")
	f.word(0x7fc00000, "V15")
	f.choose(unordered, "V8", "V8", "V15", "V1", "V1", "V2")
}

// trig emits V1 = cos(V0) and V2 = sin(V0) for V0 from -2^16 to 2^16, -0 taken as +0, with V3 to V9, V14 and V15; V0 stays.
func (f *file) trig() {
	f.constant(0x1.45f306p-1, "V15")
	f.vop("VMULPS V15, V0, V3")
	f.round("V3", "V3")
	f.vop("VCVTPS2DQ V3, V4") // quarter turns
	f.vop("VMOVAPS V0, V5")
	for _, c := range []float64{0x1.921fb6p+0, -0x1.777a5cp-25, -0x1.ee59dap-50} {
		f.constant(c, "V15")
		f.vop("VFNMADD231PS V15, V3, V5") // r
	}
	f.vop("VMULPS V5, V5, V6") // z
	f.horner("V7", "V6", 0x1.6cc022p-19, -0x1.a00f3ap-13, 0x1.111108p-7, -0x1.555556p-3)
	f.vop("VMULPS V6, V7, V7")
	f.vop("VFMADD213PS V5, V5, V7") // sine of r
	f.horner("V8", "V6", -0x1.24184ap-22, 0x1.a010c8p-16, -0x1.6c16b8p-10, 0x1.555556p-5, -0.5, 1)
	// In odd quarters the two change places; the sign is bit 1 of the quarter, for the cosine of the next.
	f.vop("VPSLLD $31, V4, V9")
	f.vop("VPSRAD $31, V9, V9")
	f.blendSign("V9", "V7", "V8", "V1") // odd: sine
	f.blendSign("V9", "V8", "V7", "V2")
	f.word(1, "V15")
	f.vop("VPADDD V15, V4, V5")
	f.word(0x80000000, "V15")
	for _, q := range [][2]string{{"V5", "V1"}, {"V4", "V2"}} {
		f.vop("VPSLLD $30, %s, %s", q[0], q[0])
		f.bits("AND", "V15", q[0], q[0])
		f.bits("XOR", q[0], q[1], q[1])
	}
}

// blendSign emits dst = mask ? yes : no, for a mask of all bits or none.
func (f *file) blendSign(mask, yes, no, dst string) {
	if f.isa.masks() {
		f.vop("VPMOVD2M %s, K1", mask)
		f.vop("VBLENDMPS %s, %s, K1, %s", yes, no, dst)
		return
	}
	f.vop("VBLENDVPS %s, %s, %s, %s", mask, yes, no, dst)
}

func (f *file) functions() {
	unary := []string{"dst", "x"}
	f.vector(vec{"exp", nil, unary, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V0", at["x"])
		f.exp()
		f.vop("VMOVUPS V1, %s", at["dst"])
	}})
	f.vector(vec{"sigmoid", nil, unary, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V6", at["x"])
		f.word(0x80000000, "V15")
		f.bits("OR", "V15", "V6", "V0") // -|x|
		f.exp()
		f.constant(1, "V15")
		f.bits("XOR", "V4", "V4", "V4")
		f.choose(less, "V4", "V6", "V1", "V15", "V3", "V2")
		f.vop("VADDPS V15, V1, V1")
		f.vop("VDIVPS V1, V3, V1")
		f.vop("VMOVUPS V1, %s", at["dst"])
	}})
	f.vector(vec{"tanh", nil, unary, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V6", at["x"])
		f.word(0x80000000, "V15")
		f.bits("ANDN", "V6", "V15", "V7") // |x|
		f.vop("VADDPS V7, V7, V0")
		f.exp()
		f.constant(1, "V15")
		f.vop("VADDPS V15, V1, V1")
		f.constant(2, "V14")
		f.vop("VDIVPS V1, V14, V1")
		f.vop("VSUBPS V1, V15, V1")
		f.word(0x80000000, "V15")
		f.bits("AND", "V15", "V6", "V2")
		f.bits("XOR", "V2", "V1", "V1") // the sign of x
		f.vop("VMULPS V6, V6, V8")
		f.horner("V9", "V8", 0x1.0ee35ap-9, -0x1.093eeap-7, 0x1.6300d8p-6, -0x1.b9e234p-5, 0x1.11102ap-3, -0x1.555552p-2)
		f.vop("VMULPS V8, V9, V9")
		f.vop("VFMADD213PS V6, V6, V9")
		f.constant(0.625, "V15")
		f.choose(less, "V15", "V7", "V9", "V1", "V1", "V2")
		f.bits("XOR", "V3", "V3", "V3")
		f.choose(equal, "V3", "V6", "V6", "V1", "V1", "V2") // zero keeps its sign
		f.vop("VMOVUPS V1, %s", at["dst"])
	}})
	f.vector(vec{"log", nil, unary, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V0", at["x"])
		f.log()
		f.vop("VMOVUPS V1, %s", at["dst"])
	}})
	f.vector(vec{"erf", nil, unary, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V8", at["x"])
		f.erf()
		f.vop("VMOVUPS V1, %s", at["dst"])
	}})
	gauss := func() { // V1 = 0.5 * (1 + Erf(V10 / sqrt 2)) without the half
		f.constant(0x1.6a09e6p-1, "V15")
		f.vop("VMULPS V15, V10, V8")
		f.erf()
		f.constant(1, "V15")
		f.vop("VADDPS V15, V1, V1")
	}
	f.vector(vec{"gelu", nil, unary, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V10", at["x"])
		gauss()
		f.constant(0.5, "V15")
		f.vop("VMULPS V15, V10, V2")
		f.vop("VMULPS V1, V2, V1")
		f.vop("VMOVUPS V1, %s", at["dst"])
	}})
	f.vector(vec{"geluBack", nil, []string{"dx", "dy", "x"}, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V10", at["x"])
		gauss()
		f.constant(0.5, "V15")
		f.vop("VMULPS V15, V1, V11")
		f.constant(-0.5, "V15")
		f.vop("VMULPS V15, V10, V0")
		f.vop("VMULPS V10, V0, V0")
		f.exp()
		f.constant(0x1.988454p-2, "V15")
		f.vop("VMULPS V15, V1, V1")
		f.vop("VFMADD213PS V11, V10, V1")
		f.vop("VMULPS %s, V1, V1", at["dy"])
		f.vop("VMOVUPS V1, %s", at["dx"])
	}})
	f.vector(vec{"sin", nil, unary, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V0", at["x"])
		f.trig()
		f.bits("XOR", "V3", "V3", "V3")
		f.choose(equal, "V3", "V0", "V0", "V2", "V2", "V4") // zero keeps its sign
		f.vop("VMOVUPS V2, %s", at["dst"])
	}})
	f.vector(vec{"cos", nil, unary, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V0", at["x"])
		f.trig()
		f.vop("VMOVUPS V1, %s", at["dst"])
	}})
	f.vector(vec{"sqrt", nil, unary, func(f *file, at, s map[string]string) {
		f.vop("VSQRTPS %s, V0", at["x"])
		f.vop("VMOVUPS V0, %s", at["dst"])
	}})
	// Words come in pairs: one for the radius, one for the angle.
	f.vector(vec{"boxMuller", nil, []string{"v"}, func(f *file, at, s map[string]string) {
		f.vop("VMOVUPS %s, V10", at["v"])
		f.vop("VMOVSLDUP V10, V0")
		f.vop("VPSRLD $9, V0, V0")
		f.vop("VCVTDQ2PS V0, V0")
		f.constant(0.5, "V15")
		f.vop("VADDPS V15, V0, V0")
		f.constant(0x1p-23, "V15")
		f.vop("VMULPS V15, V0, V0")
		f.log()
		f.constant(-2, "V15")
		f.vop("VMULPS V15, V1, V1")
		f.vop("VSQRTPS V1, V11")
		f.vop("VMOVSHDUP V10, V0")
		f.vop("VPSRLD $8, V0, V0")
		f.vop("VCVTDQ2PS V0, V0")
		f.constant(0x1p-24, "V15")
		f.vop("VMULPS V15, V0, V0")
		f.constant(0x1.921fb6p+2, "V15")
		f.vop("VMULPS V15, V0, V0")
		f.trig()
		if f.isa.masks() {
			f.op("MOVL $0xaaaa, R8")
			f.op("KMOVW R8, K1")
			f.vop("VBLENDMPS V2, V1, K1, V1")
		} else {
			f.vop("VBLENDPS $0xaa, V2, V1, V1")
		}
		f.vop("VMULPS V1, V11, V1")
		f.vop("VMOVUPS V1, %s", at["v"])
	}})
}
