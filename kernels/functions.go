package kernels

import (
	"math"

	"shiftmill/kernels/internal/simd"
)

// The one NaN and positive infinity; float32 has no constants for them.
var (
	nan32 = math.Float32frombits(0x7FC00000)
	inf32 = math.Float32frombits(0x7F800000)
)

// Exp returns e^x. Error: below 1.1 ulp over all float32, subnormal results included. Exp(-Inf) is +0, Exp(NaN) NaN.
func Exp(x float32) float32 { return simd.Exp(x) }

// Sigmoid returns 1 / (1 + e^-x). Error: below 2.5 ulp, subnormal results included.
func Sigmoid(x float32) float32 { return simd.Sigmoid(x) }

// Tanh returns the hyperbolic tangent. Error: below 2 ulp. Tanh(-0) is -0.
func Tanh(x float32) float32 { return simd.Tanh(x) }

// Log returns the natural logarithm. Error: below 1 ulp over all positive float32. Log(±0) is -Inf; below zero NaN.
func Log(x float32) float32 { return simd.Log(x) }

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }
