package storefronts

import (
	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// The creeds of religious institutions; most businesses are churches.
const (
	creedCross = iota
	creedStar
	creedCrescent
)

func (s *scene) creed() int {
	switch r := s.shop("creed"); {
	case r.Chance(120):
		return creedCrescent
	case r.Chance(100):
		return creedStar
	}
	return creedCross
}

// buildChurch is a hall with a gable, arched windows and a steeple, two bell gables or a dome.
func buildChurch(s *scene) {
	s.neighbours(-520, 520)
	w := (s.right - s.left) * 36 / 100
	half := max(w, 330)
	c := s.wall.Mix(draw.Hex(0xf0ece0), 500)
	if s.style.texture == textureBrick || s.style.texture == textureStone {
		c = s.wall
	}
	eaves := s.ground + 90
	ridge := eaves + half*8/10
	creed := s.creed()
	switch {
	case creed != creedCross:
		s.domed(half, eaves, c, creed)
	case s.style.top == roofFlat:
		s.mission(half, eaves, ridge, c)
	default:
		s.gabled(half, eaves, ridge, c)
	}
	s.portal(c)
	// a board with the name beside the way in
	x := half + 30
	s.rect(s.trim.Shade(700), x-58, 0, x-50, 60)
	s.rect(s.trim.Shade(700), x+50, 0, x+58, 60)
	s.rect(s.board, x-70, 56, x+70, 160)
	s.trade.icon(s.at(x-40, 108, 26), s.ink, s.board, s)
	s.text(s.fonts.serif, s.ink, s.trade.words[s.style.language], x+18, 112, 28, 90)
	s.text(s.fonts.regular, s.ink, "10:30", x+18, 76, 24, 90)
}

// gabled is the hall with one steeple, in the middle or at a corner.
func (s *scene) gabled(half, eaves, ridge int64, c draw.Color) {
	r := s.shop("steeple")
	at := random.Pick(r, []int64{0, -half + 60, half - 60})
	roof := s.style.roof
	tower, top := int64(82), ridge+r.Between(90, 190)
	steeple := func() {
		s.walls(box{at - tower, 0, at + tower, top}, c.Shade(970))
		s.pointed(draw.Hex(0x3a3440), at-34, top-150, at+34, top-70, 50)
		s.poly(roof, at-tower-14, top, at+tower+14, top, at, top+300)
		s.rect(s.ink.Mix(black, 500), at-5, top+290, at+5, top+370)
		s.rect(s.ink.Mix(black, 500), at-26, top+330, at+26, top+340)
	}
	if at == 0 {
		steeple()
	}
	s.walls(box{-half, 0, half, eaves}, c)
	s.poly(c, -half, eaves-2, half, eaves-2, 0, ridge)
	s.line(roof, 30, -half-26, eaves-22, 0, ridge+8, half+26, eaves-22)
	if s.snowy {
		s.line(white, 16, -half-26, eaves-4, 0, ridge+24, half+26, eaves-4)
	}
	if at != 0 {
		steeple()
	}
	rose := (eaves + ridge) / 2
	s.disc(c.Shade(1150), 0, rose, 74)
	s.glassDisc(0, rose, 62)
	s.stainedPair(half)
	if at != 0 {
		s.cross(0, ridge+10, 60)
	}
}

// mission is the front of a Mexican church: a curved gable between two bell openings.
func (s *scene) mission(half, eaves, ridge int64, c draw.Color) {
	s.walls(box{-half, 0, half, eaves + 60}, c)
	for _, x := range []int64{-half + 85, half - 85} {
		s.walls(box{x - 95, 0, x + 95, ridge + 120}, c.Shade(1030))
		s.arch(draw.Hex(0x3a3430), x-42, ridge-60, x+42, ridge+30, 42)
		s.disc(draw.Hex(0xb08838), x, ridge+6, 22)
		s.arch(s.trim, x-95, ridge+120, x+95, ridge+124, 80)
		s.cross(x, ridge+200, 50)
	}
	s.arch(c, -half/2, eaves+50, half/2, eaves+60, half/3)
	s.cross(0, eaves+60+half/3, 70)
	s.disc(c.Shade(1150), 0, eaves, 66)
	s.glassDisc(0, eaves, 54)
	s.rect(s.trim, -half, eaves+48, half, eaves+62)
}

// domed is a mosque with minarets or a synagogue with its star.
func (s *scene) domed(half, eaves int64, c draw.Color, creed int) {
	dome := draw.Hex(0x3c8c84)
	if creed == creedStar {
		dome = draw.Hex(0x7088a8)
	}
	s.walls(box{-half, 0, half, eaves + 40}, c)
	s.arch(dome, -half*55/100, eaves+40, half*55/100, eaves+70, half*62/100)
	s.rect(s.trim, -half-10, eaves+30, half+10, eaves+48)
	top := eaves + 70 + half*62/100
	s.rect(draw.Hex(0xc8a040), -4, top-6, 4, top+70)
	s.trade.icon(s.at(0, top+90, 44), draw.Hex(0xd8b048), dome, s)
	if creed == creedCrescent {
		for _, x := range []int64{-half - 40, half + 40} {
			s.walls(box{x - 34, 0, x + 34, eaves + 330}, c.Shade(1040))
			s.rect(s.trim, x-48, eaves+210, x+48, eaves+230)
			s.poly(dome, x-42, eaves+330, x+42, eaves+330, x, eaves+450)
		}
	} else {
		s.disc(white, 0, eaves-46, 72)
		s.trade.icon(s.at(0, eaves-46, 58), draw.Hex(0x2848a0), white, s)
	}
	s.stainedPair(half)
}

func (s *scene) cross(x, y, size int64) {
	c := draw.Hex(0x3a3028)
	s.rect(c, x-size/10, y, x+size/10, y+2*size)
	s.rect(c, x-size*6/10, y+size*11/10, x+size*6/10, y+size*14/10)
}

// stainedPair is a pair of tall windows on each side of the portal.
func (s *scene) stainedPair(half int64) {
	for _, x := range []int64{-half * 62 / 100, half * 62 / 100} {
		s.pointed(s.wall.Shade(1200), x-62, 76, x+62, 276, 100)
		s.pointed(draw.Hex(0x2c3c78), x-50, 86, x+50, 272, 86)
		for j := range int64(4) {
			c := [4]uint32{0xb83038, 0xe0b030, 0x3c8cc0, 0x48a058}[j]
			s.rect(draw.Hex(c).Fade(850), x-40, 96+46*j, x-5, 134+46*j)
			s.rect(draw.Hex([4]uint32{0x3c8cc0, 0x48a058, 0xe0b030, 0xb83038}[j]).Fade(850), x+5, 96+46*j, x+40, 134+46*j)
		}
	}
}

// glassDisc is a rose window.
func (s *scene) glassDisc(x, y, r int64) {
	s.disc(draw.Hex(0x2c3c78), x, y, r)
	for i := range int64(8) {
		u, v := x+r*62/100*draw.Cos(i*512)/1000000, y+r*62/100*draw.Sin(i*512)/1000000
		s.disc(draw.Hex([4]uint32{0xb83038, 0xe0b030, 0x3c8cc0, 0x48a058}[i%4]), u, v, r*21/100)
	}
	s.disc(draw.Hex(0xe0b030), x, y, r*24/100)
}

// portal is the door, with steps.
func (s *scene) portal(c draw.Color) {
	s.rect(c.Shade(860), -130, 0, 130, 14)
	s.rect(c.Shade(940), -112, 14, 112, 28)
	s.pointed(c.Shade(1180), -88, 28, 88, 200, 110)
	s.pointed(draw.Hex(0x5a3420), -70, 28, 70, 196, 90)
	s.rect(black.Fade(700), -3, 28, 3, 270)
	s.disc(draw.Hex(0xc8a040), -16, 120, 6)
	s.disc(draw.Hex(0xc8a040), 16, 120, 6)
}
