// Package kernels is the arithmetic of shiftmill: tensor operations forward and backward, elementary functions, random
// numbers and the Noise2Net forward pass, with the same bits on every backend, worker count and machine.
//
// Terms: a tensor is a plain []float32 in row-major order, images as [n, c, h, w]. A plane is one channel of one image.
// A chain is a sequence of fused multiply-adds into one accumulator, in ascending order of terms, from +0.
//
// Rules that hold everywhere:
//   - Each output element is one chain (or the fixed sum of Sum, where the operation says so); workers, tiles and
//     backends decide where an element is computed, never how. A *Pool therefore never changes a result; nil is one worker.
//   - An algorithm belongs to the operation: a convolution is one chain an output unless it is named Winograd's (ConvOp,
//     BandLayer, Conv2DWinograd), on every backend.
//   - Results are equal when their bits are equal after Canonical: the sign and payload of a NaN mean nothing.
//   - The destination comes first and must not overlap a source unless the operation says so; it is overwritten.
//   - A slice of the wrong length or an impossible shape is a bug of the caller and panics with the operation's name.
//     ConvShape.Validate and PoolShape.Validate return errors for shapes that come from a user.
//   - Multiplications are converted before an addition, float32(x*y) + z, because Go fuses them on some processors; of
//     package math only Sqrt, Abs, Floor, Ceil, Trunc, RoundToEven and bit casts are used.
//
// The inner loops are in internal/simd: plain Go, which defines the results, AVX2 with FMA, and AVX-512. Graphs and gradients are
// left to kernels/nn, image files and ids to the stages.
package kernels
