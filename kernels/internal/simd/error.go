package simd

// Erf returns the error function 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x. Error: below 2 ulp.
func Erf(x float32) float32 {
	a := abs(x)
	if a < 1 {
		z := x * x
		p := float32(-0x1.3deab2p-17)
		p = FMA32(p, z, 0x1.d5ceeep-14)
		p = FMA32(p, z, -0x1.bc5c76p-11)
		p = FMA32(p, z, 0x1.562100p-8)
		p = FMA32(p, z, -0x1.b82900p-6)
		p = FMA32(p, z, 0x1.ce2f02p-4)
		p = FMA32(p, z, -0x1.812746p-2)
		p = FMA32(p, z, 0x1.06eba8p-3)
		return FMA32(p, x, x)
	}
	y := float32(1)
	if a < 3.9375 {
		p := float32(-0x1.00f886p-20)
		p = FMA32(p, a, 0x1.0163bcp-16)
		p = FMA32(p, a, -0x1.662410p-14)
		p = FMA32(p, a, -0x1.d7df80p-17)
		p = FMA32(p, a, 0x1.9a3d18p-9)
		p = FMA32(p, a, -0x1.800d16p-6)
		p = FMA32(p, a, 0x1.b44a8ep-4)
		p = FMA32(p, a, 0x1.44dec0p-1)
		p = FMA32(p, a, 0x1.210b16p+0)
		p = FMA32(p, a, -0x1.add346p-14)
		y = 1 - Exp(-p)
	}
	switch {
	case x != x:
		return nan32
	case x < 0:
		return -y
	}
	return y
}

// GELU returns x * (1 + erf(x / sqrt 2)) / 2, the exact form, not the tanh approximation. GELU(-Inf) is NaN, as the
// product says.
func GELU(x float32) float32 {
	return 0.5 * x * (1 + Erf(x*0x1.6a09e6p-1))
}

// GELUSlope is the derivative of GELU: Phi(x) + x * phi(x).
func GELUSlope(x float32) float32 {
	phi := 0x1.988454p-2 * Exp(-0.5*x*x)
	return FMA32(x, phi, 0.5*(1+Erf(x*0x1.6a09e6p-1)))
}
