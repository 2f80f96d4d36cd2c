package renditions

import (
	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

var (
	white = draw.Hex(0xffffff)
	black = draw.Hex(0x101010)
)

// A sheet is a picture being drawn. Lengths are in 1/1000 of its side unless said otherwise.
type sheet struct {
	c     *draw.Canvas
	path  draw.Path
	seed  uint64
	id    string
	parts []part // in path units
}

func (s *sheet) stream(purpose string) *random.Stream {
	return random.New(s.seed, "picture/"+purpose, s.id)
}

// px is a length in path units.
func (s *sheet) px(v int64) int64 { return v * int64(s.c.W) * draw.PixelUnits / 1000 }

func (s *sheet) fill(pts []draw.Point, c draw.Color) {
	s.path.Contour(pts)
	s.c.Fill(&s.path, draw.Flat(c))
	s.path.Reset()
}

func (s *sheet) strip(c draw.Color, x0, y0, x1, y1 int64) {
	s.path.Rect(s.px(x0), s.px(y0), s.px(x1), s.px(y1))
	s.c.Fill(&s.path, draw.Flat(c))
	s.path.Reset()
}

func (s *sheet) flood(c draw.Color) { s.strip(c, 0, 0, 1000, 1000) }

func (s *sheet) disc(c draw.Color, x, y, r int64) {
	s.path.Ellipse(s.px(x), s.px(y), s.px(r), s.px(r))
	s.c.Fill(&s.path, draw.Flat(c))
	s.path.Reset()
}

func (s *sheet) ramp(top, bottom draw.Color) {
	s.path.Rect(0, 0, s.px(1000), s.px(1000))
	s.c.Fill(&s.path, draw.Ramp(draw.Point{}, draw.Point{Y: s.px(1000)}, top, bottom))
	s.path.Reset()
}

// outline draws a contour's line.
func (s *sheet) outline(pts []draw.Point, c draw.Color, width int64) {
	for i, a := range pts {
		b := pts[(i+1)%len(pts)]
		s.path.Stroke(max(2, s.px(width)), true, a.X, a.Y, b.X, b.Y)
	}
	s.c.Fill(&s.path, draw.Flat(c))
	s.path.Reset()
}

// dashes draws every other piece of a contour.
func (s *sheet) dashes(pts []draw.Point, c draw.Color, width int64) {
	for i := 0; i < len(pts); i += 2 {
		a, b := pts[i], pts[(i+1)%len(pts)]
		s.path.Stroke(max(2, s.px(width)), true, a.X, a.Y, b.X, b.Y)
	}
	s.c.Fill(&s.path, draw.Flat(c))
	s.path.Reset()
}

// through draws into the inside of a contour only.
func (s *sheet) through(pts []draw.Point, f func()) {
	mask := draw.NewCanvas(s.c.W, s.c.H)
	var p draw.Path
	p.Contour(pts)
	mask.Fill(&p, draw.Flat(white))
	canvas := s.c
	s.c = draw.NewCanvas(canvas.W, canvas.H)
	copy(s.c.Pix, canvas.Pix)
	f()
	canvas.Image.Through(mask.Image, s.c.Image)
	s.c = canvas
}

// shaded fills a part as light from the upper left shows it, in 1/1000 of its colour.
func (s *sheet) shaded(p part, light, dark int64) {
	b := bounds(p.pts)
	s.path.Contour(p.pts)
	s.c.Fill(&s.path, draw.Ramp(draw.Point{X: b[0], Y: b[1]}, draw.Point{X: b[2], Y: b[3]}, p.color.Shade(light), p.color.Shade(dark)))
	s.path.Reset()
}

// flat draws the object in its own colours on a ground.
func (s *sheet) flat(ground draw.Color) {
	s.flood(ground)
	for _, p := range s.parts {
		s.fill(p.pts, p.color)
	}
}

// shadow lies below the object.
func (s *sheet) shadow() {
	for _, p := range s.parts {
		if p.fine {
			continue
		}
		moved := make([]draw.Point, len(p.pts))
		for i, a := range p.pts {
			moved[i] = draw.Point{X: a.X + s.px(22), Y: a.Y + s.px(26)}
		}
		s.fill(moved, black.Fade(90))
	}
}

// scene is what a photographed or painted object stands before.
func (s *sheet) scene() {
	r := s.stream("scene")
	top := draw.Hex(random.Pick(r, []uint32{0x9fc3e0, 0xc8d0c0, 0xb8a48c, 0xd8cfc0, 0x7a94a8, 0x8fae84}))
	bottom := draw.Hex(random.Pick(r, []uint32{0x7a6a52, 0x6a8a4a, 0x9a9488, 0xa87a50, 0x4a5a6a}))
	s.ramp(top, top.Shade(1080))
	edge := r.Between(480, 760)
	s.strip(bottom, 0, edge, 1000, 1000)
	for range 9 {
		c := top.Mix(bottom, r.Between(100, 900)).Shade(r.Between(800, 1250))
		s.disc(c.Fade(620), r.Between(0, 1000), r.Between(0, 1000), r.Between(40, 150))
	}
}

// hatch fills the box of a contour with parallel lines at an angle in 1/4096 of a turn.
func (s *sheet) hatch(pts []draw.Point, angle, width int64, color func() draw.Color) {
	b := bounds(pts)
	cx, cy := (b[0]+b[2])/2, (b[1]+b[3])/2
	reach := (b[2] - b[0] + b[3] - b[1]) * 6 / 10
	cos, sin := draw.Cos(angle), draw.Sin(angle)
	step := max(2, width*3/2)
	for d := -reach; d <= reach; d += step {
		x, y := cx-d*sin/1000000, cy+d*cos/1000000
		s.path.Stroke(max(2, width), false, x-reach*cos/1000000, y-reach*sin/1000000, x+reach*cos/1000000, y+reach*sin/1000000)
		s.c.Fill(&s.path, draw.Flat(color()))
		s.path.Reset()
	}
}

func (s *sheet) copy() *draw.Image {
	return &draw.Image{W: s.c.W, H: s.c.H, Pix: append([]uint8(nil), s.c.Pix...)}
}

// color is that of a picture at a place.
func (s *sheet) color(m *draw.Image, x, y int64) draw.Color {
	px, py := min(max(x, 0), 999)*int64(m.W)/1000, min(max(y, 0), 999)*int64(m.H)/1000
	p := m.Pix[3*(py*int64(m.W)+px):]
	return draw.Color{R: p[0], G: p[1], B: p[2], A: 255}
}

// vivid changes a colour's distance from grey, in 1/1000.
func vivid(c draw.Color, share int64) draw.Color {
	l := c.Luma()
	f := func(v uint8) uint8 { return uint8(min(255, max(0, l+(int64(v)-l)*share/1000))) }
	return draw.Color{R: f(c.R), G: f(c.G), B: f(c.B), A: c.A}
}

// facets are at most n corners of a contour, spread over it.
func facets(pts []draw.Point, n int) []draw.Point {
	if len(pts) <= n {
		return pts
	}
	out := make([]draw.Point, n)
	for i := range out {
		out[i] = pts[i*len(pts)/n]
	}
	return out
}
