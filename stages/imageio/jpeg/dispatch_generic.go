//go:build !amd64 || purego

package jpeg

func inverse(out []byte, stride int, block *[64]int16) { inverseGeneric(out, stride, block) }
func yccToRGB(out, y, cb, cr []byte)                   { yccToRGBGeneric(out, y, cb, cr) }
func smoothBoth(out, this, near []byte)                { smoothBothGeneric(out, this, near) }
func smoothAcross(out, in []byte)                      { smoothAcrossGeneric(out, in) }

func forward(out *[64]int16, in []byte, stride int, d *divisors) { forwardGeneric(out, in, stride, d) }
func rgbToYCC(y, cb, cr, pix []byte)                             { rgbToYCCGeneric(y, cb, cr, pix) }
func average22(out, upper, lower []byte)                         { average22Generic(out, upper, lower) }
