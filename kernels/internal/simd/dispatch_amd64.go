//go:build !purego

package simd

import "golang.org/x/sys/cpu"

// All returns the implementations that can run here, the slowest first.
func All() []Backend {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		return []Backend{Generic, AVX2}
	}
	return []Backend{Generic}
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
