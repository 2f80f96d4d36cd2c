package kernels

import "shiftmill/kernels/internal/simd"

// maxTerms bounds the terms of one call of a tile, so that the panels it reads stay in the first-level cache.
const maxTerms = 384

// tileHeight is the largest number of rows of a tile.
const tileHeight = 6

// A filter is a planned convolution, forward or backward in the data: for each group, m output channels are chains of
// terms over the taps of the group's input channels.
type filter struct {
	groups, m, terms int
	channels         int // input channels a group
	in               layout
	outH, outW       int
	be               simd.Backend
	gathered         bool          // lanes are single positions, in no order
	matrix           bool          // a matrix product for each image
	plan             *flatPlan     // of one image; made when first used
	tiles            []int         // row counts that add up to m, at most tall each
	blocks           []int         // with channels as lanes: vectors a block of channels; else nil
	weights          *floatBuffer  // for each group and tile: terms x rows; or group and block: terms x channels; may be nil
	left             []float32     // of a matrix product, for each group: m x terms
	batch            int           // images computed together
	whole            *strips       // of so many images
	taps             *offsetBuffer // for each term: where it reads, relative to the group's first channel
}

// tileRows splits m rows into the fewest tiles of at most tall, as even as can be: short tiles wait on their own chains.
func tileRows(m, tall int) []int {
	n := (m + tall - 1) / tall
	rows := make([]int, n)
	for i := range rows {
		rows[i] = m*(i+1)/n - m*i/n
	}
	return rows
}

// pack chooses how the filter runs on n images and stores the weights in the order in which the tiles read them. In w, a
// group starts every group elements, a row every row, and term t of a row is at term[t].
func (f *filter) pack(w []float32, group, row int, term []int, n int, p *Pool) {
	f.be = backend()
	if f.terms == 0 { // positions that no tap reaches
		f.weights = getFloats(0)
		return
	}
	tall := tileHeight
	if f.be == simd.AVX512 {
		tall = simd.FlatRows
		f.matrix = f.terms == f.channels && f.in.rows == f.outH && f.in.pitch == f.outW && f.taps.v[0] == 0
		if !f.matrix && !flattens(f.outH, f.outW, f.in.pitch) || f.channelCost(n) < f.flatCost() {
			f.packChannels(w, group, row, term, p)
			return
		}
		if f.matrix {
			f.packMatrix(w, group, row, term, p)
			return
		}
	}
	f.packTiles(w, group, row, term, tall, p)
}

// packTiles prepares for lanes that are positions.
func (f *filter) packTiles(w []float32, group, row int, term []int, tall int, p *Pool) {
	f.tiles = tileRows(f.m, tall)
	f.weights = getFloats(f.groups * f.m * f.terms)
	p.Run(f.groups*len(f.tiles), func(i int) {
		g, tile := i/len(f.tiles), i%len(f.tiles)
		first := f.m * tile / len(f.tiles)
		rows := f.tiles[tile]
		out := f.weights.v[(g*f.m+first)*f.terms:][:rows*f.terms]
		f.turn(out, w[g*group+first*row:], row, term, rows, rows)
	})
}

// packMatrix prepares for a product: for each group, the weights as [m, terms], as which they may lie already.
func (f *filter) packMatrix(w []float32, group, row int, term []int, p *Pool) {
	if row == f.terms && group == f.m*row && term[0] == 0 && term[f.terms-1] == f.terms-1 {
		f.left = w
		return
	}
	f.weights = getFloats(f.groups * f.m * f.terms)
	f.left = f.weights.v
	p.Run(f.groups, func(g int) {
		w, out := w[g*group:], f.left[g*f.m*f.terms:]
		if f.terms > 1 && row == 1 { // the terms lie as far apart as the first two
			step := term[1] - term[0]
			for t := 0; t < f.terms; t += simd.Lanes {
				f.be.Transpose(min(simd.Lanes, f.terms-t), f.m, w[term[t]:], step, out[t:], f.terms)
			}
			return
		}
		for r := range f.m {
			for t, at := range term {
				out[r*f.terms+t] = w[r*row+at]
			}
		}
	})
}

