package kernels

import "shiftmill/kernels/internal/simd"

// A product is the left factor of a matrix product, in packed tiles: for each tile and term its rows. The right factor is
// cut into panels of so many terms of 48 columns that one rests in the first-level cache while a block of tiles, which rests
// in the second, passes by.
type product struct {
	be     simd.Backend
	m, k   int
	tiles  []int // rows
	packed []float32
}

const (
	productTerms = 340  // of a panel
	productStrip = 1008 // columns whose panels are packed together
	productRows  = 192  // of a block of tiles
)

// A factor is the right factor of a product, [k, n]: element (t, j) is at v[t*pitch+j], or at v[j*pitch+t] if turned.
type factor struct {
	v      []float32
	pitch  int
	turned bool
}

// strip returns the width of the strips of n columns, so that every worker has some.
func (r *product) strip(n, workers int) int {
	if workers == 1 {
		return productStrip
	}
	const panel = simd.FlatLanes
	return min(productStrip, max(1, n/(2*workers*panel))*panel)
}

// run computes all rows of n columns.
func (r *product) run(to target, b factor, n int, p *Pool) {
	width := r.strip(n, p.Workers())
	strips := (n + width - 1) / width
	parts := 1 // of the rows, where there are too few columns to share
	if strips < p.Workers() {
		parts = min(len(r.tiles), p.Workers())
	}
	if p.Workers() == 1 { // allocates no closure
		for i := range strips {
			r.columns(to, b, i*width, min((i+1)*width, n), 0, len(r.tiles))
		}
		return
	}
	share := *r // so that r itself need not outlive the call
	p.Run(strips*parts, func(i int) {
		strip, part := i/parts, i%parts
		share.columns(to, b, strip*width, min((strip+1)*width, n), len(share.tiles)*part/parts, len(share.tiles)*(part+1)/parts)
	})
}

// columns computes the columns from c0 to c1, at most productStrip, of the tiles from tile0 to tile1.
func (r *product) columns(to target, b factor, c0, c1, tile0, tile1 int) {
	panels := (c1 - c0 + simd.FlatLanes - 1) / simd.FlatLanes
	blocks := (r.k + productTerms - 1) / productTerms
	most := (r.k + blocks - 1) / blocks
	size := most * simd.FlatLanes
	packed := getFloats(panels * size)
	defer packed.put()
	off := getOffsets(most)
	defer off.put()
	for t := range off.v {
		off.v[t] = t * simd.FlatLanes
	}
	for i := range blocks {
		t0, t1 := r.k*i/blocks, r.k*(i+1)/blocks
		b.pack(packed.v, size, simd.FlatLanes, c0, c1, t0, t1)
		for lo := tile0; lo < tile1; {
			hi, rows := lo, 0
			for ; hi < tile1 && rows < productRows; hi++ {
				rows += r.tiles[hi]
			}
			for j := range panels {
				r.panel(to, packed.v[j*size:], off.v, c0+j*simd.FlatLanes, c1, lo, hi, t0, t1)
			}
			lo = hi
		}
	}
}

// panel adds the terms from t0 to t1 of the columns from c on, as far as the panel or end, to the tiles from lo to hi.
func (r *product) panel(to target, packed []float32, off []int, c, end, lo, hi, t0, t1 int) {
	var room simd.Ending
	var list [simd.FlatGroups]simd.LaneGroup
	groups := list[:min(simd.FlatGroups, (end-c+simd.Lanes-1)/simd.Lanes)]
	for g := range groups {
		at := g * simd.Lanes
		groups[g] = simd.LaneGroup{Src: at, At0: at, Mask0: 1<<min(simd.Lanes, end-c-at) - 1}
	}
	for i := lo; i < hi; i++ {
		first, rows := r.m*i/len(r.tiles), r.tiles[i]
		var last *simd.Ending
		if t1 == r.k {
			last = to.ending(&room, first, c)
		}
		r.be.FlatTile(rows, t1-t0, r.packed[first*r.k+t0*rows:], packed, off, groups, to.v[first*to.pitch+c:], to.pitch, t0 > 0, last)
	}
}

// pack stores the terms from t0 to t1 of the columns from c0 to c1 in panels of so many columns that are size apart; columns
// from c1 on hold anything.
func (b factor) pack(out []float32, size, width, c0, c1, t0, t1 int) {
	be := backend()
	if b.turned {
		for c := c0; c < c1; c += simd.Lanes {
			at := (c-c0)/width*size + (c-c0)%width
			be.Transpose(min(simd.Lanes, c1-c), t1-t0, b.v[c*b.pitch+t0:], b.pitch, out[at:], width)
		}
		return
	}
	c := c0
	if width == simd.ProductLanes {
		for ; c+width <= c1; c += width {
			be.CopyRows(t1-t0, b.v[t0*b.pitch+c:], b.pitch, out)
			out = out[min(size, len(out)):]
		}
	}
	for t := t0; t < t1 && c < c1; t++ {
		row := b.v[t*b.pitch+c : t*b.pitch+c1]
		to := out[(t-t0)*width:]
		for len(row) >= width {
			copy(to[:width], row)
			row = row[width:]
			to = to[min(size, len(to)):]
		}
		copy(to, row)
	}
}
