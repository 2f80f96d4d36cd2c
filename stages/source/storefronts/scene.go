package storefronts

import (
	"strings"

	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// scene is a photo being drawn. The pen's frame is the plane of the shop's front: cm, x to the
// right from the middle of the building, y up from the pavement. What stands nearer the camera is
// drawn lower and larger.
type scene struct {
	pen
	fonts    *typefaces
	seed     uint64
	id       string // of the photo
	business string
	trade    *trade
	style    style
	age      int64 // years before the reference, in 1/1000, times the strength of year

	// Of the business.
	board, ink         draw.Color // sign
	wall, trim, timber draw.Color
	name, owner        string
	left, right        int64 // of the building
	ground             int64 // height of the shop floor
	panelled           bool  // the front has its woodwork

	// Of the photo.
	sunny, wet, snowy bool
	haze              draw.Color
	view              box // what the picture shows
}

type typefaces struct{ bold, regular, hand, serif *draw.Font }

// shop returns the stream of a part of the business's look, shot that of a part of this photo.
func (s *scene) shop(purpose string) *random.Stream {
	return random.New(s.seed, "shop/"+purpose, s.business)
}
func (s *scene) shot(purpose string) *random.Stream { return random.New(s.seed, "shot/"+purpose, s.id) }

// compose settles what is to be drawn: the business's colours, name and size, and the photo's weather and viewpoint.
func (s *scene) compose() {
	r := s.shop("identity")
	st := &s.style
	free := houseColors[r.Below(int64(len(houseColors)))]
	i, plain, european := r.Below(3), r.Chance(480), r.Chance(st.european)
	colors := s.trade.american[i]
	if european {
		colors = s.trade.european[i]
	}
	if plain { // half of all owners do not paint in their trade's colours
		colors = free
	}
	s.board, s.ink = s.vivid(draw.Hex(colors.board)), draw.Hex(colors.ink)
	tone := r.Between(-90, 90)
	s.wall = s.vivid(st.walls[r.Below(4)]).Shade(1000 + tone)
	s.trim = st.trims[r.Below(4)]
	s.timber = st.woods[r.Below(4)].Mix(s.board, 380)
	s.weather()

	s.owner = surnames[st.language][r.Below(10)]
	s.name = strings.Replace(houses[st.language][r.Below(5)], "%", s.owner, 1)
	width := st.width * r.Between(880, 1130) / 1000
	s.left, s.right = -width/2, width-width/2
	s.ground = st.ground * r.Between(940, 1070) / 1000
	s.frame()
}

// vivid raises or lowers a colour's saturation as the style asks.
func (s *scene) vivid(c draw.Color) draw.Color {
	l := c.Luma()
	f := func(v uint8) uint8 { return uint8(min(255, max(0, l+(int64(v)-l)*s.style.saturation/1000))) }
	return draw.Color{R: f(c.R), G: f(c.G), B: f(c.B), A: c.A}
}

// weather draws the photo's sky and lets the years fade and stain what the business's look is made of.
func (s *scene) weather() {
	r := s.shot("weather")
	s.sunny = r.Chance(s.style.sun)
	s.wet = r.Chance(160) && !s.sunny
	s.snowy = r.Chance(s.style.snow) && !s.sunny
	s.haze = draw.Hex(0xc4ccd4)
	if s.sunny {
		s.haze = draw.Hex(0xb8d4f0)
	}
	// A sign and a wall of an earlier year had other dirt and other paint than in the reference year.
	dull := draw.Hex(0x9a948a)
	s.board = s.board.Mix(dull, s.age*55/1000)
	s.wall = s.wall.Mix(dull, s.age*45/1000)
}

// frame chooses the viewpoint: the crop of the picture around the front, and the angle to it.
func (s *scene) frame() {
	r := s.shot("view")
	wide := (s.right-s.left)/2 + 470
	wide = wide*r.Between(860, 1230)/1000 + s.trade.room
	mid := r.Between(-wide/8, wide/8)
	low := -r.Between(170, 290)
	s.view = box{mid - wide/2, low, mid + wide/2, low + wide}
	yaw := r.Between(-230, 230) // 1/10,000 of a metre's scale per metre
	roll := r.Between(-14, 14)  // 1/1000
	const eye = 170 * grain     // height of the lens
	const unit = int64(1) << 30 // of the view's denominator
	side := int64(s.c.W)
	cx := mid * grain
	k := side * 256 * unit / (wide * grain)
	g := yaw * unit / (1000000 * grain)
	x0 := side * 128
	y0 := side*256 - side*256*(170-low)/wide
	s.c.View = draw.View{
		A: k + x0*g, B: k * roll / 1000, C: -k*cx + x0*(unit-g*cx) - k*roll/1000*eye,
		D: y0*g + k*roll/1000, E: -k, F: k*eye + y0*(unit-g*cx) - k*roll/1000*cx,
		G: g, I: unit - g*cx,
	}
	s.pixel = max(1, wide*grain/side)
}

// paint draws the picture from the back to the front.
func (s *scene) paint() {
	s.sky()
	s.background()
	s.street()
	s.trade.building(s)
	s.furniture()
	s.people()
	s.traffic()
	s.precipitation()
}
