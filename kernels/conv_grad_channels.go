package kernels

import "shiftmill/kernels/internal/simd"

// gradPositions is the number of positions of a chunk that a channel tile takes at a time: dy's then rest in the
// first-level cache while all terms pass by.
const gradPositions = 128

// shareChannels is share by channel tiles: six terms for up to 64 output channels at once.
func (g *grad) shareChannels(dw []float32, grp, t0, t1 int) {
	terms := t1 - t0
	row, pos, out := g.termOffsets(grp, t0, t1), getOffsets(gradChunk), getOffsets(terms)
	defer row.put()
	defer out.put()
	defer pos.put()
	const widest = simd.ChannelVectors * simd.Lanes
	buf := getFloats(2 * terms * widest)
	defer buf.put()
	ch := 0
	for i, vectors := range g.blocks {
		width := vectors * simd.Lanes
		for t := range out.v {
			out.v[t] = t * width
		}
		total, part := buf.v[:terms*width], buf.v[terms*widest:][:terms*width]
		for first := 0; first < g.count; first += gradChunk {
			n := min(gradChunk, g.count-first)
			g.positions(pos.v[:n], first)
			acc := part
			if first == 0 {
				acc = total
			}
			from, _ := g.block(grp, i, first)
			for p := 0; p < n; p += gradPositions {
				at := pos.v[p:min(p+gradPositions, n)]
				v := g.dy[from+p*width:]
				g.be.ChannelTiles(terms, vectors, len(at), g.x, row.v, at, v, width, acc, out.v, p > 0, nil)
			}
			if first > 0 {
				g.be.Add(total, total, part)
			}
		}
		for v := range vectors {
			rows := min(simd.Lanes, g.co-ch)
			for t := 0; t < terms; t += simd.Lanes {
				n := min(simd.Lanes, terms-t)
				g.be.Transpose(n, rows, total[t*width+v*simd.Lanes:], width, dw[(grp*g.co+ch)*g.terms+t0+t:], g.terms)
			}
			ch += rows
		}
	}
}
