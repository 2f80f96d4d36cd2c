package kernels

import "shiftmill/kernels/internal/simd"

const (
	// channelTerms bounds the terms of one call of a channel tile, whose weights rest in the second-level cache.
	channelTerms = 576

	// channelStrip is the number of output positions whose accumulators rest there too.
	channelStrip = 504
)

// channelBlocks cuts m channels into blocks of at most 64, as even as whole groups of 16 allow.
func channelBlocks(m int) []int {
	groups := (m + simd.Lanes - 1) / simd.Lanes
	n := (groups + simd.ChannelVectors - 1) / simd.ChannelVectors
	blocks := make([]int, n)
	for i := range blocks {
		blocks[i] = groups*(i+1)/n - groups*i/n
	}
	return blocks
}

// channels512 computes n images with output channels as lanes and positions as rows, which wastes nothing however short the
// rows are, and reads the weights as a matrix [terms, channels of a block]. Images are taken one at a time, small ones several,
// so that what is laid out for them is read before it leaves the caches.
func (f *filter) channels512(to target, src []float32, n int, p *Pool) {
	parts := n / max(1, channelStrip/(f.outH*f.outW))
	parts = max(1, min(parts, n))
	if p.Workers() > 1 && parts >= 2*p.Workers() {
		p.Run(parts, func(i int) { f.channelImages(to, src, n*i/parts, n*(i+1)/parts, nil) })
		return
	}
	for i := range parts {
		f.channelImages(to, src, n*i/parts, n*(i+1)/parts, p)
	}
}

// channelImages computes the images from first to end together. One worker allocates no closure.
func (f *filter) channelImages(to target, src []float32, first, end int, p *Pool) {
	n, chans := end-first, f.groups*f.channels
	to, src = f.image(to, first), src[first*chans*f.in.h*f.in.w:]
	if !f.in.plain() {
		b := f.layOut(src, n*chans, p)
		defer b.put()
		src = b.v
	}
	strips := (n*f.outH*f.outW + channelStrip - 1) / channelStrip
	units := f.groups * len(f.blocks) * strips
	if p.Workers() == 1 {
		for i := range units {
			f.channelUnit(to, src, n, i, strips)
			p.part()
		}
		return
	}
	p.Run(units, func(i int) { f.channelUnit(to, src, n, i, strips) })
}

// channelUnit computes a strip and a block, which are outside, so that workers share the weights of one.
func (f *filter) channelUnit(to target, src []float32, n, unit, strips int) {
	const tall = 3 * simd.Lanes // whole tiles and whole vectors of results
	blocks, positions := len(f.blocks), n*f.outH*f.outW
	g, b, strip := unit/(blocks*strips), unit/strips%blocks, unit%strips
	pieces := (positions + tall - 1) / tall
	f.channelStrip(to, src, g, b, pieces*strip/strips*tall, min(pieces*(strip+1)/strips*tall, positions))
}

// channelStrip computes the positions from first to last, over images, of one block of channels.
func (f *filter) channelStrip(to target, src []float32, g, block, first, last int) {
	vectors, ch := f.blocks[block], 0
	for _, v := range f.blocks[:block] {
		ch += v * simd.Lanes
	}
	width := vectors * simd.Lanes
	weights := f.weights.v[(g*f.lanes512()+ch)*f.terms:]
	plane, count := f.outH*f.outW, last-first
	acc := getFloats(count * width)
	defer acc.put()
	row, out := getOffsets(count), getOffsets(count)
	defer row.put()
	defer out.put()
	image, y, x := first/plane, first%plane/f.outW, first%f.outW
	for i := range row.v {
		row.v[i], out.v[i] = (image*f.groups+g)*f.channels*f.in.channel()+y*f.in.pitch+x, i*width
		if x++; x == f.outW {
			x = 0
			if y++; y == f.outH {
				y = 0
				image++
			}
		}
	}
	calls := (f.terms + channelTerms - 1) / channelTerms
	for i := range calls {
		t0, t1 := f.terms*i/calls, f.terms*(i+1)/calls
		f.be.ChannelTiles(count, vectors, t1-t0, src, row.v, f.taps.v[t0:t1], weights[t0*width:], width, acc.v, out.v, i > 0, nil)
	}
	for v := range vectors {
		lanes := min(simd.Lanes, f.m-ch-v*simd.Lanes)
		for i := 0; i < count; { // as far as the image goes
			n, pos := (first+i)/plane, (first+i)%plane
			run := min(plane-pos, count-i)
			out := f.image(to, n).from(g*f.m + ch + v*simd.Lanes)
			for j := 0; j < run; j += simd.Lanes {
				f.be.Transpose(min(simd.Lanes, run-j), lanes, acc.v[(i+j)*width+v*simd.Lanes:], width, out.v[pos+j:], out.pitch)
			}
			for c := range lanes {
				out.finish(f.be, c, pos, run)
			}
			i += run
		}
	}
}

// lanes512 is the number of channels of a group with those that fill up the last vector.
func (f *filter) lanes512() int { return (f.m + simd.Lanes - 1) / simd.Lanes * simd.Lanes }