// turn stores term t of row r in out[t*pitch+r], for up to 16 rows. Terms that lie together are moved together.
func (f *filter) turn(out, w []float32, row int, term []int, rows, pitch int) {
	if row == 1 { // nothing is to be turned
		for t, at := range term {
			copy(out[t*pitch:t*pitch+rows], w[at:])
		}
		return
	}
	for t := 0; t < len(term); {
		n := 1
		for t+n < len(term) && term[t+n] == term[t]+n {
			n++
		}
		f.be.Transpose(rows, n, w[term[t]:], row, out[t*pitch:], pitch)
		t += n
	}
}

// packChannels prepares for lanes that are channels; those that fill up the last vector have weights of zero.
func (f *filter) packChannels(w []float32, group, row int, term []int, p *Pool) {
	f.blocks = channelBlocks(f.m)
	if !f.in.plain() {
		f.in.lines(f.taps.v, f.groups*f.channels)
	}
	f.weights = getFloats(f.groups * f.lanes512() * f.terms)
	p.Run(f.groups*len(f.blocks), func(i int) {
		g, b, ch := i/len(f.blocks), i%len(f.blocks), 0
		for _, v := range f.blocks[:b] {
			ch += v * simd.Lanes
		}
		width := f.blocks[b] * simd.Lanes
		out := f.weights.v[(g*f.lanes512()+ch)*f.terms:][:width*f.terms]
		if ch+width > f.m {
			clear(out)
		}
		for v := range f.blocks[b] {
			first := ch + v*simd.Lanes
			f.turn(out[v*simd.Lanes:], w[g*group+first*row:], row, term, min(simd.Lanes, f.m-first), width)
		}
	})
}

// flatCost and channelCost are about the time for each term and image, in multiply-adds of a full flat tile. Wasted lanes
// count, and those that a short tile could have made while it waits.
func (f *filter) flatCost() float64 {
	lanes := (laneSpan(f.outH, f.outW, f.in.pitch) + simd.Lanes - 1) / simd.Lanes * simd.Lanes
	if f.matrix {
		return aligned * float64(lanes*f.m)
	}
	const least = 3 // rows that keep the pipes full
	rows := 0
	for _, r := range tileRows(f.m, simd.FlatRows) {
		rows += max(r, least)
	}
	return float64(lanes * rows)
}

func (f *filter) channelCost(n int) float64 {
	positions := float64(n * f.outH * f.outW)
	tiles := float64((n*f.outH*f.outW + simd.ChannelRows - 1) / simd.ChannelRows * simd.ChannelRows)
	const storing = 15 // terms' time, for results are turned once more
	cost := 0.0
	for _, v := range channelBlocks(f.m) {
		cost += channelCosts[v-1] + storing*float64(v*simd.Lanes)/float64(f.terms)
	}
	return cost * float64(f.outH*f.outW) * tiles / positions
}

// aligned is what a tile of a product takes beside a flat one, whose loads cross cache lines, and channelCosts what a
// position of a channel tile of so many vectors takes, as measured: short ones load more for what they multiply.
const aligned = 0.83

var channelCosts = [simd.ChannelVectors]float64{23, 35, 43, 53}

func (f *filter) release() {
	if f.weights != nil {
		f.weights.put()
	}
	f.taps.put()
}

