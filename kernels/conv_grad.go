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
	laid := x
	if !in.plain() {
		b := getFloats(s.N * s.Ci * in.channel())
		defer b.put()
		laid = b.v
		p.Run(s.N*s.Ci, func(i int) {
			in.copy(laid[i*in.channel():(i+1)*in.channel()], x[i*s.H*s.W:(i+1)*s.H*s.W])
		})
	}
	g := grad{be: be, s: s, outH: outH, outW: outW, x: laid, channel: in.channel(), pitch: in.pitch}
	g.count = s.N * outH * outW
	g.co, g.ci = s.Co/s.Groups, s.Ci/s.Groups
	g.terms = g.ci * s.KH * s.KW
	g.panels = (g.co + simd.Lanes - 1) / simd.Lanes
	g.blocks = oneVector(g.panels)
	if be == simd.AVX512 {
		g.blocks = channelBlocks(g.co)
	}
	lanes := getFloats(s.Groups * g.panels * simd.Lanes * g.count)
	defer lanes.put()
	g.dy = lanes.v
	chunks := (g.count + gradChunk - 1) / gradChunk
	p.Run(chunks, func(i int) { g.transpose(dy, i*gradChunk, min((i+1)*gradChunk, g.count)) })
	shares := max(1, min(2*p.Workers()/s.Groups, g.terms/6))
	p.Run(s.Groups*shares, func(i int) {
		j := i % shares
		if be == simd.AVX512 {
			g.shareChannels(dw, i/shares, g.terms*j/shares, g.terms*(j+1)/shares)
			return
		}
		g.share(dw, i/shares, g.terms*j/shares, g.terms*(j+1)/shares)
	})
}

// oneVector returns n blocks of 16 channels.
func oneVector(n int) []int {
	blocks := make([]int, n)
	for i := range blocks {
		blocks[i] = 1
	}
	return blocks
}

// A grad is one weight gradient: the laid-out input and dy with the output channels of a block side by side for each
// position.
type grad struct {
	be             simd.Backend
	s              ConvShape
	outH, outW     int
	count          int   // positions
	co, ci, terms  int   // of a group
	panels         int   // of 16 output channels in a group
	blocks         []int // of so many panels
	x, dy          []float32
	channel, pitch int // of the laid-out input
}

// block returns where block i of group grp starts for the position first, and how far apart its positions are.
func (g *grad) block(grp, i, first int) (at, width int) {
	before := 0
	for _, v := range g.blocks[:i] {
		before += v
	}
	width = g.blocks[i] * simd.Lanes
	return (grp*g.panels+before)*simd.Lanes*g.count + first*width, width
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
	for i := range pos {
		pos[i] = n*g.s.Ci*g.channel + y*g.s.StrideH*g.pitch + x*g.s.StrideW
		if x++; x == g.outW {
			x = 0
			if y++; y == g.outH {
				y = 0
				n++
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
		row.v[i] = (grp*g.ci+t/area)*g.channel + t%area/g.s.KW*g.s.DilH*g.pitch + t%g.s.KW*g.s.DilW
	}
	return row
}

// share computes the terms from t0 to t1 of all output channels of a group.
func (g *grad) share(dw []float32, grp, t0, t1 int) {
	tiles := tileRows(t1-t0, tileHeight)
	acc := getFloats(g.panels * (t1 - t0) * simd.Lanes)
	defer acc.put()
	part := getFloats(6 * simd.Lanes)
	defer part.put()
	pos, row := getOffsets(gradChunk), g.termOffsets(grp, t0, t1)
	defer pos.put()
	defer row.put()
	for first := 0; first < g.count; first += gradChunk {
		n := min(gradChunk, g.count-first)
		g.positions(pos.v[:n], first)
		for i := range g.panels {
			from, _ := g.block(grp, i, first)
			v := g.dy[from:]
			at := 0
			for _, rows := range tiles {
				c := acc.v[(i*(t1-t0)+at)*simd.Lanes:][:rows*simd.Lanes]
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
	for o := range g.co {
		from := o/simd.Lanes*(t1-t0)*simd.Lanes + o%simd.Lanes
		for i := range t1 - t0 {
			dw[(grp*g.co+o)*g.terms+t0+i] = acc.v[from+i*simd.Lanes]
		}
	}
}
