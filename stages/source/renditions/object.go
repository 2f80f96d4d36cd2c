package renditions

import (
	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// A part is a closed contour in object units, from -1000 to 1000, y upwards.
type part struct {
	pts   []draw.Point
	color draw.Color
	fine  bool // a mark on another part: no outline of its own in coarse manners
}

// An object gathers parts, back to front.
type object struct{ parts []part }

func (o *object) add(fine bool, c uint32, pts []draw.Point) {
	o.parts = append(o.parts, part{pts, draw.Hex(c), fine})
}

func points(xy []int64) []draw.Point {
	pts := make([]draw.Point, 0, len(xy)/2)
	for i := 0; i+1 < len(xy); i += 2 {
		pts = append(pts, draw.Point{X: xy[i], Y: xy[i+1]})
	}
	return pts
}

// poly is a contour with its corners as they are, blob one with rounded ones.
func (o *object) poly(c uint32, xy ...int64) { o.add(false, c, points(xy)) }
func (o *object) blob(c uint32, xy ...int64) { o.add(false, c, draw.Smooth(points(xy), 2)) }
func (o *object) mark(c uint32, xy ...int64) { o.add(true, c, points(xy)) }

// round is an ellipse's contour.
func round(x, y, rx, ry int64) []draw.Point {
	pts := make([]draw.Point, 28)
	for i := range pts {
		a := int64(i) * 4096 / int64(len(pts))
		pts[i] = draw.Point{X: x + rx*draw.Cos(a)/1000000, Y: y + ry*draw.Sin(a)/1000000}
	}
	return pts
}

func (o *object) oval(c uint32, x, y, rx, ry int64) { o.add(false, c, round(x, y, rx, ry)) }
func (o *object) dot(c uint32, x, y, r int64)       { o.add(true, c, round(x, y, r, r)) }

// bar is a straight piece of the given width.
func bar(width, x0, y0, x1, y1 int64) []draw.Point {
	dx, dy := x1-x0, y1-y0
	l := max(1, draw.Sqrt(dx*dx+dy*dy))
	nx, ny := -dy*width/(2*l), dx*width/(2*l)
	return points([]int64{x0 + nx, y0 + ny, x1 + nx, y1 + ny, x1 - nx, y1 - ny, x0 - nx, y0 - ny})
}

func (o *object) stick(c uint32, width, x0, y0, x1, y1 int64) {
	o.add(false, c, bar(width, x0, y0, x1, y1))
}
func (o *object) line(c uint32, width, x0, y0, x1, y1 int64) {
	o.add(true, c, bar(width, x0, y0, x1, y1))
}

// A pose turns, stretches and bends an object, and places it in the frame.
type pose struct {
	cos, sin   int64 // in millionths
	sx, sy     int64 // path units to 1,000 object units
	x, y       int64 // of the middle, path units
	bend, wave int64
	mirrored   bool
}

func newPose(r *random.Stream, size int64) pose {
	a := r.Between(-170, 170) // 15 degrees either way
	side := size * draw.PixelUnits
	k := side * r.Between(330, 430) / 1000
	return pose{
		cos: draw.Cos(a), sin: draw.Sin(a), sx: k * r.Between(900, 1090) / 1000, sy: k * r.Between(900, 1090) / 1000,
		x: side/2 + side*r.Between(-60, 60)/1000, y: side/2 + side*r.Between(-50, 50)/1000,
		bend: r.Between(-60, 60), wave: r.Below(4096), mirrored: r.Chance(500),
	}
}

func (p *pose) at(q draw.Point) draw.Point {
	x, y := q.X, q.Y
	if p.mirrored {
		x = -x
	}
	// A slow wave: no two objects have the same outline.
	x, y = x+p.bend*draw.Sin(y*2+p.wave)/1000000, y+p.bend*draw.Sin(x*2+p.wave+900)/1000000
	u, v := (x*p.cos-y*p.sin)/1000000, (x*p.sin+y*p.cos)/1000000
	return draw.Point{X: p.x + u*p.sx/1000, Y: p.y - v*p.sy/1000}
}

// posed is the object in the frame: the points in path units, the colours as this one has them.
func posed(o *object, r *random.Stream, size int64) []part {
	p := newPose(r, size)
	tone, warm := r.Between(880, 1100), r.Between(-14, 14)
	out := make([]part, len(o.parts))
	for i, q := range o.parts {
		pts := make([]draw.Point, len(q.pts))
		for j := range pts {
			pts[j] = p.at(q.pts[j])
		}
		c := q.color.Shade(tone)
		c.R, c.B = shift(c.R, warm), shift(c.B, -warm)
		out[i] = part{pts, c, q.fine}
	}
	return out
}

func shift(v uint8, by int64) uint8 { return uint8(min(255, max(0, int64(v)+by))) }

// bounds is the box of points: x0, y0, x1, y1.
func bounds(pts []draw.Point) (b [4]int64) {
	b = [4]int64{1 << 40, 1 << 40, -1 << 40, -1 << 40}
	for _, p := range pts {
		b = [4]int64{min(b[0], p.X), min(b[1], p.Y), max(b[2], p.X), max(b[3], p.Y)}
	}
	return b
}

// sine is 1,000 sin of an angle in 1/4096 of a turn.
func sine(a int64) int64 { return draw.Sin(a) / 1000 }
