package near

import "math"

// What makes two aligned thumbs the same picture. Measured on 2,000 copies of
// 8,186 photographs, paintings, cartoons, sketches and doodles (re-encoded at
// quality 30 to 95, scaled by 0.5 to 2, 10 % brighter or darker, mirrored,
// cropped by 5 % of the side) and on their pairs that look alike but are not
// the same: a copy agrees in all three, and pairs of others fail at least one.
const (
	agreement = 0.94 // correlation of the grey levels
	detail    = 0.60 // correlation of what a 5 x 5 mean takes away
	worst     = 0.50 // mean square difference of the worst 8 x 8 block, over the picture's variance
	hopeless  = 0.70 // grey levels that agree less than this before edges are moved never come together
)

// A Match is a confirmed pair with how well it agrees.
type Match struct {
	Agreement float64 // correlation of the aligned thumbs, at most 1
	Detail    float64
	Worst     float64
}

// Confirm lays the candidate's one thumb over the other and compares them. a is
// the thumb of I, b of J.
func (c *Candidate) Confirm(a, b *Thumb) (Match, bool) {
	if c.Swap {
		a, b = b, a
	}
	if c.Mirror {
		a = a.mirrored()
	}
	at := frame{}
	if !c.Whole {
		at.edges = [4]int{int(c.Along) * cut, (2 - int(c.Along)) * cut, int(c.Down) * cut, (2 - int(c.Down)) * cut}
	}
	target := plain(b)
	at.measure(a, target)
	if at.agreement < hopeless {
		return Match{}, false
	}
	if m, ok := at.judge(a, target); ok {
		return m, true
	}
	at.refine(a, target)
	return at.judge(a, target)
}

// judge compares the thumbs as the frame lays them.
func (f *frame) judge(a *Thumb, target *levels) (Match, bool) {
	m := Match{Agreement: f.agreement}
	if m.Agreement < agreement {
		return m, false
	}
	view := f.view(a)
	m.Detail = correlation(detailOf(view), detailOf(target))
	m.Worst = worstBlock(view, target)
	return m, m.Detail >= detail && m.Worst <= worst
}

// Lengths of frames are in sixteenths of a thumb's pixel.
const (
	unit = 16
	cut  = 26 // half of 5 % of the side
)

// A frame is the part of a thumb that is laid over another: what is cut off
// left, right, above and below.
type frame struct {
	edges     [4]int
	agreement float64
}

type levels [side * side]float64

func plain(t *Thumb) *levels {
	l := new(levels)
	for i, g := range t {
		l[i] = float64(g)
	}
	return l
}

// axis places the 64 samples of a frame along a side: the pixel before each
// and how far, in 1/4096, it lies towards the next one.
func axis(before, after int) (from [side]int, part [side]int) {
	length := side*unit - before - after
	for i := range side {
		// centre: before + (i+1/2)*length/64 - 1/2 pixel, in 1/4096 of a pixel
		p := before*256 + (2*i+1)*length*2 - 2048
		p = min(max(p, 0), (side-1)*4096-1)
		from[i], part[i] = p/4096, p%4096
	}
	return from, part
}

// view is the part of a thumb that the frame holds, at 64 x 64 again, by
// bilinear interpolation in integers.
func (f *frame) view(t *Thumb) *levels {
	xs, fx := axis(f.edges[0], f.edges[1])
	ys, fy := axis(f.edges[2], f.edges[3])
	out := new(levels)
	for y := range side {
		upper := t[ys[y]*side : (ys[y]+1)*side]
		lower := t[(ys[y]+1)*side : (ys[y]+2)*side]
		for x := range side {
			k, w := xs[x], fx[x]
			a := int(upper[k])*(4096-w) + int(upper[k+1])*w
			b := int(lower[k])*(4096-w) + int(lower[k+1])*w
			out[y*side+x] = float64(a*(4096-fy[y])+b*fy[y]) / (1 << 24)
		}
	}
	return out
}

func (f *frame) measure(a *Thumb, target *levels) { f.agreement = correlation(f.view(a), target) }

// refine moves the four edges, one at a time, while that brings the thumbs
// closer.
func (f *frame) refine(a *Thumb, target *levels) {
	for step := cut; step >= 3; step /= 2 {
		for moved := true; moved; {
			moved = false
			for e := range f.edges {
				for _, by := range []int{-step, step} {
					next := *f
					next.edges[e] += by
					if next.edges[e] < -unit || next.edges[e] > 5*unit {
						continue
					}
					if next.measure(a, target); next.agreement > f.agreement+1e-6 {
						*f, moved = next, true
					}
				}
			}
		}
	}
}

// correlation is Pearson's, 0 where one of the pictures is flat.
func correlation(a, b *levels) float64 {
	var sa, sb, aa, bb, ab float64
	for i := range a {
		x, y := a[i], b[i]
		sa += x
		sb += y
		aa += float64(x * x)
		bb += float64(y * y)
		ab += float64(x * y)
	}
	const n = side * side
	va, vb := aa-float64(sa*sa)/n, bb-float64(sb*sb)/n
	if va <= 0 || vb <= 0 {
		return 0
	}
	return (ab - float64(sa*sb)/n) / math.Sqrt(float64(va*vb))
}

// detailOf is what a mean over 5 x 5 pixels takes away.
func detailOf(l *levels) *levels {
	rows, out := new(levels), new(levels)
	at := func(i int) int { return min(max(i, 0), side-1) }
	for y := range side {
		for x := range side {
			sum := 0.0
			for d := -2; d <= 2; d++ {
				sum += l[y*side+at(x+d)]
			}
			rows[y*side+x] = sum
		}
	}
	for y := range side {
		for x := range side {
			sum := 0.0
			for d := -2; d <= 2; d++ {
				sum += rows[at(y+d)*side+x]
			}
			out[y*side+x] = l[y*side+x] - sum/25
		}
	}
	return out
}

// worstBlock brings b to a's mean and spread and returns the largest mean
// square difference of an 8 x 8 block, over a's variance.
func worstBlock(a, b *levels) float64 {
	const n = side * side
	var sa, sb, aa, bb float64
	for i := range a {
		sa += a[i]
		sb += b[i]
		aa += float64(a[i] * a[i])
		bb += float64(b[i] * b[i])
	}
	va, vb := aa/n-float64(sa/n)*float64(sa/n), bb/n-float64(sb/n)*float64(sb/n)
	if va <= 0 || vb <= 0 {
		return math.Inf(1)
	}
	gain, most := math.Sqrt(va/vb), 0.0
	for by := 0; by < side; by += 8 {
		for bx := 0; bx < side; bx += 8 {
			sum := 0.0
			for y := by; y < by+8; y++ {
				for x := bx; x < bx+8; x++ {
					d := (a[y*side+x] - sa/n) - float64(gain*(b[y*side+x]-sb/n))
					sum += float64(d * d)
				}
			}
			most = max(most, sum/64)
		}
	}
	return most / va
}
