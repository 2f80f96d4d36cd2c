// Package simd holds the inner loops of package kernels, once in plain Go and once for AVX2 with FMA.
//
// The plain Go loops define the results; the assembly gives the same bits for every input, NaNs excepted in sign and
// payload. Every output element is one chain of fused multiply-adds in ascending order of terms, and vector lanes run
// across output elements only. The loops check nothing: package kernels checks shapes once and calls them with slices
// that are long enough. Tiling, packing and parallel work are left to package kernels.
package simd

//go:generate go -C _gen run . ..
