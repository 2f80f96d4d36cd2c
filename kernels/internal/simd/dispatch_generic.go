//go:build !amd64 || purego

package simd

// All returns the implementations that can run here, the slowest first.
func All() []Backend { return []Backend{Generic} }

const unreachable = "simd: assembly called in a build without it"

func tileAVX2(rows, k int, a, src []float32, off []int, p1 int, c []float32, c1, ldc int, load bool) {
	panic(unreachable)
}

func gradTileAVX2(rows, n int, x []float32, row, pos []int, b, c []float32) { panic(unreachable) }

func axpyAVX2(n int, w float32, x, y *float32) { panic(unreachable) }

func laneSumAVX2(rows int, x, acc *float32) { panic(unreachable) }

func laneSquareAVX2(rows int, x *float32, mu float32, acc *float32) { panic(unreachable) }

func laneCrossAVX2(rows int, x *float32, mux float32, y *float32, muy float32, acc *float32) {
	panic(unreachable)
}
