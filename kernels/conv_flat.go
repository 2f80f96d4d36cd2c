package kernels

import "shiftmill/kernels/internal/simd"

// A flat plan computes a convolution with lanes that are neighbours in the plane taken flat: a row of output positions
// goes on into the next, over the columns between them, whose lanes are computed and not stored. It needs no gathering
// and no overlap, and wastes little unless rows are short.
type flatPlan struct {
	groups []simd.LaneGroup // an even number, in order of positions
	first  []int            // first output position that group 2i and 2i+1 store, and the end
}

// flatStrip is the number of pairs of groups that a strip has: so many positions that their input rests in the second-level
// cache, while the weights of a tile rest in the first.
const flatStrip = 16

// flattens reports that 16 neighbouring lanes never touch three rows, and that a plane has as many.
func flattens(h, w, pitch int) bool {
	return laneSpan(h, w, pitch) >= simd.Lanes && (h == 1 || 2*pitch-w >= simd.Lanes-1)
}

// laneSpan is the number of lanes from the first of h x w output positions to the last, rows being pitch lanes apart.
func laneSpan(h, w, pitch int) int { return (h-1)*pitch + w }

// fill lists the groups of h x w output positions whose input rows are pitch apart, and whose output rows are to apart. The
// last group is moved back to end with the plane, so that nothing behind it is read. Memory is kept from call to call.
func (p *flatPlan) fill(h, w, pitch, to int) {
	n := (laneSpan(h, w, pitch) + simd.Lanes - 1) / simd.Lanes
	p.groups, p.first = p.groups[:0], p.first[:0]
	for i := range n {
		q := min(i*simd.Lanes, laneSpan(h, w, pitch)-simd.Lanes)
		g := simd.LaneGroup{Src: q}
		y := q / pitch
		if q%pitch >= w { // it begins between two rows
			y++
		}
		g.At0 = y*to + q - y*pitch
		g.At1 = (y+1)*to + q - (y+1)*pitch
		for lane := range simd.Lanes {
			if q+lane < i*simd.Lanes || (q+lane)%pitch >= w {
				continue
			}
			at := 1 << lane
			if i%2 == 0 && g.Mask0|g.Mask1 == 0 {
				p.first = append(p.first, (q+lane)/pitch*to+(q+lane)%pitch)
			}
			if (q+lane)/pitch == y {
				g.Mask0 |= at
			} else {
				g.Mask1 |= at
			}
		}
		if i%2 == 0 && g.Mask0|g.Mask1 == 0 { // between two rows: the pair starts with the next row
			p.first = append(p.first, y*to)
		}
		p.groups = append(p.groups, g)
	}
	if n%2 == 1 {
		p.groups = append(p.groups, simd.LaneGroup{Src: p.groups[n-1].Src})
	}
	p.first = append(p.first, h*to)
}

// pair returns the two groups of pair i.
func (p *flatPlan) pair(i int) *[2]simd.LaneGroup { return (*[2]simd.LaneGroup)(p.groups[2*i:]) }

// strips is the number of strips of one image and one group of channels.
func (p *flatPlan) strips() int { return (len(p.groups)/2 + flatStrip - 1) / flatStrip }

// flatStrip computes a strip of an image laid out in src: the channels of the tiles from tile0 to tile1 of group g.
func (f *filter) flatStrip(plan *flatPlan, dst, src, bias []float32, g, strip, tile0, tile1 int) {
	plane := f.outH * f.outW
	out := dst[g*f.m*plane:]
	in := src[g*f.channels*f.in.channel():]
	weights := f.weights.v[g*f.m*f.terms:]
	lo, hi := strip*flatStrip, min((strip+1)*flatStrip, len(plan.groups)/2)
	taps, from := f.taps.v, 0
	if f.scattered() {
		from = plan.groups[2*lo].Src
		b, o := f.gatherRows(in, from, plan.groups[2*hi-1].Src+simd.Lanes-from)
		defer b.put()
		defer o.put()
		in, taps = b.v, o.v
	}
	for pair := lo; pair < hi; pair++ {
		g := *plan.pair(pair)
		g[0].Src -= from
		g[1].Src -= from
		f.flatTiles(&g, out, plane, in, weights, taps, tile0, tile1)
	}
	if bias != nil {
		for r := f.m * tile0 / len(f.tiles); r < f.m*tile1/len(f.tiles); r++ {
			row := out[r*plane+plan.first[lo] : r*plane+plan.first[hi]]
			f.be.Offset(bias[g*f.m+r], row, row)
		}
	}
}

