package kernels

import "shiftmill/kernels/internal/simd"

// gradPositions is the number of positions of a chunk that a channel tile takes at a time: dy's then rest in the
// first-level cache while all terms pass by.
const gradPositions = 128

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
			for p := 0; p < n; p += gradPositions {
				at := pos.v[p:min(p+gradPositions, n)]
				v := g.dy[from+p*width:]
				g.be.ChannelTiles(terms, vectors, len(at), g.x, row.v, at, v, width, acc, out.v, p > 0, nil, simd.Ahead{})
			}
			if first > 0 {
				g.be.Add(total, total, acc)
			}
		}
	}
}
