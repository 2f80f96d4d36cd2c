package kernels

import "shiftmill/kernels/internal/simd"

// Erf returns the error function 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x. Error: below 2 ulp.
func Erf(x float32) float32 { return simd.Erf(x) }

// GELU returns x * (1 + erf(x / sqrt 2)) / 2, the exact form, not the tanh approximation. Error: below 2^-23 |x|, which is
// more than a unit of the result where x is far below zero. GELU(-Inf) is NaN, as the product says.
func GELU(x float32) float32 { return simd.GELU(x) }