// run computes n images, [n, groups*channels, h, w] in src, to rows that are the planes [n, groups*m] of the target.
func (f *filter) run(to target, src []float32, n int, p *Pool) {
	plane := f.outH * f.outW
	if n == 0 || plane == 0 {
		return
	}
	switch {
	case f.terms == 0:
		clear(to.v[:n*f.groups*f.m*plane])
	case f.blocks != nil:
		f.channels512(to, src, n, p)
		return
	case f.be == simd.AVX512 && !f.gathered:
		f.flat512(to, src, n, p)
		return
	default:
		f.positions(to.v, src, to.end.bias(), n, p)
		if to.end == nil && to.add == nil {
			return
		}
	}
	p.Run(n*f.groups*f.m, func(i int) {
		ch := i % (f.groups * f.m)
		image := f.image(to, i/(f.groups*f.m))
		if f.terms == 0 {
			image.finish(f.be, ch, 0, plane)
			return
		}
		image.rest(f.be, ch, 0, plane)
	})
}

// positions computes n images with eight or single positions as lanes. The bias may be nil.
func (f *filter) positions(dst, src, bias []float32, n int, p *Pool) {
	plane := f.outH * f.outW
	if f.in.plain() && f.in.rows > 1 && f.flat() {
		f.in.h, f.in.w, f.in.rows, f.in.pitch = 1, plane, 1, plane
		f.outH, f.outW = 1, plane
	}
	// Narrow images go several at a time, one output position a lane.
	batch := 1
	if f.outW < simd.Group {
		batch = min(n, max(1, narrowPositions/plane))
	}
	parts := (n + batch - 1) / batch
	f.batch, f.whole = batch, f.strips(batch)
	defer f.whole.release()
	inner := p
	if parts >= 2*p.Workers() || parts > 1 && f.outW < simd.Group {
		inner = nil
	}
	each := func(i int) {
		first, last := i*batch, min((i+1)*batch, n)
		out := f.groups * f.m * plane
		size := f.groups * f.channels * f.in.h * f.in.w
		f.images(dst[first*out:last*out], src[first*size:last*size], bias, last-first, inner)
	}
	if inner == nil {
		p.Run(parts, each)
		return
	}
	for i := range parts {
		each(i)
	}
}

// flat reports that every tap reads the plane from its first element, as a 1x1 convolution does.
func (f *filter) flat() bool {
	for _, o := range f.taps.v {
		if o%f.in.channel() != 0 {
			return false
		}
	}
	return f.outH == f.in.h && f.outW == f.in.w
}

// images computes a few images: their layout first, then strips of output positions.
func (f *filter) images(dst, src, bias []float32, n int, p *Pool) {
	chans, size := f.groups*f.channels, f.in.h*f.in.w
	laid := src
	if !f.in.plain() {
		b := getFloats(n * chans * f.in.channel())
		defer b.put()
		laid = b.v
		if p == nil { // no closure, which would be the only allocation
			for i := range n * chans {
				f.in.copy(laid[i*f.in.channel():(i+1)*f.in.channel()], src[i*size:(i+1)*size])
			}
		} else {
			p.Run(n*chans, func(i int) {
				f.in.copy(laid[i*f.in.channel():(i+1)*f.in.channel()], src[i*size:(i+1)*size])
			})
		}
	}
	s := f.whole
	if n != f.batch && s.narrow { // the last images of a run
		s = f.strips(n)
		defer s.release()
	}
	if p == nil {
		for i := range f.groups * s.count() {
			f.strip(dst, laid, bias, s, i)
		}
		return
	}
	p.Run(f.groups*s.count(), func(i int) { f.strip(dst, laid, bias, s, i) })
}

// strip computes strip number i of all groups.
func (f *filter) strip(dst, src, bias []float32, s *strips, i int) {
	g, at := i/s.count(), s.span(i%s.count())
	if s.narrow {
		f.narrow(dst, src, bias, g, at)
		return
	}
	f.wide(dst, src, bias, g, at)
}

func addBias(y, bias []float32, n, c, plane int) {
	if bias == nil {
		return
	}
	for i := range n * c {
		b := bias[i%c]
		row := y[i*plane : (i+1)*plane]
		for j := range row {
			row[j] += b
		}
	}
}

// target is a tensor [images, groups*m, outH, outW] as a target.
func (f *filter) target(dst []float32, e *ending) target {
	return target{v: dst, pitch: f.outH * f.outW, end: e}
}
