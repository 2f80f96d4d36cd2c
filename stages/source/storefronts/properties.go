package storefronts

import (
	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// The properties of trades that are more than a shop front.

// buildBank is a house with a row of columns, a cornice and a cash machine.
func buildBank(s *scene) {
	b := s.house(s.left, s.right)
	s.front(b)
	stone := s.wall.Mix(draw.Hex(0xe8e4d8), 720)
	n := max(4, b.w()/240)
	for i := range n {
		x := b.x0 + 16 + (b.w()-76)*i/(n-1)
		s.fall(stone.Shade(1060), stone.Shade(940), x, 22, x+44, b.y1-18)
		s.rect(stone.Shade(760), x+30, 22, x+38, b.y1-18)
		s.rect(stone, x-8, 0, x+52, 24)
		s.rect(stone, x-8, b.y1-24, x+52, b.y1-4)
	}
	s.rect(stone, b.x0-8, b.y1-6, b.x1+8, b.y1+8)
	s.sign(b)
	if s.style.storeys < 1000 && s.style.signs != signPainted { // a temple's gable over the sign
		y := b.y1 + s.style.sign
		s.poly(stone.Shade(900), b.x0-14, y+2, b.x1+14, y+2, 0, y+165)
		s.poly(stone.Shade(1060), b.x0+70, y+16, b.x1-70, y+16, 0, y+138)
	}
	x := b.x1 - 150
	s.rect(s.board, x, 60, x+74, 200)
	s.rect(draw.Hex(0x9cd0f0), x+12, 140, x+62, 178)
	s.rect(black, x+12, 100, x+62, 122)
	s.blade(b)
}

// buildClinic is a practice: small windows, a plate at the door and a board on a lawn where there is room.
func buildClinic(s *scene) {
	buildShop(s)
	r := s.shop("clinic")
	x := random.Pick(r, []int64{s.left + 60, s.right - 60})
	if lawn := r.Chance(600); lawn && s.style.behind != behindTown {
		s.rect(draw.Hex(0x5c8c44), s.left, 0, s.right, 16)
		for i := range (s.right - s.left) / 70 {
			s.disc(leaf.Shade(900+40*(i%3)), s.left+35+70*i, 16, 24)
		}
		s.rect(steel, x-6, 0, x+6, 70)
		s.round(s.board, x-70, 62, x+70, 172, 8)
		s.trade.icon(s.at(x, 117, 46), s.ink, s.board, s)
	}
}

// buildGarage is a row of bays with a car on the lift in the open ones.
func buildGarage(s *scene) {
	b := s.house(s.left, s.right)
	r := s.shop("bays")
	if s.style.front == frontWood {
		s.woodwork(b)
	}
	n := max(1, b.w()/410)
	office := b.w() * 18 / 100
	wide := (b.w() - office - 40) / n
	head := b.y1 - 30
	for i := range n {
		x := b.x0 + 20 + wide*i
		bay := box{x + 16, 0, x + wide - 16, head}
		s.rect(s.trim.Shade(800), bay.x0-12, 0, bay.x1+12, head+12)
		if i > 0 && r.Chance(300) {
			s.rollDoor(bay, draw.Hex(0xd0d0cc))
			continue
		}
		s.fall(draw.Hex(0x20201e), draw.Hex(0x3a3834), bay.x0, bay.y0, bay.x1, bay.y1)
		s.rows(draw.Hex(0xf4f4d8), 2, bay.x0+40, head-40, bay.midX()-20, head-32, bay.w()/2-10, 0)
		lift := r.Between(95, 135)
		s.rows(draw.Hex(0xe0b020), 2, bay.x0+bay.w()*22/100, 0, bay.x0+bay.w()*22/100+14, lift+70, bay.w()*52/100, 0)
		s.rect(draw.Hex(0xe0b020), bay.x0+30, lift-8, bay.x1-30, lift+4)
		c := random.Pick(r, carPaints[:])
		carShape(s.at(bay.midX(), lift, min(190, bay.w()*44/100)), draw.Hex(c), 400+s.age/8)
	}
	s.window(box{b.x1 - office + 6, 90, b.x1 - 24, head}, s.shop("office"))
	s.sign(b)
	s.blade(b)
	for i := range int64(3) { // piles of tyres
		x := b.x0 + 30 + 58*i
		for j := range r.Between(2, 5) {
			s.round(rubber, x-28, -12+18*j, x+28, 5+18*j, 8)
			s.rect(draw.Hex(0x4c4c50), x-20, -5+18*j, x+20, -2+18*j)
		}
	}
}

// rollDoor is a closed door of slats.
func (s *scene) rollDoor(b box, c draw.Color) {
	s.fall(c.Shade(1040), c.Shade(940), b.x0, b.y0, b.x1, b.y1)
	s.rows(c.Shade(720), b.h()/22, b.x0, b.y0+18, b.x1, b.y0+22, 0, 22)
}

// buildDealer is a glass hall with cars inside, cars in front and pennants above.
func buildDealer(s *scene) {
	b := s.house(s.left, s.right)
	r := s.shop("cars")
	hall := box{b.x0 + 26, 12, b.x1 - 26, b.y1 - 22}
	s.window(hall, s.shop("hall"))
	n := max(3, hall.w()/190)
	s.rows(s.frameColor(), n, hall.x0, hall.y0, hall.x0+7, hall.y1, hall.w()/n, 0)
	s.sign(b)
	s.blade(b)
	count := max(2, b.w()/420)
	for i := range count {
		x := b.x0 + b.w()*(2*i+1)/(2*count) + r.Between(-20, 20)
		p := s.at(x, -72, 205).mirrored(r.Chance(350))
		p.oval(black.Fade(350), 0, 2, 108, 12)
		carShape(p, draw.Hex(random.Pick(r, carPaints[:])), s.age/6)
		s.rect(draw.Hex(0xf8e83c), x-34, 24, x+22, 48) // price in the windscreen
	}
	y := b.y1 + s.style.sign + 150
	s.pennants(b.x0-60, y, b.x1+60, y-30)
	for _, x := range []int64{b.x0 + 40, b.x1 - 40} {
		s.rect(steel, x-4, 0, x+4, y+60)
		s.poly(s.board, x+4, y+60, x+104, y+48, x+96, y+2, x+4, y-4)
		s.rect(s.ink, x+30, y+18, x+64, y+40)
	}
}

// pennants hang between two posts.
func (s *scene) pennants(x0, y0, x1, y1 int64) {
	n := (x1 - x0) / 46
	for i := range n {
		u := x0 + (x1-x0)*i/n
		sag := 60 * i * (n - i) / (n * n / 4)
		v := y0 + (y1-y0)*i/n - sag
		c := [4]uint32{0xe02020, 0xffd820, 0x2058d0, 0xf8f8f8}[i%4]
		s.poly(draw.Hex(c), u, v, u+38, v-2, u+19, v-50)
	}
}

// buildWash is a tunnel with brushes and a foaming car coming out.
func buildWash(s *scene) {
	b := s.house(s.left, s.right)
	r := s.shop("wash")
	wide := min(b.w()*62/100, 620)
	x0 := b.x0 + 30
	right := r.Chance(500)
	if right {
		x0 = b.x1 - 30 - wide
	}
	t := box{x0, 0, x0 + wide, b.y1 - 14}
	s.rect(s.board, t.x0-24, 0, t.x1+24, b.y1)
	s.rows(s.ink, t.h()/40, t.x0-24, 0, t.x0, 20, 0, 40)
	s.rows(s.ink, t.h()/40, t.x1, 0, t.x1+24, 20, 0, 40)
	s.fall(draw.Hex(0x1c3444), draw.Hex(0x48606c), t.x0, t.y0, t.x1, t.y1)
	s.rect(draw.Hex(0x0c1c28), t.midX()-wide/5, 0, t.midX()+wide/5, t.h()*2/3)
	brush := [2]draw.Color{draw.Hex(0x1860d8), draw.Hex(0xe02838)}
	for side, u := range []int64{t.x0 + 62, t.x1 - 62} {
		c := brush[side]
		s.round(c, u-54, 6, u+54, t.y1-30, 30)
		s.rows(c.Shade(1250), 12, u-54, 20, u+54, 28, 0, (t.y1-60)/12)
		s.rows(c.Shade(650), 12, u-54, 30, u+54, 36, 0, (t.y1-60)/12)
	}
	s.rect(draw.Hex(0xf0d020), t.x0+110, t.y1-66, t.x1-110, t.y1-20)
	p := s.at(t.midX(), -24, min(190, wide*34/100))
	carShape(p, draw.Hex(random.Pick(r, carPaints[:])), s.age/6)
	for range 26 { // foam
		u, v := r.Between(-100, 100), r.Between(20, 84)
		p.disc(white.Fade(880), u, v, r.Between(8, 20))
	}
	wx := box{t.x1 + 60, 70, b.x1 - 30, b.y1 - 40}
	if right {
		wx = box{b.x0 + 30, 70, t.x0 - 60, b.y1 - 40}
	}
	if wx.w() > 60 {
		s.window(wx, s.shop("office"))
	}
	s.sign(b)
	s.blade(b)
	s.fall(draw.Hex(0xa8d8f0).Fade(500), draw.Hex(0xa8d8f0).Fade(0), t.x0-60, -s.style.kerb, t.x1+60, 0)
}

// buildStation is a canopy over pumps, with the shop behind and the price board beside it.
func buildStation(s *scene) {
	b := s.house(s.left, s.right)
	s.front(b)
	r := s.shop("pumps")
	y0, y1 := b.y1+10, b.y1+105
	x0, x1 := b.x0-40, b.x1+40
	s.rect(black.Fade(450), x0, b.y1-60, x1, y0) // under the roof it is dark
	s.fall(draw.Hex(0x2c2c2c).Fade(350), draw.Hex(0x2c2c2c).Fade(100), x0, 0, x1, b.y1-60)
	s.fall(white, draw.Hex(0xe0e0e0), x0, y0, x1, y1)
	s.rect(s.board, x0, y0, x1, y0+62)
	s.rect(s.ink, x0, y0+62, x1, y0+74)
	s.rows(draw.Hex(0xfff8d8), 4, x0+120, y0-12, x0+220, y0-2, (x1-x0-240)/3, 0)
	word := s.trade.words[s.style.language]
	s.text(s.fonts.bold, s.ink, word, (x0+x1)/2, y0+12, 58, (x1-x0)*6/10)
	s.trade.icon(s.at(x0+140, y0+33, 44), s.ink, s.board, s)
	n := max(2, b.w()/430)
	for i := range n {
		x := b.x0 + b.w()*(2*i+1)/(2*n)
		s.rect(draw.Hex(0xd8d8d4), x-16, -60, x+16, y0)
		s.rect(s.board, x-16, 190, x+16, 232)
		s.rect(draw.Hex(0xb8b4ac), x-120, -78, x+120, -60)
		for _, u := range []int64{x - 74, x + 74} {
			p := s.at(u, -60, 100)
			p.round(white, -38, 0, 38, 172, 10)
			p.rect(s.board, -38, 118, 38, 172)
			p.rect(draw.Hex(0x28343c), -26, 78, 26, 108)
			p.rect(s.ink, -26, 132, 26, 156)
			p.line(black, 8, 38, 96, 56, 90, 54, 20, 38, 30)
			p.rect(s.board.Shade(800), -38, 0, 38, 26)
		}
	}
	if r.Chance(600) {
		x := b.x0 + b.w()*(2*r.Below(n)+1)/(2*n)
		p := s.at(x, -150, 200)
		carShape(p, draw.Hex(random.Pick(r, carPaints[:])), s.age/6)
	}
	s.prices(random.Pick(r, []int64{b.x0 + 90, b.x1 - 90}), y1)
}

// prices is the station's price board.
func (s *scene) prices(x, y int64) {
	s.rect(steel, x-10, 0, x+10, y)
	s.round(s.board, x-84, y, x+84, y+250, 10)
	s.trade.icon(s.at(x, y+196, 44), s.ink, s.board, s)
	for i, text := range [3]string{"2.59", "2.79", "3.05"} {
		v := y + 12 + 46*int64(i)
		s.rect(black, x-72, v, x+72, v+38)
		s.text(s.fonts.bold, draw.Hex(0xffb030), text, x, v+6, 40, 130)
	}
}

// buildHardware is a shop with goods on the pavement.
func buildHardware(s *scene) {
	buildShop(s)
	r := s.shop("goods")
	if !r.Chance(750) {
		return
	}
	for i := range int64(2) { // ladders
		x := s.left + 50 + 74*i
		s.line(draw.Hex(0xd8c070), 9, x, -20, x+34, 268)
		s.line(draw.Hex(0xd8c070), 9, x+46, -20, x+74, 268)
		for j := range int64(7) {
			s.line(draw.Hex(0xd8c070), 7, x+6+5*j, 22+36*j, x+50+4*j, 22+36*j)
		}
	}
	for i := range int64(6) { // rakes, shovels, brooms in a rack
		x := s.right - 60 - 32*i
		s.line(draw.Hex(0x9c6c3c), 8, x, 20, x+10, 190)
		c := random.Pick(r, []uint32{0xc03020, 0x308040, 0x586068, 0x2858a8})
		s.rect(draw.Hex(c), x-4, 180, x+26, 216)
	}
	s.rect(draw.Hex(0x705030), s.right-240, 0, s.right-40, 34)
	p := s.at(s.right-330, -24, 100) // a wheelbarrow
	p.poly(draw.Hex(0x3c8c48), -70, 74, 56, 74, 34, 26, -38, 26)
	p.line(rubber, 7, -60, 70, -116, 62)
	p.line(rubber, 7, -36, 26, -44, 0)
	p.disc(rubber, 34, 14, 17)
	for i := range int64(4) { // sacks and cans
		s.round(draw.Hex([4]uint32{0xd8b890, 0xe8e0d0, 0xd04028, 0x3868b8}[i]), -150+52*i, -6, -104+52*i, 40+12*(i%2), 8)
	}
}

// buildHotel is a house of many storeys with a canopy at the entrance and its name upright on the wall.
func buildHotel(s *scene) {
	s.style.storeys = max(s.style.storeys, 2300)
	s.style.trees /= 2
	b := s.house(s.left, s.right)
	s.front(b)
	s.sign(b)
	y := b.y1 - 40
	if s.panelled { // the name is low on the woodwork
		y -= 60
	}
	s.rect(black.Fade(350), -190, y-70, 190, y)
	s.poly(s.board, -210, y, 210, y, 170, y+66, -170, y+66)
	s.rect(s.ink, -214, y-10, 214, y+2)
	s.rows(draw.Hex(0xd8b050), 2, -196, -40, -184, y-8, 380, 0)
	s.rect(draw.Hex(0xa01c28), -60, -s.style.kerb, 60, 0) // carpet
	for _, x := range []int64{-130, 130} {
		s.poly(draw.Hex(0x8c5c3c), x-26, 0, x+26, 0, x+34, 42, x-34, 42)
		s.disc(leaf, x, 78, 46)
	}
	x, step := b.x1-70, int64(74)
	if s.shop("upright").Chance(500) {
		x = b.x0 + 70
	}
	letters := []string{"H", "O", "T", "E", "L"}
	top := b.y1 + s.style.sign + 60
	s.round(s.board.Shade(700), x-50, top, x+50, top+step*5+26, 12)
	s.round(s.board, x-43, top+7, x+43, top+step*5+19, 10)
	for i, l := range letters {
		s.text(s.fonts.bold, s.ink, l, x, top+24+step*int64(4-i), 78, 90)
	}
	for i := range int64(3) { // flags
		u, y := 300*(i-1), b.y1+s.style.sign
		s.line(steel, 5, u, y-10, u-26, y+196)
		c := [3]uint32{0xc02030, 0xf0f0f0, 0x2850a0}[i]
		s.poly(draw.Hex(c), u-26, y+196, u+52, y+184, u+48, y+132, u-14, y+136)
	}
}

// buildStorage is a long row of roll-up doors in one colour.
func buildStorage(s *scene) {
	b := s.house(s.left, s.right)
	r := s.shop("units")
	wide := r.Between(175, 215)
	n := b.w() / wide
	gap := (b.w() - n*wide) / 2
	for i := range n {
		x := b.x0 + gap + wide*i
		s.rect(s.trim.Shade(1100), x+8, 0, x+wide-8, 268)
		s.rollDoor(box{x + 18, 0, x + wide - 18, 258}, s.board)
		s.rect(white, x+wide/2-22, 272, x+wide/2+22, 304)
		s.text(s.fonts.bold, black, string([]byte{byte('1' + r.Below(9)), byte('0' + i%10)}), x+wide/2, 278, 28, 40)
		s.rect(black.Fade(700), x+wide-46, 90, x+wide-38, 112)
	}
	s.sign(b)
	s.blade(b)
	if s.style.behind != behindTown {
		s.rows(steel.Fade(700), 7, b.x0, -4, b.x0+6, 150, 26, 0) // fence
		s.rect(steel, b.x0, 140, b.x0+162, 148)
	}
	p := s.at(r.Between(-120, 240), -80, 100) // a hand cart with boxes
	p.rect(draw.Hex(0xc09058), -60, 18, 40, 92)
	p.rect(draw.Hex(0xd8a870), -46, 92, 26, 146)
	p.rect(rubber, -74, 8, 60, 16)
	p.line(steel, 7, 60, 10, 74, 130)
	p.disc(rubber, -50, 4, 10)
	p.disc(rubber, 44, 4, 10)
}
