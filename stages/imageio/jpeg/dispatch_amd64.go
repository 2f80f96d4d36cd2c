//go:build amd64 && !purego

package jpeg

import "golang.org/x/sys/cpu"

//go:generate go -C ../_gen run ./jpeg -out ../jpeg/simd_amd64.s -stubs ../jpeg/simd_amd64.go -pkg jpeg

func inverse(out []byte, stride int, block *[64]int16) {
	if !cpu.X86.HasAVX2 {
		inverseGeneric(out, stride, block)
		return
	}
	_ = out[7*stride+7]
	inverseAVX2(&out[0], stride, block)
}

func yccToRGB(out, y, cb, cr []byte) {
	n := len(y)
	if n < 16 || !cpu.X86.HasAVX2 {
		yccToRGBGeneric(out, y, cb, cr)
		return
	}
	_, _, _ = out[3*n-1], cb[n-1], cr[n-1]
	yccToRGBAVX2(&out[0], &y[0], &cb[0], &cr[0], n)
}

func smoothBoth(out, this, near []byte) {
	n := len(this)
	if n < 18 || !cpu.X86.HasAVX2 {
		smoothBothGeneric(out, this, near)
		return
	}
	_, _ = out[2*n-1], near[n-1]
	smoothBothAVX2(&out[0], &this[0], &near[0], n)
	// The ends, from the generic loop on the three samples there.
	var ends [6]byte
	smoothBothGeneric(ends[:], this[:3], near[:3])
	out[0], out[1] = ends[0], ends[1]
	smoothBothGeneric(ends[:], this[n-3:], near[n-3:n])
	out[2*n-2], out[2*n-1] = ends[4], ends[5]
}

func smoothAcross(out, in []byte) {
	n := len(in)
	if n < 18 || !cpu.X86.HasAVX2 {
		smoothAcrossGeneric(out, in)
		return
	}
	_ = out[2*n-1]
	smoothAcrossAVX2(&out[0], &in[0], n)
	var ends [6]byte
	smoothAcrossGeneric(ends[:], in[:3])
	out[0], out[1] = ends[0], ends[1]
	smoothAcrossGeneric(ends[:], in[n-3:])
	out[2*n-2], out[2*n-1] = ends[4], ends[5]
}

func forward(out *[64]int16, in []byte, stride int, d *divisors) {
	if !cpu.X86.HasAVX2 {
		forwardGeneric(out, in, stride, d)
		return
	}
	_ = in[7*stride+7]
	forwardAVX2(out, &in[0], stride, &d.floats)
}

func rgbToYCC(y, cb, cr, pix []byte) {
	n := len(y)
	if n < 16 || !cpu.X86.HasAVX2 {
		rgbToYCCGeneric(y, cb, cr, pix)
		return
	}
	_, _, _ = pix[3*n-1], cb[n-1], cr[n-1]
	rgbToYCCAVX2(&y[0], &cb[0], &cr[0], &pix[0], n)
}

func average22(out, upper, lower []byte) {
	n := len(out)
	if n == 0 || n%8 != 0 || !cpu.X86.HasAVX2 {
		average22Generic(out, upper, lower)
		return
	}
	_, _ = upper[2*n-1], lower[2*n-1]
	average22AVX2(&out[0], &upper[0], &lower[0], n)
}
