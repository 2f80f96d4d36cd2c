package draw

// View maps path units to the canvas by a perspective: with w = G x + H y + I, the point
// (x, y) lands at ((A x + B y + C) / w, (D x + E y + F) / w), in 1/256 pixel. Products of
// coordinates and coefficients must stay below 2^61; w must be positive wherever something is drawn.
type View struct{ A, B, C, D, E, F, G, H, I int64 }

// PixelUnits is the number of path units in a pixel of [PixelView].
const PixelUnits = 16

// PixelView is the view whose unit is 1/16 pixel, with y growing downwards.
func PixelView() View { return View{A: 256 / PixelUnits, E: 256 / PixelUnits, I: 1} }

// far bounds device coordinates to 8,192 pixels, so that neither a point beside the viewer nor the
// products of a gradient can overflow.
const far = int64(1) << 21

func (v *View) apply(p Point) Point {
	w := v.G*p.X + v.H*p.Y + v.I
	if w <= 0 {
		w = 1
	}
	x := floorDiv(v.A*p.X+v.B*p.Y+v.C+w/2, w)
	y := floorDiv(v.D*p.X+v.E*p.Y+v.F+w/2, w)
	return Point{min(max(x, -far), far), min(max(y, -far), far)}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if q*b > a {
		q--
	}
	return q
}

// Canvas is an image to draw on. View may be changed between fills.
type Canvas struct {
	*Image
	View View

	// Signed coverage changes, in 1/2^17 of a pixel, one row of W+1 after another, zero between fills.
	cover []int32
	// First and last column changed, for each row; first > last where none is.
	first, last []int32
	top, bottom int64 // rows changed: top <= row < bottom
}

// NewCanvas returns a black canvas of w by h pixels under [PixelView].
func NewCanvas(w, h int) *Canvas {
	c := &Canvas{Image: NewImage(w, h), View: PixelView()}
	c.cover = make([]int32, (w+1)*h)
	c.first, c.last = make([]int32, h), make([]int32, h)
	for i := range c.first {
		c.first[i], c.last[i] = int32(w), -1
	}
	c.top, c.bottom = int64(h), 0
	return c
}

// Fill blends the inside of the path, as seen through the canvas's view, with the paint.
func (c *Canvas) Fill(p *Path, paint Paint) {
	var start, at Point
	i := 0
	for _, v := range p.verbs {
		switch v {
		case move:
			c.edge(at, start)
			start = c.View.apply(p.pts[i])
			at = start
			i++
		case line:
			to := c.View.apply(p.pts[i])
			c.edge(at, to)
			at = to
			i++
		case quad:
			a, to := c.View.apply(p.pts[i]), c.View.apply(p.pts[i+1])
			// A quadratic is the cubic with its control points two thirds of the way to a.
			c.curve(at, Point{(at.X + 2*a.X) / 3, (at.Y + 2*a.Y) / 3}, Point{(to.X + 2*a.X) / 3, (to.Y + 2*a.Y) / 3}, to)
			at = to
			i += 2
		case cubic:
			to := c.View.apply(p.pts[i+2])
			c.curve(at, c.View.apply(p.pts[i]), c.View.apply(p.pts[i+1]), to)
			at = to
			i += 3
		}
	}
	c.edge(at, start)
	c.sweep(paint.on(&c.View))
}

