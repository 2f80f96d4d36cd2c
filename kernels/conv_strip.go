package kernels

import "shiftmill/kernels/internal/simd"

// A strip is the unit of parallel work and of caching: so many lane groups, or so many single positions.
const (
	stripGroups     = 32
	narrowPositions = 256
)

// strips is the list of lane groups (or single positions, if narrow) of the output, cut into strips.
type strips struct {
	narrow bool
	src    *offsetBuffer // where the group's first tap reads
	dst    *offsetBuffer // its first output within a plane, or within the images if narrow
	cuts   *offsetBuffer // first group of each strip, and the end
}

// A span is one strip.
type span struct{ src, dst []int }

func (s *strips) count() int { return len(s.cuts.v) - 1 }

func (s *strips) span(i int) span {
	a, b := s.cuts.v[i], s.cuts.v[i+1]
	return span{s.src.v[a:b], s.dst.v[a:b]}
}

func (s *strips) release() {
	s.src.put()
	s.dst.put()
	s.cuts.put()
}

// strips lists where lanes read and write. A row whose width is no multiple of a group ends in a group that overlaps the
// one before: the shared positions are computed twice, with the same result, and no store needs a mask.
func (f *filter) strips(n int) *strips {
	s := &strips{narrow: f.outW < simd.Group}
	step, each := simd.Group, stripGroups
	if s.narrow {
		step, each = 1, narrowPositions
	}
	perRow := (f.outW + step - 1) / step
	count := n * f.outH * perRow
	if !s.narrow {
		count = f.outH * perRow
	}
	s.src, s.dst, s.cuts = getOffsets(count), getOffsets(count), getOffsets(count/each+2)
	images := 1
	if s.narrow {
		images = n
	}
	i := 0
	for img := range images {
		for y := range f.outH {
			for j := range perRow {
				x := max(min(j*step, f.outW-step), 0)
				s.src.v[i] = img*f.groups*f.channels*f.in.channel() + y*f.in.pitch + x
				s.dst.v[i] = img*f.groups*f.m*f.outH*f.outW + y*f.outW + x
				i++
			}
		}
	}
	cuts := s.cuts.v[:1]
	cuts[0] = 0
	for at := each; at < count; at += each {
		cut := at
		for cut < count && !s.narrow && s.dst.v[cut] < s.dst.v[cut-1]+simd.Group {
			cut++ // never between two groups that overlap: both must have one writer
		}
		if cut < count && cut > cuts[len(cuts)-1] {
			cuts = append(cuts, cut)
		}
	}
	s.cuts.v = append(cuts, count)
	return s
}

// wide computes a strip whose lanes lie in rows of at least eight outputs.
func (f *filter) wide(dst, src, bias []float32, g int, s span) {
	plane := f.outH * f.outW
	out := dst[g*f.m*plane:]
	in := src[g*f.channels*f.in.channel():]
	if f.terms > maxTerms || f.aliased() {
		f.blocked(out, in, bias, g, s, f.aliased())
		return
	}
	be := backend()
	weights := f.weights.v[g*f.m*f.terms:]
	for i := 0; i < len(s.src); i += 2 {
		j := min(i+1, len(s.src)-1)
		p0, p1 := s.src[i], s.src[j]
		at := 0
		for _, rows := range f.tiles {
			be.Tile(rows, f.terms, weights[at*f.terms:], in[p0:], f.taps.v, p1-p0, out[at*plane+s.dst[i]:], s.dst[j]-s.dst[i], plane, false)
			at += rows
		}
	}
	if bias != nil {
		first, last := s.dst[0], s.dst[len(s.dst)-1]+simd.Group
		for r := range f.m {
			row := out[r*plane+first : r*plane+last]
			be.Offset(bias[g*f.m+r], row, row)
		}
	}
}

// aliased reports that the rows of a tile would fall into the same few sets of a cache: then copying them side by side
// first is worth its cost.
func (f *filter) aliased() bool {
	return f.in.channel()%256 == 0 && f.terms > 16
}

// narrow computes a strip of single positions, which may belong to several images.
func (f *filter) narrow(dst, src, bias []float32, g int, s span) {
	f.blocked(dst[g*f.m*f.outH*f.outW:], src[g*f.channels*f.in.channel():], bias, g, s, true)
}

