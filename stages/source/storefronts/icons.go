package storefronts

import "shiftmill/stages/source/draw"

// The pictures on signs. Each is drawn in a frame from -100 to 100, y upwards, in the ink on the board's colour.

// Colours of things that have the same in every country.
var (
	black  = draw.Hex(0x181818)
	white  = draw.Hex(0xf8f8f8)
	steel  = draw.Hex(0xa8b0b8)
	skin   = draw.Hex(0xe8b890)
	crust  = draw.Hex(0xb8722c)
	leaf   = draw.Hex(0x4c8038)
	rubber = draw.Hex(0x242428)
)

func iconTyre(p pen, ink, board draw.Color, s *scene) {
	p.disc(rubber, -10, 0, 88)
	p.disc(steel, -10, 0, 50)
	p.disc(rubber, -10, 0, 16)
	p.line(ink, 24, -75, -80, 70, 65)
	p.disc(ink, 74, 68, 34)
	p.poly(board, 66, 76, 80, 62, 112, 94, 98, 108)
}

func iconBread(p pen, ink, board draw.Color, s *scene) {
	p.oval(draw.Hex(0xe8b868), 0, -10, 98, 58)
	p.oval(crust, 0, -2, 92, 50)
	for i := int64(-1); i <= 1; i++ {
		p.line(draw.Hex(0xffe8b8), 13, 46*i-14, -24, 46*i+16, 30)
	}
}

func iconTemple(p pen, ink, board draw.Color, s *scene) {
	p.poly(ink, -98, 34, 0, 92, 98, 34)
	p.rows(ink, 4, -84, -56, -60, 26, 48, 0)
	p.rect(ink, -98, -88, 98, -62)
}

func iconFace(p pen, ink, board draw.Color, s *scene) {
	hair := draw.Hex(0x4a2018)
	p.disc(hair, 0, 14, 80)
	p.round(hair, -80, -92, 80, 10, 30)
	p.oval(skin, 0, 0, 48, 64)
	p.poly(hair, -52, 30, 10, 74, 56, 60, 56, 20)
	p.oval(draw.Hex(0xd01840), 0, -36, 20, 10)
	p.rect(black, -28, 4, -10, 11)
	p.rect(black, 12, 4, 30, 11)
}

// carShape draws a car's side in a frame of 200 by about 70 with its wheels on v = 0. boxy, 0 to 1000, makes it an older model.
func carShape(p pen, paint draw.Color, boxy int64) {
	mix := func(now, then int64) int64 { return now + (then-now)*boxy/1000 }
	glass := draw.Hex(0x2c3844)
	p.trace([]int64{-98, 14, -100, mix(38, 36), mix(-62, -70), mix(44, 46), mix(-34, -46), mix(68, 72), mix(34, 46), mix(69, 72), mix(66, 62), 46, 97, mix(38, 44), 100, 14})
	p.fill(draw.Flat(paint))
	p.poly(glass, mix(-53, -58), 46, mix(-30, -41), mix(62, 66), -3, mix(63, 66), -3, 46)
	p.poly(glass, 4, 46, 4, mix(63, 66), mix(31, 41), mix(63, 66), mix(54, 54), 46)
	p.rect(paint.Shade(700), -98, 14, 100, 20)
	p.rect(draw.Hex(0xf4f0d0), 92, 30, 100, 38)
	p.rect(draw.Hex(0xc02020), -100, 30, -93, 38)
	for _, u := range []int64{-60, 60} {
		p.disc(rubber, u, 16, 17)
		p.disc(steel, u, 16, 9)
	}
}

func iconCar(p pen, ink, board draw.Color, s *scene) {
	carShape(p.at(0, -40, 100), ink, 0)
}

func iconDrops(p pen, ink, board draw.Color, s *scene) {
	carShape(p.at(0, -86, 92), ink, 0)
	for i := int64(-1); i <= 1; i++ {
		u, v := 58*i, 46-14*i*i
		p.disc(draw.Hex(0xd8f4ff), u, v, 21)
		p.poly(draw.Hex(0xd8f4ff), u-19, v+8, u, v+52, u+19, v+8)
	}
}

func iconPhone(p pen, ink, board draw.Color, s *scene) {
	p.round(black, -52, -98, 52, 98, 20)
	p.rect(draw.Hex(0x58d8f8), -40, -70, 40, 76)
	p.rows(ink, 3, -28, -52, -8, -30, 24, 0)
	p.rect(white, -28, 10, 28, 50)
	p.disc(steel, 0, -84, 9)
}

func iconTooth(p pen, ink, board draw.Color, s *scene) {
	if board.Luma() > 190 {
		p.disc(ink, 0, 0, 100)
	}
	q := p.path
	q.Move(p.px(0), p.py(58))
	q.Cubic(p.px(30), p.py(92), p.px(84), p.py(72), p.px(70), p.py(16))
	q.Cubic(p.px(62), p.py(-14), p.px(56), p.py(-40), p.px(46), p.py(-74))
	q.Cubic(p.px(38), p.py(-96), p.px(26), p.py(-84), p.px(18), p.py(-46))
	q.Cubic(p.px(12), p.py(-20), p.px(-12), p.py(-20), p.px(-18), p.py(-46))
	q.Cubic(p.px(-26), p.py(-84), p.px(-38), p.py(-96), p.px(-46), p.py(-74))
	q.Cubic(p.px(-56), p.py(-40), p.px(-62), p.py(-14), p.px(-70), p.py(16))
	q.Cubic(p.px(-84), p.py(72), p.px(-30), p.py(92), p.px(0), p.py(58))
	p.fill(draw.Flat(white))
}

