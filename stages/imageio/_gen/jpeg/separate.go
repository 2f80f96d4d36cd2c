package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// rgbToYCC splits the factors that 16 bits cannot hold: 38470 = 22086 + 16384 and 32768 = 16384 + 16384.
func rgbToYCC() {
	TEXT("rgbToYCCAVX2", NOSPLIT, "func(y, cb, cr, pix *byte, n int)")
	Pragma("noescape")
	Doc("rgbToYCCAVX2 is rgbToYCC for n pixels, at least 16.")
	y, cb, cr := Load(Param("y"), GP64()), Load(Param("cb"), GP64()), Load(Param("cr"), GP64())
	pix := Load(Param("pix"), GP64())
	last := Load(Param("n"), GP64()).(GPVirtual)
	SUBQ(Imm(16), last)
	i := GP64()
	XORQ(i, i)
	// Byte p of colour c is byte 3p+c of 48: of each third, one shuffle for each colour.
	var gather [3][3]Mem
	for c, name := range []string{"Red", "Green", "Blue"} {
		for third := range 3 {
			var b [16]byte
			for p := range b {
				b[p] = 0x80
				if at := 3*p + c; at/16 == third {
					b[p] = byte(at % 16)
				}
			}
			gather[c][third] = bytes16("gather"+name+string(rune('0'+third)), b, 1)
		}
	}
	lumaRG, lumaBG := words("lumaRG", 19595, 22086), words("lumaBG", 7471, 16384)
	blueRG, redGB := words("blueRG", -11059, -21709), words("redGB", -27439, -5329)
	half15 := words("half15", 16384)
	half, chroma := dwords("half16", 1<<15), dwords("chroma", 128<<16+1<<15-1)

	strips(i, last, func() {
		from := GP64()
		LEAQ(Mem{Base: i, Index: i, Scale: 2}, from)
		ADDQ(pix, from)
		var in [3]VecVirtual
		for third := range in {
			in[third] = XMM()
			VMOVDQU(Mem{Base: from, Disp: 16 * third}, in[third])
		}
		var rgb [3]VecVirtual
		for c := range rgb {
			a, b := XMM(), XMM()
			VPSHUFB(gather[c][0], in[0], a)
			VPSHUFB(gather[c][1], in[1], b)
			VPOR(b, a, a)
			VPSHUFB(gather[c][2], in[2], b)
			VPOR(b, a, a)
			rgb[c] = YMM()
			VPMOVZXBW(a, rgb[c])
		}
		r, g, b := rgb[0], rgb[1], rgb[2]
		pairs := func(x, y VecVirtual) [2]VecVirtual {
			lo, hi := YMM(), YMM()
			VPUNPCKLWD(y, x, lo)
			VPUNPCKHWD(y, x, hi)
			return [2]VecVirtual{lo, hi}
		}
		// store writes the 16 sums of two products each.
		store := func(a [2]VecVirtual, ka Mem, b [2]VecVirtual, kb, bias Mem, to Register) {
			var s [2]VecVirtual
			for h := range s {
				t := YMM()
				s[h] = YMM()
				VPMADDWD(ka, a[h], s[h])
				VPMADDWD(kb, b[h], t)
				VPADDD(t, s[h], s[h])
				VPADDD(bias, s[h], s[h])
				VPSRAD(Imm(16), s[h], s[h])
			}
			VPACKSSDW(s[1], s[0], s[0])
			top := XMM()
			VEXTRACTI128(Imm(1), s[0], top)
			VPACKUSWB(top, s[0].AsX(), top)
			VMOVDQU(top, Mem{Base: to, Index: i, Scale: 1})
		}
		rg := pairs(r, g)
		store(rg, lumaRG, pairs(b, g), lumaBG, half, y)
		store(rg, blueRG, pairs(b, b), half15, chroma, cb)
		store(pairs(g, b), redGB, pairs(r, r), half15, chroma, cr)
	})
}

// average22 averages 2 x 2 samples; the bias alternates so that ties go up and down in turn.
func average22() {
	TEXT("average22AVX2", NOSPLIT, "func(out, upper, lower *byte, n int)")
	Pragma("noescape")
	Doc("average22AVX2 is average of 2 x 2 samples for n outputs, a multiple of 8.")
	out := Load(Param("out"), GP64())
	upper, lower := Load(Param("upper"), GP64()), Load(Param("lower"), GP64())
	n := Load(Param("n"), GP64())
	i := GP64()
	XORQ(i, i)
	ones, bias := constant(words("onesB", 0x0101)), constant(words("biasW", 1, 2))
	Label("average")
	a, b := XMM(), XMM()
	VMOVDQU(Mem{Base: upper, Index: i, Scale: 2}, a)
	VMOVDQU(Mem{Base: lower, Index: i, Scale: 2}, b)
	VPMADDUBSW(ones, a, a)
	VPMADDUBSW(ones, b, b)
	VPADDW(b, a, a)
	VPADDW(bias, a, a)
	VPSRLW(Imm(2), a, a)
	VPACKUSWB(a, a, a)
	VMOVQ(a, Mem{Base: out, Index: i, Scale: 1})
	ADDQ(Imm(8), i)
	CMPQ(i, n)
	JL(LabelRef("average"))
	RET()
}