// blocked computes a strip in blocks of terms. The accumulators rest in a buffer of tiles between blocks, which changes
// no bit, and are stored at the end. Gathered strips copy the terms of 16 positions side by side first.
func (f *filter) blocked(out, in, bias []float32, g int, s span, gather bool) {
	be := backend()
	width, perTile := f.lanes()
	tiles := (len(s.src) + perTile - 1) / perTile
	acc := getFloats(tiles * f.m * simd.Lanes)
	defer acc.put()
	blocks := (f.terms + maxTerms - 1) / maxTerms
	size := (f.terms + blocks - 1) / blocks
	var panels *floatBuffer
	var steps *offsetBuffer
	if gather {
		panels, steps = getFloats(tiles*size*simd.Lanes), getOffsets(size)
		defer panels.put()
		defer steps.put()
		for i := range steps.v {
			steps.v[i] = i * simd.Lanes
		}
	}
	weights := f.weights.v[g*f.m*f.terms:]
	for b := range blocks {
		t0, t1 := f.terms*b/blocks, f.terms*(b+1)/blocks
		taps := f.taps.v[t0:t1]
		if gather {
			for i := range tiles {
				gatherPanel(panels.v[i*size*simd.Lanes:], in, taps, s.src[i*perTile:min((i+1)*perTile, len(s.src))], width)
			}
		}
		// Rows outside, positions inside: a tile's weights stay in the first-level cache, the panels in the second.
		at := 0
		for _, rows := range f.tiles {
			w := weights[at*f.terms+t0*rows:]
			for i := range tiles {
				c := acc.v[(i*f.m+at)*simd.Lanes:]
				if gather {
					be.Tile(rows, t1-t0, w, panels.v[i*size*simd.Lanes:], steps.v, simd.Group, c, simd.Group, simd.Lanes, b > 0)
					continue
				}
				p0 := s.src[2*i]
				p1 := s.src[min(2*i+1, len(s.src)-1)] - p0
				be.Tile(rows, t1-t0, w, in[p0:], taps, p1, c, simd.Group, simd.Lanes, b > 0)
			}
			at += rows
		}
	}
	f.scatter(out, acc.v, bias, g, s)
}

// lanes returns the positions that lie together and how many such groups a tile holds.
func (f *filter) lanes() (width, perTile int) {
	if f.gathered || f.outW < simd.Group {
		return 1, simd.Lanes
	}
	return simd.Group, 2
}

// gatherPanel copies, for each tap, the values of up to 16 lanes; surplus lanes repeat the last position.
func gatherPanel(panel, in []float32, taps, pos []int, width int) {
	if width == simd.Group {
		p0, p1 := pos[0], pos[len(pos)-1]
		for t, o := range taps {
			row := (*[simd.Lanes]float32)(panel[t*simd.Lanes:])
			*(*[simd.Group]float32)(row[:]) = *(*[simd.Group]float32)(in[p0+o:])
			*(*[simd.Group]float32)(row[simd.Group:]) = *(*[simd.Group]float32)(in[p1+o:])
		}
		return
	}
	var full [simd.Lanes]int
	for j := range full {
		full[j] = pos[min(j, len(pos)-1)]
	}
	for t, o := range taps {
		row := (*[simd.Lanes]float32)(panel[t*simd.Lanes:])
		x := in[o:]
		for j := range row {
			row[j] = x[full[j]]
		}
	}
}

// scatter stores the tiles of a strip and adds the bias, which comes after the last term.
func (f *filter) scatter(out, acc, bias []float32, g int, s span) {
	plane := f.outH * f.outW
	width, perTile := f.lanes()
	for i, at := range s.dst {
		tile := acc[i/perTile*f.m*simd.Lanes+i%perTile*width:]
		for r := range f.m {
			row := out[r*plane+at : r*plane+at+width]
			if width == simd.Group {
				*(*[simd.Group]float32)(row) = *(*[simd.Group]float32)(tile[r*simd.Lanes:])
			} else {
				row[0] = tile[r*simd.Lanes]
			}
			if bias != nil {
				for j := range row {
					row[j] += bias[g*f.m+r]
				}
			}
		}
	}
}
