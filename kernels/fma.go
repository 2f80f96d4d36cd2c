package kernels

import (
	"math"

	"shiftmill/kernels/internal/simd"
)

// FMA32 returns a*b+c rounded once to nearest even, subnormals kept, as a fused multiply-add instruction does; a NaN
// has no defined sign or payload. It takes 2 to 3 ns; whole rows go through Axpy, MatMul or Conv2D.
func FMA32(a, b, c float32) float32 { return simd.FMA32(a, b, c) }

// Sqrt returns the correctly rounded square root; NaN below zero, and -0 for -0.
func Sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// Axpy replaces y[i] by fma(w, x[i], y[i]). x and y have one length; they may be the same slice.
func Axpy(w float32, x, y []float32) {
	sameLength("Axpy", len(y), len(x))
	backend().Axpy(w, x, y)
}
