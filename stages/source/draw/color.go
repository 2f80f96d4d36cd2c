package draw

// Color is an 8-bit RGB colour with opacity, not premultiplied: A 0 is invisible, 255 opaque.
type Color struct{ R, G, B, A uint8 }

// Hex returns the opaque colour written 0xRRGGBB.
func Hex(v uint32) Color { return Color{uint8(v >> 16), uint8(v >> 8), uint8(v), 255} }

// Fade returns the colour with its opacity multiplied by permille/1000; permille is 0 to 1000.
func (c Color) Fade(permille int64) Color {
	c.A = uint8((int64(c.A)*permille + 500) / 1000)
	return c
}

// Mix returns the colour permille/1000 of the way from c to d, opacity included; permille is 0 to 1000.
func (c Color) Mix(d Color, permille int64) Color {
	f := func(a, b uint8) uint8 { return uint8((int64(a)*(1000-permille) + int64(b)*permille + 500) / 1000) }
	return Color{f(c.R, d.R), f(c.G, d.G), f(c.B, d.B), f(c.A, d.A)}
}

// Shade returns the colour with red, green and blue multiplied by permille/1000 and clamped.
func (c Color) Shade(permille int64) Color {
	f := func(a uint8) uint8 { return uint8(min(255, (int64(a)*permille+500)/1000)) }
	return Color{f(c.R), f(c.G), f(c.B), c.A}
}

// Luma returns the colour's brightness, 0 to 255, with the weights of ITU-R BT.601.
func (c Color) Luma() int64 {
	return (299*int64(c.R) + 587*int64(c.G) + 114*int64(c.B) + 500) / 1000
}

// Paint is what a shape is filled with: one colour, or a run of colours from From to To.
// The zero value of Shape is Solid.
type Paint struct {
	From, To Color
	Shape    Gradient
	A, B     Point // in path units: Linear runs from A to B; Radial has its centre in A and its rim through B
}

// Gradient is the way a [Paint] varies.
type Gradient uint8

// The gradients. Radial grows with the square of the distance, which needs no root and gives a soft spot of light.
const (
	Solid Gradient = iota
	Linear
	Radial
)

// Flat is the paint of one colour.
func Flat(c Color) Paint { return Paint{From: c} }

// Ramp is the paint that runs from one colour at a to another at b, constant beyond both.
func Ramp(a, b Point, from, to Color) Paint {
	return Paint{From: from, To: to, Shape: Linear, A: a, B: b}
}

// Glow is the paint that runs from one colour in the centre to another on the rim and beyond.
func Glow(centre, rim Point, from, to Color) Paint {
	return Paint{From: from, To: to, Shape: Radial, A: centre, B: rim}
}

// shader is a paint laid onto the canvas: a and b in 1/256 pixel.
type shader struct {
	Paint
	a, b   Point
	length int64 // squared distance from a to b
}

func (p Paint) on(v *View) shader {
	s := shader{Paint: p}
	if p.Shape == Solid {
		return s
	}
	s.a, s.b = v.apply(p.A), v.apply(p.B)
	dx, dy := s.b.X-s.a.X, s.b.Y-s.a.Y
	s.length = max(1, dx*dx+dy*dy)
	return s
}

// at returns the colour at the middle of a pixel.
func (s *shader) at(x, y int64) Color {
	dx, dy := x*256+128-s.a.X, y*256+128-s.a.Y
	var t int64
	if s.Shape == Linear {
		t = dx*(s.b.X-s.a.X) + dy*(s.b.Y-s.a.Y)
	} else {
		t = dx*dx + dy*dy
	}
	t = min(max(t, 0), s.length) * 1000 / s.length
	return s.From.Mix(s.To, t)
}
