package kernels

import "shiftmill/kernels/internal/simd"

// A Band is some rows of an image that lie in a larger buffer: row y of channel c starts at V[c*Channel+y*Pitch].
type Band struct {
	V              []float32
	Channel, Pitch int
}

// A BandConv is a square convolution whose weights are prepared once for many bands of one image. It belongs to one
// goroutine; Release gives its memory back.
type BandConv struct {
	be                   simd.Backend
	ci, co, size, stride int
	w                    []float32
	f                    *filter // with packed tiles; nil where bands are copied
	plan                 flatPlan
	planned              [4]int // rows, width and the two pitches of plan
	tapped               [2]int // channel and pitch of the taps
}

// NewBandConv prepares the weights w [co, ci, size, size], which must not change before Release.
func NewBandConv(w []float32, ci, co, size, stride int, p *Pool) *BandConv {
	sameLength("NewBandConv", co*ci*size*size, len(w))
	c := &BandConv{be: backend(), ci: ci, co: co, size: size, stride: stride, w: w}
	if c.be == simd.AVX512 && stride == 1 {
		c.f = &filter{be: c.be, groups: 1, m: co, channels: ci, terms: ci * size * size}
		term := getOffsets(c.f.terms)
		defer term.put()
		for t := range term.v {
			term.v[t] = t
		}
		c.f.packTiles(w, 0, c.f.terms, term.v, simd.FlatRows, p)
		c.f.taps = getOffsets(c.f.terms)
	}
	return c
}

// Release ends the use of a BandConv.
func (c *BandConv) Release() {
	if c.f != nil {
		c.f.release()
	}
}

// Rows computes rows x width outputs into dst. The first reads its first tap at the start of src, where whatever pads the
// image must lie already; each row reads (width-1)*stride+size values. Bits: those of Conv2D without a bias.
func (c *BandConv) Rows(dst, src Band, rows, width int, p *Pool) {
	if c.f == nil || !flattens(rows, width, src.Pitch) {
		c.copied(dst, src, rows, width, p)
		return
	}
	f := c.f
	if at := [2]int{src.Channel, src.Pitch}; at != c.tapped {
		c.tapped = at
		area := c.size * c.size
		for t := range f.taps.v {
			f.taps.v[t] = t/area*src.Channel + t%area/c.size*src.Pitch + t%c.size
		}
	}
	if at := [4]int{rows, width, src.Pitch, dst.Pitch}; at != c.planned {
		c.planned = at
		c.plan.fill(rows, width, src.Pitch, dst.Pitch)
	}
	strips, parts := c.plan.strips(), 1
	if strips < 2*p.Workers() && p.Workers() > 1 {
		parts = min(len(f.tiles), (2*p.Workers()+strips-1)/strips)
	}
	p.Run(strips*parts, func(i int) {
		strip, part := i/parts, i%parts
		lo, hi := strip*flatStrip, min((strip+1)*flatStrip, len(c.plan.groups)/2)
		for pair := lo; pair < hi; pair++ {
			f.flatTiles(c.plan.pair(pair), dst.V, dst.Channel, src.V, f.weights.v, f.taps.v, len(f.tiles)*part/parts, len(f.tiles)*(part+1)/parts)
		}
	})
}

// copied computes a band by way of whole tensors.
func (c *BandConv) copied(dst, src Band, rows, width int, p *Pool) {
	s := ConvShape{N: 1, Ci: c.ci, Co: c.co, H: (rows-1)*c.stride + c.size, W: (width-1)*c.stride + c.size,
		KH: c.size, KW: c.size, StrideH: c.stride, StrideW: c.stride}
	x, y := getFloats(s.Ci*s.H*s.W), getFloats(s.Co*rows*width)
	defer x.put()
	defer y.put()
	for ch := range s.Ci {
		for r := range s.H {
			copy(x.v[(ch*s.H+r)*s.W:][:s.W], src.V[ch*src.Channel+r*src.Pitch:])
		}
	}
	Conv2D(y.v, x.v, c.w, nil, s, p)
	for ch := range s.Co {
		for r := range rows {
			copy(dst.V[ch*dst.Channel+r*dst.Pitch:][:width], y.v[(ch*rows+r)*width:])
		}
	}
}
