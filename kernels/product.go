package kernels

import "shiftmill/kernels/internal/simd"

// A product is a matrix product in packed blocks: tiles of a wait in the order of their terms, and a panel of b holds
// so many terms of 32 columns that it and a tile rest in the first-level cache.
type product struct {
	be             simd.Backend
	dst, a, b      []float32
	m, n, k        int
	transA, transB bool
	tiles          []int
	packed         *floatBuffer
	strip          int // columns a worker computes at a time
}

const (
	productTerms = 256 // of a panel
	productStrip = 256 // columns
)

func newProduct(be simd.Backend, dst, a, b []float32, m, n, k int, transA, transB bool) *product {
	return &product{be: be, dst: dst, a: a, b: b, m: m, n: n, k: k, transA: transA, transB: transB, tiles: tileRows(m, simd.FlatRows)}
}

func (r *product) run(p *Pool) {
	r.packed = getFloats(r.m * r.k)
	defer r.packed.put()
	p.Run(len(r.tiles), r.pack)
	strips := (r.n + productStrip - 1) / productStrip
	parts := 1 // of the rows, where there are too few columns to share
	if strips < 2*p.Workers() && p.Workers() > 1 {
		parts = min(len(r.tiles), (2*p.Workers()+strips-1)/strips)
	}
	p.Run(strips*parts, func(i int) {
		strip, part := i/parts, i%parts
		r.columns(strip*productStrip, min((strip+1)*productStrip, r.n), len(r.tiles)*part/parts, len(r.tiles)*(part+1)/parts)
	})
}

// pack stores tile i of a: for each term its rows.
func (r *product) pack(i int) {
	first, rows := r.m*i/len(r.tiles), r.tiles[i]
	out := r.packed.v[first*r.k:]
	if !r.transA {
		r.be.Transpose(rows, r.k, r.a[first*r.k:], r.k, out, rows)
		return
	}
	for t := range r.k {
		copy(out[t*rows:(t+1)*rows], r.a[t*r.m+first:])
	}
}

// columns computes the columns from c0 to c1 of the tiles from tile0 to tile1.
func (r *product) columns(c0, c1, tile0, tile1 int) {
	panels := (c1 - c0 + simd.FlatLanes - 1) / simd.FlatLanes
	terms := min(productTerms, r.k)
	b := getFloats(panels * terms * simd.FlatLanes)
	defer b.put()
	off := getOffsets(terms)
	defer off.put()
	for t := range off.v {
		off.v[t] = t * simd.FlatLanes
	}
	var groups [2]simd.LaneGroup
	for t0 := 0; t0 < r.k; t0 += terms {
		t1 := min(t0+terms, r.k)
		for j := range panels {
			r.panel(b.v[j*terms*simd.FlatLanes:], c0+j*simd.FlatLanes, c1, t0, t1)
		}
		for i := tile0; i < tile1; i++ {
			first, rows := r.m*i/len(r.tiles), r.tiles[i]
			for j := range panels {
				at := c0 + j*simd.FlatLanes
				for g := range groups {
					lanes := max(0, min(simd.Lanes, c1-at-g*simd.Lanes))
					groups[g] = simd.LaneGroup{Src: g * simd.Lanes, At0: g * simd.Lanes, Mask0: 1<<lanes - 1}
				}
				r.be.FlatTile(rows, t1-t0, r.packed.v[first*r.k+t0*rows:], b.v[j*terms*simd.FlatLanes:], off.v, &groups, r.dst[first*r.n+at:], r.n, t0 > 0)
			}
		}
	}
}

// panel stores the terms from t0 to t1 of up to 32 columns from c on; columns from end on hold anything finite.
func (r *product) panel(out []float32, c, end, t0, t1 int) {
	width := min(simd.FlatLanes, end-c)
	if r.transB {
		for g := 0; g < width; g += simd.Lanes {
			r.be.Transpose(min(simd.Lanes, width-g), t1-t0, r.b[(c+g)*r.k+t0:], r.k, out[g:], simd.FlatLanes)
		}
		return
	}
	for t := t0; t < t1; t++ {
		copy(out[(t-t0)*simd.FlatLanes:], r.b[t*r.n+c:t*r.n+c+width])
	}
}
