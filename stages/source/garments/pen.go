package garments

import "shiftmill/stages/source/draw"

// A pen draws in body units of a figure.
type pen struct {
	c    *draw.Canvas
	path draw.Path
	f    *figure
}

func (p *pen) fill(paint draw.Paint) {
	p.c.Fill(&p.path, paint)
	p.path.Reset()
}

// trace adds a contour of body points (x0, y0, x1, y1, ...), rounded so many times.
func (p *pen) trace(rounds int, xy ...int64) {
	pts := make([]draw.Point, 0, len(xy)/2)
	for i := 0; i+1 < len(xy); i += 2 {
		pts = append(pts, p.f.at(pt(xy[i], xy[i+1])))
	}
	p.path.Contour(draw.Smooth(pts, rounds))
}

func (p *pen) poly(c draw.Color, rounds int, xy ...int64) {
	p.trace(rounds, xy...)
	p.fill(draw.Flat(c))
}

// line draws a line with round ends.
func (p *pen) line(c draw.Color, width int64, xy ...int64) {
	out := make([]int64, 0, len(xy))
	for i := 0; i+1 < len(xy); i += 2 {
		q := p.f.at(pt(xy[i], xy[i+1]))
		out = append(out, q.X, q.Y)
	}
	p.path.Stroke(max(1, width*p.f.k/1000), true, out...)
	p.fill(draw.Flat(c))
}

func (p *pen) oval(c draw.Color, x, y, rx, ry int64) {
	q := p.f.at(pt(x, y))
	p.path.Ellipse(q.X, q.Y, rx*p.f.k/1000, ry*p.f.k/1000)
	p.fill(draw.Flat(c))
}

// rect fills a rectangle of the frame, in 1/1000 of its side.
func (p *pen) rect(c draw.Color, x0, y0, x1, y1 int64) {
	s := int64(p.c.W) * draw.PixelUnits
	p.path.Rect(x0*s/1000, y0*s/1000, x1*s/1000, y1*s/1000)
	p.fill(draw.Flat(c))
}
