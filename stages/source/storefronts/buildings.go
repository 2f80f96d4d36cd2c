package storefronts

import (
	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// buildShop is the common property: a walled house with a shop front, a sign and upper storeys.
func buildShop(s *scene) {
	b := s.house(s.left, s.right)
	s.front(b)
	s.sign(b)
	s.awning(b)
	s.blade(b)
}

// house draws the walls, upper storeys and roof of the business's building, and returns its shop floor.
func (s *scene) house(x0, x1 int64) box {
	st := &s.style
	storeys := (st.storeys + s.shop("storeys").Between(0, 900)) / 1000
	top := s.ground + st.sign + storeys*st.storey + 55
	s.neighbours(x0, x1)
	s.walls(box{x0, 0, x1, top}, s.wall)
	for i := range storeys {
		y := s.ground + st.sign + i*st.storey
		s.storeyWindows(box{x0, y, x1, y + st.storey}, s.shop("upper"))
	}
	s.roof(box{x0, s.ground + st.sign, x1, top})
	s.stains(box{x0, 0, x1, top})
	return box{x0, 0, x1, s.ground}
}

// walls fills a wall and its texture, as far as the picture can show it.
func (s *scene) walls(b box, c draw.Color) {
	s.fall(c.Shade(1030), c.Shade(930), b.x0, b.y0, b.x1, b.y1)
	dark, light := c.Shade(820), c.Shade(1090)
	switch s.style.texture {
	case texturePanel:
		s.rows(dark.Fade(500), b.w()/240+1, b.x0, b.y0, b.x0+4, b.y1, 240, 0)
	case textureBrick:
		if s.small(12, 8) {
			return
		}
		n := b.h() / 24
		s.rows(light.Fade(420), n, b.x0, b.y0+22, b.x1, b.y0+26, 0, 24)
		if !s.small(6, 8) {
			for i := range n {
				s.rows(light.Fade(300), b.w()/60, b.x0+i%2*30+10, b.y0+24*i, b.x0+i%2*30+13, b.y0+24*i+22, 60, 0)
			}
		}
	case textureStone:
		s.rows(dark.Fade(550), b.h()/58, b.x0, b.y0+56, b.x1, b.y0+60, 0, 58)
		if !s.small(14, 8) {
			for i := range b.h() / 58 {
				s.rows(dark.Fade(350), b.w()/110, b.x0+i%2*55+20, b.y0+58*i, b.x0+i%2*55+23, b.y0+58*i+56, 110, 0)
			}
		}
	}
}

// stains darkens the wall below ledges, the more the older the picture.
func (s *scene) stains(b box) {
	r := s.shop("stains")
	for range 5 {
		x, w, h := r.Between(b.x0, b.x1-60), r.Between(20, 90), r.Between(80, 260)
		c := draw.Hex(0x4a443c)
		s.fall(c.Fade(60+s.age*60/1000), c.Fade(0), x, max(0, b.y1-h), x+w, b.y1-20)
	}
}

// storeyWindows draws one upper storey's windows.
func (s *scene) storeyWindows(b box, r *random.Stream) {
	n := max(2, b.w()/230)
	pitch := b.w() / n
	kind := s.style.windows
	w, h := int64(105), b.h()*58/100
	if kind == windowShutters || kind == windowSash {
		w, h = 88, b.h()*66/100
	}
	shutter := s.style.woods[r.Below(4)].Mix(white, 350)
	base := b.y0 + b.h()*20/100
	for i := range n {
		x := b.x0 + pitch*i + pitch/2
		g := box{x - w/2, base, x + w/2, base + h}
		s.rect(s.wall.Shade(1150), g.x0-9, g.y0-10, g.x1+9, g.y1+10)
		s.fall(draw.Hex(0x70828e), draw.Hex(0x38444c), g.x0, g.y0, g.x1, g.y1)
		if r.Chance(500) { // curtains
			s.rect(draw.Hex(0xe8e4dc).Fade(700), g.x0, g.y0, g.x0+w*30/100, g.y1)
			s.rect(draw.Hex(0xe8e4dc).Fade(700), g.x1-w*30/100, g.y0, g.x1, g.y1)
		}
		s.rect(white, x-3, g.y0, x+3, g.y1)
		switch kind {
		case windowGrille:
			s.rows(black.Fade(800), 6, g.x0, g.y0, g.x0+4, g.y1, (w-4)/5, 0)
		case windowSash:
			s.rect(white, g.x0, g.y0+h/2-4, g.x1, g.y0+h/2+4)
		case windowShutters:
			s.rect(white, g.x0, g.y0+h*2/3, g.x1, g.y0+h*2/3+5)
			s.rect(shutter, g.x0-44, g.y0, g.x0-5, g.y1)
			s.rect(shutter, g.x1+5, g.y0, g.x1+44, g.y1)
			if !s.small(8, 8) {
				s.rows(shutter.Shade(800), h/14, g.x0-40, g.y0+5, g.x0-9, g.y0+9, 0, 14)
				s.rows(shutter.Shade(800), h/14, g.x1+9, g.y0+5, g.x1+40, g.y0+9, 0, 14)
			}
			s.rows(black.Fade(850), w/14, g.x0, g.y0, g.x0+3, g.y0+34, 14, 0) // balcony
			s.rect(black, g.x0-12, g.y0+34, g.x1+12, g.y0+38)
		}
	}
}

func (s *scene) roof(b box) {
	c := s.style.roof
	switch s.style.top {
	case roofParapet:
		s.rect(s.trim, b.x0-6, b.y1-16, b.x1+6, b.y1)
	case roofFlat:
		s.rect(s.wall.Shade(700), b.x0, b.y1-10, b.x1, b.y1)
		// a water tank stands on the roof
		x := s.shop("tank").Between(b.x0+60, b.x1-220)
		s.round(draw.Hex(0x303438), x, b.y1, x+110, b.y1+105, 22)
	case roofPitched:
		s.poly(c, b.x0-25, b.y1-12, b.x1+25, b.y1-12, b.x1-95, b.y1+150, b.x0+95, b.y1+150)
		s.rect(s.trim, b.x0-25, b.y1-22, b.x1+25, b.y1-10)
		if s.snowy {
			s.poly(white, b.x0-15, b.y1+6, b.x1+15, b.y1+6, b.x1-95, b.y1+152, b.x0+95, b.y1+152)
		}
	case roofMansard:
		s.poly(c, b.x0, b.y1, b.x1, b.y1, b.x1-45, b.y1+190, b.x0+45, b.y1+190)
		s.rect(s.wall.Shade(1120), b.x0-14, b.y1-18, b.x1+14, b.y1)
		n := max(2, b.w()/230)
		for i := range n {
			x := b.x0 + b.w()/n*i + b.w()/n/2
			s.arch(s.wall.Shade(1080), x-52, b.y1+20, x+52, b.y1+105, 34)
			s.rect(draw.Hex(0x46525a), x-34, b.y1+26, x+34, b.y1+104)
		}
	}
}

// neighbours draws the houses beside the building, in the country's manner, or leaves open ground.
func (s *scene) neighbours(x0, x1 int64) {
	st, keep := &s.style, s.wall
	open := st.behind == behindSuburb || st.behind == behindConifers
	for side := range int64(2) {
		r := s.shop([]string{"left", "right"}[side])
		gap := int64(4)
		if open {
			gap = r.Between(60, 240)
		}
		w := r.Between(500, 900)
		a, b := x0-gap-w, x0-gap
		if side == 1 {
			a, b = x1+gap, x1+gap+w
		}
		s.wall = s.vivid(random.Pick(r, st.walls[:])).Shade(r.Between(820, 1000))
		storeys := (st.storeys + r.Between(0, 999)) / 1000
		top := st.ground + st.sign + storeys*st.storey + r.Between(20, 110)
		s.walls(box{a, 0, b, top}, s.wall)
		for i := range storeys {
			y := st.ground + st.sign + i*st.storey
			s.storeyWindows(box{a, y, b, y + st.storey}, r)
		}
		s.roof(box{a, st.ground, b, top})
		dark := draw.Hex(0x3a4248)
		s.rect(dark, a+70, 60, a+w/2-30, st.ground*8/10)
		s.rect(dark, a+w/2+30, 60, b-70, st.ground*8/10)
	}
	s.wall = keep
}
