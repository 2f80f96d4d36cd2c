package kernels

import "shiftmill/kernels/internal/simd"

// gradChunk is the number of positions whose terms form one chain of a weight gradient.
const gradChunk = 1024

// Conv2DBackWeight stores in dw the gradient of a convolution in its weights.
//
// Bits: the positions (image, row, column) of dy are one list, cut into chunks of 1,024; each chunk is one chain from +0,
// terms on the border included, and the chunks' results are added in ascending order onto the first.
func Conv2DBackWeight(dw, dy, x []float32, s ConvShape, p *Pool) {
	s = s.checked("Conv2DBackWeight", x, dw, dy)
	outH, outW := s.OutH(), s.OutW()
	if s.N == 0 {
		clear(dw)
		return
	}
	be := backend()
	in := layout{h: s.H, w: s.W, top: s.PadH, left: s.PadW, strideH: 1, strideW: 1,
		rows: (outH-1)*s.StrideH + (s.KH-1)*s.DilH + 1, pitch: (outW-1)*s.StrideW + (s.KW-1)*s.DilW + 1}
	in.tap(0, 0)
	g := grad{be: be, pool: p, s: s, in: in, outH: outH, outW: outW, x: x, channel: in.channel()}
	g.count = s.N * outH * outW
	g.room = min(g.count, p.Workers()*gradChunk) // what is prepared together is read before it leaves the caches
	g.co, g.ci = s.Co/s.Groups, s.Ci/s.Groups
	g.terms = g.ci * s.KH * s.KW
	g.panels = (g.co + simd.Lanes - 1) / simd.Lanes
	g.blocks = oneVector(g.panels)
	if be == simd.AVX512 {
		g.blocks = channelBlocks(g.co)
	}
	lanes, sums := getFloats(s.Groups*g.panels*simd.Lanes*g.room), getFloats(s.Groups*g.panels*simd.Lanes*g.terms)
	defer lanes.put()
	defer sums.put()
	g.dy, g.sums = lanes.v, sums.v
	shares := 1
	if p.Workers() > 1 {
		shares = max(1, min(2*p.Workers()/s.Groups, g.terms/6))
	}
	layOut := func(c int) { g.layOut(x, c) }
	turn := func(i int) {
		first := g.first + i*gradChunk
		g.transpose(dy, first, min(first+gradChunk, g.end))
	}
	share := func(i int) {
		t0, t1 := g.terms*(i%shares)/shares, g.terms*(i%shares+1)/shares
		if be == simd.AVX512 {
			g.shareChannels(i/shares, t0, t1)
		} else {
			g.share(i/shares, t0, t1)
		}
		if g.end == g.count {
			g.store(dw, i/shares, t0, t1)
		}
	}
	for ; g.first < g.count; g.first = g.end {
		g.end = min(g.first+g.room, g.count)
		var laid *floatBuffer
		if !in.plain() {
			g.channel = g.lines() * in.pitch
			laid = getFloats(s.Ci * g.channel)
			g.x = laid.v
			p.Run(s.Ci, layOut)
		}
		p.Run((g.end-g.first+gradChunk-1)/gradChunk, turn)
		p.Run(s.Groups*shares, share)
		if laid != nil {
			laid.put()
		}
	}
}

// oneVector returns n blocks of 16 channels.
func oneVector(n int) []int {
	blocks := make([]int, n)
	for i := range blocks {
		blocks[i] = 1
	}
	return blocks
}

// A grad is one weight gradient, for positions from first to end at a time: the input, of which the rows that these read are laid
// out unless it can be read where it lies, and dy with the output channels of a block side by side for each position.
type grad struct {
	be            simd.Backend
	pool          *Pool
	s             ConvShape
	in            layout
	outH, outW    int
	count         int   // positions
	room          int   // of them at a time
	first, end    int   // those that dy holds
	co, ci, terms int   // of a group
	panels        int   // of 16 output channels in a group
	blocks        []int // of so many panels
	x, dy         []float32
	sums          []float32 // of the chunks so far: of a group, term after term in shares, block after block
	channel       int       // how far apart the channels of x are
}

// rows returns the rows of input that the positions at hand read of image n: the first, and how many.
func (g *grad) rows(n int) (first, count int) {
	plane := g.outH * g.outW
	y0, y1 := 0, g.outH-1
	if n == g.first/plane {
		y0 = g.first % plane / g.outW
	}
	if n == (g.end-1)/plane {
		y1 = (g.end - 1) % plane / g.outW
	}
	return y0 * g.s.StrideH, (y1-y0)*g.s.StrideH + (g.s.KH-1)*g.s.DilH + 1
}

// start is where row 0 of image n begins in a channel of x. Of what is laid out, images follow each other within a channel, which
// a tile reads from one end to the other, the first image from its first row on.
func (g *grad) start(n int) int {
	if g.in.plain() {
		return n * g.s.Ci * g.channel
	}
	before := n - g.first/(g.outH*g.outW)
	first, count := g.rows(n - before)
	if before == 0 {
		return -first * g.in.pitch
	}
	return (count + (before-1)*g.in.rows) * g.in.pitch
}

