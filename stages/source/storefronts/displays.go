package storefronts

import (
	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// What stands in a trade's windows. Each fills the box of a window; the pen is in cm.

func displayBread(p pen, b box, r *random.Stream, s *scene) {
	for i := range int64(3) { // shelves
		y := b.y0 + b.h()*(8+30*i)/100
		p.rect(draw.Hex(0x8a5a30), b.x0, y, b.x1, y+6)
		for x := b.x0 + 22; x < b.x1-18; x += 40 {
			c := draw.Hex(random.Pick(r, []uint32{0xb8722c, 0xd09448, 0x9c5820, 0xe0b060}))
			h := r.Between(11, 19)
			p.oval(c, x, y+6+h, 19, h)
			p.line(c.Shade(1300), 3, x-8, y+4+h, x+2, y+12+h)
		}
	}
	x := r.Between(b.x0+20, b.x1-60)
	for i := range int64(5) { // baguettes in a basket
		p.line(crust, 9, x+9*i, b.y0+14, x+12*i-6, b.y0+86)
	}
	p.poly(draw.Hex(0x7a4a24), x-8, b.y0+42, x+52, b.y0+42, x+42, b.y0, x+2, b.y0)
}

func displayBlinds(p pen, b box, r *random.Stream, s *scene) {
	c := draw.Hex(0xd4d8d8)
	p.rows(c.Fade(800), b.h()/12, b.x0, b.y1-8, b.x1, b.y1, 0, -12)
}

func displayMirrors(p pen, b box, r *random.Stream, s *scene) {
	n := max(1, b.w()/120)
	for i := range n {
		x := b.x0 + b.w()*(2*i+1)/(2*n)
		y := b.y0 + b.h()*58/100
		p.oval(draw.Hex(0xf8e8a0), x, y, 40, 56)
		p.oval(draw.Hex(0xb8d4e8), x, y, 32, 47)
		p.oval(draw.Hex(0x503028), x, y-28, 15, 18) // a customer's hair
		p.round(draw.Hex(0x282028), x-24, b.y0+6, x+24, b.y0+b.h()*40/100, 12)
		p.rect(steel, x-4, b.y0, x+4, b.y0+14)
	}
	p.rect(draw.Hex(0xd83890).Fade(600), b.x0, b.y1-34, b.x1, b.y1)
}

var carPaints = [...]uint32{0xb01c20, 0x1c3c78, 0xe8e8e8, 0x2c2c30, 0x98a0a8, 0x2c6040, 0xc8b890, 0x3878b8}

func displayCar(p pen, b box, r *random.Stream, s *scene) {
	n := max(1, b.w()/420)
	for i := range n {
		x := b.x0 + b.w()*(2*i+1)/(2*n)
		carShape(p.at(x, b.y0+30, min(190, b.w()*44/100)), draw.Hex(random.Pick(r, carPaints[:])), s.age/6)
	}
	p.rows(draw.Hex(0xfffff0), 4, b.x0+30, b.y1-36, b.x0+90, b.y1-26, (b.w()-120)/3, 0)
}

func displayTyres(p pen, b box, r *random.Stream, s *scene) {
	for x := b.x0 + 28; x < b.x1-20; x += 54 {
		p.disc(rubber, x, b.y0+27, 25)
		p.disc(steel, x, b.y0+27, 13)
	}
	p.rect(draw.Hex(0xd8c060), b.x0, b.y1-40, b.x1, b.y1-22)
}

func displayPhones(p pen, b box, r *random.Stream, s *scene) {
	x := b.x0 + b.w()/2
	if b.w() > 150 {
		x = r.Between(b.x0+60, b.x1-60)
	}
	top := b.y1 - 14
	half := min(46, b.w()*30/100)
	p.round(black, x-half, b.y0+70, x+half, top, 12) // a phone as tall as a person
	p.fall(s.board, draw.Hex(0x40d0f8), x-half+6, b.y0+86, x+half-6, top-12)
	p.disc(white, x, (b.y0+top)/2+14, half/2)
	p.rect(draw.Hex(0xb8c0c8), b.x0, b.y0+36, b.x1, b.y0+46)
	p.rows(black, b.w()/26, b.x0+8, b.y0+46, b.x0+20, b.y0+68, 26, 0)
	p.rows(draw.Hex(0x58d8f8), b.w()/26, b.x0+10, b.y0+49, b.x0+18, b.y0+65, 26, 0)
}

func displayClinic(p pen, b box, r *random.Stream, s *scene) {
	displayBlinds(p, b, r, s)
	size := min(b.w(), b.h()) * 40 / 100
	p.disc(s.board, b.midX(), (b.y0+b.y1)/2, size+8)
	iconTooth(p.at(b.midX(), (b.y0+b.y1)/2, size*84/100), white, s.board, s)
}

func displayOffers(p pen, b box, r *random.Stream, s *scene) {
	n := max(2, b.w()/88)
	w := b.w() / n
	for i := range n {
		for j := range int64(2) {
			x, y := b.x0+w*i+5, b.y0+b.h()*j/2+6
			c := random.Pick(r, []uint32{0xd81c1c, 0xffe020, 0xf8f8f8, 0xf07818})
			p.rect(draw.Hex(c), x, y, x+w-10, y+b.h()/2-12)
			ink := draw.Hex(0xd01818)
			if c == 0xd81c1c || c == 0xf07818 {
				ink = draw.Hex(0xfff8d0)
			}
			p.text(s.fonts.bold, ink, currency[s.style.language], x+(w-10)/2, y+b.h()/8, b.h()*28/100, w-20)
		}
	}
}

func displayClothes(p pen, b box, r *random.Stream, s *scene) {
	rail := b.y1 - b.h()*16/100
	p.rect(steel, b.x0, rail, b.x1, rail+6)
	for x := b.x0 + 20; x < b.x1-16; x += 33 {
		c := draw.Hex(random.Pick(r, []uint32{0xf8f8f8, 0x3858a0, 0x9cc0e8, 0x303038, 0xd8a0b0, 0xf0f0d8, 0x8c6c50}))
		drop := r.Between(46, 66)
		low := rail - b.h()*drop/100
		p.poly(c, x-4, rail-4, x+4, rail-4, x+15, rail-16, x+14, low, x-14, low, x-15, rail-16)
		p.line(black.Fade(700), 2, x, rail-6, x, rail+8)
	}
	p.rect(draw.Hex(0xb0b8bc), b.x0, b.y0, b.x1, b.y0+b.h()*18/100)
}

func displaySofa(p pen, b box, r *random.Stream, s *scene) {
	c := draw.Hex(random.Pick(r, []uint32{0xa83c30, 0x3c6c84, 0x6c7c48, 0xc09868, 0x5c4060}))
	size := min(b.w()*34/100, 92)
	x := b.x0 + size + 14
	p.rect(draw.Hex(0xa87848), b.x0, b.y0, b.x1, b.y0+10)
	iconSofa(p.at(x, b.y0+8+size*82/100, size), c, c, s)
	u := b.x1 - 36 // a standard lamp
	p.rect(draw.Hex(0x4c3c30), u-2, b.y0+10, u+2, b.y1-70)
	p.poly(draw.Hex(0xfff0b0), u-30, b.y1-84, u+30, b.y1-84, u+17, b.y1-34, u-17, b.y1-34)
	if b.w() > 250 { // a table with a vase
		t := (x + size + u) / 2
		p.rect(draw.Hex(0x6c4424), t-38, b.y0+56, t+38, b.y0+64)
		p.rows(draw.Hex(0x6c4424), 2, t-34, b.y0+8, t-28, b.y0+56, 62, 0)
		p.oval(draw.Hex(0x4890b0), t, b.y0+80, 10, 16)
	}
	p.rect(draw.Hex(0x503824), x-size*6/10, b.y1-80, x+size*6/10, b.y1-24) // a picture
	p.rect(draw.Hex(0x88b090), x-size*6/10+6, b.y1-74, x+size*6/10-6, b.y1-30)
}

func displayShelves(p pen, b box, r *random.Stream, s *scene) {
	for y := b.y0 + 8; y < b.y1-40; y += 48 {
		p.rect(draw.Hex(0x707478), b.x0, y, b.x1, y+5)
		for x := b.x0 + 4; x < b.x1-20; x += 24 {
			c := random.Pick(r, []uint32{0xd03030, 0xf0c030, 0x3060b0, 0x30a050, 0xf0f0f0, 0xe07820})
			p.rect(draw.Hex(c), x, y+5, x+20, y+5+r.Between(18, 36))
		}
	}
}

func displayWeights(p pen, b box, r *random.Stream, s *scene) {
	p.fall(draw.Hex(0x5c6068), draw.Hex(0x3c4048), b.x0, b.y0, b.x1, b.y1)
	p.rect(draw.Hex(0xf0f4f8), b.x0+10, b.y1-24, b.x1-10, b.y1-14)
	p.rect(s.ink.Fade(900), b.x0, b.y0+b.h()*62/100, b.x1, b.y0+b.h()*66/100)
	for x := b.x0 + 60; x < b.x1-50; x += 130 {
		if r.Chance(500) { // someone on a treadmill
			c := draw.Hex(random.Pick(r, []uint32{0xf07020, 0x40b0e0, 0xe03060, 0xa0d030}))
			p.line(rubber, 9, x-48, b.y0+14, x+44, b.y0+14)
			p.line(rubber, 7, x+44, b.y0+14, x+36, b.y0+112)
			p.line(black, 12, x-28, b.y0+24, x-4, b.y0+70, x+22, b.y0+26)
			p.line(c, 22, x-4, b.y0+76, x+6, b.y0+122)
			p.line(skin, 8, x+4, b.y0+114, x+30, b.y0+96)
			p.disc(skin, x+10, b.y0+148, 13)
		} else { // a rack of weights
			p.rows(rubber, 2, x-44, b.y0+10, x-38, b.y0+130, 82, 0)
			for j := range int64(3) {
				y := b.y0 + 30 + 38*j
				p.rect(steel, x-52, y, x+52, y+5)
				p.rows(rubber, 6, x-52, y-14, x-42, y+19, 18, 0)
			}
		}
	}
}

func displayTools(p pen, b box, r *random.Stream, s *scene) {
	p.rect(draw.Hex(0xb08850), b.x0, b.y0+b.h()*42/100, b.x1, b.y1)
	for x := b.x0 + 22; x < b.x1-18; x += 40 {
		y := b.y0 + b.h()*70/100
		switch r.Below(3) {
		case 0:
			iconHammer(p.at(x, y, 26), steel.Shade(500), white, s)
		case 1: // a saw
			p.poly(steel, x-16, y+26, x+16, y+20, x+6, y-30, x-4, y-30)
			p.rect(draw.Hex(0xc04020), x-14, y+20, x+14, y+38)
		default: // a spanner
			p.line(steel.Shade(600), 8, x, y-28, x, y+24)
			p.ring(steel.Shade(600), 7, x, y+30, 10)
		}
	}
	for x := b.x0 + 26; x < b.x1-20; x += 48 { // cans of paint, one on two
		c := random.Pick(r, []uint32{0xd83828, 0x2868c0, 0x38a048, 0xf0c028, 0xf0f0f0})
		p.rect(draw.Hex(0xd0d4d8), x-19, b.y0, x+19, b.y0+38)
		p.rect(draw.Hex(c), x-19, b.y0+8, x+19, b.y0+29)
	}
}

func displayLobby(p pen, b box, r *random.Stream, s *scene) {
	x := r.Between(b.x0+40, b.x1-40)
	p.disc(draw.Hex(0xfff4c8), x, b.y1-40, 22)
	p.poly(draw.Hex(0x8c2838), b.x0, b.y0, b.x0+32, b.y0, b.x0+14, b.y1, b.x0, b.y1)
	p.poly(draw.Hex(0x8c2838), b.x1, b.y0, b.x1-32, b.y0, b.x1-14, b.y1, b.x1, b.y1)
	p.rect(draw.Hex(0x6c4828), x-50, b.y0, x+50, b.y0+46)
}

func displayBottles(p pen, b box, r *random.Stream, s *scene) {
	for y := b.y0 + 4; y < b.y1-50; y += 62 {
		p.rect(draw.Hex(0x4c2c18), b.x0, y, b.x1, y+6)
		for x := b.x0 + 4; x < b.x1-14; x += 19 {
			c := draw.Hex(random.Pick(r, []uint32{0x1c5c30, 0x5c1424, 0xb87820, 0xd8d8c8, 0x283c18, 0x80301c}))
			p.rect(c, x, y+6, x+14, y+34)
			p.rect(c, x+4, y+32, x+9, y+50)
			p.rect(draw.Hex(0xf0e8d0), x+1, y+13, x+13, y+24)
		}
	}
	p.rect(draw.Hex(0xff3048).Fade(850), b.x0+14, b.y1-26, b.x1-14, b.y1-20) // neon
}

func displayMedicine(p pen, b box, r *random.Stream, s *scene) {
	for y := b.y0 + 6; y < b.y1-60; y += 42 {
		p.rect(draw.Hex(0xb8c4c4), b.x0, y, b.x1, y+4)
		for x := b.x0 + 4; x < b.x1-16; x += 20 {
			c := random.Pick(r, []uint32{0xf8f8f8, 0xa8d8e8, 0xf8f8f8, 0xb8e0b8, 0xe8e8f8})
			p.rect(draw.Hex(c), x, y+4, x+16, y+4+r.Between(14, 30))
		}
	}
	size := min(b.w(), b.h()) * 24 / 100
	ink := s.ink
	if ink.Luma() > 200 {
		ink = s.board
	}
	f := p.at(b.midX(), b.y1-size-14, size)
	f.disc(white, 0, 0, 118)
	iconCross(f.at(0, 0, 84), ink, white, s)
}

func displayPets(p pen, b box, r *random.Stream, s *scene) {
	dog, cat := draw.Hex(0x5c3c20), draw.Hex(0x2c2c30)
	h := min(b.h()*80/100, 150)
	d := p.at(b.x0+b.w()*30/100, b.y0+4, h/2) // 200 units are its height
	d.oval(dog, 0, 60, 44, 62)
	d.rect(dog, -34, 0, -14, 60)
	d.rect(dog, 14, 0, 34, 60)
	d.disc(dog, 12, 140, 40)
	d.oval(dog, 50, 130, 26, 17)
	d.oval(dog.Shade(700), -20, 128, 14, 34)
	d.disc(black, 72, 134, 8)
	d.disc(white, 22, 150, 7)
	d.line(dog, 14, -40, 40, -74, 84)
	c := p.at(b.x0+b.w()*72/100, b.y0+4, h*38/100)
	c.oval(cat, 0, 52, 40, 56)
	c.disc(cat, 0, 128, 36)
	c.poly(cat, -34, 140, -26, 184, -4, 156)
	c.poly(cat, 34, 140, 26, 184, 4, 156)
	c.line(cat, 12, 34, 14, 70, 24, 76, 70)
	c.rows(draw.Hex(0xd8e060), 2, -18, 128, -8, 138, 26, 0)
}
