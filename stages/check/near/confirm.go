package near

import "math"

// Limits say what makes two aligned thumbs the same picture: their grey levels
// agree, and beyond that either every part has the same structure, or nearly all
// of the detail is the same, which a caption or a stamp in one place leaves alone.
type Limits struct {
	Agreement float64 `yaml:"agreement" min:"0.8" max:"1" doc:"least correlation of the grey levels"`
	Structure float64 `yaml:"structure" min:"0" max:"1" doc:"least structural similarity of the 8 x 8 block that is least alike"`
	Detail    float64 `yaml:"detail" min:"0.5" max:"1" doc:"correlation of detail from which one block may differ, as a caption does"`
}

// Usual are the limits that suit photographs, paintings, cartoons, sketches and
// doodles: the middle of those that TestHeldOut finds to join no two different
// ones of 8,186 pictures and to lose next to none of 4,000 copies (re-encoded at
// quality 30 to 95, scaled by 0.5 to 2, 10 % brighter or darker, mirrored, cropped
// by 5 % of the side). Chosen on one half of the pictures they join no different
// ones of the other half. Drawings after one template, such as icons and buttons,
// are beyond this: they do match.
func Usual() Limits { return Limits{Agreement: 0.92, Structure: 0.38, Detail: 0.92} }

const (
	plain    = 0.50 // correlation of detail that structure alone needs: two gradients agree in all but detail
	hopeless = 0.60 // grey levels that agree less than this before edges are moved never come together
	begun    = 0.08 // by which they may agree less at half the size once edges have been moved by large steps
	rough    = 0.02 // by which they may agree less there once edges have been moved by small ones
)

// A Match is a confirmed pair with how well it agrees.
type Match struct {
	Agreement float64 // correlation of the aligned thumbs, at most 1
	Detail    float64 // correlation of what a 7 x 7 mean takes away
	Structure float64 // of the block that agrees least
}

// Confirm lays the candidate's one thumb over the other and compares them: as
// the candidate says and, if that does not suffice, with the edges moved. a is
// the thumb of I, b of J.
func (c *Candidate) Confirm(a, b *Thumb, l Limits) (Match, bool) {
	f, at := c.framing(a, b)
	agrees := f.agreement(at)
	if agrees < hopeless {
		return Match{}, false
	}
	if m := f.judge(at, agrees, l.Agreement); l.accept(m) {
		return m, true
	}
	at, agrees, ok := f.refine(at, l.Agreement)
	if !ok {
		return Match{}, false
	}
	m := f.judge(at, agrees, l.Agreement)
	return m, l.accept(m)
}

func (l Limits) accept(m Match) bool {
	return m.Agreement >= l.Agreement && (m.Detail >= l.Detail || m.Detail >= plain && m.Structure >= l.Structure)
}

// framing lays the thumbs over each other as the candidate says.
func (c *Candidate) framing(a, b *Thumb) (f *framing, edges [4]int) {
	if c.Swap {
		a, b = b, a
	}
	if c.Mirror {
		a = a.mirrored()
	}
	if !c.Whole {
		edges = [4]int{int(c.Along) * cut, (2 - int(c.Along)) * cut, int(c.Down) * cut, (2 - int(c.Down)) * cut}
	}
	return newFraming(a[:], b[:], side), edges
}

// Lengths of frames are in sixteenths of a thumb's pixel.
const (
	unit = 16
	cut  = 26 // half of 5 % of the side
)

// A framing lays parts of one thumb over another one, both of n x n pixels. A
// part is given by its edges: what is cut off left, right, above and below.
type framing struct {
	n      int
	thumb  []uint8
	target []uint8
	sum    int64 // of the target's grey levels, in 1/256
	spread int64 // n*n times the sum of their squares, less the squared sum

	// The thumb's rows, each at the columns of the edges left and right, in
	// 1/4096: most steps move the other two edges.
	across [2]int
	laid   bool
	rows   [side][side]uint32
}

func newFraming(thumb, target []uint8, n int) *framing {
	f := &framing{n: n, thumb: thumb, target: target}
	squares := int64(0)
	for _, g := range target {
		f.sum += int64(g) << 8
		squares += int64(g) * int64(g) << 16
	}
	f.spread = int64(n*n)*squares - f.sum*f.sum
	return f
}

// half is the framing of both thumbs at half their size.
func (f *framing) half() *framing {
	n := f.n / 2
	shrink := func(t []uint8) []uint8 {
		out := make([]uint8, n*n)
		for y := range n {
			for x := range n {
				upper, lower := t[2*y*f.n+2*x:], t[(2*y+1)*f.n+2*x:]
				out[y*n+x] = uint8((uint32(upper[0]) + uint32(upper[1]) + uint32(lower[0]) + uint32(lower[1]) + 2) >> 2)
			}
		}
		return out
	}
	return newFraming(shrink(f.thumb), shrink(f.target), n)
}

