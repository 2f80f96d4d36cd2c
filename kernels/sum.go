package kernels

import (
	"math"

	"shiftmill/kernels/internal/simd"
)

// sumBlock is the number of values that are summed as one block; blocks are then summed again.
const sumBlock = 1024

// Sum returns the sum of v in the fixed order that every backend shares: blocks of 1,024 values, 64 lanes a block from
// +0, the lanes added as a tree, and the block sums summed again likewise. The sum of nothing is +0.
func Sum(v []float32) float32 {
	return sum(backend(), v)
}

func sum(k simd.Backend, v []float32) float32 {
	if len(v) <= sumBlock {
		return blockSum(k, v)
	}
	blocks := getFloats((len(v) + sumBlock - 1) / sumBlock)
	defer blocks.put()
	for i := range blocks.v {
		blocks.v[i] = blockSum(k, v[i*sumBlock:min((i+1)*sumBlock, len(v))])
	}
	return sum(k, blocks.v)
}

// lanes are the 64 partial sums of a block.
type lanes = [simd.SumLanes]float32

func blockSum(k simd.Backend, v []float32) float32 {
	var s lanes
	rows := len(v) / simd.SumLanes
	k.LaneSum(rows, v, &s)
	for j, x := range v[rows*simd.SumLanes:] {
		s[j] += x
	}
	return k.Tree(&s)
}

// blockSquare returns the lane sum of fma(x-mu, x-mu, .) over one block.
func blockSquare(k simd.Backend, v []float32, mu float32) float32 {
	var s lanes
	rows := len(v) / simd.SumLanes
	k.LaneSquare(rows, v, mu, &s)
	for j, x := range v[rows*simd.SumLanes:] {
		d := x - mu
		s[j] = FMA32(d, d, s[j])
	}
	return k.Tree(&s)
}

// Canonical replaces every NaN of v by 0x7FC00000, in place. Tensors pass through it before they leave the kernels for a
// file, a hash or Arrow.
func Canonical(v []float32) {
	nan := math.Float32frombits(0x7FC00000)
	for i, x := range v {
		if x != x {
			v[i] = nan
		}
	}
}

// planeSum sums channel ch of v [n, c, plane]: blocks never cross a plane, and the block sums of all images are summed
// together in (image, block) order.
func planeSum(k simd.Backend, v []float32, n, c, plane, ch int) float32 {
	blocks := (plane + sumBlock - 1) / sumBlock
	sums := getFloats(n * blocks)
	defer sums.put()
	for i := range n {
		x := v[(i*c+ch)*plane : (i*c+ch+1)*plane]
		for b := range blocks {
			sums.v[i*blocks+b] = blockSum(k, x[b*sumBlock:min((b+1)*sumBlock, plane)])
		}
	}
	return sum(k, sums.v)
}

// blockCross returns the lane sum of fma(x-mux, y-muy, .) over one block.
func blockCross(k simd.Backend, x []float32, mux float32, y []float32, muy float32) float32 {
	var s lanes
	rows := len(x) / simd.SumLanes
	k.LaneCross(rows, x, mux, y, muy, &s)
	for j := range x[rows*simd.SumLanes:] {
		i := rows*simd.SumLanes + j
		s[j] = FMA32(x[i]-mux, y[i]-muy, s[j])
	}
	return k.Tree(&s)
}
