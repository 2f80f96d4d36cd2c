package kernels

import "shiftmill/kernels/internal/simd"

// A Band is some rows of an image whose channels lie side by side: channel c of the pixel in row y and column x is at
// V[y*Pitch+x*Step+c]. Behind a pixel's channels there is room up to a multiple of BandLanes, whose values are undefined.
type Band struct {
	V           []float32
	Pitch, Step int
}

// BandLanes is what the distance of a band's pixels is a multiple of.
const BandLanes = simd.Lanes

// A BandLayer is a square convolution of bands. With Cells above 1 its result is a pixel shuffle by Cells: output channel
// c*Cells*Cells + i*Cells + j is channel c of the pixel that is i rows below and j columns behind the upper left one of a
// cell, and Co counts the channels of a pixel.
type BandLayer struct {
	Ci, Co, Size, Stride, Cells int
	Weights                     []float32 // [Co*Cells*Cells, Ci, Size, Size]
	Bias                        []float32 // Co*Cells*Cells, or nil
	Adds                        bool      // Rows gets what is added
	Winograd                    bool      // the function is that of Conv2DWinograd; Size is 3, Stride 1
	End                         End
	Slope                       float32 // of EndLeaky
}

// An End is the function at the end of a convolution.
type End = simd.Act

// The ends: x, ReLU and LeakyReLU.
const (
	EndPlain = simd.Linear
	EndReLU  = simd.Rectify
	EndLeaky = simd.Leaky
)

// A BandConv is a BandLayer whose weights are prepared once for many bands of one image. It belongs to one goroutine;
// Release gives its memory back.
type BandConv struct {
	BandLayer
	be       simd.Backend
	terms    int
	blocks   []int        // vectors of each block of a cell's channels
	padded   int          // channels of a cell with those that fill up the last vector
	winograd *winograd    // if not nil, of the fields below only bias is used
	bias     []float32    // for each cell, padded; or nil
	narrow   *narrowBand  // if not nil, the fields below but for the cuts are not used
	weights  *floatBuffer // for each cell and block: terms x channels
	pos      []int        // where each term reads
	row      []int        // where each position begins to read
	out      []int        // where the first pixel of its cell lies
	cuts     []int        // first position of each rectangle, and the end
	widths   []int        // of rectangles
	planned  bandPlan
}

// A bandPlan is what the offsets of a BandConv depend on.
type bandPlan struct{ rows, width, workers, fromPitch, fromStep, toPitch, toStep int }

// A rectangle of positions is what is computed at a time: so many that their results rest in the second-level cache,
// together with what they read, while all terms pass by.
const bandRectangle = 512

// bandWeights bounds the terms of a block times the vectors of its channels: their weights rest in the first-level cache
// while the positions of a rectangle pass by.
const bandWeights = 576

// NewBandConv prepares a layer.
func NewBandConv(l BandLayer, p *Pool) *BandConv {
	cells := l.Cells * l.Cells
	c := &BandConv{BandLayer: l, be: backend(), terms: l.Ci * l.Size * l.Size, blocks: channelBlocks(l.Co)}
	sameLength("NewBandConv", l.Co*cells*c.terms, len(l.Weights))
	for _, v := range c.blocks {
		c.padded += v * simd.Lanes
	}
	if c.isNarrow() {
		c.narrow = newNarrowBand(c, p)
		return c
	}
	if l.Bias != nil {
		c.bias = make([]float32, cells*c.padded)
		for i, v := range l.Bias {
			c.bias[i%cells*c.padded+i/cells] = v
		}
	}
	if l.Winograd {
		if l.Size != 3 || l.Stride != 1 {
			panic("kernels: NewBandConv: Winograd is for layers of size 3 and stride 1")
		}
		c.winograd = newWinograd(c, p)
		return c
	}
	c.weights = getFloats(cells * c.padded * c.terms)
	p.Run(cells*len(c.blocks), func(i int) {
		cell, block := i/len(c.blocks), i%len(c.blocks)
		first, vectors := c.block(block)
		c.pack(c.weights.v[(cell*c.padded+first)*c.terms:][:vectors*simd.Lanes*c.terms], cell, block)
	})
	c.pos = make([]int, c.terms)
	return c
}

// block returns the first channel and the vectors of a block.
func (c *BandConv) block(i int) (first, vectors int) {
	for _, v := range c.blocks[:i] {
		first += v * simd.Lanes
	}
	return first, c.blocks[i]
}

// pack stores the weights of a block of a cell's channels in out; those that fill up the last vector are zero.
func (c *BandConv) pack(out []float32, cell, block int) {
	cells := c.Cells * c.Cells
	first, vectors := c.block(block)
	width := vectors * simd.Lanes
	if first+width > c.Co {
		clear(out)
	}
	for v := range vectors {
		ch := first + v*simd.Lanes
		c.be.Transpose(min(simd.Lanes, c.Co-ch), c.terms, c.Weights[(ch*cells+cell)*c.terms:], cells*c.terms, out[v*simd.Lanes:], width)
	}
}

