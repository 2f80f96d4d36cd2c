package storefronts

import (
	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// front draws the shop front between the pavement and the sign: windows with their display, and a door.
func (s *scene) front(b box) {
	st := &s.style
	r := s.shop("front")
	pillar := 24 + (1000-st.glass)*b.w()/1000/8
	if st.front == frontWood {
		s.woodwork(b)
	}
	sill := byKind(st.front, [4]int64{14, 48, 58, 50}) + s.trade.sill*6/10
	head := b.y1 - byKind(st.front, [4]int64{22, 46, 34, 38})

	n := min(max(2, b.w()/330), 4)
	door := r.Below(n + 1)
	doorWide := int64(125)
	free := b.w() - 2*pillar - doorWide - n*pillar/2
	each := free / n
	x := b.x0 + pillar
	for i := range n + 1 {
		if i == door {
			s.door(box{x, 0, x + doorWide, head})
			x += doorWide + pillar/2
			continue
		}
		s.window(box{x, sill, x + each, head}, random.New(s.seed, "shop/window/"+string(rune('a'+i)), s.business))
		x += each + pillar/2
	}
	if st.front == frontBrickSill || st.front == frontMasonry {
		s.rect(s.trim, b.x0, 0, b.x1, 30)
	}
}

// byKind chooses a value by a kind.
func byKind(kind int, values [4]int64) int64 { return values[kind] }

func (s *scene) woodwork(b box) {
	c := s.timber
	s.panelled = true
	s.fall(c.Shade(1080), c.Shade(900), b.x0+14, 0, b.x1-14, b.y1+s.style.sign)
	n := b.w() / 95
	s.rows(c.Shade(760), n, b.x0+26, 12, b.x0+92, 50, 95, 0)
	s.rows(c.Shade(1120), n, b.x0+30, 15, b.x0+88, 47, 95, 0)
	for _, x := range []int64{b.x0 + 14, b.x1 - 46} { // pilasters
		s.rect(c.Shade(1150), x, 0, x+32, b.y1)
		s.rect(c.Shade(820), x+12, 60, x+20, b.y1-30)
	}
	s.rect(c.Shade(1200), b.x0+4, b.y1-12, b.x1-4, b.y1)
	s.rect(c.Shade(1200), b.x0+4, b.y1+s.style.sign-4, b.x1-4, b.y1+s.style.sign+12)
}

// window draws one display window: lit room, display, glass, frame.
func (s *scene) window(b box, r *random.Stream) {
	frame := s.frameColor()
	s.rect(frame, b.x0-8, b.y0-8, b.x1+8, b.y1+8)
	light := draw.Hex(s.trade.light)
	if !s.sunny {
		light = light.Shade(1050)
	}
	s.fall(light.Shade(860), light.Shade(700), b.x0, b.y0, b.x1, b.y1)
	if r.Chance(110) { // some windows show nothing: the blind is down
		displayBlinds(s.pen, b, r, s)
	} else {
		s.trade.display(s.pen, b, r, s)
	}
	s.glaze(b)
	if b.w() > 210 {
		s.rect(frame, b.midX()-3, b.y0, b.midX()+3, b.y1)
	}
	if s.style.windows == windowGrille && s.style.front == frontMasonry && r.Chance(350) {
		s.rows(black.Fade(600), b.w()/26, b.x0, b.y0, b.x0+3, b.y1, 26, 0)
	}
	s.posters(b, r)
}

func (s *scene) frameColor() draw.Color {
	switch s.style.front {
	case frontAluminium:
		return draw.Hex(0x74787c)
	case frontWood:
		return s.timber.Shade(1250)
	case frontMasonry:
		return s.trim
	}
	return white.Shade(930)
}

// glaze lays reflections of the sky and the street on glass.
func (s *scene) glaze(b box) {
	sky := draw.Hex(0xdce8f0)
	share := int64(110)
	if s.sunny {
		share = 150
	}
	s.fall(sky.Fade(share*17/10), sky.Fade(share/3), b.x0, b.y0, b.x1, b.y1)
	w := b.w()
	s.poly(white.Fade(share), b.x0+w/8, b.y0, b.x0+w/3, b.y0, b.x0+w*7/10, b.y1, b.x0+w/2, b.y1)
}

// posters hang in the window for a season; which ones, the year decides too.
func (s *scene) posters(b box, r *random.Stream) {
	if !r.Chance(380) || b.w() < 130 {
		return
	}
	c, now := random.Pick(r, []uint32{0xd83030, 0x3060c0, 0xf0c020, 0x30a060}), draw.Hex(0xf8f4e8)
	x := r.Between(b.x0+8, b.x1-66)
	now = now.Mix(draw.Hex(0xb8c8d8), min(1000, s.age*300/1000))
	y := b.y0 + r.Between(6, 40) + s.age*12/1000
	s.rect(now, x, y, x+52, y+74)
	s.rect(draw.Hex(c), x+5, y+44, x+47, y+69)
	s.rows(black.Fade(500), 3, x+8, y+8, x+44, y+12, 0, 11)
}

func (s *scene) door(b box) {
	frame := s.frameColor()
	s.rect(frame, b.x0-6, 0, b.x1+6, b.y1+8)
	if s.style.front == frontWood {
		s.rect(s.timber.Shade(850), b.x0, 0, b.x1, b.y1)
	}
	g := box{b.x0 + 10, 14, b.x1 - 10, min(b.y1-8, 235)}
	if s.style.front == frontWood {
		g.y0 = 80
	}
	light := draw.Hex(s.trade.light)
	s.fall(light.Shade(520), light.Shade(380), g.x0, g.y0, g.x1, g.y1)
	if b.y1 > 270 {
		s.rect(light.Shade(560), g.x0, 245, g.x1, b.y1-8)
	}
	s.glaze(g)
	s.rect(steel, g.x1-14, 95, g.x1-8, 135)
	s.rect(white.Fade(900), g.x0+20, 140, g.x0+60, 166)
	s.rect(draw.Hex(0xc03030), g.x0+24, 150, g.x0+56, 158)
}

// awning hangs over the front of some shops, and of most bakeries, whose is striped.
func (s *scene) awning(b box) {
	r := s.shop("awning")
	bakery := s.trade.name == "bakery"
	chance := s.style.awning
	if bakery {
		chance = max(chance, 750)
	}
	if !r.Chance(chance) {
		return
	}
	y1, y0, out := b.y1+6, b.y1-62, int64(46)
	if s.style.front == frontWood {
		y0 -= 10
	}
	x0, x1 := b.x0+20, b.x1-20
	base, stripe := s.board, white
	if base.Luma() > 190 {
		base = s.ink
	}
	if !bakery {
		stripe = base.Shade(1120)
		if r.Chance(300) {
			stripe = white
		}
	}
	s.rect(black.Fade(260), x0, y0-64, x1, y0) // its shadow
	n := max(4, (x1-x0)/52)
	at := func(i, x0, x1 int64) int64 { return x0 + (x1-x0)*i/n }
	for i := range n {
		c := base
		if i%2 == 1 {
			c = stripe
		}
		a, z := at(i, x0-out/2, x1+out/2), at(i+1, x0-out/2, x1+out/2)
		s.poly(c, at(i, x0, x1), y1, at(i+1, x0, x1), y1, z, y0, a, y0)
		s.path.Ellipse(s.px((a+z)/2), s.py(y0), (s.px(z)-s.px(a))/2, 14*grain)
		s.fill(draw.Flat(c.Shade(880)))
	}
}
