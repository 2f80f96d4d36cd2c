package storefronts

import (
	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// sky fills the picture with the sky and its clouds.
func (s *scene) sky() {
	r := s.shot("sky")
	v := s.view
	top, low := draw.Hex(0x8c98a4), draw.Hex(0xc8ced2)
	if s.sunny {
		top, low = draw.Hex(0x3c80cc).Mix(draw.Hex(0x6ca8e0), r.Below(1000)), draw.Hex(0xc4dcf0)
	} else {
		shade := r.Between(-80, 120)
		top, low = top.Shade(1000+shade), low.Shade(1000+shade/2)
	}
	s.path.Rect(s.px(v.x0-1500), s.py(v.y0-1500), s.px(v.x1+1500), s.py(v.y1+1500))
	s.fill(draw.Ramp(draw.Point{Y: s.py(v.y1)}, draw.Point{Y: s.py(v.y0)}, top, low))
	if s.sunny { // the sun itself is out of the picture, its glare not always
		x, y := r.Between(v.x0-600, v.x1+600), v.y1+r.Between(50, 400)
		s.path.Rect(s.px(v.x0-1500), s.py(v.y0), s.px(v.x1+1500), s.py(v.y1+1500))
		s.fill(draw.Glow(draw.Point{X: s.px(x), Y: s.py(y)}, draw.Point{X: s.px(x + 700), Y: s.py(y)}, draw.Hex(0xfffce8).Fade(800), white.Fade(0)))
	}
	for range 4 {
		x, y, w := r.Between(v.x0-100, v.x1+100), r.Between(v.y1*55/100, v.y1), r.Between(80, 300)
		c := white.Fade(220)
		if !s.sunny {
			c = draw.Hex(0x7c8690).Fade(160)
		}
		s.oval(c, x, y, w, w/5)
		s.oval(c, x+w/3, y+w/9, w*6/10, w/6)
	}
}

// background is what stands behind the building.
func (s *scene) background() {
	r := s.shop("behind")
	v := s.view
	far := func(c draw.Color) draw.Color { return c.Mix(s.haze, 380) }
	x0, x1 := v.x0-300, v.x1+300
	switch s.style.behind {
	case behindSuburb:
		for x := x0; x < x1; x += r.Between(90, 220) {
			h := r.Between(260, 520)
			s.oval(far(leaf).Shade(r.Between(850, 1080)), x, h-90, r.Between(90, 170), h/2)
		}
	case behindHills:
		for range 4 {
			x, w, h := r.Between(x0, x1), r.Between(700, 1400), r.Between(350, 800)
			s.poly(far(draw.Hex(0x8c7c5c)).Mix(s.haze, 300), x-w, 0, x-w/3, h*8/10, x, h, x+w/2, h*6/10, x+w, 0)
		}
	case behindConifers:
		for x := x0; x < x1; x += r.Between(70, 150) {
			h, w := r.Between(420, 760), r.Between(60, 110)
			c := far(draw.Hex(0x2c5040)).Shade(r.Between(850, 1100))
			s.poly(c, x-w, 0, x, h, x+w, 0)
			if s.snowy {
				s.poly(white.Fade(700), x-w/4, h*3/4, x, h, x+w/4, h*3/4)
			}
		}
	case behindTown:
		for x := x0; x < x1; {
			w, h := r.Between(280, 480), r.Between(700, 1100)
			s.rect(far(s.style.walls[r.Below(4)]).Shade(900), x, 0, x+w, h)
			s.poly(far(s.style.roof), x-10, h, x+w+10, h, x+w-40, h+130, x+40, h+130)
			x += w
		}
	}
	s.rect(draw.Hex(0x8c9878).Mix(s.haze, 200), x0, -10, x1, 60)
}

// street is the pavement, the kerb and the road.
func (s *scene) street() {
	v, st := s.view, &s.style
	x0, x1 := v.x0-400, v.x1+400
	pave, road := st.pavement, st.road
	if s.wet {
		pave, road = pave.Shade(760), road.Shade(720)
	}
	if s.snowy {
		pave, road = pave.Mix(white, 780), road.Mix(white, 380)
	}
	if s.sunny {
		pave, road = pave.Shade(1060), road.Shade(1060)
	}
	k := -st.kerb
	s.fall(pave.Shade(940), pave, x0, k, x1, 6)
	if !s.small(5, 8) {
		s.rows(pave.Shade(850), (x1-x0)/140, x0, k, x0+4, 2, 140, 0)
	}
	s.rect(pave.Shade(1080), x0, k-9, x1, k)
	s.rect(pave.Shade(640), x0, k-20, x1, k-9)
	s.fall(road.Shade(900), road.Shade(1080), x0, -700, x1, k-20)
	r := s.shop("markings")
	switch kind := r.Below(3); {
	case st.language == english && kind > 0: // parking bays
		for x := x0; x < x1; x += 260 {
			s.poly(white.Fade(700), x, k-20, x+9, k-20, x-50, -700, x-64, -700)
		}
	default:
		s.rows(white.Fade(650), (x1-x0)/300, x0, k-150, x0+150, k-138, 300, 0)
	}
	if s.wet { // the front is mirrored in the road
		s.fall(s.wall.Fade(0), s.wall.Fade(330), s.left, k-140, s.right, k-20)
	}
}

// furniture is what stands on the pavement and above it.
func (s *scene) furniture() {
	st := &s.style
	r := s.shop("furniture")
	side := random.Pick(r, []int64{s.view.x0 + 90, s.view.x1 - 90})
	if r.Chance(st.pole) && s.trade.name != "gas station" && s.trade.name != "religious institution" {
		s.pylon(side, s.ground+st.sign+r.Between(-60, 40))
	}
	lamp, tree, wires := r.Chance(st.lamps), r.Chance(st.trees), r.Chance(st.wires)
	x := r.Between(s.view.x0, s.view.x1)
	if lamp {
		s.rect(draw.Hex(0x3c4444), x-6, -st.kerb+8, x+6, 620)
		s.line(draw.Hex(0x3c4444), 8, x, 610, x+70, 650)
		s.round(draw.Hex(0xf0ecd0), x+52, 636, x+104, 654, 6)
	}
	x = random.Pick(r, []int64{s.view.x0, s.view.x1}) + r.Between(-60, 60)
	if tree {
		s.rect(draw.Hex(0x5c4430), x-11, -st.kerb+12, x+11, 330)
		c := leaf.Mix(draw.Hex(0xb87830), r.Between(0, 400))
		for range 9 {
			u, v := x+r.Between(-95, 95), r.Between(320, 520)
			if s.snowy {
				s.line(draw.Hex(0x5c4430), 7, x, 280, u, v)
			} else {
				s.disc(c.Shade(r.Between(800, 1150)), u, v, r.Between(55, 90))
			}
		}
	}
	if r.Chance(st.cornerFlower) {
		for i := range int64(2) {
			u := s.left + 40 + (s.right-s.left-80)*i
			s.rect(draw.Hex(0x6c4430), u-26, -8, u+26, 30)
			s.disc(leaf, u, 44, 28)
			s.disc(draw.Hex(0xd03060), u-10, 52, 8)
			s.disc(draw.Hex(0xf0a0c0), u+10, 46, 8)
		}
	}
	if wires {
		y := r.Between(640, 800)
		for i := range int64(3) {
			a, z := s.view.x0-200, s.view.x1+200
			s.line(black.Fade(750), 4, a, y+34*i, a/2+z/2-200, y+34*i-46, a/2+z/2+200, y+34*i-46, z, y+34*i+10)
		}
		u := random.Pick(r, []int64{s.view.x0 + 40, s.view.x1 - 40})
		s.rect(draw.Hex(0x5c4838), u-9, -st.kerb, u+9, 900)
		s.rect(draw.Hex(0x5c4838), u-90, y+66, u+90, y+78)
	}
}

// people walk past.
func (s *scene) people() {
	r := s.shot("people")
	n := int64(0)
	for range 3 {
		if r.Chance(s.style.walkers) {
			n++
		}
	}
	for range n {
		x := r.Between(s.view.x0+40, s.view.x1-40)
		p := s.at(x, -r.Between(s.style.kerb*3/10, s.style.kerb*8/10), r.Between(98, 108)).mirrored(r.Chance(500))
		coat := draw.Hex(random.Pick(r, []uint32{0x303848, 0x8c2c2c, 0x4c6c48, 0xb89c70, 0x5c5c68, 0x2c5c8c, 0xd8d0c0}))
		legs := draw.Hex(random.Pick(r, []uint32{0x24283c, 0x3c3c3c, 0x6c5c48}))
		head := draw.Hex(random.Pick(r, []uint32{0xe8b890, 0xc89068, 0x8c5c3c, 0xf0c8a8}))
		p.oval(black.Fade(300), 4, 0, 34, 6)
		p.line(legs, 15, -2, 88, -16, 44, -22, 4)
		p.line(legs, 15, 2, 88, 18, 46, 20, 4)
		p.round(coat, -21, 74, 21, 146, 14)
		p.line(coat.Shade(850), 11, -14, 136, -20, 106, -8, 84)
		p.disc(head, 2, 161, 13)
		p.oval(draw.Hex(random.Pick(r, []uint32{0x2c2018, 0x6c4c28, 0xc8b080, 0x181818})), 0, 168, 14, 9)
		if umbrella := r.Chance(700); s.wet && umbrella {
			p.line(black, 3, 18, 120, 18, 196)
			p.arch(coat.Shade(1300), -40, 188, 76, 190, 36)
		}
	}
}

// traffic is a car parked or passing on the near side.
func (s *scene) traffic() {
	r := s.shot("traffic")
	if !r.Chance(s.style.cars) {
		return
	}
	v := s.view
	x := random.Pick(r, []int64{v.x0 + r.Between(-60, 140), v.x1 - r.Between(-60, 140)})
	p := s.at(x, min(-s.style.kerb-58, -150), r.Between(205, 225)).mirrored(r.Chance(500))
	p.oval(black.Fade(400), 0, 1, 106, 10)
	carShape(p, draw.Hex(random.Pick(r, carPaints[:])), s.age/3)
}

// precipitation is rain, falling snow, or nothing.
func (s *scene) precipitation() {
	r := s.shot("falling")
	v := s.view
	if s.wet {
		for range 110 {
			x, y := r.Between(v.x0, v.x1), r.Between(v.y0, v.y1)
			s.path.Stroke(2*grain, false, x*grain, y*grain, (x-5)*grain, (y-30)*grain)
		}
		s.fill(draw.Flat(white.Fade(280)))
	}
	if s.snowy {
		for range 120 {
			x, y, d := r.Between(v.x0, v.x1), r.Between(v.y0, v.y1), r.Between(2, 6)
			s.path.Ellipse(x*grain, y*grain, d*grain, d*grain)
		}
		s.fill(draw.Flat(white.Fade(850)))
	}
}