// lines is the number of rows that are laid out.
func (g *grad) lines() int {
	last := (g.end - 1) / (g.outH * g.outW)
	first, count := g.rows(last)
	return g.start(last)/g.in.pitch + first + count
}

// layOut lays out a channel of the images at hand.
func (g *grad) layOut(x []float32, c int) {
	plane, size := g.outH*g.outW, g.s.H*g.s.W
	for n := g.first / plane; n <= (g.end-1)/plane; n++ {
		first, count := g.rows(n)
		g.in.copyRows(g.x[c*g.channel+g.start(n)+first*g.in.pitch:], x[(n*g.s.Ci+c)*size:][:size], g.in.pitch, 0, first, count)
	}
}

// block returns where block i of group grp starts for the position first, and how far apart its positions are.
func (g *grad) block(grp, i, first int) (at, width int) {
	width = g.blocks[i] * simd.Lanes
	return (grp*g.panels+g.before(i))*simd.Lanes*g.room + (first-g.first)*width, width
}

// before is the number of panels before block i.
func (g *grad) before(i int) int {
	n := 0
	for _, v := range g.blocks[:i] {
		n += v
	}
	return n
}

// total is where the sums of block i lie for the terms from t0 to t1 of a group: the block's channels side by side for each.
func (g *grad) total(grp, i, t0, t1 int) []float32 {
	at := ((grp*g.terms+t0)*g.panels + (t1-t0)*g.before(i)) * simd.Lanes
	return g.sums[at : at+(t1-t0)*g.blocks[i]*simd.Lanes]
}

// store moves the sums of the terms from t0 to t1 of a group to dw.
func (g *grad) store(dw []float32, grp, t0, t1 int) {
	for i, vectors := range g.blocks {
		sums, width := g.total(grp, i, t0, t1), vectors*simd.Lanes
		for v := range vectors {
			ch := (g.before(i) + v) * simd.Lanes
			rows := min(simd.Lanes, g.co-ch)
			for t := t0; t < t1; t += simd.Lanes {
				g.be.Transpose(min(simd.Lanes, t1-t), rows, sums[(t-t0)*width+v*simd.Lanes:], width, dw[(grp*g.co+ch)*g.terms+t:], g.terms)
			}
		}
	}
}

// transpose fills the blocks for the positions from first to last; lanes without a channel are zero and discarded later.
func (g *grad) transpose(dy []float32, first, last int) {
	plane := g.outH * g.outW
	for grp := range g.s.Groups {
		ch := 0
		for i, vectors := range g.blocks {
			from, width := g.block(grp, i, first)
			out := g.dy[from : from+(last-first)*width]
			if ch+width > g.co {
				clear(out)
			}
			for v := range vectors {
				rows := min(simd.Lanes, g.co-ch)
				for at := first; at < last; {
					n, pix := at/plane, at%plane
					run := min(plane-pix, last-at)
					g.be.Transpose(rows, run, dy[((n*g.s.Groups+grp)*g.co+ch)*plane+pix:], plane, out[(at-first)*width+v*simd.Lanes:], width)
					at += run
				}
				ch += rows
			}
		}
	}
}

// positions sets pos to where the first tap reads for the output positions from first on.
func (g *grad) positions(pos []int, first int) {
	plane := g.outH * g.outW
	n, y, x := first/plane, first%plane/g.outW, first%g.outW
	start := g.start(n)
	for i := range pos {
		pos[i] = start + y*g.s.StrideH*g.in.pitch + x*g.s.StrideW
		if x++; x == g.outW {
			x = 0
			if y++; y == g.outH {
				y = 0
				n++
				start = g.start(n)
			}
		}
	}
}

// termOffsets lists where the terms from t0 to t1 of a group read, relative to a position.
func (g *grad) termOffsets(grp, t0, t1 int) *offsetBuffer {
	row := getOffsets(t1 - t0)
	area := g.s.KH * g.s.KW
	for i := range row.v {
		t := t0 + i
		row.v[i] = (grp*g.ci+t/area)*g.channel + t%area/g.s.KW*g.s.DilH*g.in.pitch + t%g.s.KW*g.s.DilW
	}
	return row
}

// share adds the chunks at hand to the sums of the terms from t0 to t1 of all output channels of a group.
func (g *grad) share(grp, t0, t1 int) {
	tiles := tileRows(t1-t0, tileHeight)
	part := getFloats(6 * simd.Lanes)
	defer part.put()
	pos, row := getOffsets(gradChunk), g.termOffsets(grp, t0, t1)
	defer pos.put()
	defer row.put()
	for first := g.first; first < g.end; first += gradChunk {
		n := min(gradChunk, g.end-first)
		g.positions(pos.v[:n], first)
		for i := range g.panels {
			from, _ := g.block(grp, i, first)
			v, total := g.dy[from:], g.total(grp, i, t0, t1)
			at := 0
			for _, rows := range tiles {
				c := total[at*simd.Lanes:][:rows*simd.Lanes]
				if first == 0 {
					g.be.GradTile(rows, n, g.x, row.v[at:], pos.v, v, c)
				} else {
					g.be.GradTile(rows, n, g.x, row.v[at:], pos.v, v, part.v)
					for j, d := range part.v[:len(c)] {
						c[j] += d
					}
				}
				at += rows
			}
		}
	}
}
