package kernels

import "shiftmill/kernels/internal/simd"

// A wideProduct is a matrix product without an ending, by tiles of six rows and 64 columns. Rows of the left factor are read
// where they lie, if they are rows. The right one is packed by strips of columns: panels of so many terms of 64 columns. A
// strip rests in the second-level cache, from which a panel passes through the first for each tile, while the left factor
// passes by once for each strip.
type wideProduct struct {
	be      simd.Backend
	m, n, k int
	dst     []float32
	left    []float32 // [m, k]
	right   factor
}

const (
	wideTerms = 512 // of a panel, at most
	wideStrip = 4   // panels that are packed together
	wideLanes = simd.ProductLanes
	wideRows  = simd.ProductRows

	// widePacked is the number of rows of the left factor from which it pays to pack the right one, which is read once for
	// every six.
	widePacked = 4 * wideRows
)

// unturn stores a, [k, m], in left as [m, k].
func unturn(be simd.Backend, left, a []float32, m, k int, p *Pool) {
	const lanes = simd.Lanes
	each := func(i int) { be.Transpose(min(lanes, k-i*lanes), m, a[i*lanes*m:], m, left[i*lanes:], k) }
	p.Run((k+lanes-1)/lanes, each)
}

// run computes the product: columns are shared among workers, and rows where there are too few columns.
func (r *wideProduct) run(p *Pool) {
	panels := (r.n + wideLanes - 1) / wideLanes
	each := min(wideStrip, (panels+p.Workers()-1)/p.Workers())
	strips := (panels + each - 1) / each
	tiles := (r.m + wideRows - 1) / wideRows
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
		share.strip(panels*strip/strips, panels*(strip+1)/strips, tiles*part/parts*wideRows, min(tiles*(part+1)/parts*wideRows, share.m))
	})
}

// strip computes the rows from row0 to row1 of the panels from p0 to p1.
func (r *wideProduct) strip(p0, p1, row0, row1 int) {
	blocks := (r.k + wideTerms - 1) / wideTerms
	most := (r.k + blocks - 1) / blocks
	c0, c1 := p0*wideLanes, min(p1*wideLanes, r.n)
	var panels *floatBuffer
	if r.right.turned || row1-row0 >= widePacked {
		panels = getFloats((p1 - p0) * most * wideLanes)
		defer panels.put()
	}
	for b := range blocks {
		t0, t1 := r.k*b/blocks, r.k*(b+1)/blocks
		right, pitch, size := r.right.v, r.n, wideLanes
		if panels != nil {
			right, pitch, size = panels.v, wideLanes, most*wideLanes
			r.right.pack(right, size, wideLanes, c0, c1, t0, t1)
		} else {
			right = right[t0*r.n+c0:]
		}
		for i := row0; i < row1; i += wideRows {
			r.be.ProductTile(min(wideRows, row1-i), c1-c0, t1-t0, r.left[i*r.k+t0:], r.k, right, pitch, size, r.dst[i*r.n+c0:], r.n, b > 0)
		}
	}
}
