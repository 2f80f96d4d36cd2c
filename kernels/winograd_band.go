package kernels

import "shiftmill/kernels/internal/simd"

// A winograd is a layer made ready for Conv2DWinograd on bands, whose channels lie side by side: tiles are transformed by
// channels, and each of the 16 products is a matrix product of a few dozen tiles, which rest in the second-level cache, with
// the weights. Goroutines may share it.
type winograd struct {
	*BandConv
	lanes         int          // input channels with those that fill up the last vector
	width         int          // output channels of the widest block
	weights       *floatBuffer // for each cell and block: 16 times input channels x channels
	tiles         int          // that are computed together, at most
	row, out, pos []int        // where tiles and their terms lie among the transformed values, and tiles among the products
}

const (
	// winogradRest is the number of values of tiles that rest in the second-level cache beside the weights of a block.
	winogradRest = 110 << 10

	// winogradTall is what numbers of tiles are a multiple of, so that the products' tiles are whole.
	winogradTall = 2 * simd.ChannelRows

	// winogradGap keeps what lies at the same place of neighbouring products out of the same sets of a cache.
	winogradGap = simd.Lanes
)

func newWinograd(c *BandConv, p *Pool) *winograd {
	w := &winograd{BandConv: c, lanes: (c.Ci + simd.Lanes - 1) / simd.Lanes * simd.Lanes}
	for _, v := range c.blocks {
		w.width = max(w.width, v*simd.Lanes)
	}
	w.tiles = max(1, winogradRest/(simd.WinogradTaps*(w.lanes+w.width)*winogradTall)) * winogradTall
	offsets := make([]int, 2*w.tiles+c.Ci)
	w.row, w.out, w.pos = offsets[:w.tiles], offsets[w.tiles:2*w.tiles], offsets[2*w.tiles:]
	for i := range w.row {
		w.row[i], w.out[i] = i*w.lanes, i*w.width
	}
	for i := range w.pos {
		w.pos[i] = i
	}
	cells := c.Cells * c.Cells
	w.weights = getFloats(simd.WinogradTaps * cells * c.padded * c.Ci)
	p.Run(cells*len(c.blocks), func(i int) {
		cell, block := i/len(c.blocks), i%len(c.blocks)
		_, vectors := c.block(block)
		width := vectors * simd.Lanes
		taps := getFloats(width * c.terms)
		defer taps.put()
		c.pack(taps.v, cell, block)
		c.be.WinogradWeights(c.Ci, width, taps.v, w.ofBlock(cell, block), c.Ci*width)
	})
	return w
}

// ofBlock is the transformed weights of a block of a cell's channels.
func (w *winograd) ofBlock(cell, block int) []float32 {
	first, vectors := w.block(block)
	size := simd.WinogradTaps * w.Ci
	return w.weights.v[(cell*w.padded+first)*size:][:vectors*simd.Lanes*size]
}

// A tiling is the tiles of rows x width outputs, row by row.
type tiling struct{ rows, width int }

func (t tiling) across() int { return (t.width + 1) / 2 }

// count is the number of tiles.
func (t tiling) count() int { return (t.rows + 1) / 2 * t.across() }

// run returns the row and column of a tile and how many from there on, before end, lie in one row and have as many outputs:
// high ones have two rows, wide ones two columns.
func (t tiling) run(tile, end int) (y, x, n int, high, wide bool) {
	y, x = tile/t.across(), tile%t.across()
	n, high, wide = min(t.across()-x, end-tile), 2*y+1 < t.rows, true
	if t.width%2 == 1 {
		whole := t.across() - 1 - x
		wide = whole > 0
		n = min(n, max(whole, 1))
	}
	return y, x, n, high, wide
}

