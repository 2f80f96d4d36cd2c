package storefronts

import "shiftmill/stages/source/draw"

// sign puts the trade's picture and word above the shop front b, as the country does it.
func (s *scene) sign(b box) {
	st := &s.style
	r := s.shop("sign")
	y, h := b.y1, st.sign
	word := s.trade.words[st.language]
	leftIcon := r.Chance(700)
	half := min(st.icon, h*46/100)
	if s.sunny { // the shade of what stands out above
		s.fall(black.Fade(230), black.Fade(90), b.x0, y-46, b.x1, y)
	}
	switch st.signs {
	case signBoard:
		w := b.w() * r.Between(560, 760) / 1000
		mid := (b.x0+b.x1)/2 + r.Between(-40, 40)
		s.rect(black.Fade(250), mid-w/2+6, y+4, mid+w/2+10, y+h-4)
		s.round(s.board.Shade(780), mid-w/2, y+8, mid+w/2, y+h, 8)
		s.round(s.board, mid-w/2+6, y+14, mid+w/2-6, y+h-6, 6)
		s.legend(box{mid - w/2 + 10, y + 14, mid + w/2 - 10, y + h - 6}, half, word, s.fonts.bold, leftIcon, true)
	case signPainted:
		s.rect(s.board, b.x0, y-8, b.x1, y+h)
		s.rect(s.ink.Fade(850), b.x0, y+h-16, b.x1, y+h-8)
		s.rect(s.board.Fade(820), b.x0, 0, b.x1, 34)
		s.legend(box{b.x0 * 7 / 10, y, b.x1 * 7 / 10, y + h - 18}, half, word, s.fonts.hand, leftIcon, true)
	case signPlate:
		s.rect(s.board.Shade(620), b.x0+18, y+4, b.x1-18, y+h-10)
		s.rect(s.board, b.x0+24, y+10, b.x1-24, y+h-16)
		s.legend(box{b.x0 * 7 / 10, y + 8, b.x1 * 7 / 10, y + h - 14}, half, word, s.fonts.serif, leftIcon, true)
	case signFascia:
		if !s.panelled {
			s.rect(s.board, b.x0+10, y, b.x1-10, y+h)
		}
		ink := s.ink
		if gap := s.timber.Luma() - ink.Luma(); s.panelled && gap > -60 && gap < 60 {
			ink = draw.Hex(0xf0e0b0)
		}
		em := st.letters
		s.text(s.fonts.serif, ink, word, (b.x0+b.x1)/2, y+h/2-em*35/100, em, b.w()*82/100)
	}
}

// legend writes the sign's picture, word and owner's line into a box.
func (s *scene) legend(b box, half int64, word string, f *draw.Font, left, plate bool) {
	em := s.style.letters
	x := b.x0 + half + 14
	text := box{b.x0 + 2*half + 34, b.y0, b.x1 - 12, b.y1}
	if !left {
		x = b.x1 - half - 14
		text = box{b.x0 + 12, b.y0, b.x1 - 2*half - 34, b.y1}
	}
	mid := (b.y0 + b.y1) / 2
	frame := s.at(x, mid, half)
	if plate && s.style.signs == signPlate {
		frame.disc(s.ink, 0, 0, 104)
		s.trade.icon(s.at(x, mid, half*76/100), s.board, s.ink, s)
	} else {
		s.trade.icon(frame, s.ink, s.board, s)
	}
	s.text(f, s.ink, word, text.midX(), mid-em*14/100, em, text.w())
	s.text(s.fonts.regular, s.ink.Fade(850), s.name, text.midX(), mid-em*52/100, em*34/100, text.w()*9/10)
}

// blade hangs a small sign with the picture at right angles to the wall, seen from the side it faces.
func (s *scene) blade(b box) {
	r := s.shop("blade")
	side, on := r.Chance(500), r.Chance(s.style.blade)
	if !on {
		return
	}
	x := b.x1 - 30
	if side {
		x = b.x0 + 30
	}
	y := b.y1 + s.style.sign + 62
	s.rect(black, x-48, y+52, x+48, y+58)
	s.round(s.board.Shade(700), x-54, y-54, x+54, y+50, 10)
	s.round(s.board, x-48, y-48, x+48, y+44, 8)
	s.trade.icon(s.at(x, y-2, 40), s.ink, s.board, s)
}

// pylon is the tall sign by the road.
func (s *scene) pylon(x, height int64) {
	half := int64(95)
	s.rect(steel.Shade(700), x-9, 0, x+9, height)
	s.round(s.board.Shade(700), x-half-6, height, x+half+6, height+216, 12)
	s.round(s.board, x-half, height+6, x+half, height+210, 10)
	s.trade.icon(s.at(x, height+128, 70), s.ink, s.board, s)
	s.text(s.fonts.bold, s.ink, s.trade.words[s.style.language], x, height+18, 38, 2*half-14)
}
