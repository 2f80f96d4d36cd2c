//go:build amd64 && !purego

package imageio

import (
	"math"

	"golang.org/x/sys/cpu"
)

//go:generate go -C _gen run ./resize -out ../resize_amd64.s -stubs ../resize_amd64.go -pkg imageio

// appendPair adds two taps to the weights of the assembly: the parts above 15 bits of both, then the 15 bits of both.
func appendPair(to []uint32, a, b int32) []uint32 {
	high := uint32(uint16(a>>15)) | uint32(uint16(b>>15))<<16
	low := uint32(a&0x7fff) | uint32(b&0x7fff)<<16
	return append(to, high, low)
}

// resizeRows works on copies of two rows at a time, so that the assembly may read past a row's end and write past it.
func resizeRows(dst, src *Pixels, t *taps) {
	if src.C != 3 || !cpu.X86.HasAVX2 || 3*src.W > math.MaxInt32 {
		resizeRowsGeneric(dst, src, t)
		return
	}
	pairs := 1
	for _, n := range t.count {
		pairs = max(pairs, (n+1)/2)
	}
	quads := (dst.W + 3) / 4
	start := make([]int32, 4*quads)
	weight := make([]uint32, 0, 4*quads*2*pairs)
	for i := range start {
		row, n := t.weight, 0
		if i < dst.W {
			start[i] = int32(3 * t.start[i])
			row, n = t.weight[i*t.width:], t.count[i]
		}
		tap := func(j int) int32 {
			if j < n {
				return row[j]
			}
			return 0
		}
		for p := range pairs {
			weight = appendPair(weight, tap(2*p), tap(2*p+1))
		}
	}
	inStride, outStride := 3*src.W+6*pairs+16, 12*quads+4
	in, out := make([]byte, 2*inStride), make([]byte, 2*outStride)
	for y := 0; y < src.H; y += 2 {
		copy(in, src.Row(y))
		if y+1 < src.H {
			copy(in[inStride:], src.Row(y+1))
		}
		if pairs == 2 {
			resizeRows2AVX2(&out[0], &in[0], outStride, inStride, &start[0], &weight[0], pairs, quads)
		} else {
			resizeRowsAVX2(&out[0], &in[0], outStride, inStride, &start[0], &weight[0], pairs, quads)
		}
		copy(dst.Row(y), out)
		if y+1 < src.H {
			copy(dst.Row(y+1), out[outStride:])
		}
	}
}

func resizeColumns(dst, src *Pixels, t *taps) {
	n := src.W * src.C
	if n < 16 || !cpu.X86.HasAVX2 {
		resizeColumnsGeneric(dst, src, t)
		return
	}
	weight := make([]uint32, 0, t.width+1)
	for y, from := range t.start {
		row := t.weight[y*t.width:][:t.count[y]]
		weight = weight[:0]
		for i := 0; i < len(row); i += 2 {
			b := int32(0)
			if i+1 < len(row) {
				b = row[i+1]
			}
			weight = appendPair(weight, row[i], b)
		}
		in := src.Pix[from*n : (from+len(row))*n]
		resizeColumnsAVX2(&dst.Row(y)[0], &in[0], n, &weight[0], len(row), n)
	}
}
