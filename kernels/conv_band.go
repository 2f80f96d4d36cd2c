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
	whole                *filter
	shape                ConvShape // of whole
}

// An End is the function at the end of a convolution.
type End = simd.Act

// The ends: x, ReLU and LeakyReLU.
const (
	EndPlain = simd.Linear
	EndReLU  = simd.Rectify
	EndLeaky = simd.Leaky
)

// A BandEnding is what follows the sum of a band: Bias, unless nil, is added, then the elements of Add, unless its V is nil,
// then comes the function, with Slope for EndLeaky. Bits: those of the operations one after another.
type BandEnding struct {
	Bias  []float32
	Add   Band
	End   End
	Slope float32
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
	for _, f := range []*filter{c.f, c.whole} {
		if f != nil {
			f.release()
		}
	}
}

// Rows computes rows x width outputs into dst. The first reads its first tap at the start of src, where whatever pads the
// image must lie already; each row reads (width-1)*stride+size values. Bits: those of Conv2D without a bias, then e's.
func (c *BandConv) Rows(dst, src Band, rows, width int, e BandEnding, p *Pool) {
	to := target{v: dst.V, pitch: dst.Channel, add: e.Add.V, addPitch: e.Add.Channel, end: &ending{shift: e.Bias, act: e.End, slope: e.Slope}}
	if c.f == nil || !flattens(rows, width, src.Pitch) {
		c.copied(dst, src, rows, width, p)
		c.finish(to, dst.Pitch, e.Add.Pitch, rows, width, p)
		return
	}
	later := to
	apart := to.add != nil && e.Add.Pitch != dst.Pitch
	if apart { // tiles add what lies as their results do
		to.add, to.end = nil, nil
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
		first, end := c.plan.strip(strip)
		for set := first; set < end; set++ {
			f.flatTiles(c.plan.set(set), to, src.V, f.weights.v, f.taps.v, len(f.tiles)*part/parts, len(f.tiles)*(part+1)/parts)
		}
	})
	if apart {
		c.finish(later, dst.Pitch, e.Add.Pitch, rows, width, p)
	}
}

// finish makes the ending of a band row by row.
func (c *BandConv) finish(to target, pitch, addPitch, rows, width int, p *Pool) {
	p.Run(c.co, func(ch int) {
		one := to.from(ch)
		for range rows {
			one.finish(c.be, 0, 0, width)
			one.v = one.v[min(pitch, len(one.v)):]
			if one.add != nil {
				one.add = one.add[min(addPitch, len(one.add)):]
			}
		}
	})
}

// copied computes a band by way of whole tensors.
func (c *BandConv) copied(dst, src Band, rows, width int, p *Pool) {
	s := ConvShape{N: 1, Ci: c.ci, Co: c.co, H: (rows-1)*c.stride + c.size, W: (width-1)*c.stride + c.size,
		KH: c.size, KW: c.size, StrideH: c.stride, StrideW: c.stride}.filled()
	if c.whole == nil || c.shape != s {
		if c.whole != nil {
			c.whole.release()
		}
		c.whole, c.shape = forwardFilter(c.w, s, p), s
	}
	x, y := getFloats(s.Ci*s.H*s.W), getFloats(s.Co*rows*width)
	defer x.put()
	defer y.put()
	for ch := range s.Ci {
		for r := range s.H {
			copy(x.v[(ch*s.H+r)*s.W:][:s.W], src.V[ch*src.Channel+r*src.Pitch:])
		}
	}
	c.whole.run(c.whole.target(y.v, nil), x.v, 1, p)
	for ch := range s.Co {
		for r := range rows {
			copy(dst.V[ch*dst.Channel+r*dst.Pitch:][:width], y.v[(ch*rows+r)*width:])
		}
	}
}
