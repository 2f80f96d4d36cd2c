//go:build amd64 && !purego

package imageio

import (
	"sync"

	"golang.org/x/sys/cpu"
)

// hasWide says whether the processor has what the AVX-512 loops use: sums of byte products and permutations of bytes.
func hasWide() bool {
	return cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512VNNI && cpu.X86.HasBMI2
}

// split returns a weight's digits to the base 256, from -128 to 127; that ok is false if the highest is none of these.
func split(k int32) (high, middle, low uint32, ok bool) {
	l := int32(int8(k))
	k = (k - l) >> 8
	m := int32(int8(k))
	k = (k - m) >> 8
	return uint32(uint8(k)), uint32(uint8(m)), uint32(uint8(l)), k == int32(int8(k))
}

// quad packs the digits of four taps from number from on, those that there are not being 0.
func quad(weight []int32, from int) (packed [3]uint32, ok bool) {
	ok = true
	for i := max(from, 0); i < min(from+4, len(weight)); i++ {
		h, m, l, fits := split(weight[i])
		by := 8 * (i - from)
		packed[0] |= h << by
		packed[1] |= m << by
		packed[2] |= l << by
		ok = ok && fits
	}
	return packed, ok
}

const (
	wideGroup = 16            // bytes of a row that are summed at a time
	wideReach = 64            // bytes read for a group
	wideStrip = 4 * wideGroup // bytes of a row made at a time by the second pass
)

// wideRows is what the first pass needs to know: see resizeRowsVNNI.
type wideRows struct {
	quads, groups int
	at            []int32
	table         []uint32
}

// newWideRows returns nil where rows are too short, or shrink too much for the taps of a group to lie within reach.
func newWideRows(t *taps, inSize, c int) *wideRows {
	size := len(t.start) * c
	if inSize < wideReach || inSize > 1<<30 || size > 1<<30 {
		return nil
	}
	r := &wideRows{groups: (size + wideGroup - 1) / wideGroup}
	for i := range t.start {
		_, weight := t.row(i)
		r.quads = max(r.quads, (len(weight)+3)/4)
	}
	r.at = make([]int32, 0, r.groups*r.quads)
	r.table = make([]uint32, 0, 4*r.groups*r.quads*wideGroup)
	for to := 0; to < size; to += wideGroup {
		first, _ := t.row(to / c)
		for q := range r.quads {
			from := min((first+4*q)*c, inSize-wideReach)
			r.at = append(r.at, int32(from))
			if !r.group(t, c, to, q, from) {
				return nil
			}
		}
	}
	return r
}

