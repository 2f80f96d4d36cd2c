package kernels

import "shiftmill/kernels/internal/simd"

const (
	// channelTerms bounds the terms of one call of a channel tile, whose weights then rest in the first-level cache.
	channelTerms = 128

	// channelStrip is the number of output positions whose accumulators rest in the second-level cache.
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
// rows are, and reads the weights as a matrix [terms, channels of a block].
func (f *filter) channels512(to target, src []float32, n int, p *Pool) {
	laid := src
	if !f.in.plain() {
		b := f.layOut(src, n*f.groups*f.channels, p)
		defer b.put()
		laid = b.v
	}
	plane := f.outH * f.outW
	strips := (n*plane + channelStrip - 1) / channelStrip
	blocks := len(f.blocks)
	// Blocks outside, so that workers share the weights of one.
	p.Run(f.groups*blocks*strips, func(i int) {
		g, b, strip := i/(blocks*strips), i/strips%blocks, i%strips
		first := n * plane * strip / strips
		last := n * plane * (strip + 1) / strips
		f.channelStrip(to, laid, g, b, first, last)
	})
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
	for i := range row.v {
		n, y, x := (first+i)/plane, (first+i)%plane/f.outW, (first+i)%f.outW
		row.v[i] = (n*f.groups+g)*f.channels*f.in.channel() + y*f.in.pitch + x
		out.v[i] = i * width
	}
	for t := 0; t < f.terms; t += channelTerms {
		taps := f.taps.v[t:min(t+channelTerms, f.terms)]
		f.be.ChannelTiles(count, vectors, len(taps), src, row.v, taps, weights[t*width:], width, acc.v, out.v, t > 0, nil)
	}
	for v := range vectors {
		lanes := min(simd.Lanes, f.m-ch-v*simd.Lanes)
		for i := 0; i < count; { // as far as the image goes
			n, at := (first+i)/plane, (first+i)%plane
			run := min(plane-at, count-i)
			out := f.image(to, n).from(g*f.m + ch + v*simd.Lanes)
			for j := 0; j < run; j += simd.Lanes {
				f.be.Transpose(min(simd.Lanes, run-j), lanes, acc.v[(i+j)*width+v*simd.Lanes:], width, out.v[at+j:], out.pitch)
			}
			for c := range lanes {
				out.finish(f.be, c, at, run)
			}
			i += run
		}
	}
}

// lanes512 is the number of channels of a group with those that fill up the last vector.
func (f *filter) lanes512() int { return (f.m + simd.Lanes - 1) / simd.Lanes * simd.Lanes }
