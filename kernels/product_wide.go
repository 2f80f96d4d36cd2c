package kernels

import "shiftmill/kernels/internal/simd"

// A wideProduct is a matrix product without an ending, by tiles of six rows and 64 columns. The left factor is packed whole,
// by tiles of terms x 6 rows; the right one by panels of so many terms of 64 columns, which pass from the second-level cache
// through the first while a block of rows, which rests in the second, passes by.
type wideProduct struct {
	be      simd.Backend
	m, n, k int
	dst     []float32
	packed  []float32
	right   factor
}

const (
	wideTerms = 256                              // of a panel, at most
	wideRows  = 252                              // of a block of rows
	wideLanes = simd.ChannelVectors * simd.Lanes // columns of a panel
	wideStrip = 1024 / wideLanes                 // panels that are packed together
	wideLeast = wideLanes                        // columns for which it pays
	wideTile  = simd.ChannelRows                 // rows of a tile
)

// packLeft stores the rows of a [m, k], or of a stored as [k, m] if turned, in tiles of six, the last of which may have gaps.
func (r *wideProduct) packLeft(a []float32, turned bool, p *Pool) {
	p.Run((r.m+wideTile-1)/wideTile, func(i int) {
		first := i * wideTile
		rows := min(wideTile, r.m-first)
		out := r.packed[first*r.k:]
		if !turned {
			r.be.Transpose(rows, r.k, a[first*r.k:], r.k, out, wideTile)
			return
		}
		for t := range r.k {
			copy(out[t*wideTile:t*wideTile+rows], a[t*r.m+first:])
		}
	})
}

// leftSize is the number of values that the packed left factor takes.
func leftSize(m, k int) int { return (m + wideTile - 1) / wideTile * wideTile * k }

// run computes the product: columns are shared among workers, and rows where there are too few columns.
func (r *wideProduct) run(p *Pool) {
	panels := (r.n + wideLanes - 1) / wideLanes
	each := min(wideStrip, (panels+p.Workers()-1)/p.Workers())
	strips := (panels + each - 1) / each
	tiles := (r.m + wideTile - 1) / wideTile
	parts := 1
	if strips < p.Workers() {
		parts = min(tiles, p.Workers())
	}
	if p.Workers() == 1 { // allocates no closure
		for i := range strips {
			r.strip(i*each, min((i+1)*each, panels), 0, r.m)
		}
		return
	}
	share := *r // so that r itself need not outlive the call
	p.Run(strips*parts, func(i int) {
		strip, part := i/parts, i%parts
		share.strip(strip*each, min((strip+1)*each, panels), tiles*part/parts*wideTile, min(tiles*(part+1)/parts*wideTile, share.m))
	})
}

// strip computes the rows from row0, where a tile begins, to row1 of the panels from p0 to p1.
func (r *wideProduct) strip(p0, p1, row0, row1 int) {
	blocks := (r.k + wideTerms - 1) / wideTerms
	most := (r.k + blocks - 1) / blocks
	panels := getFloats((p1 - p0) * most * wideLanes)
	defer panels.put()
	pos, row, out := getOffsets(most), getOffsets(row1-row0), getOffsets(row1-row0)
	defer pos.put()
	defer row.put()
	defer out.put()
	for t := range pos.v {
		pos.v[t] = t * wideTile
	}
	for i := range row.v {
		row.v[i], out.v[i] = i/wideTile*wideTile*r.k+i%wideTile, i*r.n
	}
	left := r.packed[row0*r.k:]
	c0, c1 := p0*wideLanes, min(p1*wideLanes, r.n)
	// Columns that fill no vector are computed aside, for tiles store whole vectors.
	var aside *floatBuffer
	var places *offsetBuffer
	if c1%simd.Lanes != 0 {
		aside, places = getFloats((row1-row0)*wideLanes), getOffsets(row1-row0)
		defer aside.put()
		defer places.put()
		for i := range places.v {
			places.v[i] = i * wideLanes
		}
	}
	for b := range blocks {
		t0, t1 := r.k*b/blocks, r.k*(b+1)/blocks
		r.right.pack(panels.v, most*wideLanes, wideLanes, c0, c1, t0, t1)
		for lo := 0; lo < row1-row0; lo += wideRows {
			rows := min(wideRows, row1-row0-lo)
			for j := range p1 - p0 {
				c := c0 + j*wideLanes
				to, at := r.dst[row0*r.n+c:], out.v[lo:]
				if c+wideLanes > c1 && aside != nil {
					to, at = aside.v, places.v[lo:]
				}
				vectors := (min(wideLanes, c1-c) + simd.Lanes - 1) / simd.Lanes
				r.be.ChannelTiles(rows, vectors, t1-t0, left[t0*wideTile:], row.v[lo:], pos.v[:t1-t0], panels.v[j*most*wideLanes:], wideLanes, to, at, b > 0, nil)
			}
		}
	}
	if aside != nil {
		c := c1 / wideLanes * wideLanes
		for i := range row1 - row0 {
			copy(r.dst[(row0+i)*r.n+c:(row0+i)*r.n+c1], aside.v[i*wideLanes:])
		}
	}
}
