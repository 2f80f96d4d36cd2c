package garments

import (
	"fmt"

	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// The sizes of a picture, in pixels a side.
const (
	MinSize = 16
	MaxSize = 2048
)

// Draw returns a picture: size*size pixels of 3 bytes (R, G, B), row by row from the top. What is
// worn comes from (seed, pair), everything else from (seed, number); the attributes act as far as
// their strengths say. shop is a picture by a seller: a clean background and even light.
//
// It returns an error, naming the value and what was expected, if something is out of range.
func Draw(seed uint64, number, pair, size int, shop bool, a Attributes, s Strength) ([]byte, error) {
	if size < MinSize || size > MaxSize {
		return nil, fmt.Errorf("draw picture %d: size: expected %d to %d pixels, got %d", number, MinSize, MaxSize, size)
	}
	factor := 1
	if size <= 128 {
		factor = 2 // thin things blend as on a sensor
	}
	size *= factor
	sc, err := plan(seed, number, pair, size, a, s)
	if err != nil {
		return nil, fmt.Errorf("draw picture %d: %w", number, err)
	}
	p := &pen{c: draw.NewCanvas(size, size)}
	sc.background(p, shop)
	for _, f := range sc.order() {
		sc.figure(p, f, shop)
	}
	for _, f := range sc.figures {
		for j := range f.items {
			sc.occlude(p, f, j)
		}
	}
	m := p.c.Image.Shrink(factor)
	sc.develop(m, shop)
	return m.Pix, nil
}

// develop gives the picture its light and grain.
func (sc *Scene) develop(m *draw.Image, shop bool) {
	r := sc.shot("light", 0)
	gain, warm, grain := r.Between(900, 1080), r.Between(-40, 50), int64(300)
	if shop {
		gain, warm, grain = 1000+(gain-1000)/4, warm/4, 90
	}
	m.Matrix([3][4]int64{{gain + warm, 0, 0, 0}, {0, gain, 0, 0}, {0, 0, gain - warm, 0}})
	key := r.Next()
	m.Noise(grain, grain/3, func(i uint64) uint64 { return random.Mix(key + i*random.Golden) })
}

// background draws what is behind everything.
func (sc *Scene) background(p *pen, shop bool) {
	r := sc.shot("background", 0)
	s := int64(p.c.W) * draw.PixelUnits
	whole := func(top, bottom draw.Color) {
		p.path.Rect(0, 0, s, s)
		p.fill(draw.Ramp(pt(0, 0), pt(0, s), top, bottom))
	}
	style, tint := r.Below(3), draw.Hex(random.Pick(r, []uint32{0xe9e4da, 0xd9e0e6, 0xe8d9cf, 0xdfe6d8, 0xf0ead8, 0xd4cfc8}))
	floor := 1000 - r.Between(120, 300)
	switch {
	case sc.laid():
		sc.surface(p, r, style, tint, shop)
	case shop:
		whole(tint.Mix(draw.Hex(0xffffff), 650), tint.Shade(960))
	case style == 0: // street
		whole(draw.Hex(0x9fc3e6), draw.Hex(0xe6eef5))
		for x := int64(0); x < 1000; {
			w, top := r.Between(140, 300), r.Between(60, 420)
			c := draw.Hex(random.Pick(r, []uint32{0xb58d72, 0x9a9aa2, 0xc9b79c, 0x8a6f63, 0xa8b0b5}))
			p.rect(c, x, top, x+w, floor)
			for y := top + 40; y < floor-60; y += 90 {
				for u := x + 25; u+40 < x+w; u += 70 {
					p.rect(c.Shade(620), u, y, u+38, y+52)
				}
			}
			x += w
		}
		p.rect(draw.Hex(0x9b9a97), 0, floor, 1000, 1000)
		p.rect(draw.Hex(0x7d7c7a), 0, floor+60, 1000, floor+72)
	case style == 1: // room
		whole(tint.Shade(960), tint)
		p.rect(draw.Hex(0x9c7350), 0, floor, 1000, 1000)
		for y := floor + 20; y < 1000; y += 55 {
			p.rect(draw.Hex(0x85613f), 0, y, 1000, y+6)
		}
		p.rect(draw.Hex(0xf7f4ee), 0, floor-18, 1000, floor)
		x := r.Between(60, 700)
		p.rect(draw.Hex(0x5a4636), x, 120, x+230, 330)
		p.rect(draw.Hex(random.Pick(r, dyes)), x+14, 134, x+216, 316)
	default: // before a curtain
		whole(tint.Shade(900), tint.Shade(780))
		for x := int64(0); x < 1000; x += 62 {
			p.rect(tint.Shade(700).Fade(420), x, 0, x+18, floor)
			p.rect(draw.Hex(0xffffff).Fade(110), x+30, 0, x+44, floor)
		}
		p.rect(draw.Hex(0x6f675f), 0, floor, 1000, 1000)
	}
}

// surface is what clothes lie on, seen from above.
func (sc *Scene) surface(p *pen, r *random.Stream, style int64, tint draw.Color, shop bool) {
	p.rect(tint, 0, 0, 1000, 1000)
	switch {
	case shop || style == 0: // a sheet with soft folds
		for range 5 {
			x, y := r.Between(0, 1000), r.Between(-200, 1000)
			p.f = &figure{k: int64(p.c.W) * draw.PixelUnits, middle: 1000}
			p.line(tint.Shade(930).Fade(500), 26, x, y, x+r.Between(-260, 260), y+r.Between(200, 600))
		}
	case style == 1: // planks
		wood := draw.Hex(0xb08b62)
		p.rect(wood, 0, 0, 1000, 1000)
		for i := range int64(8) {
			p.rect(wood.Shade(r.Between(880, 1080)), 0, i*125, 1000, i*125+120)
			for range 4 {
				x, y := r.Between(0, 900), i*125+r.Between(10, 105)
				p.rect(wood.Shade(800), x, y, x+r.Between(60, 300), y+4)
			}
		}
	default: // tiles
		for i := range int64(25) {
			x, y := i%5*200, i/5*200
			p.rect(tint.Shade(940+20*(i%3)), x+4, y+4, x+196, y+196)
		}
	}
}
