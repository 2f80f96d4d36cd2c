//go:build amd64 && !purego

package imageio

import "golang.org/x/sys/cpu"

// hasWide says whether the processor has what the AVX-512 loops use: sums of byte products and permutations of bytes.
func hasWide() bool {
	return cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512VNNI
}

// split returns a weight's digits to the base 256, from -128 to 127; that ok is false if the highest is none of these.
func split(k int32) (high, middle, low uint32, ok bool) {
	l := int32(int8(k))
	k = (k - l) >> 8
	m := int32(int8(k))
	k = (k - m) >> 8
	return uint32(uint8(k)), uint32(uint8(m)), uint32(uint8(l)), k == int32(int8(k))
}

// quad packs the digits of up to four weights.
func quad(weight []int32) (packed [3]uint32, ok bool) {
	ok = true
	for i, k := range weight[:min(len(weight), 4)] {
		h, m, l, fits := split(k)
		packed[0] |= h << (8 * i)
		packed[1] |= m << (8 * i)
		packed[2] |= l << (8 * i)
		ok = ok && fits
	}
	return packed, ok
}

// A wideRow is what resizeRowVNNI needs to know: see there.
type wideRow struct {
	quads, blocks int
	at            []int32
	table         []uint32
}

const (
	wideBlock = 64 // bytes made at a time
	wideGroup = 16 // bytes of these that are summed at a time
	wideReach = 64 // bytes read for a group
)

// newWideRow returns nil where rows are too short, or shrink too much for the taps of a group to lie within reach.
func newWideRow(t *taps, src *Pixels) *wideRow {
	c, size, inSize := src.C, len(t.start)*src.C, src.W*src.C
	if size < wideBlock || inSize < wideReach || inSize > 1<<30 {
		return nil
	}
	r := &wideRow{blocks: (size + wideBlock - 1) / wideBlock}
	for _, n := range t.count {
		r.quads = max(r.quads, (n+3)/4)
	}
	r.at = make([]int32, 0, r.blocks*(1+4*r.quads))
	r.table = make([]uint32, 0, 4*r.blocks*r.quads*4*wideGroup)
	for b := range r.blocks {
		to := min(b*wideBlock, size-wideBlock)
		r.at = append(r.at, int32(to))
		for g := to; g < to+wideBlock; g += wideGroup {
			for q := range r.quads {
				from := min((t.start[g/c]+4*q)*c, inSize-wideReach)
				r.at = append(r.at, int32(from))
				if !r.group(t, c, g, q, from) {
					return nil
				}
			}
		}
	}
	return r
}

// group adds the table of a group, from byte to of a row on, for a quad of taps; it says whether it is possible.
func (r *wideRow) group(t *taps, c, to, q, from int) bool {
	n := len(r.table)
	r.table = r.table[:n+4*wideGroup]
	table := (*[4 * wideGroup]uint32)(r.table[n:])
	channel := to % c
	for b, pixel := 0, to/c; b < wideGroup; pixel++ {
		count := min(t.count[pixel]-4*q, 4)
		if count <= 0 { // no such taps: weights of 0
			b += c - channel
			channel = 0
			continue
		}
		first := (t.start[pixel]+4*q)*c - from
		if first+(count-1)*c+min(c-1, channel+wideGroup-1-b) >= wideReach {
			return false
		}
		packed, ok := quad(t.weight[pixel*t.width+4*q:][:count])
		if !ok {
			return false
		}
		places := uint32(0)
		for j := range count {
			places |= uint32(first+j*c) << (8 * j)
		}
		used := uint32(0x01010101) >> (8 * (4 - count))
		for ; channel < c && b < wideGroup; channel++ {
			table[b] = places + uint32(channel)*used
			table[wideGroup+b], table[2*wideGroup+b], table[3*wideGroup+b] = packed[0], packed[1], packed[2]
			b++
		}
		channel = 0
	}
	return true
}

// run makes n rows of src from number first on.
func (r *wideRow) run(dst []byte, src *Pixels, width, first, n int) {
	size := width * src.C
	_ = dst[n*size-1]
	for y := range n {
		in := src.Row(first + y)
		if r.quads == 1 {
			resizeRow4VNNI(&dst[y*size], &in[0], &r.at[0], &r.table[0], r.blocks)
		} else {
			resizeRowVNNI(&dst[y*size], &in[0], &r.at[0], &r.table[0], r.quads, r.blocks)
		}
	}
}

// wideBlend is how many quads of rows blendWide takes at most; images that shrink more are left to another loop.
const wideBlend = 16

// blendWide is blendRows for at least 64 bytes; it says whether it has done the work.
func blendWide(out, in []byte, weight []int32) bool {
	n, quads := len(out), (len(weight)+3)/4
	if quads > wideBlend {
		return false
	}
	_ = in[len(weight)*n-1]
	if quads == 1 {
		digits, ok := quad(weight)
		if !ok {
			return false
		}
		last := (len(weight) - 1) * n
		rows := [4]int{0, min(n, last), min(2*n, last), last}
		resizeColumns4VNNI(&out[0], &in[0], &rows[0], &digits[0], n)
		return true
	}
	var digits [wideBlend][3]uint32
	var rows [wideBlend][4]int
	for q := range quads {
		var ok bool
		if digits[q], ok = quad(weight[4*q:]); !ok {
			return false
		}
		for j := range rows[q] {
			rows[q][j] = min(4*q+j, len(weight)-1) * n
		}
	}
	resizeColumnsVNNI(&out[0], &in[0], &rows[0][0], &digits[0][0], quads, n)
	return true
}
