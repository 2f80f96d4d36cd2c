package renditions

import (
	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// manners are the renditions, the photo first.
var manners = []struct {
	name string
	draw func(s *sheet)
}{
	{"photo", photo}, {"cartoon", cartoon}, {"embroidery", embroidery}, {"graphic", graphic}, {"mosaic", mosaic},
	{"origami", origami}, {"painting", painting}, {"sculpture", sculpture}, {"sketch", sketch}, {"video game", videoGame},
}

// Renditions are the names of all manners, the photo first.
func Renditions() []string {
	names := make([]string, len(manners))
	for i, m := range manners {
		names[i] = m.name
	}
	return names
}

// photo is the object in soft light before a blurred scene, with the camera's grain.
func photo(s *sheet) {
	s.scene()
	s.c.Blur(s.px(26) * s.px(26) / 100)
	s.shadow()
	for _, p := range s.parts {
		s.shaded(p, 1180, 640)
	}
	s.c.Blur(250)
	r := s.stream("grain")
	gain, key := r.Between(900, 1090), r.Next()
	s.c.Matrix([3][4]int64{{gain, 0, 0, 0}, {0, gain, 0, 0}, {0, 0, gain, 0}})
	s.c.Vignette(140)
	s.c.Noise(240, 90, func(i uint64) uint64 { return random.Mix(key + i*random.Golden) })
}

// cartoon has flat bright colours with thick black lines.
func cartoon(s *sheet) {
	r := s.stream("ground")
	ground := draw.Hex(random.Pick(r, []uint32{0x8fd3f4, 0xffe08a, 0xf7b2c4, 0xb8e6a0, 0xd8c4f2}))
	s.flood(ground)
	for y := int64(0); y < 1000; y += 62 {
		for x := y / 62 % 2 * 31; x < 1000; x += 62 {
			s.disc(ground.Mix(white, 500), x, y, 12)
		}
	}
	for _, p := range s.parts {
		s.fill(p.pts, vivid(p.color, 1500).Shade(1080))
		if !p.fine {
			b := bounds(p.pts)
			s.through(p.pts, func() {
				s.path.Ellipse(b[0]+(b[2]-b[0])*30/100, b[1]+(b[3]-b[1])*24/100, (b[2]-b[0])/9, (b[3]-b[1])/12)
				s.c.Fill(&s.path, draw.Flat(white.Fade(560)))
				s.path.Reset()
			})
			s.outline(p.pts, black, 26)
		}
	}
}

// embroidery lays parallel stitches on woven cloth.
func embroidery(s *sheet) {
	r := s.stream("ground")
	cloth := draw.Hex(random.Pick(r, []uint32{0xe6dcc6, 0xd8dfe2, 0xf0e8dc, 0x4a5568, 0x6a4a4a}))
	s.flood(cloth)
	for i := int64(0); i < 1000; i += 22 {
		s.strip(cloth.Shade(870).Fade(600), i, 0, i+8, 1000)
		s.strip(cloth.Shade(1090).Fade(500), 0, i, 1000, i+8)
	}
	for k, p := range s.parts {
		q := s.stream("stitches" + string(rune('a'+k)))
		angle, width := q.Below(2048), s.px(17)
		s.through(p.pts, func() {
			s.fill(p.pts, p.color.Shade(700))
			s.hatch(p.pts, angle, width, func() draw.Color { return p.color.Shade(q.Between(860, 1220)) })
		})
		if !p.fine {
			s.dashes(p.pts, p.color.Shade(560), 15)
		}
	}
}

// graphic is a poster: few flat colours, no lines.
func graphic(s *sheet) {
	r := s.stream("ground")
	palettes := [][4]uint32{
		{0xf4ead6, 0x1d3557, 0xe63946, 0xf1a948}, {0x123c3c, 0xf2e9d8, 0xe8825a, 0x5fb0a0}, {0xf7d6c8, 0x3a2a4a, 0xc84a6a, 0xf29a4a}, {0x20242c, 0xf4f1e8, 0xf2b632, 0x4a8fd0},
	}
	p := random.Pick(r, palettes)
	s.flood(draw.Hex(p[0]))
	s.disc(draw.Hex(p[0]).Mix(draw.Hex(p[3]), 350), 500, 500, 430)
	for i, q := range s.parts {
		k := 1 + (q.color.Luma()/86+int64(i%2))%3
		s.fill(q.pts, draw.Hex(p[k]))
	}
}

// mosaic is made of square stones in grey mortar.
func mosaic(s *sheet) {
	s.flat(draw.Hex(random.Pick(s.stream("ground"), []uint32{0xd8cdb4, 0x8fb0c0, 0xc8b8a8, 0x9ab09a})))
	from := s.copy()
	s.flood(draw.Hex(0x7a766e))
	r := s.stream("stones")
	const n = 26
	for y := range int64(n) {
		for x := range int64(n) {
			c := s.color(from, (2*x+1)*500/n, (2*y+1)*500/n).Shade(r.Between(840, 1160))
			a, b := x*1000/n+r.Between(1, 5), y*1000/n+r.Between(1, 5)
			s.strip(c, a, b, a+1000/n-7, b+1000/n-7)
		}
	}
}

// origami folds every part out of a few flat facets of paper.
func origami(s *sheet) {
	ground := draw.Hex(random.Pick(s.stream("ground"), []uint32{0xece6da, 0xdfe6ea, 0xe8dcd2}))
	s.ramp(ground.Shade(1040), ground.Shade(880))
	s.shadow()
	for k, p := range s.parts {
		if p.fine {
			continue
		}
		r := s.stream("folds" + string(rune('a'+k)))
		corner := facets(p.pts, 7)
		var mid draw.Point
		for _, q := range corner {
			mid.X, mid.Y = mid.X+q.X/int64(len(corner)), mid.Y+q.Y/int64(len(corner))
		}
		for i, a := range corner {
			b := corner[(i+1)%len(corner)]
			s.fill([]draw.Point{mid, a, b}, vivid(p.color, 1150).Shade(r.Between(700, 1260)))
		}
		for _, a := range corner {
			s.path.Stroke(max(1, s.px(5)), false, mid.X, mid.Y, a.X, a.Y)
		}
		s.c.Fill(&s.path, draw.Flat(white.Fade(300)))
		s.path.Reset()
	}
}

// painting covers a canvas with strokes, coarse ones first.
func painting(s *sheet) {
	s.scene()
	for _, p := range s.parts {
		s.shaded(p, 1200, 680)
	}
	from := s.copy()
	r := s.stream("strokes")
	for _, pass := range []struct{ n, long, wide int64 }{{420, 70, 46}, {900, 44, 22}} {
		for range pass.n {
			x, y := r.Between(0, 999), r.Between(0, 999)
			a := r.Between(-300, 300) + 500*draw.Sin(x*2+y)/1000000
			dx, dy := pass.long*draw.Cos(a)/1000000, pass.long*draw.Sin(a)/1000000
			c := vivid(s.color(from, x, y), 1250).Shade(r.Between(860, 1140))
			s.path.Stroke(s.px(pass.wide), true, s.px(x-dx), s.px(y-dy), s.px(x+dx), s.px(y+dy))
			s.c.Fill(&s.path, draw.Flat(c.Fade(820)))
			s.path.Reset()
		}
	}
}

// sculpture is carved in stone on a pedestal.
func sculpture(s *sheet) {
	wall := draw.Hex(random.Pick(s.stream("ground"), []uint32{0x5a5650, 0x48505a, 0x6a5e52}))
	s.ramp(wall.Shade(1250), wall.Shade(700))
	s.strip(draw.Hex(0x8a8478), 180, 880, 820, 1000)
	s.strip(draw.Hex(0xa8a296), 150, 860, 850, 890)
	for _, p := range s.parts {
		l := uint8(150 + p.color.Luma()*70/255)
		stone := draw.Color{R: l, G: l, B: uint8(int64(l) * 95 / 100), A: 255}
		if p.fine {
			stone = stone.Shade(860)
		}
		p.color = stone
		s.shaded(p, 1180, 520)
		s.outline(p.pts, stone.Shade(600).Fade(500), 7)
	}
	key := s.stream("grain").Next()
	s.c.Noise(300, 0, func(i uint64) uint64 { return random.Mix(key + i*random.Golden) })
}

// sketch is pencil on paper: two wavering lines around each part, hatching where it is dark.
func sketch(s *sheet) {
	r := s.stream("ground")
	paper := draw.Hex(random.Pick(r, []uint32{0xf6f3ea, 0xfbfaf6, 0xece4d2}))
	s.flood(paper)
	for k, p := range s.parts {
		q := s.stream("pencil" + string(rune('a'+k)))
		dark := 255 - p.color.Luma()
		s.through(p.pts, func() {
			s.fill(p.pts, paper)
			if dark > 60 {
				s.hatch(p.pts, 400+q.Below(200), s.px(6), func() draw.Color { return draw.Hex(0x3a3a3e).Fade(min(1000, dark*q.Between(1, 5))) })
			}
		})
		for range 2 {
			wave := make([]draw.Point, len(p.pts))
			for i, a := range p.pts {
				wave[i] = draw.Point{X: a.X + q.Between(-s.px(6), s.px(6)), Y: a.Y + q.Between(-s.px(6), s.px(6))}
			}
			s.outline(wave, draw.Hex(0x2e2e32).Fade(760), 7)
		}
	}
}

// videoGame has large pixels of few colours.
func videoGame(s *sheet) {
	s.flat(draw.Hex(random.Pick(s.stream("ground"), []uint32{0x181c30, 0x2a6ab0, 0x3a8a4a, 0x101014})))
	for _, p := range s.parts {
		if !p.fine {
			s.outline(p.pts, black, 20)
		}
	}
	from := s.copy()
	const n = 30
	for y := range int64(n) {
		for x := range int64(n) {
			c := s.color(from, (2*x+1)*500/n, (2*y+1)*500/n)
			step := func(v uint8) uint8 { return uint8((int64(v) + 25) / 51 * 51) }
			s.strip(draw.Color{R: step(c.R), G: step(c.G), B: step(c.B), A: 255}, x*1000/n, y*1000/n, (x+1)*1000/n, (y+1)*1000/n)
		}
	}
}