// curve adds a cubic as chords; their number follows its size so that a chord leaves it by less than 1/32 pixel.
func (c *Canvas) curve(p, a, b, q Point) {
	bend := max(abs(p.X-2*a.X+b.X), abs(p.Y-2*a.Y+b.Y), abs(a.X-2*b.X+q.X), abs(a.Y-2*b.Y+q.Y))
	n := min(1+Sqrt(bend*6/(8*8)), 64)
	at := p
	for i := int64(1); i <= n; i++ {
		t, u := i, n-i
		k0, k1, k2, k3, d := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t, n*n*n
		to := Point{
			floorDiv(k0*p.X+k1*a.X+k2*b.X+k3*q.X+d/2, d),
			floorDiv(k0*p.Y+k1*a.Y+k2*b.Y+k3*q.Y+d/2, d),
		}
		c.edge(at, to)
		at = to
	}
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// edge adds one side of a contour to the coverage, row by row.
func (c *Canvas) edge(p, q Point) {
	if p.Y == q.Y {
		return
	}
	sign := int64(1)
	if p.Y > q.Y {
		p, q, sign = q, p, -1
	}
	bottom := int64(c.H) << 8
	if q.Y <= 0 || p.Y >= bottom {
		return
	}
	dx, dy := q.X-p.X, q.Y-p.Y
	y, end := max(p.Y, 0), min(q.Y, bottom)
	c.top, c.bottom = min(c.top, y>>8), max(c.bottom, (end+255)>>8)
	if dx == 0 {
		for y < end {
			next := min((y>>8+1)<<8, end)
			c.slice(y>>8, p.X, p.X, sign*(next-y))
			y = next
		}
		return
	}
	// x at y is p.X + floor(dx (y - p.Y) / dy), carried as quotient and remainder from row to row.
	div := func(n int64) (quotient, rest int64) {
		quotient = floorDiv(n, dy)
		return quotient, n - quotient*dy
	}
	x, rest := div(dx * (y - p.Y))
	stepX, stepRest := div(dx * 256)
	for y < end {
		next := (y>>8 + 1) << 8
		nx, nrest := x, rest
		if next-y == 256 && next <= end {
			nx, nrest = x+stepX, rest+stepRest
			if nrest >= dy {
				nx, nrest = nx+1, nrest-dy
			}
		} else {
			next = min(next, end)
			nx, nrest = div(dx * (next - p.Y))
		}
		c.slice(y>>8, p.X+x, p.X+nx, sign*(next-y))
		x, rest, y = nx, nrest, next
	}
}

// slice adds the part of an edge inside one row: it goes from xa to xb and dy down, signed, at most a row.
func (c *Canvas) slice(row, xa, xb, dy int64) {
	right := int64(c.W) << 8
	if xa > xb {
		xa, xb = xb, xa
	}
	switch {
	case xb <= 0: // left of the canvas: all of the row is to its right
		c.add(row, 0, dy<<9)
		return
	case xa >= right:
		c.last[row] = int32(c.W - 1)
		return
	case xa < 0:
		part := dy * -xa / (xb - xa)
		c.add(row, 0, part<<9)
		xa, dy = 0, dy-part
	}
	if xb > right {
		c.last[row] = int32(c.W - 1)
		dy, xb = dy*(right-xa)/(xb-xa), right
	}
	for col := xa >> 8; ; col++ {
		edge := (col + 1) << 8
		if xb <= edge {
			c.cell(row, col, xa+xb-2*(col<<8), dy)
			return
		}
		part := dy * (edge - xa) / (xb - xa)
		c.cell(row, col, xa+edge-2*(col<<8), part)
		xa, dy = edge, dy-part
	}
}

// cell adds a piece of edge inside one pixel; x2 is the sum of its ends' distances from the pixel's left side.
func (c *Canvas) cell(row, col, x2, dy int64) {
	if col >= int64(c.W) {
		return
	}
	c.add(row, col, dy*(512-x2))
	c.add(row, col+1, dy*x2)
}

func (c *Canvas) add(row, col, v int64) {
	c.cover[row*int64(c.W+1)+col] += int32(v)
	c.first[row] = min(c.first[row], int32(col))
	c.last[row] = max(c.last[row], int32(col))
}

// sweep sums the coverage along each row, blends, and leaves the coverage empty.
func (c *Canvas) sweep(s shader) {
	for y := c.top; y < c.bottom; y++ {
		s.row(y)
		cover := c.cover[y*int64(c.W+1):][:c.W]
		pix := c.Pix[3*y*int64(c.W):][:3*c.W]
		sum := int32(0)
		last := min(int(c.last[y]), c.W-1)
		for x := int(c.first[y]); x <= last; {
			sum += cover[x]
			cover[x] = 0
			end := x + 1 // of the run of pixels with the same coverage
			for end <= last && cover[end] == 0 {
				end++
			}
			if a := min(max(sum, -sum)>>9, 256); a != 0 {
				s.blend(pix[3*x:3*end], x, a)
			}
			x = end
		}
		c.cover[y*int64(c.W+1)+int64(c.W)] = 0
		c.first[y], c.last[y] = int32(c.W), -1
	}
	c.top, c.bottom = int64(c.H), 0
}