// flatTerms bounds the terms of a flat tile, so that what they read of 32 lanes rests in the first-level cache while the
// tiles of all channels pass by.
const flatTerms = 320

// flatTiles computes the tiles from tile0 to tile1 of two groups of lanes; channels of dst are ldc apart.
func (f *filter) flatTiles(g *[2]simd.LaneGroup, dst []float32, ldc int, src, weights []float32, taps []int, tile0, tile1 int) {
	blocks := (f.terms + flatTerms - 1) / flatTerms
	for b := range blocks {
		t0, t1 := f.terms*b/blocks, f.terms*(b+1)/blocks
		at := f.m * tile0 / len(f.tiles)
		for _, rows := range f.tiles[tile0:tile1] {
			f.be.FlatTile(rows, t1-t0, weights[at*f.terms+t0*rows:], src, taps[t0:t1], g, dst[at*ldc:], ldc, b > 0)
			at += rows
		}
	}
}

// scattered reports that the taps of one position lie on many pages, in no order that the processor foresees, while a strip
// of each is read from beginning to end: then strips are copied together first.
func (f *filter) scattered() bool {
	return f.outH == 1 && f.terms >= 64 && f.in.channel() >= 1024 && f.m > 16
}

// gatherRows copies n positions from first on, of every tap, and returns where the taps then read.
func (f *filter) gatherRows(in []float32, first, n int) (*floatBuffer, *offsetBuffer) {
	pitch := n&^511 + 512 + simd.Lanes // no two rows in the same sets of a cache
	b, o := getFloats(f.terms*pitch), getOffsets(f.terms)
	for t, at := range f.taps.v {
		copy(b.v[t*pitch:][:n], in[at+first:])
		o.v[t] = t * pitch
	}
	return b, o
}

// flat512 computes n images, several at a time where there are enough of them, else a strip and some tiles at a time.
func (f *filter) flat512(dst, src, bias []float32, n int, p *Pool) {
	plan := new(flatPlan)
	plan.fill(f.outH, f.outW, f.in.pitch, f.outW)
	chans := f.groups * f.channels
	size, out := chans*f.in.h*f.in.w, f.groups*f.m*f.outH*f.outW
	if n >= 2*p.Workers() {
		p.Run(n, func(i int) {
			f.flatOne(plan, dst[i*out:(i+1)*out], src[i*size:(i+1)*size], bias, nil)
		})
		return
	}
	for i := range n {
		f.flatOne(plan, dst[i*out:(i+1)*out], src[i*size:(i+1)*size], bias, p)
	}
}

func (f *filter) flatOne(plan *flatPlan, dst, src, bias []float32, p *Pool) {
	if !f.in.plain() {
		b := f.layOut(src, f.groups*f.channels, p)
		defer b.put()
		src = b.v
	}
	strips := plan.strips()
	parts := 1 // of the tiles
	if units := f.groups * strips; units < 2*p.Workers() && p.Workers() > 1 {
		parts = min(len(f.tiles), (2*p.Workers()+units-1)/units)
	}
	p.Run(f.groups*strips*parts, func(i int) {
		part := i % parts
		i /= parts
		f.flatStrip(plan, dst, src, bias, i/strips, i%strips, len(f.tiles)*part/parts, len(f.tiles)*(part+1)/parts)
	})
}

// layOut copies channels as the taps read them.
func (f *filter) layOut(src []float32, channels int, p *Pool) *floatBuffer {
	size, laid := f.in.h*f.in.w, f.in.channel()
	b := getFloats(channels * laid)
	const each = 8
	p.Run((channels+each-1)/each, func(i int) {
		for c := i * each; c < min((i+1)*each, channels); c++ {
			f.in.copy(b.v[c*laid:(c+1)*laid], src[c*size:(c+1)*size])
		}
	})
	return b
}
