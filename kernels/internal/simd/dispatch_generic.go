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

func affineAVX2(n int, a, b float32, dst, x *float32) { panic(unreachable) }

func normBackAVX2(n int, p, mean, q, r float32, dx, dy, x *float32) { panic(unreachable) }

func reLUAVX2(n int, dst, x *float32) { panic(unreachable) }

func reLUBackAVX2(n int, dx, dy, y *float32) { panic(unreachable) }

func addAVX2(n int, dst, x, y *float32) { panic(unreachable) }

func offsetAVX2(n int, b float32, dst, x *float32) { panic(unreachable) }

func scaleAVX2(n int, w float32, dst, x *float32) { panic(unreachable) }

func sgdAVX2(n int, minusLR, momentum, decay float32, w, v, grad *float32) { panic(unreachable) }

func sgdNesterovAVX2(n int, minusLR, momentum, decay float32, w, v, grad *float32) {
	panic(unreachable)
}

func mixFirstAVX2(n int, x *float32, xs int, z *float32, zs int, u *float32, us int, o *float32, os int, coef *float32) {
	panic(unreachable)
}

func mixMiddleAVX2(n int, x *float32, xs int, z *float32, zs int, u *float32, us int, o *float32, os int, coef *float32) {
	panic(unreachable)
}

func mixLastAVX2(n int, x *float32, xs int, z *float32, zs int, u *float32, us int, o *float32, os int, coef *float32) {
	panic(unreachable)
}

func mixEntryAVX2(n int, x *float32, xs int, z *float32, zs int, u *float32, us int, o *float32, os int, coef *float32) {
	panic(unreachable)
}

func treeAVX2(acc, sum *float32) { panic(unreachable) }

func expAVX2(n int, dst, x *float32) { panic(unreachable) }

func sigmoidAVX2(n int, dst, x *float32) { panic(unreachable) }

func tanhAVX2(n int, dst, x *float32) { panic(unreachable) }

func rangesAVX2(n int, dst *float32, first, row, key int, d, lo float32) { panic(unreachable) }

func flatTileAVX512(rows, k int, a, src []float32, off []int, groups *[2]LaneGroup, c []float32, ldc int, load bool) {
	panic(unreachable)
}

func channelTileAVX512(rows, vectors, n int, x []float32, row, pos []int, v []float32, stride int, c []float32, load bool) {
	panic(unreachable)
}

func transposeAVX512(rows, n int, x *float32, xs int, y *float32, ys int) { panic(unreachable) }
