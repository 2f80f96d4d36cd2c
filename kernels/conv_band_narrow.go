package kernels

import "shiftmill/kernels/internal/simd"

// narrowTerms is the least number of terms for which it pays to turn what a layer of few output channels reads.
const narrowTerms = 128

// narrowWidth is the number of columns that a rectangle reads: whole vectors.
const narrowWidth = 64

// A narrowBand computes a layer whose output channels would fill few of a vector's lanes: it turns what a rectangle reads
// into planes, some channels at a time, where positions are the lanes, and the results back.
type narrowBand struct {
	f     *filter // with packed tiles
	each  int     // channels at a time
	plans []flatPlan
}

// isNarrow reports that a layer is for a narrowBand.
func (c *BandConv) isNarrow() bool {
	return c.be == simd.AVX512 && !c.Winograd && c.Cells == 1 && c.Stride == 1 && !c.Adds && c.Co <= simd.Lanes && c.terms >= narrowTerms
}

func newNarrowBand(c *BandConv, p *Pool) *narrowBand {
	n := &narrowBand{f: &filter{be: c.be, groups: 1, m: c.Co, channels: c.Ci, terms: c.terms}}
	term := getOffsets(c.terms)
	defer term.put()
	for t := range term.v {
		term.v[t] = t
	}
	n.f.packTiles(c.Weights, 0, c.terms, term.v, simd.FlatRows, p)
	n.each = max(simd.Lanes, flatTerms/(c.Size*c.Size)/simd.Lanes*simd.Lanes)
	return n
}

// columns is the number of columns that are computed for so many: a row fills at least one vector.
func (n *narrowBand) columns(width int) int { return max(width, simd.Lanes) }

// plan prepares for rectangles of so many rows and these widths.
func (n *narrowBand) plan(rows int, widths []int, size int) {
	for len(n.plans) < len(widths) {
		n.plans = append(n.plans, flatPlan{})
	}
	for i, w := range widths {
		w = n.columns(w)
		n.plans[i].fill(rows, w, w+size-1, w)
	}
}

// rectangle computes rectangle i, of rows x width pixels, from src into dst.
func (n *narrowBand) rectangle(c *BandConv, dst, src Band, i, rows, width int) {
	across, high := n.columns(width), rows+c.Size-1
	pitch := across + c.Size - 1
	plane := rows * across
	planes, sums := getFloats(n.each*high*pitch), getFloats(c.Co*plane)
	defer planes.put()
	defer sums.put()
	area := c.Size * c.Size
	taps := getOffsets(n.each * area)
	defer taps.put()
	for t := range taps.v {
		taps.v[t] = (t/area*high+t%area/c.Size)*pitch + t%c.Size
	}
	to := target{v: sums.v, pitch: plane, end: &ending{shift: c.Bias, act: c.End, slope: c.Slope}}
	var room simd.Ending
	for ch := 0; ch < c.Ci; ch += n.each {
		channels := min(n.each, c.Ci-ch)
		for y := range high {
			Band{V: src.V[y*src.Pitch+ch:], Step: src.Step}.ToPlanes(planes.v[y*pitch:], high*pitch, channels, width+c.Size-1)
		}
		t0, t1 := ch*area, (ch+channels)*area
		for s := range n.plans[i].sets() {
			at := 0
			for _, tall := range n.f.tiles {
				var last *simd.Ending
				if t1 == c.terms {
					last = to.ending(&room, at, 0)
				}
				c.be.FlatTile(tall, t1-t0, n.f.weights.v[at*c.terms+t0*tall:], planes.v, taps.v, n.plans[i].set(s), sums.v[at*plane:], plane, ch > 0, last)
				at += tall
			}
		}
	}
	for y := range rows {
		Band{V: dst.V[y*dst.Pitch:], Step: dst.Step}.FromPlanes(sums.v[y*across:], plane, c.Co, width)
	}
}