// Release ends the use of a BandConv.
func (c *BandConv) Release() {
	switch {
	case c.narrow != nil:
		c.narrow.f.weights.put()
	case c.winograd != nil:
		c.winograd.weights.put()
	default:
		c.weights.put()
	}
}

// Rows computes rows x width positions, or cells, into dst. The first reads its first tap at the start of src, where
// whatever pads the image must lie already; each row reads (width-1)*Stride+Size pixels. With Adds, the value that lies in
// add as the result does in dst is added before the function. Bits: those of Conv2D, or of Conv2DWinograd, whose tiles then
// begin with the first row, and then of the others, one after another.
func (c *BandConv) Rows(dst, src Band, add []float32, rows, width int, p *Pool) {
	if c.winograd != nil {
		c.winograd.rows(dst, src, add, rows, width, p)
		return
	}
	c.plan(bandPlan{rows, width, p.Workers(), src.Pitch, src.Step, dst.Pitch, dst.Step})
	rectangles := len(c.cuts) - 1
	if c.narrow != nil {
		p.Run(rectangles, func(i int) {
			x := c.cuts[i] / rows
			c.narrow.rectangle(c, Band{dst.V[x*dst.Step:], dst.Pitch, dst.Step}, Band{src.V[x*src.Step:], src.Pitch, src.Step}, i, rows, c.widths[i])
		})
		return
	}
	parts := c.Cells * c.Cells * len(c.blocks)
	// Blocks inside, so that what a rectangle reads stays in a cache.
	p.Run(rectangles*parts, func(i int) { c.rectangle(dst.V, src.V, add, i/parts, i%parts/len(c.blocks), i%len(c.blocks)) })
}

// plan lists where positions read and write, by rectangles.
func (c *BandConv) plan(at bandPlan) {
	if at == c.planned {
		return
	}
	c.planned = at
	pieces := (at.rows*at.width + bandRectangle - 1) / bandRectangle
	if c.narrow != nil {
		pieces = (at.width + narrowWidth - c.Size) / (narrowWidth - c.Size + 1)
	}
	pieces = min((pieces+at.workers-1)/at.workers*at.workers, at.width) // so that all workers end together
	c.cuts, c.widths = append(c.cuts[:0], 0), c.widths[:0]
	for i := range pieces {
		c.widths = append(c.widths, at.width*(i+1)/pieces-at.width*i/pieces)
		c.cuts = append(c.cuts, at.width*(i+1)/pieces*at.rows)
	}
	if c.narrow != nil {
		c.narrow.plan(at.rows, c.widths, c.Size)
		return
	}
	area := c.Size * c.Size
	for t := range c.pos {
		c.pos[t] = t/area + t%area/c.Size*at.fromPitch + t%c.Size*at.fromStep
	}
	c.row, c.out = c.row[:0], c.out[:0]
	for i, width := range c.widths {
		first := c.cuts[i] / at.rows
		for y := range at.rows {
			for x := first; x < first+width; x++ {
				c.row = append(c.row, y*c.Stride*at.fromPitch+x*c.Stride*at.fromStep)
				c.out = append(c.out, y*c.Cells*at.toPitch+x*c.Cells*at.toStep)
			}
		}
	}
}

// rectangle computes a block of a cell's channels in one rectangle.
func (c *BandConv) rectangle(dst, src, add []float32, i, cell, block int) {
	first, vectors := c.block(block)
	width := vectors * simd.Lanes
	row, out := c.row[c.cuts[i]:c.cuts[i+1]], c.out[c.cuts[i]:c.cuts[i+1]]
	weights := c.weights.v[(cell*c.padded+first)*c.terms:]
	to := cell/c.Cells*c.planned.toPitch + cell%c.Cells*c.planned.toStep + first
	end := &simd.Ending{Act: c.End, Slope: c.Slope}
	if c.bias != nil {
		end.Shift = c.bias[cell*c.padded+first:]
	}
	if c.Adds {
		end.Add = add[to:]
	}
	n := (c.terms*vectors + bandWeights - 1) / bandWeights
	for b := range n {
		t0, t1 := c.terms*b/n, c.terms*(b+1)/n
		last := end
		if t1 < c.terms {
			last = nil
		}
		c.be.ChannelTiles(len(row), vectors, t1-t0, src, row, c.pos[t0:t1], weights[t0*width:], width, dst[to:], out, b > 0, last, simd.Ahead{})
	}
}

// FromPlanes stores in b a row of n pixels, given as c planes that lie plane values apart.
func (b Band) FromPlanes(src []float32, plane, c, n int) {
	be := backend()
	for ch := 0; ch < c; ch += simd.Lanes {
		be.Transpose(min(simd.Lanes, c-ch), n, src[ch*plane:], plane, b.V[ch:], b.Step)
	}
}

// ToPlanes stores a row of n pixels of b in c planes that lie plane values apart.
func (b Band) ToPlanes(dst []float32, plane, c, n int) {
	be := backend()
	for x := 0; x < n; x += simd.Lanes {
		be.Transpose(min(simd.Lanes, n-x), c, b.V[x*b.Step:], b.Step, dst[x:], plane)
	}
}