// axis places the samples of a frame along a side: the pixel before each and how
// far, in 1/4096, it lies towards the next one.
func (f *framing) axis(before, after int) (from [side]int, part [side]uint32) {
	length := side*unit - before - after
	for i := range f.n {
		// centre: before + (i+1/2)*length/n - 1/2 pixel, in 1/4096 of a pixel
		p := before*256*f.n/side + (2*i+1)*length*2 - 2048
		p = min(max(p, 0), (f.n-1)*4096-1)
		from[i], part[i] = p/4096, uint32(p%4096)
	}
	return from, part
}

// lay samples the thumb's rows.
func (f *framing) lay(before, after int) {
	if f.laid && f.across == [2]int{before, after} {
		return
	}
	f.laid, f.across = true, [2]int{before, after}
	xs, fx := f.axis(before, after)
	for y := range f.n {
		line, out := f.thumb[y*f.n:(y+1)*f.n], f.rows[y][:f.n]
		for x := range out {
			k := xs[x]
			out[x] = uint32(line[k])*(4096-fx[x]) + uint32(line[k+1])*fx[x]
		}
	}
}

// agreement is the correlation of the part with the target, 0 where one of
// them is flat. The part is at n x n again, by bilinear interpolation in
// integers.
func (f *framing) agreement(edges [4]int) float64 {
	f.lay(edges[0], edges[1])
	ys, fy := f.axis(edges[2], edges[3])
	var sum, squares, both int64
	for y := range f.n {
		k := ys[y]
		upper, lower, other := f.rows[k][:f.n], f.rows[k+1][:f.n], f.target[y*f.n:(y+1)*f.n]
		for x := range upper {
			v := int64((upper[x]*(4096-fy[y]) + lower[x]*fy[y]) >> 16)
			sum += v
			squares += v * v
			both += v * int64(other[x])
		}
	}
	n := int64(f.n * f.n)
	spread := n*squares - sum*sum
	if spread <= 0 || f.spread <= 0 {
		return 0
	}
	return float64(n*(both<<8)-sum*f.sum) / math.Sqrt(float64(float64(spread)*float64(f.spread)))
}

// view is the part itself, and whole the target, of thumbs at their full size.
func (f *framing) view(edges [4]int) *levels {
	f.lay(edges[0], edges[1])
	ys, fy := f.axis(edges[2], edges[3])
	out := new(levels)
	for y, k := range ys {
		for x := range side {
			out[y*side+x] = int64((f.rows[k][x]*(4096-fy[y]) + f.rows[k+1][x]*fy[y]) >> 16)
		}
	}
	return out
}

func (f *framing) whole() *levels {
	out := new(levels)
	for i, g := range f.target {
		out[i] = int64(g) << 8
	}
	return out
}

// judge says how well a part whose agreement is known agrees with the target;
// the rest is only looked at where the agreement is enough.
func (f *framing) judge(edges [4]int, agrees, enough float64) Match {
	m := Match{Agreement: agrees}
	if agrees >= enough {
		m.Detail, m.Structure = compare(f.view(edges), f.whole())
	}
	return m
}

// refine moves the four edges while that brings the thumbs closer, in small steps
// at half their size, which is a quarter of the work, and in the smallest ones at
// full size; false when at half the size they do not come close.
func (f *framing) refine(at [4]int, enough float64) (edges [4]int, agrees float64, ok bool) {
	h := f.half()
	if at, agrees = h.moved(at, cut, cut); agrees < enough-begun {
		return at, agrees, false
	}
	if at, agrees = h.moved(at, cut/2, 3); agrees < enough-rough {
		return at, agrees, false
	}
	at, agrees = f.moved(at, 6, 3)
	return at, agrees, true
}

// moved moves the edges, one at a time, by steps that are halved from the first
// down to the last.
func (f *framing) moved(at [4]int, first, last int) ([4]int, float64) {
	agrees := f.agreement(at)
	for step := first; step >= last; step /= 2 {
		for moved := true; moved; {
			moved = false
			for e := range at {
				for _, by := range []int{-step, step} {
					next := at
					next[e] += by
					if next[e] < -unit || next[e] > 5*unit {
						continue
					}
					if c := f.agreement(next); c > agrees+1e-6 {
						at, agrees, moved = next, c, true
					}
				}
			}
		}
	}
	return at, agrees
}
