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

// shader is a paint laid onto the canvas, row by row. Points are in 1/256 pixel.
type shader struct {
	Paint
	a, d   Point // where a gradient begins and the way to where it ends
	length int64 // squared length of d
	ramp   [65]Color

	y       int64 // of the row: middle of its pixels, from a
	at      int64 // Linear: place of the row's first pixel on the gradient, in 1/2^16
	step    int64 // Linear: from one pixel to the next
	uniform bool  // one colour for the whole row
	color   Color
}

func (p Paint) on(v *View) shader {
	s := shader{Paint: p, uniform: p.Shape == Solid, color: p.From}
	if s.uniform {
		return s
	}
	b := v.apply(p.B)
	s.a = v.apply(p.A)
	s.d = Point{b.X - s.a.X, b.Y - s.a.Y}
	s.length = max(1, s.d.X*s.d.X+s.d.Y*s.d.Y)
	for i := range s.ramp {
		s.ramp[i] = p.From.Mix(p.To, int64(i)*1000/64)
	}
	s.step = floorDiv(s.d.X<<24, s.length)
	s.uniform = p.Shape == Linear && s.step == 0
	return s
}

// row prepares the shader for a row of pixels.
func (s *shader) row(y int64) {
	if s.Shape == Solid {
		return
	}
	s.y = y*256 + 128 - s.a.Y
	if s.Shape == Linear {
		s.at = floorDiv(((128-s.a.X)*s.d.X+s.y*s.d.Y)<<16, s.length)
		s.color = s.ramp[min(max(s.at, 0), 1<<16)>>10]
	}
}

// pick returns the colour of pixel x of the row.
func (s *shader) pick(x int) Color {
	if s.Shape == Linear {
		return s.ramp[min(max(s.at+int64(x)*s.step, 0), 1<<16)>>10]
	}
	dx := int64(x)*256 + 128 - s.a.X
	return s.ramp[min((dx*dx+s.y*s.y)*64/s.length, 64)]
}

// blend lays the paint on a run of pixels from x on, all with the coverage a of 256.
func (s *shader) blend(pix []uint8, x int, a int32) {
	color := s.color
	for i := 0; i+2 < len(pix); i += 3 {
		if !s.uniform {
			color = s.pick(x + i/3)
		}
		k := a * (int32(color.A) + int32(color.A>>7)) >> 8
		if k == 256 {
			pix[i], pix[i+1], pix[i+2] = color.R, color.G, color.B
			continue
		}
		pix[i] = uint8((int32(pix[i])*(256-k) + int32(color.R)*k + 128) >> 8)
		pix[i+1] = uint8((int32(pix[i+1])*(256-k) + int32(color.G)*k + 128) >> 8)
		pix[i+2] = uint8((int32(pix[i+2])*(256-k) + int32(color.B)*k + 128) >> 8)
	}
}
