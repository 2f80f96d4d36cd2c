//go:build !purego

package simd

import "golang.org/x/sys/cpu"

// All returns the implementations that can run here, the slowest first.
func All() []Backend {
	x := &cpu.X86
	switch {
	case !x.HasAVX2 || !x.HasFMA:
		return []Backend{Generic}
	case !x.HasAVX512F || !x.HasAVX512DQ || !x.HasAVX512BW || !x.HasAVX512VL:
		return []Backend{Generic, AVX2}
	}
	return []Backend{Generic, AVX2, AVX512}
}

func channelTileAVX512(rows, vectors, n int, x []float32, row, pos []int, v []float32, stride int, c []float32, load bool) {
	switch 8*vectors + rows {
	case 8*4 + 6:
		channelTileAVX512x6x4(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*4 + 5:
		channelTileAVX512x5x4(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*4 + 4:
		channelTileAVX512x4x4(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*4 + 3:
		channelTileAVX512x3x4(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*4 + 2:
		channelTileAVX512x2x4(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*4 + 1:
		channelTileAVX512x1x4(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*3 + 6:
		channelTileAVX512x6x3(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*3 + 5:
		channelTileAVX512x5x3(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*3 + 4:
		channelTileAVX512x4x3(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*3 + 3:
		channelTileAVX512x3x3(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*3 + 2:
		channelTileAVX512x2x3(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*3 + 1:
		channelTileAVX512x1x3(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*2 + 6:
		channelTileAVX512x6x2(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*2 + 5:
		channelTileAVX512x5x2(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*2 + 4:
		channelTileAVX512x4x2(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*2 + 3:
		channelTileAVX512x3x2(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*2 + 2:
		channelTileAVX512x2x2(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*2 + 1:
		channelTileAVX512x1x2(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*1 + 6:
		channelTileAVX512x6x1(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*1 + 5:
		channelTileAVX512x5x1(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*1 + 4:
		channelTileAVX512x4x1(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*1 + 3:
		channelTileAVX512x3x1(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*1 + 2:
		channelTileAVX512x2x1(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	case 8*1 + 1:
		channelTileAVX512x1x1(n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], load)
	}
}

func tileAVX2(rows, k int, a, src []float32, off []int, p1 int, c []float32, c1, ldc int, load bool) {
	switch rows {
	case 6:
		tileAVX2x6(k, &a[0], &src[0], &off[0], p1, &c[0], c1, ldc, load)
	case 5:
		tileAVX2x5(k, &a[0], &src[0], &off[0], p1, &c[0], c1, ldc, load)
	case 4:
		tileAVX2x4(k, &a[0], &src[0], &off[0], p1, &c[0], c1, ldc, load)
	case 3:
		tileAVX2x3(k, &a[0], &src[0], &off[0], p1, &c[0], c1, ldc, load)
	case 2:
		tileAVX2x2(k, &a[0], &src[0], &off[0], p1, &c[0], c1, ldc, load)
	case 1:
		tileAVX2x1(k, &a[0], &src[0], &off[0], p1, &c[0], c1, ldc, load)
	}
}

func gradTileAVX2(rows, n int, x []float32, row, pos []int, b, c []float32) {
	switch rows {
	case 6:
		gradTileAVX2x6(n, &x[0], &row[0], &pos[0], &b[0], &c[0])
	case 5:
		gradTileAVX2x5(n, &x[0], &row[0], &pos[0], &b[0], &c[0])
	case 4:
		gradTileAVX2x4(n, &x[0], &row[0], &pos[0], &b[0], &c[0])
	case 3:
		gradTileAVX2x3(n, &x[0], &row[0], &pos[0], &b[0], &c[0])
	case 2:
		gradTileAVX2x2(n, &x[0], &row[0], &pos[0], &b[0], &c[0])
	case 1:
		gradTileAVX2x1(n, &x[0], &row[0], &pos[0], &b[0], &c[0])
	}
}
