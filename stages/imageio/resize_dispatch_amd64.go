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

// rowPass resamples the rows of src, two at a time, by way of copies where the assembly would read past a row's end or write past it.
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

// run makes n rows from number first on. Rows half of n apart share a turn: what is written past a row's end then is the start of a row
// still to come, but for the one in the middle, whose start is kept aside.
func (r *rowPass) run(dst []byte, first, n int) {
	if r.pairs == 0 {
		resizeRowsGeneric(dst, r.src, first, n, r.taps)
		return
	}
	size, inSize, half := 3*len(r.taps.start), 3*r.src.W, (n+1)/2
	direct := half > 1 && size >= overrun
	var middle [overrun]byte
	for y := range half {
		other := min(half+y, n-1)
		if y == half-1 && direct {
			copy(middle[:], dst[half*size:])
		}
		r.two(dst, y*size, other*size, (first+y)*inSize, (first+other)*inSize, direct)
	}
	if direct {
		copy(dst[half*size:n*size], middle[:])
	}
}

// overrun is how far the assembly writes past a row's end at most: three pixels of its last turn and 4 bytes.
const overrun = 16

// two makes the rows at a and b of dst from those at c and d of the source, by way of copies where the assembly would leave a slice,
// or where direct says that what stands behind the rows must not be touched.
func (r *rowPass) two(dst []byte, a, b, c, d int, direct bool) {
	size, inSize := 3*len(r.taps.start), 3*r.src.W
	in, inStride := r.src.Pix[c:], d-c
	if d+r.inStride > len(r.src.Pix) {
		copy(r.in, in[:inSize])
		copy(r.in[r.inStride:], r.src.Pix[d:d+inSize])
		in, inStride = r.in, r.inStride
	}
	out, outStride := dst[a:], b-a
	direct = direct && b+size+overrun <= len(dst)
	if !direct {
		out, outStride = r.out, r.outStride
	}
	if r.pairs == 2 {
		resizeRows2AVX2(&out[0], &in[0], outStride, inStride, &r.start[0], &r.weight[0], r.pairs, r.quads)
	} else {
		resizeRowsAVX2(&out[0], &in[0], outStride, inStride, &r.start[0], &r.weight[0], r.pairs, r.quads)
	}
	if !direct {
		copy(dst[a:a+size], r.out)
		copy(dst[b:b+size], r.out[r.outStride:])
	}
}

func blendRows(out, in []byte, weight []int32) {
	n := len(out)
	if n < 32 || !cpu.X86.HasAVX2 {
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
