//go:build !amd64 || purego

package simd

// All returns the implementations that can run here, the slowest first.
func All() []Backend { return []Backend{Generic} }

const unreachable = "simd: assembly called in a build without it"

func tileAVX2(rows, k int, a, src []float32, off []int, p1 int, c []float32, c1, ldc int, load bool) {
	panic(unreachable)
}

func gradTileAVX2(rows, n int, x []float32, row, pos []int, b, c []float32) { panic(unreachable) }

func flatTileAVX512(rows, k int, a, src []float32, off []int, groups []LaneGroup, c []float32, ldc int, load bool, end *Ending) {
	panic(unreachable)
}

func channelTilesAVX512(rows, vectors, n int, x []float32, row, pos []int, v []float32, stride int, c []float32, out []int, load bool, end *Ending, ahead Ahead) {
	panic(unreachable)
}

func channelTilesAVX2(rows, n int, x []float32, row, pos []int, v []float32, stride int, c []float32, out []int, load bool) {
	panic(unreachable)
}

func productTileAVX512(rows, vectors, panels, k int, a []float32, lda int, b []float32, ldb, size int, c []float32, ldc, mask int, whole, load bool, end *Ending) {
	panic(unreachable)
}

func copyRowsAVX512(n, panels int, x *float32, xs int, y *float32, size int) { panic(unreachable) }

func rowTiles12(tiles, n int, x *float32, next int, v, c *float32, to int) { panic(unreachable) }

func transposeAVX512(rows, n int, x *float32, xs int, y *float32, ys int) { panic(unreachable) }

func padRowsAVX512(n, vectors int, x *float32, left, xs int, y *float32, ys, last int, masks *uint16) {
	panic(unreachable)
}
