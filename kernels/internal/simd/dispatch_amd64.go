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

// channelTilesAVX512 and channelTilesAVX2 make tiles of full height, then one of what is left.
func channelTilesAVX512(rows, vectors, n int, x []float32, row, pos []int, v []float32, stride int, c []float32, out []int, load bool, end *Ending, ahead Ahead) {
	for rows > 0 {
		height := min(rows, ChannelRows)
		tiles := max(1, min(rows/height, channelPiece/n))
		first, second := &x[0], &x[0] // which is near already
		if len(ahead.V) > 0 {
			first = &ahead.V[0]
		} else {
			ahead.Step = 0
		}
		if len(ahead.Aside) > 0 {
			second = &ahead.Aside[0]
		} else {
			ahead.Apart = 0
		}
		switch 8*vectors + height {
		case 8*4 + 6:
			channelTilesAVX512x6x4(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*4 + 5:
			channelTilesAVX512x5x4(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*4 + 4:
			channelTilesAVX512x4x4(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*4 + 3:
			channelTilesAVX512x3x4(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*4 + 2:
			channelTilesAVX512x2x4(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*4 + 1:
			channelTilesAVX512x1x4(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*3 + 6:
			channelTilesAVX512x6x3(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*3 + 5:
			channelTilesAVX512x5x3(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*3 + 4:
			channelTilesAVX512x4x3(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*3 + 3:
			channelTilesAVX512x3x3(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*3 + 2:
			channelTilesAVX512x2x3(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*3 + 1:
			channelTilesAVX512x1x3(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*2 + 6:
			channelTilesAVX512x6x2(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*2 + 5:
			channelTilesAVX512x5x2(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*2 + 4:
			channelTilesAVX512x4x2(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*2 + 3:
			channelTilesAVX512x3x2(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*2 + 2:
			channelTilesAVX512x2x2(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*2 + 1:
			channelTilesAVX512x1x2(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*1 + 6:
			channelTilesAVX512x6x1(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*1 + 5:
			channelTilesAVX512x5x1(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*1 + 4:
			channelTilesAVX512x4x1(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*1 + 3:
			channelTilesAVX512x3x1(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*1 + 2:
			channelTilesAVX512x2x1(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		case 8*1 + 1:
			channelTilesAVX512x1x1(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load, end, first, ahead.Step, second, ahead.Apart)
		}
		rows -= tiles * height
		row, out = row[tiles*height:], out[tiles*height:]
		ahead.V = ahead.V[min(tiles*ahead.Step, len(ahead.V)):]
		ahead.Aside = ahead.Aside[min(tiles*ahead.Apart, len(ahead.Aside)):]
	}
}

func channelTilesAVX2(rows, n int, x []float32, row, pos []int, v []float32, stride int, c []float32, out []int, load bool) {
	for rows > 0 {
		height := min(rows, ChannelRows)
		tiles := max(1, min(rows/height, channelPiece/n))
		switch height {
		case 6:
			channelTilesAVX2x6x1(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load)
		case 5:
			channelTilesAVX2x5x1(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load)
		case 4:
			channelTilesAVX2x4x1(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load)
		case 3:
			channelTilesAVX2x3x1(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load)
		case 2:
			channelTilesAVX2x2x1(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load)
		case 1:
			channelTilesAVX2x1x1(tiles, n, &x[0], &row[0], &pos[0], &v[0], stride, &c[0], &out[0], load)
		}
		rows -= tiles * height
		row, out = row[tiles*height:], out[tiles*height:]
	}
}

// channelPiece bounds the terms of all tiles of one call, which nobody can interrupt.
const channelPiece = 1 << 14

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
