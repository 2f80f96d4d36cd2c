package storefronts

import (
	"shiftmill/stages/source/draw"
)

// grain is the number of path units in a centimetre of the scene.
const grain = 16

// pen draws in a frame of its own: the point (u, v) lies at (x + u sx / 100, y + v sy / 100) path
// units. With sx = sy = 100 grain it draws in centimetres of the scene, y upwards from the pavement.
// Icons use frames in which they reach from -100 to 100.
type pen struct {
	c      *draw.Canvas
	path   *draw.Path
	x, y   int64
	sx, sy int64
	pixel  int64 // path units in a pixel of the canvas, at the middle of the scene
}

// at returns a pen whose frame has its origin at (u, v) of this one and where 100 units are as long as size units here.
func (p pen) at(u, v, size int64) pen {
	q := p
	q.x, q.y = p.x+u*p.sx/100, p.y+v*p.sy/100
	q.sx, q.sy = size*p.sx/100, size*p.sy/100
	return q
}

// mirrored returns the pen with left and right exchanged.
func (p pen) mirrored(yes bool) pen {
	if yes {
		p.sx = -p.sx
	}
	return p
}

// small reports whether n units of this frame are less than tenths/10 of a pixel, so that detail of that size is not worth drawing.
func (p pen) small(n, tenths int64) bool { return 10*n*p.sy/100 < tenths*p.pixel }

func (p pen) px(u int64) int64 { return p.x + u*p.sx/100 }
func (p pen) py(v int64) int64 { return p.y + v*p.sy/100 }

func (p pen) fill(paint draw.Paint) {
	p.c.Fill(p.path, paint)
	p.path.Reset()
}

// trace adds the points to the path as a contour.
func (p pen) trace(uv []int64) {
	p.path.Move(p.px(uv[0]), p.py(uv[1]))
	for i := 2; i+1 < len(uv); i += 2 {
		p.path.Line(p.px(uv[i]), p.py(uv[i+1]))
	}
}

func (p pen) poly(c draw.Color, uv ...int64) {
	p.trace(uv)
	p.fill(draw.Flat(c))
}

func (p pen) rect(c draw.Color, u0, v0, u1, v1 int64) {
	p.path.Rect(p.px(u0), p.py(v0), p.px(u1), p.py(v1))
	p.fill(draw.Flat(c))
}

// rows fills n equal rectangles, the first between the corners, each the step further.
func (p pen) rows(c draw.Color, n, u0, v0, u1, v1, du, dv int64) {
	for i := range n {
		p.path.Rect(p.px(u0+i*du), p.py(v0+i*dv), p.px(u1+i*du), p.py(v1+i*dv))
	}
	p.fill(draw.Flat(c))
}

// fall fills a rectangle with a gradient from the colour at its upper edge v1 to that at its lower edge v0.
func (p pen) fall(top, bottom draw.Color, u0, v0, u1, v1 int64) {
	p.path.Rect(p.px(u0), p.py(v0), p.px(u1), p.py(v1))
	p.fill(draw.Ramp(draw.Point{X: p.px(u0), Y: p.py(v1)}, draw.Point{X: p.px(u0), Y: p.py(v0)}, top, bottom))
}

func (p pen) round(c draw.Color, u0, v0, u1, v1, r int64) {
	a, b := p.px(u0), p.px(u1)
	p.path.RoundRect(min(a, b), p.py(v0), max(a, b), p.py(v1), r*p.sy/100)
	p.fill(draw.Flat(c))
}

func (p pen) disc(c draw.Color, u, v, r int64) { p.oval(c, u, v, r, r) }

func (p pen) oval(c draw.Color, u, v, ru, rv int64) {
	p.path.Ellipse(p.px(u), p.py(v), ru*p.sx/100, rv*p.sy/100)
	p.fill(draw.Flat(c))
}

// ring draws a circle's line.
func (p pen) ring(c draw.Color, width, u, v, r int64) {
	var uv [66]int64
	for i := range int64(33) {
		uv[2*i] = u + r*draw.Cos(i*128)/1000000
		uv[2*i+1] = v + r*draw.Sin(i*128)/1000000
	}
	p.line(c, width, uv[:]...)
}

// line draws a line with round ends through the points.
func (p pen) line(c draw.Color, width int64, uv ...int64) {
	var buf [80]int64
	xy := buf[:0]
	for i := 0; i+1 < len(uv); i += 2 {
		xy = append(xy, p.px(uv[i]), p.py(uv[i+1]))
	}
	p.path.Stroke(width*p.sy/100, !p.small(width, 12), xy...)
	p.fill(draw.Flat(c))
}

// arch fills a window shape: a rectangle with a half ellipse of the given rise on top of v1.
func (p pen) arch(c draw.Color, u0, v0, u1, v1, rise int64) {
	mid, r := (u0+u1)/2, (u1-u0)/2
	p.path.Rect(p.px(u0), p.py(v0), p.px(u1), p.py(v1))
	p.path.Ellipse(p.px(mid), p.py(v1), r*p.sx/100, rise*p.sy/100)
	p.fill(draw.Flat(c))
}

// pointed fills a Gothic window shape.
func (p pen) pointed(c draw.Color, u0, v0, u1, v1, rise int64) {
	mid, x0, x1, y := p.px((u0+u1)/2), p.px(u0), p.px(u1), p.py(v1)
	p.path.Move(x0, p.py(v0))
	p.path.Line(x1, p.py(v0))
	p.path.Line(x1, y)
	p.path.Quad(x1, p.py(v1+rise*6/10), mid, p.py(v1+rise))
	p.path.Quad(x0, p.py(v1+rise*6/10), x0, y)
	p.fill(draw.Flat(c))
}

// text writes a line with its middle at u and its base line at v; capitals are about 7/10 of size
// high. It is made smaller where it would be wider than width.
func (p pen) text(f *draw.Font, c draw.Color, s string, u, v, size, width int64) {
	em, room := size*p.sy/100, width*p.sy/100
	if w := f.Width(s, em); w > room {
		em = em * room / w
	}
	if em < p.pixel { // no letter shows: leave its mean tone
		w := f.Width(s, em)
		p.path.Rect(p.px(u)-w/2, p.py(v), p.px(u)+w/2, p.py(v)+em*6/10)
		p.fill(draw.Flat(c.Fade(450)))
		return
	}
	f.Text(p.path, s, p.px(u)-f.Width(s, em)/2, p.py(v), em, 1)
	p.fill(draw.Flat(c))
}
