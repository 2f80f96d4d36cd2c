package kernels

import "shiftmill/kernels/internal/simd"

const (
	// channelTerms bounds the terms of one call of a channel tile, whose weights rest in the second-level cache.
	channelTerms = 576

	// channelStrip is the number of output positions whose accumulators rest there too.
	channelStrip = 504

	// channelBand is the number of values that are laid out together, where an image has more.
	channelBand = 1 << 16
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

// A laid input is where channel tiles read: tap t of the output position (y, x) of image i and group g at
// v[i*image+g*group+(y-first)*row+x+f.taps[t]].
type laid struct {
	v                 []float32
	image, group, row int
	first             int
	ahead             simd.Ahead // what is laid out next, a channel a step
}

// channelImages computes the images from first to end together. What is laid out of a large one, some rows at a time, is read
// before it leaves the second-level cache.
func (f *filter) channelImages(to target, src []float32, first, end int, p *Pool) {
	n, chans := end-first, f.groups*f.channels
	to, src = f.image(to, first), src[first*chans*f.in.h*f.in.w:]
	if f.in.plain() {
		f.channelPositions(to, laid{v: src, image: chans * f.in.channel(), group: f.channels * f.in.channel(), row: f.in.pitch}, 0, n*f.outH*f.outW, p)
		return
	}
	line, halo, bands := f.in.line(chans), f.in.rows-f.outH, 1
	if n == 1 {
		rows := max(channelBand/line-halo, 2*halo, 1)
		bands = (f.outH + rows - 1) / rows
	}
	for b := range bands {
		y0, y1 := f.outH*b/bands, f.outH*(b+1)/bands
		rows := y1 - y0 + halo
		buf := getFloats(n * rows * line)
		f.layLines(buf.v, src, n, y0, rows, p)
		in := laid{v: buf.v, image: rows * line, group: f.in.line(f.channels), row: line, first: y0, ahead: simd.Ahead{Step: f.in.h * f.in.w}}
		if next := min(max(((y1+halo)*f.in.strideH-f.in.top)*f.in.w, 0), len(src)); b+1 < bands {
			in.ahead.V = src[next:]
		} else if n == 1 {
			in.ahead.V = src[chans*f.in.h*f.in.w:]
		}
		f.channelPositions(to, in, y0*f.outW, ((n-1)*f.outH+y1)*f.outW, p)
		buf.put()
	}
}

// layLines lays out so many rows of n images from row first on, those of all channels side by side.
func (f *filter) layLines(out, src []float32, n, first, rows int, p *Pool) {
	chans := f.groups * f.channels
	if p.Workers() == 1 { // allocates no closure
		f.layLinesPart(out, src, first, rows, 0, n*chans)
		p.part()
		return
	}
	const each = 8
	p.Run((n*chans+each-1)/each, func(i int) { f.layLinesPart(out, src, first, rows, i*each, min((i+1)*each, n*chans)) })
}

// layLinesPart lays out the channels from c0 to c1, counted over images.
func (f *filter) layLinesPart(out, src []float32, first, rows, c0, c1 int) {
	chans, size := f.groups*f.channels, f.in.h*f.in.w
	line, channel := f.in.line(chans), f.in.line(1)
	for c := c0; c < c1; c++ {
		f.in.copyRows(out[c/chans*rows*line+c%chans*channel:], src[c*size:(c+1)*size], line, f.in.pitch, first, rows)
	}
}

// channelPositions computes the positions from first to last, counted over images. One worker allocates no closure.
func (f *filter) channelPositions(to target, in laid, first, last int, p *Pool) {
	strips := (last - first + channelStrip - 1) / channelStrip
	units := f.groups * len(f.blocks) * strips
	if p.Workers() == 1 {
		for i := range units {
			f.channelUnit(to, in, first, last, i, strips)
			p.part()
		}
		return
	}
	p.Run(units, func(i int) { f.channelUnit(to, in, first, last, i, strips) })
}

// channelUnit computes a strip and a block, which are outside, so that workers share the weights of one.
func (f *filter) channelUnit(to target, in laid, first, last, unit, strips int) {
	const tall = 3 * simd.Lanes // whole tiles and whole vectors of results
	blocks, positions := len(f.blocks), last-first
	g, b, strip := unit/(blocks*strips), unit/strips%blocks, unit%strips
	pieces := (positions + tall - 1) / tall
	in.ahead.V = in.ahead.V[min(f.groups*f.channels*unit/(f.groups*blocks*strips)*in.ahead.Step, len(in.ahead.V)):]
	f.channelStrip(to, in, g, b, first+pieces*strip/strips*tall, min(first+pieces*(strip+1)/strips*tall, last))
}

// channelStrip computes the positions from first to last, over images, of one block of channels.
func (f *filter) channelStrip(to target, in laid, g, block, first, last int) {
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
		row.v[i], out.v[i] = image*in.image+g*in.group+(y-in.first)*in.row+x, i*width
		if x++; x == f.outW {
			x = 0
			if y++; y == f.outH {
				y = 0
				image++
			}
		}
	}
	if first/plane == (last-1)/plane { // else the channels' places do not lie together
		in.ahead.Aside, in.ahead.Apart = f.image(to, first/plane).from(g*f.m + ch).v[first%plane:], to.pitch
	}
	calls := (f.terms + channelTerms - 1) / channelTerms
	for i := range calls {
		t0, t1 := f.terms*i/calls, f.terms*(i+1)/calls
		f.be.ChannelTiles(count, vectors, t1-t0, in.v, row.v, f.taps.v[t0:t1], weights[t0*width:], width, acc.v, out.v, i > 0, nil, in.ahead)
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
