package kernels

import "shiftmill/kernels/internal/simd"

// A product is a matrix product by tiles of six rows and 64 columns. The left factor is read where it lies, row by row. The
// right one is packed by strips of columns: panels of so many terms of 64 columns. A strip rests in the second-level cache,
// from which a panel passes through the first for each tile, while the left factor passes by once for each strip.
type product struct {
	be      simd.Backend
	m, n, k int
	to      target    // of m rows
	left    []float32 // [m, k]
	right   factor
	pool    *Pool // that runs it
}

const (
	productTerms = 512     // of a panel, at most
	productStrip = 1 << 17 // values of the panels that are packed together
	productFew   = 128     // terms whose panel rests in the first-level cache

	// productPacked is the number of rows of the left factor from which it pays to pack the right one, which is read once for
	// every six.
	productPacked = 4 * simd.ProductRows
)

// A factor is the right factor of a product, [k, n]: element (t, j) is at v[t*pitch+j], or at v[j*pitch+t] if turned.
type factor struct {
	v      []float32
	pitch  int
	turned bool
}

// unturn stores a, [k, m], in left as [m, k].
func unturn(be simd.Backend, left, a []float32, m, k int, p *Pool) {
	const lanes = simd.Lanes
	each := func(i int) { be.Transpose(min(lanes, k-i*lanes), m, a[i*lanes*m:], m, left[i*lanes:], k) }
	p.Run((k+lanes-1)/lanes, each)
}

// run computes the product: columns are shared among workers, and rows where there are too few columns.
func (r *product) run(p *Pool) {
	r.pool = p
	panels := (r.n + simd.ProductLanes - 1) / simd.ProductLanes
	each := min(max(1, productStrip/(simd.ProductLanes*min(r.k, productTerms))), (panels+p.Workers()-1)/p.Workers())
	strips := (panels + each - 1) / each
	tiles := (r.m + simd.ProductRows - 1) / simd.ProductRows
	parts := 1
	if strips < p.Workers() {
		parts = min(tiles, p.Workers())
	}
	if p.Workers() == 1 { // allocates no closure
		for i := range strips {
			r.strip(panels*i/strips, panels*(i+1)/strips, 0, r.m)
		}
		return
	}
	share := *r // so that r itself need not outlive the call
	p.Run(strips*parts, func(i int) {
		strip, part := i/parts, i%parts
		share.strip(panels*strip/strips, panels*(strip+1)/strips, tiles*part/parts*simd.ProductRows, min(tiles*(part+1)/parts*simd.ProductRows, share.m))
	})
}

// strip computes the rows from row0 to row1 of the panels from p0 to p1.
func (r *product) strip(p0, p1, row0, row1 int) {
	blocks := (r.k + productTerms - 1) / productTerms
	most := (r.k + blocks - 1) / blocks
	c0, c1 := p0*simd.ProductLanes, min(p1*simd.ProductLanes, r.n)
	var panels *floatBuffer
	if r.right.turned || row1-row0 >= productPacked {
		panels = getFloats((p1 - p0) * most * simd.ProductLanes)
		defer panels.put()
	}
	for b := range blocks {
		t0, t1 := r.k*b/blocks, r.k*(b+1)/blocks
		right, pitch, size := r.right.v, r.right.pitch, simd.ProductLanes
		if panels != nil {
			right, pitch, size = panels.v, simd.ProductLanes, most*simd.ProductLanes
			r.right.pack(right, size, c0, c1, t0, t1)
		} else {
			right = right[t0*pitch+c0:]
		}
		// Few terms leave the first-level cache room for a panel, and the memory busy with results: all rows pass a panel
		// then, else all panels a tile of rows.
		width := c1 - c0
		if most <= productFew {
			width = simd.ProductLanes
		}
		for c := c0; c < c1; c += width {
			columns := min(width, c1-c)
			for i := row0; i < row1; i += simd.ProductRows {
				var room simd.Ending
				var end *simd.Ending
				if t1 == r.k {
					end = r.to.ending(&room, i, c)
				}
				r.be.ProductTile(min(simd.ProductRows, row1-i), columns, t1-t0, r.left[i*r.k+t0:], r.k, right[(c-c0)/simd.ProductLanes*size:], pitch, size, panels != nil,
					r.to.v[i*r.to.pitch+c:], r.to.pitch, b > 0, end)
				r.pool.part()
			}
		}
	}
}

// pack stores the terms from t0 to t1 of the columns from c0 to c1 in panels that are size apart; columns that fill up the last
// vector are zero, and those behind hold anything.
func (b factor) pack(out []float32, size, c0, c1, t0, t1 int) {
	const width = simd.ProductLanes
	be := backend()
	if last := (c1 - c0) / width * size; (c1-c0)%simd.Lanes > 0 {
		clear(out[last : last+(t1-t0)*width])
	}
	if b.turned {
		for c := c0; c < c1; c += simd.Lanes {
			at := (c-c0)/width*size + (c-c0)%width
			be.Transpose(min(simd.Lanes, c1-c), t1-t0, b.v[c*b.pitch+t0:], b.pitch, out[at:], width)
		}
		return
	}
	full := (c1 - c0) / width
	be.CopyRows(t1-t0, full, b.v[t0*b.pitch+c0:], b.pitch, out, size)
	if c := c0 + full*width; c < c1 {
		for t := t0; t < t1; t++ {
			copy(out[full*size+(t-t0)*width:], b.v[t*b.pitch+c:t*b.pitch+c1])
		}
	}
}
