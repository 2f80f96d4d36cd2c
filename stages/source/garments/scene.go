package garments

import (
	"fmt"
	"sort"

	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// The reference values, at which every attribute of strength 0 is drawn.
const (
	ReferenceScale     = 2
	ReferenceOcclusion = 2
	ReferenceViewpoint = 2
	ReferenceZoom      = 1
)

// Strength says how much of an attribute shows, 0 to 1000.
type Strength struct{ Scale, Occlusion, Viewpoint, Zoom int }

// FullStrength shows all of every attribute.
func FullStrength() Strength { return Strength{1000, 1000, 1000, 1000} }

func (s Strength) check() error {
	for _, a := range []struct {
		name  string
		value int
	}{{"scale", s.Scale}, {"occlusion", s.Occlusion}, {"viewpoint", s.Viewpoint}, {"zoom_in", s.Zoom}} {
		if a.value < 0 || a.value > 1000 {
			return fmt.Errorf("strength of %s: expected 0 to 1000, got %d", a.name, a.value)
		}
	}
	return nil
}

// What the values 1, 2 and 3 mean, in 1/1000.
var (
	heights = [4]int64{1: 330, 2: 600, 3: 900} // of the frame, that the figure's clothes fill
	widths  = [4]int64{1: 400, 2: 700, 3: 980} // of the figure's part of the frame, that they fill at most
	covers  = [4]int64{1: 0, 2: 270, 3: 570}   // of the item's box, that something in front hides
	cuts    = [4]int64{1: 0, 2: 300, 3: 560}   // of the clothes, that lie outside of the frame
)

// towards is the value of a table the strength's share of the way from the reference.
func towards(table [4]int64, reference, value, strength int) int64 {
	return table[reference] + (table[value]-table[reference])*int64(strength)/1000
}

// An item is a piece of clothing in its place.
type item struct {
	category int
	cloth    cloth
	shape    outline // in path units of the frame
	cover    int64   // 1/1000 of the box to hide
}

// A figure wears its items, or they are laid out.
type figure struct {
	items    []item
	view     view
	cx, cy   int64 // where (0, middle) of the body lies, path units
	middle   int64 // body units
	k        int64 // path units to 1,000 body units
	mirrored bool
	number   int
}

// at is the place of a point of the body in the frame.
func (f *figure) at(p draw.Point) draw.Point {
	x := p.X
	if f.mirrored {
		x = -x
	}
	return pt(f.cx+x*f.k/1000, f.cy-(p.Y-f.middle)*f.k/1000)
}

// A Scene is a picture before it is drawn.
type Scene struct {
	size    int64 // pixels a side
	seed    uint64
	number  int
	pair    int
	figures []*figure
}

// Plan places the figures of a picture. Errors name the value and what was expected.
func Plan(seed uint64, number, pair, size int, a Attributes, s Strength) (*Scene, error) {
	if size < MinSize || size > MaxSize {
		return nil, fmt.Errorf("size: expected %d to %d pixels, got %d", MinSize, MaxSize, size)
	}
	return plan(seed, number, pair, size, a, s)
}

func plan(seed uint64, number, pair, size int, a Attributes, s Strength) (*Scene, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	worn := outfit(seed, pair)
	if err := a.check(worn); err != nil {
		return nil, err
	}
	sc := &Scene{size: int64(size), seed: seed, number: number, pair: pair}
	n := 0
	for i, categories := range worn {
		f := &figure{number: i, view: front}
		r := sc.shot("figure", i)
		around, point, flip := side, int(r.Below(1000)), r.Chance(500)
		if r.Chance(500) {
			around = back
		}
		if point < s.Viewpoint {
			f.view = [4]view{1: flat, 2: front, 3: around}[a.Viewpoint[i]]
		}
		f.mirrored = flip && f.view == side
		for j, category := range categories {
			it := item{category: category, cloth: clothOf(seed, pair, i, j, category)}
			it.shape = outlineOf(category, it.cloth, f.view)
			if f.view == flat && j > 0 { // laid below the first, not tucked in
				it.shape = it.shape.lowered(46)
			}
			it.cover = towards(covers, ReferenceOcclusion, a.Occlusion[n], s.Occlusion)
			f.items = append(f.items, it)
			n++
		}
		f.place(r, sc.size*draw.PixelUnits, int64(i), int64(len(worn)), a, s)
		sc.figures = append(sc.figures, f)
	}
	return sc, nil
}

func (a Attributes) check(worn [][]int) error {
	items := 0
	for _, w := range worn {
		items += len(w)
	}
	for _, v := range []struct {
		name   string
		values []int
		n      int
	}{{"scale", a.Scale, len(worn)}, {"viewpoint", a.Viewpoint, len(worn)}, {"zoom_in", a.Zoom, len(worn)}, {"occlusion", a.Occlusion, items}} {
		if len(v.values) != v.n {
			return fmt.Errorf("%s: expected %d values, got %d", v.name, v.n, len(v.values))
		}
		for _, x := range v.values {
			if x < 1 || x > 3 {
				return fmt.Errorf("%s: expected 1 to 3, got %d", v.name, x)
			}
		}
	}
	return nil
}

func (o outline) lowered(by int64) outline {
	out := make(outline, len(o))
	for i, piece := range o {
		for _, p := range piece {
			out[i] = append(out[i], pt(p.X, p.Y-by))
		}
	}
	return out
}

// bounds is the box of points: x0, y0, x1, y1.
func bounds(pieces ...[]draw.Point) (b [4]int64) {
	b = [4]int64{1 << 40, 1 << 40, -1 << 40, -1 << 40}
	for _, piece := range pieces {
		for _, p := range piece {
			b = [4]int64{min(b[0], p.X), min(b[1], p.Y), max(b[2], p.X), max(b[3], p.Y)}
		}
	}
	return b
}

// place settles the figure's size and place in a frame of so many path units a side.
func (f *figure) place(r *random.Stream, frame, i, n int64, a Attributes, s Strength) {
	var all [][]draw.Point
	for _, it := range f.items {
		all = append(all, it.shape...)
	}
	b := bounds(all...)
	w, h := b[2]-b[0], b[3]-b[1]
	slot := frame / n
	high := frame * towards(heights, ReferenceScale, a.Scale[i], s.Scale) / 1000
	wide := slot * towards(widths, ReferenceScale, a.Scale[i], s.Scale) / 1000
	f.k = min(high*1000/h, wide*1000/w) * r.Between(950, 1030) / 1000
	f.middle = (b[1] + b[3]) / 2
	x0, x1 := b[0], b[2]
	if f.mirrored {
		x0, x1 = -x1, -x0
	}
	f.cx = slot*i + slot/2 - (x0+x1)*f.k/2000 + frame*r.Between(-35, 35)/1000
	f.cy = frame/2 + frame*r.Between(-25, 25)/1000
	// Zoomed in, a part of the figure is outside, left or right.
	left := r.Chance(500)
	if n > 1 {
		left = i == 0
	}
	if z := a.Zoom[i]; z != ReferenceZoom {
		outside := w * f.k / 1000 * cuts[z] / 1000
		to := -outside - x0*f.k/1000
		if !left {
			to = frame + outside - x1*f.k/1000
		}
		f.cx += (to - f.cx) * int64(s.Zoom) / 1000
	}
	for j := range f.items {
		shape := f.items[j].shape
		for p := range shape {
			moved := make([]draw.Point, len(shape[p]))
			for q := range moved {
				moved[q] = f.at(shape[p][q])
			}
			shape[p] = moved
		}
	}
}

// box is the item's bounding box in pixels, cut at the frame.
func (sc *Scene) box(it item) (b [4]float64) {
	r := bounds(it.shape...)
	const u = draw.PixelUnits
	limit := func(v int64) float64 { return float64(min(max(v, 0), sc.size)) }
	return [4]float64{limit(floor(r[0], u)), limit(floor(r[1], u)), limit(-floor(-r[2], u)), limit(-floor(-r[3], u))}
}

func floor(a, b int64) int64 {
	q := a / b
	if q*b > a {
		q--
	}
	return q
}

// shot returns the stream of a part of this picture.
func (sc *Scene) shot(purpose string, i int) *random.Stream {
	return random.New(sc.seed, "shot/"+purpose, fmt.Sprint(sc.number, i))
}

// order lists the figures from the farthest to the nearest.
func (sc *Scene) order() []*figure {
	fs := append([]*figure(nil), sc.figures...)
	sort.SliceStable(fs, func(i, j int) bool { return fs[i].k < fs[j].k })
	return fs
}

// laid says whether nobody wears anything, so that the picture is taken from above.
func (sc *Scene) laid() bool {
	for _, f := range sc.figures {
		if f.view != flat {
			return false
		}
	}
	return true
}
