package kernels

import "shiftmill/kernels/internal/simd"

// shareChannels is share by channel tiles: six terms for up to 64 output channels at once.
func (g *grad) shareChannels(grp, t0, t1 int) {
	terms := t1 - t0
	row, pos, out := g.termOffsets(grp, t0, t1), getOffsets(gradChunk), getOffsets(terms)
	defer row.put()
	defer out.put()
	defer pos.put()
	part := getFloats(terms * simd.ChannelVectors * simd.Lanes)
	defer part.put()
	for i, vectors := range g.blocks {
		width := vectors * simd.Lanes
		for t := range out.v {
			out.v[t] = t * width
		}
		total := g.total(grp, i, t0, t1)
		for first := g.first; first < g.end; first += gradChunk {
			n := min(gradChunk, g.end-first)
			g.positions(pos.v[:n], first)
			acc := part.v[:len(total)]
			if first == 0 {
				acc = total
			}
			from, _ := g.block(grp, i, first)
			g.be.ChannelTiles(terms, vectors, n, g.x, row.v, pos.v[:n], g.dy[from:], width, acc, out.v, false, nil, simd.Ahead{})
			if first > 0 {
				g.be.Add(total, total, acc)
			}
			g.pool.part()
		}
	}
}
