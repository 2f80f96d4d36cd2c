package garments

import (
	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// clothe draws an item: its cloth through the mask of its outline.
func (sc *Scene) clothe(p *pen, f *figure, j int) {
	it := &f.items[j]
	mask := draw.NewCanvas(p.c.W, p.c.H)
	var path draw.Path
	for _, piece := range it.shape {
		path.Contour(piece)
	}
	mask.Fill(&path, draw.Flat(draw.Hex(0xffffff)))

	canvas := p.c
	layer := draw.NewCanvas(p.c.W, p.c.H)
	copy(layer.Pix, canvas.Pix)
	p.c = layer
	b := bounds(it.shape...)
	c := it.cloth.base
	p.path.Rect(b[0]-16, b[1]-16, b[2]+16, b[3]+16)
	p.fill(draw.Ramp(pt(b[0], b[1]), pt(b[2], b[3]), c.Shade(1100), c.Shade(820)))
	sc.pattern(p, it)
	sc.details(p, f, it)
	sc.folds(p, f, it, j)
	for _, piece := range it.shape { // a darker seam, so that sleeves stand out from the trunk
		for i, q := range piece {
			o := piece[(i+1)%len(piece)]
			p.path.Stroke(max(2, 7*f.k/1000), false, q.X, q.Y, o.X, o.Y)
		}
	}
	p.fill(draw.Flat(c.Shade(560).Fade(620)))
	p.c = canvas
	canvas.Image.Through(mask.Image, layer.Image)
}

// pattern covers all of the body's neighbourhood; the mask cuts it.
func (sc *Scene) pattern(p *pen, it *item) {
	c, n := it.cloth.second, it.cloth.fine
	switch it.cloth.pattern {
	case stripes:
		for y := int64(40); y < 900; y += 2 * n {
			p.poly(c, 0, -400, y, 400, y, 400, y+n*7/10, -400, y+n*7/10)
		}
	case bars:
		for x := int64(-400); x < 400; x += 2 * n {
			p.poly(c.Fade(800), 0, x, 20, x+n/2, 20, x+n/2, 900, x, 900)
		}
	case checks:
		for y := int64(40); y < 900; y += 2 * n {
			p.poly(c.Fade(520), 0, -400, y, 400, y, 400, y+n, -400, y+n)
		}
		for x := int64(-400); x < 400; x += 2 * n {
			p.poly(c.Fade(520), 0, x, 20, x+n, 20, x+n, 900, x, 900)
		}
	case dots, flowers:
		for i, y := int64(0), int64(50); y < 900; i, y = i+1, y+n*3/2 {
			for x := -400 + i%2*n; x < 400; x += 2 * n {
				if it.cloth.pattern == dots {
					p.oval(c, x, y, n/3, n/3)
					continue
				}
				for k := range int64(5) {
					p.oval(c, x+n*draw.Cos(k*819)/3500000, y+n*draw.Sin(k*819)/3500000, n/4, n/4)
				}
				p.oval(draw.Hex(0xf0c020), x, y, n/6, n/6)
			}
		}
	}
}

// details tell the categories apart and the front from the back.
func (sc *Scene) details(p *pen, f *figure, it *item) {
	dark := it.cloth.base.Shade(520)
	if it.cloth.base.Luma() < 60 {
		dark = draw.Hex(0x6a6e78)
	}
	low := int64(0) // laid out, bottoms lie lower
	if f.view == flat && len(f.items) > 1 {
		low = 46
	}
	switch it.category {
	case shortOutwear, longOutwear:
		if f.view == back {
			p.line(dark, 4, 0, 830, 0, 400)
			return
		}
		x := int64(0)
		if f.view == side {
			x = 50
		}
		p.line(dark, 7, x, 840, x, 300)
		p.poly(it.cloth.base.Shade(760), 0, x, 720, x-58, 846, x-20, 858, x, 800)
		p.poly(it.cloth.base.Shade(760), 0, x, 720, x+58, 846, x+20, 858, x, 800)
		for y := int64(690); y > 400; y -= 64 {
			p.oval(draw.Hex(0xe8d9a8), x+14, y, 7, 7)
		}
		p.line(dark, 6, -92, 560, -46, 552)
		p.line(dark, 6, 92, 560, 46, 552)
	case shortTop, longTop:
		if f.view == back {
			return
		}
		if it.cloth.pattern == logo && f.view != side {
			p.oval(it.cloth.second, 0, 704, 44, 44)
			p.poly(it.cloth.base, 0, -22, 690, 0, 736, 22, 690)
		}
	case trousers, shorts:
		p.poly(dark.Fade(500), 0, -110, 622-low, 110, 622-low, 110, 604-low, -110, 604-low)
		if f.view == back {
			for _, x := range []int64{-48, 48} {
				p.poly(dark.Fade(420), 0, x-26, 570-low, x+26, 570-low, x+26, 530-low, x, 518-low, x-26, 530-low)
			}
			return
		}
		p.line(dark, 4, 0, 606-low, 0, 500-low)
		p.line(dark, 5, -80, 590-low, -56, 566-low)
		p.line(dark, 5, 80, 590-low, 56, 566-low)
	case skirt:
		p.poly(dark.Fade(500), 0, -110, 626-low, 110, 626-low, 110, 604-low, -110, 604-low)
		for x := int64(-90); x <= 90; x += 45 {
			p.line(dark.Fade(420), 4, x*6/10, 600-low, x*13/10, 280-low)
		}
	case shortDress, longDress, vestDress, slingDress:
		if it.cloth.neck > 400 {
			p.poly(it.cloth.second, 0, -110, 622, 110, 622, 110, 600, -110, 600)
		}
		for x := int64(-70); x <= 70; x += 47 {
			p.line(dark.Fade(330), 4, x*8/10, 590, x*16/10, 210)
		}
	}
}

// folds are soft lines of shade.
func (sc *Scene) folds(p *pen, f *figure, it *item, j int) {
	r := sc.shot("folds", 8*f.number+j)
	for range 6 {
		x, y := r.Between(-110, 110), r.Between(150, 800)
		c := draw.Hex(0x000000).Fade(90)
		if r.Chance(400) {
			c = draw.Hex(0xffffff).Fade(100)
		}
		p.line(c, 12, x, y, x+r.Between(-30, 30), y-r.Between(50, 130))
	}
}

// occlude puts something in front of an item that hides its share of the box.
func (sc *Scene) occlude(p *pen, f *figure, j int) {
	it := &f.items[j]
	r := sc.shot("before", 8*f.number+j)
	from, kind, hue := r.Below(3), r.Below(5), draw.Hex(random.Pick(r, dyes))
	if it.cover <= 0 {
		return
	}
	frame := sc.size * draw.PixelUnits
	b := bounds(it.shape...)
	b = [4]int64{max(b[0], 0), max(b[1], 0), min(b[2], frame), min(b[3], frame)}
	w, h := b[2]-b[0], b[3]-b[1]
	margin := min(w, h) / 12
	switch from {
	case 0:
		b[0], b[2] = b[0]-margin, b[0]+w*it.cover/1000
	case 1:
		b[0], b[2] = b[2]-w*it.cover/1000, b[2]+margin
	default:
		b[1], b[3] = b[3]-h*it.cover/1000, b[3]+margin
	}
	sc.thing(p, r, kind, hue, b)
}

// thing fills a box with a bag, a magazine, a plant, a blanket or a carton.
func (sc *Scene) thing(p *pen, r *random.Stream, kind int64, hue draw.Color, b [4]int64) {
	w, h := b[2]-b[0], b[3]-b[1]
	u := max(1, min(w, h)/40)
	x := func(k int64) int64 { return b[0] + w*k/1000 }
	y := func(k int64) int64 { return b[1] + h*k/1000 }
	rect := func(c draw.Color, x0, y0, x1, y1 int64) {
		p.path.Rect(x(x0), y(y0), x(x1), y(y1))
		p.fill(draw.Flat(c))
	}
	body := func(c draw.Color, round int64) {
		p.path.RoundRect(b[0], b[1], b[2], b[3], round)
		p.fill(draw.Ramp(pt(b[0], b[1]), pt(b[2], b[3]), c.Shade(1080), c.Shade(760)))
	}
	switch kind {
	case 0: // bag
		p.path.Stroke(3*u, true, x(280), y(20), x(330), b[1]-min(w, h)/4, x(670), b[1]-min(w, h)/4, x(720), y(20))
		p.fill(draw.Flat(hue.Shade(600)))
		body(hue, 5*u)
		rect(hue.Shade(640), 0, 300, 1000, 340)
		rect(draw.Hex(0xe0c060), 440, 260, 560, 390)
	case 1: // magazine
		body(draw.Hex(0xf4f1ea), u)
		rect(hue, 60, 50, 940, 250)
		for k := int64(330); k < 900; k += 90 {
			rect(draw.Hex(0x8a8a8a), 80, k, 900-k%170, k+28)
		}
	case 2: // plant
		body(draw.Hex(0x2f5a2c), min(w, h)/3)
		for range 40 {
			c := draw.Hex(0x3f7a38).Shade(r.Between(760, 1240))
			cx, cy := x(r.Between(60, 940)), y(r.Between(40, 960))
			p.path.Ellipse(cx, cy, u*r.Between(3, 8), u*r.Between(2, 5))
			p.fill(draw.Flat(c))
		}
	case 3: // blanket
		body(hue, 3*u)
		for k := int64(60); k < 1000; k += 140 {
			rect(hue.Shade(680).Fade(600), k, 0, k+36, 1000)
		}
		rect(draw.Hex(0xf4f1ea).Fade(700), 0, 820, 1000, 880)
	default: // carton
		body(draw.Hex(0xc19a6b), u)
		rect(draw.Hex(0xd8bd8f), 430, 0, 570, 1000)
		rect(draw.Hex(0x9a7648), 0, 480, 1000, 505)
	}
}
