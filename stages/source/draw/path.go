package draw

// Point is a place in path units, or, inside this package, on the canvas in 1/256 pixel.
type Point struct{ X, Y int64 }

// verb says what the points of a path mean; each takes as many points as its value.
type verb uint8

const (
	line  verb = 1
	quad  verb = 2
	cubic verb = 3
	move  verb = 4 // one point
)

// Path is a set of contours, each closed back to its first point when filled. The zero
// value is empty and ready to use; Reset empties it and keeps its memory.
type Path struct {
	verbs []verb
	pts   []Point
}

// Reset empties the path.
func (p *Path) Reset() { p.verbs, p.pts = p.verbs[:0], p.pts[:0] }

// Move starts a contour at (x, y).
func (p *Path) Move(x, y int64) {
	p.verbs = append(p.verbs, move)
	p.pts = append(p.pts, Point{x, y})
}

// Line goes straight to (x, y).
func (p *Path) Line(x, y int64) {
	p.verbs = append(p.verbs, line)
	p.pts = append(p.pts, Point{x, y})
}

// Quad goes to (x, y) by a quadratic Bézier curve with the control point (cx, cy).
func (p *Path) Quad(cx, cy, x, y int64) {
	p.verbs = append(p.verbs, quad)
	p.pts = append(p.pts, Point{cx, cy}, Point{x, y})
}

// Cubic goes to (x, y) by a cubic Bézier curve with the control points (ax, ay) and (bx, by).
func (p *Path) Cubic(ax, ay, bx, by, x, y int64) {
	p.verbs = append(p.verbs, cubic)
	p.pts = append(p.pts, Point{ax, ay}, Point{bx, by}, Point{x, y})
}

// Polygon adds the contour through the points (x0, y0, x1, y1, ...), at least three of them.
func (p *Path) Polygon(xy ...int64) {
	p.Move(xy[0], xy[1])
	for i := 2; i+1 < len(xy); i += 2 {
		p.Line(xy[i], xy[i+1])
	}
}

// Rect adds the rectangle between two opposite corners.
func (p *Path) Rect(x0, y0, x1, y1 int64) { p.Polygon(x0, y0, x1, y0, x1, y1, x0, y1) }

// arc is 4/3 (sqrt 2 - 1) in millionths: the control distance at which a
// cubic curve follows a quarter circle to 0.03 % of its radius.
const arc = 552285

// RoundRect adds the rectangle between (x0, y0) and (x1, y1), x0 < x1 and y0 < y1, with corners of radius r.
func (p *Path) RoundRect(x0, y0, x1, y1, r int64) {
	r = min(r, (x1-x0)/2, (y1-y0)/2)
	k := r - r*arc/1000000
	p.Move(x0+r, y0)
	p.Line(x1-r, y0)
	p.Cubic(x1-k, y0, x1, y0+k, x1, y0+r)
	p.Line(x1, y1-r)
	p.Cubic(x1, y1-k, x1-k, y1, x1-r, y1)
	p.Line(x0+r, y1)
	p.Cubic(x0+k, y1, x0, y1-k, x0, y1-r)
	p.Line(x0, y0+r)
	p.Cubic(x0, y0+k, x0+k, y0, x0+r, y0)
}

// Ellipse adds the ellipse with centre (x, y) and radii rx and ry.
func (p *Path) Ellipse(x, y, rx, ry int64) {
	kx, ky := rx*arc/1000000, ry*arc/1000000
	p.Move(x+rx, y)
	p.Cubic(x+rx, y+ky, x+kx, y+ry, x, y+ry)
	p.Cubic(x-kx, y+ry, x-rx, y+ky, x-rx, y)
	p.Cubic(x-rx, y-ky, x-kx, y-ry, x, y-ry)
	p.Cubic(x+kx, y-ry, x+rx, y-ky, x+rx, y)
}

// Stroke adds the outline of the open line through the points (x0, y0, x1, y1, ...), width
// wide, with round ends and joins if round and square-cut ones if not.
func (p *Path) Stroke(width int64, round bool, xy ...int64) {
	for i := 0; i+3 < len(xy); i += 2 {
		x0, y0, x1, y1 := xy[i], xy[i+1], xy[i+2], xy[i+3]
		dx, dy := x1-x0, y1-y0
		// 64 times the length, so that short strokes keep their width.
		length := Sqrt(4096 * (dx*dx + dy*dy))
		if length == 0 {
			continue
		}
		nx, ny := floorDiv(-32*dy*width+length/2, length), floorDiv(32*dx*width+length/2, length)
		p.Polygon(x0-nx, y0-ny, x1-nx, y1-ny, x1+nx, y1+ny, x0+nx, y0+ny)
	}
	if round {
		for i := 0; i+1 < len(xy); i += 2 {
			p.Ellipse(xy[i], xy[i+1], width/2, width/2)
		}
	}
}

// Sqrt returns the integer part of the square root of v, and 0 for negative v.
func Sqrt(v int64) int64 {
	if v <= 0 {
		return 0
	}
	r := int64(0)
	for bit := int64(1) << 31; bit != 0; bit >>= 1 {
		if t := r | bit; t <= v/t {
			r = t
		}
	}
	return r
}

// Sin returns 1,000,000 sin of an angle given in 1/4096 of a full turn, by the odd polynomial of
// degree 5 with the right value and slope at 0 and at a quarter turn; it is off by at most 400.
func Sin(angle int64) int64 {
	a := angle & 4095
	sign := int64(1)
	if a >= 2048 {
		a, sign = a-2048, -1
	}
	if a > 1024 {
		a = 2048 - a
	}
	// With z = a/1024: sin(z pi/2) = z (pi/2 - z² (pi - 5/2 - z² (pi/2 - 3/2))).
	z := a * 1000000 / 1024
	zz := z * z / 1000000
	s := 641593 - zz*70796/1000000
	s = 1570796 - zz*s/1000000
	return sign * (z * s / 1000000)
}

// Cos returns 1,000,000 cos of an angle given in 1/4096 of a full turn; see [Sin].
func Cos(angle int64) int64 { return Sin(angle + 1024) }
