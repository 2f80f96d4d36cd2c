package kernels

import "shiftmill/kernels/internal/simd"

// A flat plan computes a convolution with lanes that are neighbours in the plane taken flat: a row of output positions
// goes on into the next, over the columns between them, whose lanes are computed and not stored. It needs no gathering
// and no overlap, and wastes little unless rows are short.
type flatPlan struct {
	groups []simd.LaneGroup // in order of positions
}

// flatStrip is the number of sets of groups that a strip has: so many positions that their input rests in the second-level
// cache, while the weights of a tile rest in the first.
const flatStrip = 11

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
	p.groups = p.groups[:0]
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
			if (q+lane)/pitch == y {
				g.Mask0 |= at
			} else {
				g.Mask1 |= at
			}
		}
		p.groups = append(p.groups, g)
	}
}

// set returns the groups of a tile: three, or what is left of the last.
func (p *flatPlan) set(i int) []simd.LaneGroup {
	return p.groups[i*simd.FlatGroups : min((i+1)*simd.FlatGroups, len(p.groups))]
}

// sets is the number of sets of groups.
func (p *flatPlan) sets() int { return (len(p.groups) + simd.FlatGroups - 1) / simd.FlatGroups }

// strips is the number of strips of one image and one group of channels.
func (p *flatPlan) strips() int { return (p.sets() + flatStrip - 1) / flatStrip }

// strip returns the sets of a strip.
func (p *flatPlan) strip(i int) (first, end int) {
	return i * flatStrip, min((i+1)*flatStrip, p.sets())
}

// flatTerms bounds the terms of a flat tile, so that what they read of 48 lanes rests in the first-level cache while the
// tiles of all channels pass by: taps of one channel read mostly the same.
const flatTerms = 320

// flatTiles computes the tiles from tile0 to tile1 of a set of groups; channels of the target are its pitch apart.
func (f *filter) flatTiles(set []simd.LaneGroup, to target, src, weights []float32, taps []int, tile0, tile1 int) {
	var room simd.Ending
	blocks := (f.terms + flatTerms - 1) / flatTerms
	for b := range blocks {
		t0, t1 := f.terms*b/blocks, f.terms*(b+1)/blocks
		at := f.m * tile0 / len(f.tiles)
		for _, rows := range f.tiles[tile0:tile1] {
			var last *simd.Ending
			if t1 == f.terms {
				last = to.ending(&room, at, 0)
			}
			f.be.FlatTile(rows, t1-t0, weights[at*f.terms+t0*rows:], src, taps[t0:t1], set, to.v[at*to.pitch:], to.pitch, b > 0, last)
			at += rows
		}
	}
}

// flat512 computes n images, several at a time where there are enough of them, else a strip and some tiles at a time.
func (f *filter) flat512(to target, src []float32, n int, p *Pool) {
	if f.plan == nil && !f.matrix {
		f.plan = new(flatPlan)
		f.plan.fill(f.outH, f.outW, f.in.pitch, f.outW)
	}
	size := f.groups * f.channels * f.in.h * f.in.w
	if p.Workers() > 1 && n >= 2*p.Workers() {
		p.Run(n, func(i int) { f.flatOne(f.image(to, i), src[i*size:(i+1)*size], nil) })
		return
	}
	for i := range n {
		f.flatOne(f.image(to, i), src[i*size:(i+1)*size], p)
	}
}

// image is the target of image i of several.
func (f *filter) image(to target, i int) target {
	channel := to.channel
	to = to.from(i * f.groups * f.m)
	to.channel = channel
	return to
}

func (f *filter) flatOne(to target, src []float32, p *Pool) {
	if !f.in.plain() {
		b := f.layOut(src, f.groups*f.channels, p)
		defer b.put()
		src = b.v
	}
	each := f.channels * f.in.channel()
	if f.matrix {
		for g := range f.groups {
			r := product{be: f.be, m: f.m, n: f.outH * f.outW, k: f.terms, to: to.from(g * f.m), left: f.left[g*f.m*f.terms:],
				right: factor{v: src[g*each:], pitch: f.in.channel()}}
			r.run(p)
		}
		return
	}
	units, parts := f.groups*f.plan.strips(), 1 // of the tiles
	if units < 2*p.Workers() && p.Workers() > 1 {
		parts = min(len(f.tiles), (2*p.Workers()+units-1)/units)
	}
	f.flatUnits(to, src, units*parts, parts, p)
}

// flatUnits computes so many units of an image, each a strip and a part of the tiles. One worker allocates no closure.
func (f *filter) flatUnits(to target, src []float32, units, parts int, p *Pool) {
	if p.Workers() == 1 {
		for i := range units {
			f.flatUnit(to, src, i/parts, i%parts, parts)
			p.part()
		}
		return
	}
	p.Run(units, func(i int) { f.flatUnit(to, src, i/parts, i%parts, parts) })
}

func (f *filter) flatUnit(to target, src []float32, strip, part, parts int) {
	g, strip := strip/f.plan.strips(), strip%f.plan.strips()
	src = src[g*f.channels*f.in.channel():]
	first, end := f.plan.strip(strip)
	for set := first; set < end; set++ {
		f.flatTiles(f.plan.set(set), to.from(g*f.m), src, f.weights.v[g*f.m*f.terms:], f.taps.v, len(f.tiles)*part/parts, len(f.tiles)*(part+1)/parts)
	}
}

// layOut copies channels as the taps read them.
func (f *filter) layOut(src []float32, channels int, p *Pool) *floatBuffer {
	b := getFloats(channels * f.in.channel())
	if p.Workers() == 1 {
		f.layOutPart(b.v, src, 0, channels)
		p.part()
		return b
	}
	const each = 8
	p.Run((channels+each-1)/each, func(i int) { f.layOutPart(b.v, src, i*each, min((i+1)*each, channels)) })
	return b
}

func (f *filter) layOutPart(laid, src []float32, first, end int) {
	from, to := f.in.h*f.in.w, f.in.channel()
	for c := first; c < end; c++ {
		f.in.copy(laid[c*to:(c+1)*to], src[c*from:(c+1)*from])
	}
}
