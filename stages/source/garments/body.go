package garments

import (
	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// A look is that of the person, not of the clothes.
type look struct {
	skin, hair, shoes draw.Color
	form              bool // a tailor's dummy instead of a person
	long              bool // hair
}

func (sc *Scene) look(f *figure, shop bool) look {
	r := sc.shot("person", f.number)
	l := look{
		skin:  draw.Hex(random.Pick(r, []uint32{0xf1c9a5, 0xe0ac82, 0xc68a5c, 0x9a6238, 0x6b4226, 0xf6d7bd})),
		hair:  draw.Hex(random.Pick(r, []uint32{0x1e1a18, 0x3b2a20, 0x6b4a2c, 0xb08a4a, 0x8a3f22, 0x9a9a9a})),
		shoes: draw.Hex(random.Pick(r, []uint32{0x202020, 0x6b4a30, 0xe8e4de, 0x7a2a2a})),
		long:  r.Chance(560),
	}
	form := r.Chance(300) && shop
	// Whoever is labelled with one piece only wears nothing else: a dummy.
	l.form = form || len(f.items) == 1 && f.items[0].category < shortDress
	if l.form {
		l.skin = draw.Hex(random.Pick(r, []uint32{0xe9e5de, 0xd8d2c8, 0xb9a58c, 0x6a6866}))
	}
	return l
}

// figure draws a figure from what is behind to what is in front.
func (sc *Scene) figure(p *pen, f *figure, shop bool) {
	p.f = f
	if f.view == flat {
		for j := len(f.items) - 1; j >= 0; j-- {
			if !sc.laid() && j == 0 {
				sc.hanger(p, f)
			}
			sc.clothe(p, f, j)
		}
		return
	}
	l := sc.look(f, shop)
	top, bottom := true, true // of the body
	if l.form && len(f.items) == 1 && f.items[0].category < shortDress {
		top = f.items[0].category < shorts
		bottom = !top
	}
	if f.view != back && l.long && top && !l.form {
		p.poly(l.hair, 2, -66, 930, 0, 1000, 66, 930, 72, 800, -72, 800)
	}
	sc.lower(p, l, top, bottom)
	if top {
		sc.upper(p, l)
	}
	// Bottoms are worn under tops.
	for j := len(f.items) - 1; j >= 0; j-- {
		sc.clothe(p, f, j)
	}
	if top {
		sc.head(p, l)
	}
}

// lower draws legs and feet, or the stand of a half dummy.
func (sc *Scene) lower(p *pen, l look, top, bottom bool) {
	if top && !bottom {
		p.line(draw.Hex(0x4a4038), 16, 0, 480, 0, 30)
		p.line(draw.Hex(0x4a4038), 14, -90, 20, 0, 44, 90, 20)
		return
	}
	xs := []int64{-54, 54}
	if p.f.view == side {
		xs = []int64{-12, 14}
	}
	for _, x := range xs {
		p.line(l.skin.Shade(960), 62, x*9/10, 500, x*95/100, 290)
		p.line(l.skin.Shade(960), 44, x*95/100, 290, x, 52)
		c := l.shoes
		if l.form {
			c = l.skin.Shade(900)
		}
		p.oval(c, x+4*x/max(x, -x, 1), 34, 34, 24)
		if p.f.view == side {
			p.oval(c, x+26, 28, 36, 18)
		}
	}
	if bottom && !top {
		p.poly(l.skin, 1, -78, 640, 78, 640, 98, 500, -98, 500)
	}
}

// upper draws trunk, arms and neck.
func (sc *Scene) upper(p *pen, l look) {
	shade := l.skin.Shade(930)
	v := p.f.view
	if v == side {
		p.poly(l.skin, 2, -20, 850, 40, 830, 62, 720, 46, 610, 58, 470, -58, 470, -48, 610, -50, 800)
	} else {
		p.poly(l.skin, 2, 0, 850, 110, 822, 96, 720, 76, 610, 96, 480, -96, 480, -76, 610, -96, 720, -110, 822)
	}
	if !l.form || p.f.view == back || len(p.f.items) > 1 {
		a := arm(v)
		for _, m := range []int64{1, -1} {
			p.line(shade, 50, m*a[0].X, a[0].Y, m*a[1].X, a[1].Y)
			p.line(shade, 40, m*a[1].X, a[1].Y, m*a[2].X, a[2].Y)
			p.oval(l.skin, m*a[2].X, a[2].Y-22, 22, 30)
			if v == side {
				break
			}
		}
	}
	p.line(shade, 54, 0, 836, 0, 882)
}

func (sc *Scene) head(p *pen, l look) {
	if l.form {
		if len(p.f.items) == 1 && p.f.items[0].category < shortDress {
			p.oval(l.skin.Shade(800), 0, 886, 28, 10)
			return
		}
		p.oval(l.skin, 0, 932, 46, 60)
		return
	}
	switch p.f.view {
	case back:
		p.oval(l.hair, 0, 936, 54, 64)
		if l.long {
			p.poly(l.hair, 2, -54, 950, 54, 950, 64, 790, -64, 790)
		} else {
			p.oval(l.skin, 0, 880, 26, 16)
		}
	case side:
		p.oval(l.skin, 6, 930, 46, 58)
		p.poly(l.skin, 1, 44, 940, 66, 920, 44, 908)
		p.poly(l.hair, 2, 30, 992, -54, 986, -62, 900, -24, 880, -14, 950, 36, 962)
		p.oval(draw.Hex(0x20242a), 32, 938, 5, 6)
	default:
		p.oval(l.skin, 0, 928, 46, 60)
		p.poly(l.hair, 2, -52, 926, -50, 990, 0, 1004, 50, 990, 52, 926, 30, 964, -30, 964)
		for _, x := range []int64{-18, 18} {
			p.oval(draw.Hex(0x20242a), x, 936, 6, 6)
		}
		p.line(l.skin.Shade(800), 4, 0, 932, 3, 914)
		p.line(draw.Hex(0xa84a48), 6, -14, 898, 14, 898)
	}
}

// hanger holds clothes that nobody wears against a wall.
func (sc *Scene) hanger(p *pen, f *figure) {
	c := draw.Hex(0x5a4030)
	p.line(draw.Hex(0x9a9a9a), 10, -420, 940, 420, 940)
	y := int64(852)
	if f.items[0].category >= shorts && f.items[0].category <= skirt {
		y = 660
		p.line(draw.Hex(0x9a9a9a), 10, -420, 740, 420, 740)
	}
	p.line(draw.Hex(0x8a8a8a), 8, 0, y+88, 0, y)
	p.line(c, 14, -112, y-34, 0, y, 112, y-34)
}
