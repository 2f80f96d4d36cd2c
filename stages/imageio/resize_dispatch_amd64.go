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

// rowPass resamples the rows of src, two at a time, by way of copies, so that the assembly may read past a row's end and write past it.
type rowPass struct {
	src                 *Pixels
	taps                *taps
	pairs, quads        int // of taps and pixels; no pairs: left to the generic loop
	start               []int32
	weight              []uint32
	in, out             []byte
	inStride, outStride int
}

func newRowPass(t *taps, src *Pixels) *rowPass {
	r := &rowPass{src: src, taps: t}
	if src.C != 3 || !cpu.X86.HasAVX2 || 3*src.W > math.MaxInt32 {
		return r
	}
	r.pairs = 1
	for _, n := range t.count {
		r.pairs = max(r.pairs, (n+1)/2)
	}
	w := len(t.start)
	r.quads = (w + 3) / 4
	r.start = make([]int32, 4*r.quads)
	r.weight = make([]uint32, 0, 4*r.quads*2*r.pairs)
	for i := range r.start {
		row, n := t.weight, 0
		if i < w {
			r.start[i] = int32(3 * t.start[i])
			row, n = t.weight[i*t.width:], t.count[i]
		}
		tap := func(j int) int32 {
			if j < n {
				return row[j]
			}
			return 0
		}
		for p := range r.pairs {
			r.weight = appendPair(r.weight, tap(2*p), tap(2*p+1))
		}
	}
	r.inStride, r.outStride = 3*src.W+6*r.pairs+16, 12*r.quads+4
	r.in, r.out = make([]byte, 2*r.inStride), make([]byte, 2*r.outStride)
	return r
}

// run makes n rows from number first on.
func (r *rowPass) run(dst []byte, first, n int) {
	if r.pairs == 0 {
		resizeRowsGeneric(dst, r.src, first, n, r.taps)
		return
	}
	size := 3 * len(r.taps.start)
	for y := 0; y < n; y += 2 {
		copy(r.in, r.src.Row(first+y))
		if y+1 < n {
			copy(r.in[r.inStride:], r.src.Row(first+y+1))
		}
		if r.pairs == 2 {
			resizeRows2AVX2(&r.out[0], &r.in[0], r.outStride, r.inStride, &r.start[0], &r.weight[0], r.pairs, r.quads)
		} else {
			resizeRowsAVX2(&r.out[0], &r.in[0], r.outStride, r.inStride, &r.start[0], &r.weight[0], r.pairs, r.quads)
		}
		copy(dst[y*size:][:size], r.out)
		if y+1 < n {
			copy(dst[(y+1)*size:][:size], r.out[r.outStride:])
		}
	}
}

func blendRows(out, in []byte, weight []int32) {
	n := len(out)
	if n < 16 || !cpu.X86.HasAVX2 {
		blendRowsGeneric(out, in, weight)
		return
	}
	_ = in[len(weight)*n-1]
	var few [64]uint32
	packed := few[:0]
	for i := 0; i < len(weight); i += 2 {
		b := int32(0)
		if i+1 < len(weight) {
			b = weight[i+1]
		}
		packed = appendPair(packed, weight[i], b)
	}
	resizeColumnsAVX2(&out[0], &in[0], n, &packed[0], len(weight), n)
}