// rows is BandConv.Rows; the first row is a tile's first.
func (w *winograd) rows(dst, src Band, add []float32, rows, width int, p *Pool) {
	t := tiling{rows, width}
	groups := (t.count() + winogradTall - 1) / winogradTall
	parts := (t.count() + w.tiles - 1) / w.tiles
	workers := p.Workers()
	parts = min(groups, (parts+workers-1)/workers*workers) // so that all workers end together
	if workers == 1 {                                      // allocates no closure
		for i := range parts {
			w.part(dst, src, add, t, groups*i/parts*winogradTall, min(groups*(i+1)/parts*winogradTall, t.count()))
		}
		return
	}
	p.Run(parts, func(i int) {
		w.part(dst, src, add, t, groups*i/parts*winogradTall, min(groups*(i+1)/parts*winogradTall, t.count()))
	})
}

// part computes the tiles from first to end.
func (w *winograd) part(dst, src Band, add []float32, t tiling, first, end int) {
	count := end - first
	plane, sums := count*w.lanes+winogradGap, count*w.width+winogradGap
	in, out := getFloats(simd.WinogradTaps*plane), getFloats(simd.WinogradTaps*sums)
	defer in.put()
	defer out.put()
	for tile := first; tile < end; {
		y, x, n, high, wide := t.run(tile, end)
		fourth, last := 3*src.Pitch, 3*src.Step
		if !high { // there may be no such row
			fourth = 0
		}
		if !wide {
			last = 0
		}
		w.be.WinogradInput(n, w.lanes, src.V[2*y*src.Pitch+2*x*src.Step:], src.Pitch, fourth, src.Step, last, in.v[(tile-first)*w.lanes:], plane, w.lanes)
		tile += n
	}
	for cell := range w.Cells * w.Cells {
		for block := range w.blocks {
			w.products(out.v, in.v, sums, plane, count, cell, block)
			w.outputs(dst, add, out.v, sums, t, first, end, cell, block)
		}
	}
}

// products computes the 16 matrix products of so many tiles with a block's weights.
func (w *winograd) products(out, in []float32, sums, plane, tiles, cell, block int) {
	_, vectors := w.block(block)
	width := vectors * simd.Lanes
	weights := w.ofBlock(cell, block)
	if vectors == 1 {
		for k := range simd.WinogradTaps {
			x, v, y := in[k*plane:], weights[k*w.Ci*width:], out[k*sums:]
			done := w.be.RowTiles(tiles, w.Ci, x, w.lanes, v, y, w.width)
			w.be.ChannelTiles(tiles-done, 1, w.Ci, x, w.row[done:], w.pos, v, width, y, w.out[done:], false, nil, simd.Ahead{})
		}
		return
	}
	n := (w.Ci*vectors + bandWeights - 1) / bandWeights
	for k := range simd.WinogradTaps {
		for b := range n {
			c0, c1 := w.Ci*b/n, w.Ci*(b+1)/n
			w.be.ChannelTiles(tiles, vectors, c1-c0, in[k*plane:], w.row, w.pos[c0:c1], weights[(k*w.Ci+c0)*width:], width, out[k*sums:], w.out, b > 0, nil, simd.Ahead{})
		}
	}
}

// outputs turns the products of a block of a cell's channels into its outputs.
func (w *winograd) outputs(dst Band, add, products []float32, sums int, t tiling, first, end, cell, block int) {
	channel, vectors := w.block(block)
	e := simd.Ending{Act: w.End, Slope: w.Slope}
	if w.bias != nil {
		e.Shift = w.bias[cell*w.padded+channel:]
	}
	for tile := first; tile < end; {
		y, x, n, high, wide := t.run(tile, end)
		at := (2*y*w.Cells+cell/w.Cells)*dst.Pitch + (2*x*w.Cells+cell%w.Cells)*dst.Step + channel
		down, right := w.Cells*dst.Pitch, w.Cells*dst.Step
		if !high {
			down = 0
		}
		if !wide {
			right = 0
		}
		if w.Adds {
			e.Add = add[at:]
		}
		w.be.WinogradOutput(n, vectors*simd.Lanes, products[(tile-first)*w.width:], sums, w.width, dst.V[at:], down, right, 2*w.Cells*dst.Step, &e)
		tile += n
	}
}