// currency is the price on a discount store's signs, by language.
var currency = [4]string{"$1", "$10", "2€", "1€"}

func iconPrice(p pen, ink, board draw.Color, s *scene) {
	var uv [48]int64
	for i := range int64(24) {
		r := int64(98)
		if i%2 == 1 {
			r = 74
		}
		uv[2*i], uv[2*i+1] = r*draw.Cos(i*4096/24)/1000000, r*draw.Sin(i*4096/24)/1000000
	}
	p.poly(ink, uv[:]...)
	p.text(s.fonts.bold, board, currency[s.style.language], 0, -38, 108, 130)
}

func iconHanger(p pen, ink, board draw.Color, s *scene) {
	p.line(ink, 15, 0, 20, 92, -42, -92, -42, 0, 20, 0, 44, 22, 58, 18, 84, -8, 88, -22, 72)
	p.poly(ink.Mix(white, 300), -52, -48, 52, -48, 60, -98, -60, -98)
}

func iconSofa(p pen, ink, board draw.Color, s *scene) {
	p.round(ink, -70, -20, 70, 58, 22)
	p.round(ink.Shade(820), -60, -44, 60, 0, 12)
	p.round(ink, -98, -62, -58, 22, 18)
	p.round(ink, 58, -62, 98, 22, 18)
	p.rect(ink, -80, -62, 80, -38)
	p.rect(ink.Shade(600), -84, -82, -70, -62)
	p.rect(ink.Shade(600), 70, -82, 84, -62)
}

func iconPump(p pen, ink, board draw.Color, s *scene) {
	p.round(ink, -62, -96, 34, 96, 16)
	p.rect(board, -44, 28, 16, 72)
	p.rect(ink, -80, -98, 52, -80)
	p.line(ink, 13, 34, -10, 62, -10, 62, -60, 88, -60, 88, 40, 60, 72)
}

func iconBarbell(p pen, ink, board draw.Color, s *scene) {
	p.rect(ink, -100, -9, 100, 9)
	p.round(ink, -74, -62, -48, 62, 8)
	p.round(ink, 48, -62, 74, 62, 8)
	p.round(ink, -96, -40, -78, 40, 6)
	p.round(ink, 78, -40, 96, 40, 6)
}

func iconHammer(p pen, ink, board draw.Color, s *scene) {
	p.line(draw.Hex(0x7c4a20), 26, -62, -86, 34, 44)
	p.poly(ink, -26, 60, 26, 98, 92, 22, 70, 4, 48, 20, 8, 22)
	p.poly(ink, 70, 4, 96, -2, 100, 30, 88, 30)
}

func iconBed(p pen, ink, board draw.Color, s *scene) {
	p.text(s.fonts.bold, ink, "H", 0, -18, 150, 200)
	p.rect(ink, -96, -80, -82, -20)
	p.rect(ink, -96, -62, 96, -42)
	p.rect(ink, 84, -80, 96, -40)
}

func iconBottle(p pen, ink, board draw.Color, s *scene) {
	green := draw.Hex(0x1c6c38)
	p.round(green, -72, -98, -6, 34, 16)
	p.rect(green, -52, 20, -26, 92)
	p.rect(ink, -54, 78, -24, 98)
	p.rect(draw.Hex(0xf4ecd0), -66, -60, -12, -14)
	p.poly(draw.Hex(0xe8e0f0), 12, 40, 84, 40, 60, -30, 36, -30)
	p.poly(draw.Hex(0xc01838), 18, 18, 78, 18, 60, -30, 36, -30)
	p.rect(draw.Hex(0xe8e0f0), 44, -90, 52, -30)
	p.rect(draw.Hex(0xe8e0f0), 20, -98, 76, -88)
}

// iconCross is green in France, where that is what a pharmacy is known by.
func iconCross(p pen, ink, board draw.Color, s *scene) {
	cross := func(p pen, c draw.Color) {
		p.poly(c, -32, 96, 32, 96, 32, 32, 96, 32, 96, -32, 32, -32, 32, -96, -32, -96, -32, -32, -96, -32, -96, 32, -32, 32)
	}
	if s.style.language == french {
		cross(p, white)
		p, ink = p.at(0, 0, 84), draw.Hex(0x0ca848)
	}
	cross(p, ink)
}

// iconFaith is a Latin cross, a star or a crescent, by the business's creed.
func iconFaith(p pen, ink, board draw.Color, s *scene) {
	switch s.creed() {
	case creedStar:
		p.poly(ink, 0, 98, 85, -49, -85, -49)
		p.poly(ink, 0, -98, 85, 49, -85, 49)
	case creedCrescent:
		p.disc(ink, -10, 0, 84)
		p.disc(board, 24, 12, 72)
	default:
		p.rect(ink, -14, -98, 14, 98)
		p.rect(ink, -62, 24, 62, 50)
	}
}

func iconPadlock(p pen, ink, board draw.Color, s *scene) {
	p.ring(ink, 20, 0, 30, 48)
	p.round(ink, -74, -92, 74, 28, 14)
	p.disc(board, 0, -22, 18)
	p.rect(board, -8, -64, 8, -20)
}

func iconPaw(p pen, ink, board draw.Color, s *scene) {
	p.oval(ink, 0, -44, 58, 46)
	p.oval(ink, -72, 8, 24, 34)
	p.oval(ink, 72, 8, 24, 34)
	p.oval(ink, -28, 58, 25, 36)
	p.oval(ink, 28, 58, 25, 36)
}