// group adds the table of a group, from byte to of a row on, for a quad of taps; it says whether it is possible.
func (r *wideRows) group(t *taps, c, to, q, from int) bool {
	n := len(r.table)
	r.table = r.table[:n+4*wideGroup]
	table := (*[4 * wideGroup]uint32)(r.table[n:])
	channel := to % c
	for b, pixel := 0, to/c; b < wideGroup && pixel < len(t.start); pixel++ {
		start, weight := t.row(pixel)
		count := min(len(weight)-4*q, 4)
		if count <= 0 { // no such taps: weights of 0
			b += c - channel
			channel = 0
			continue
		}
		first := (start+4*q)*c - from
		if first+(count-1)*c+min(c-1, channel+wideGroup-1-b) >= wideReach {
			return false
		}
		packed, ok := quad(weight, 4*q)
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

// run makes the rows from number first on, four of them or those that there are, interleaved.
func (r *wideRows) run(dst []byte, src *Pixels, first int) {
	var rows [4]int
	for j := range rows {
		rows[j] = min(first+j, src.H-1) * src.W * src.C
	}
	_, _ = dst[4*wideGroup*r.groups-1], src.Pix[rows[3]+src.W*src.C-1]
	switch r.quads {
	case 1:
		resizeRows1VNNI(&dst[0], &src.Pix[0], &rows[0], &r.at[0], &r.table[0], r.groups)
	case 2:
		resizeRows2VNNI(&dst[0], &src.Pix[0], &rows[0], &r.at[0], &r.table[0], r.groups)
	case 3:
		resizeRows3VNNI(&dst[0], &src.Pix[0], &rows[0], &r.at[0], &r.table[0], r.groups)
	default:
		resizeRowsVNNI(&dst[0], &src.Pix[0], &rows[0], &r.at[0], &r.table[0], r.quads, r.groups)
	}
}

// wideColumns is what the second pass needs to know. Output row y is the sum of count[y] quads of rows, the first of which is
// number first[y] of all quads; digits holds theirs, most of them for each row.
type wideColumns struct {
	most         int
	first, count []int32
	digits       [][3]uint32
}

// newWideColumns returns nil where a weight has no digits.
func newWideColumns(t *taps) *wideColumns {
	n := len(t.start)
	w := &wideColumns{first: make([]int32, n), count: make([]int32, n)}
	for y := range n {
		start, weight := t.row(y)
		w.first[y] = int32(start / 4)
		w.count[y] = int32((start+len(weight)+3)/4 - start/4)
		w.most = max(w.most, int(w.count[y]))
	}
	w.digits = make([][3]uint32, n*w.most)
	for y := range n {
		start, weight := t.row(y)
		for q := range w.count[y] {
			var ok bool
			if w.digits[y*w.most+int(q)], ok = quad(weight, 4*int(w.first[y]+q)-start); !ok {
				return nil
			}
		}
	}
	return w
}

// wideBuffers hold what one call of resampleWide needs besides.
var wideBuffers = sync.Pool{New: func() any { return new(wideBuffer) }}

// A wideBuffer is a ring of interleaved rows, and where in it the quads of an output row are.
type wideBuffer struct {
	ring []byte
	at   []int
}

var (
	rowTables    shelf[*wideRows]
	columnTables shelf[*wideColumns]
)

// resampleWide makes dst of src by the AVX-512 loops; it says whether they could. An axis that keeps its length takes part with
// taps of 1, which change nothing.
func resampleWide(dst, src *Pixels, f Filter) bool {
	if !hasWide() {
		return false
	}
	rows := rowTables.get(axis{src.W, dst.W, src.C, f}, func() (*wideRows, int) {
		r := newWideRows(newTaps(src.W, dst.W, f), src.W*src.C, src.C)
		if r == nil {
			return nil, 0
		}
		return r, 4*len(r.at) + 4*len(r.table)
	})
	if rows == nil {
		return false
	}
	columns := columnTables.get(axis{src.H, dst.H, 0, f}, func() (*wideColumns, int) {
		c := newWideColumns(newTaps(src.H, dst.H, f))
		if c == nil {
			return nil, 0
		}
		return c, 8*len(c.first) + 12*len(c.digits)
	})
	if columns == nil {
		return false
	}
	size := dst.W * dst.C
	strips := (size + wideStrip - 1) / wideStrip
	stride := 4 * wideStrip * strips
	b := wideBuffers.Get().(*wideBuffer)
	defer wideBuffers.Put(b)
	b.reserve(columns.most, stride)
	made := 0
	for y := range dst.H {
		first, count := int(columns.first[y]), int(columns.count[y])
		for made = max(made, first); made < first+count; made++ {
			rows.run(b.ring[made%columns.most*stride:][:stride], src, 4*made)
		}
		for q := range count {
			b.at[q] = (first + q) % columns.most * stride
		}
		blendWide(dst.Row(y), b.ring, b.at[:count], columns.digits[y*columns.most:][:count])
	}
	return true
}

// reserve makes room for n quads of rows.
func (b *wideBuffer) reserve(n, stride int) {
	if len(b.ring) < n*stride {
		b.ring = make([]byte, n*stride)
	}
	if len(b.at) < n {
		b.at = make([]int, n)
	}
}

// blendWide makes a row of the interleaved rows that begin at the places at of in.
func blendWide(out, in []byte, at []int, digits [][3]uint32) {
	_ = digits[len(at)-1]
	switch len(at) {
	case 1:
		resizeColumns1VNNI(&out[0], &in[0], &at[0], &digits[0][0], len(out))
	case 2:
		resizeColumns2VNNI(&out[0], &in[0], &at[0], &digits[0][0], len(out))
	case 3:
		resizeColumns3VNNI(&out[0], &in[0], &at[0], &digits[0][0], len(out))
	default:
		resizeColumnsVNNI(&out[0], &in[0], &at[0], &digits[0][0], len(at), len(out))
	}
}
