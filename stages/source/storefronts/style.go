package storefronts

import (
	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// The ways a style can be one thing or another.
const (
	texturePanel = iota // smooth cladding with joints
	texturePlaster
	textureBrick
	textureStone
)
const (
	roofParapet = iota // raised wall that carries the sign
	roofFlat
	roofPitched
	roofMansard
)
const (
	frontAluminium = iota // thin frames, glass to the ground
	frontMasonry          // openings in the wall above a painted base
	frontWood             // panelled wooden shop front
	frontBrickSill        // glass above a brick sill
)
const (
	signBoard   = iota // lit box with picture and words on the parapet
	signPainted        // picture and words painted on the wall
	signPlate          // round plate beside letters on a dark band
	signFascia         // letters alone on the wooden front, picture on a blade sign
)
const (
	windowPlain = iota
	windowGrille
	windowSash
	windowShutters
)
const (
	behindSuburb = iota // trees and a low line
	behindHills
	behindConifers
	behindTown // houses wall to wall
)

// style is what a country looks like. Lengths are in cm, chances in 1/1000. Its numbers are mixed by
// strength; its kinds change over one by one.
type style struct {
	walls, trims, woods [4]draw.Color
	road, pavement      draw.Color
	roof                draw.Color

	width        int64 // of the building
	ground       int64 // height of the shop floor
	storeys      int64 // upper storeys, in 1/1000
	storey       int64 // height of one
	sign         int64 // height of the sign band
	icon         int64 // half height of the picture on the sign
	letters      int64 // an em of the sign's main word
	glass        int64 // share of the front that is glass, in 1/1000
	kerb         int64 // depth of the pavement on the picture
	european     int64 // chance of a trade's European colours
	saturation   int64 // of signs and walls, 1000 as given
	awning       int64 // chances
	pole         int64
	blade        int64
	wires        int64
	snow         int64
	trees        int64
	cars         int64
	walkers      int64
	lamps        int64
	cornerFlower int64
	sun          int64

	texture, top, front, signs, windows, behind int
	language                                    int
}

// The languages of the signs, as indexes into a trade's words, surnames and houses.
const (
	english = iota
	spanish
	french
	german
)

type country struct {
	code  string
	style style
}

func hexes(a, b, c, d uint32) [4]draw.Color {
	return [4]draw.Color{draw.Hex(a), draw.Hex(b), draw.Hex(c), draw.Hex(d)}
}

// countries has the reference first.
var countries = []country{
	{"US", style{
		walls: hexes(0xcfc4ae, 0xb9a58c, 0xd8d3c8, 0xa9a08f),
		trims: hexes(0x8a8378, 0x6e5f50, 0x9a958c, 0x5f6468),
		woods: hexes(0x3a3d40, 0x51504c, 0x2e3338, 0x6a6a66),
		road:  draw.Hex(0x62625f), pavement: draw.Hex(0xb9b4a8), roof: draw.Hex(0x6b6660),
		width: 1500, ground: 330, storeys: 0, storey: 300, sign: 190, icon: 78, letters: 105, glass: 820, kerb: 70,
		saturation: 1000, awning: 160, pole: 550, blade: 0, wires: 450, trees: 350, cars: 300, walkers: 250, lamps: 250, sun: 620,
		texture: texturePanel, top: roofParapet, front: frontAluminium, signs: signBoard, windows: windowPlain, behind: behindSuburb,
		language: english,
	}},
	{"MX", style{
		walls: hexes(0xe0a03c, 0x4f9ec4, 0xd8705a, 0xe9d7a0),
		trims: hexes(0x9c3c2c, 0x2c5c84, 0x7c3424, 0x4a8040),
		woods: hexes(0x5c5048, 0x40464c, 0x6c3c2c, 0x2c4c3c),
		road:  draw.Hex(0x77706a), pavement: draw.Hex(0xc2b49c), roof: draw.Hex(0x8c7460),
		width: 1350, ground: 320, storeys: 250, storey: 300, sign: 165, icon: 74, letters: 98, glass: 650, kerb: 55,
		saturation: 1150, awning: 200, pole: 180, blade: 60, wires: 850, trees: 250, cars: 320, walkers: 400, lamps: 200, sun: 760,
		texture: texturePlaster, top: roofFlat, front: frontMasonry, signs: signPainted, windows: windowGrille, behind: behindHills,
		language: spanish,
	}},
	{"CA", style{
		walls: hexes(0x8c4a38, 0xa05c40, 0x7c5848, 0x9c8878),
		trims: hexes(0xd8d4c8, 0x4c4844, 0x3c4c44, 0xc8bca8),
		woods: hexes(0x2c4438, 0x443c38, 0x34404c, 0x54342c),
		road:  draw.Hex(0x5c5e62), pavement: draw.Hex(0xb0b0b0), roof: draw.Hex(0x4c4c54),
		width: 1350, ground: 330, storeys: 350, storey: 290, sign: 165, icon: 72, letters: 92, glass: 760, kerb: 65,
		saturation: 950, awning: 250, pole: 300, blade: 80, wires: 400, snow: 300, trees: 450, cars: 300, walkers: 280, lamps: 300, sun: 420,
		texture: textureBrick, top: roofPitched, front: frontBrickSill, signs: signPlate, windows: windowSash, behind: behindConifers,
		language: english,
	}},
	{"FR", style{
		walls: hexes(0xd9cbb0, 0xc9bda6, 0xe2d8c4, 0xcbb795),
		trims: hexes(0xb8a888, 0xa89c88, 0xc8bca4, 0x9c8c70),
		woods: hexes(0x1f4a3a, 0x6a1f28, 0x22345c, 0x7a5a34),
		road:  draw.Hex(0x70706e), pavement: draw.Hex(0xa8a29a), roof: draw.Hex(0x59626e),
		width: 820, ground: 360, storeys: 2400, storey: 290, sign: 62, icon: 46, letters: 56, glass: 640, kerb: 85,
		european: 600, saturation: 900, awning: 480, pole: 0, blade: 920, wires: 0, trees: 150, cars: 420, walkers: 520, lamps: 350,
		cornerFlower: 450, sun: 400,
		texture: textureStone, top: roofMansard, front: frontWood, signs: signFascia, windows: windowShutters, behind: behindTown,
		language: french,
	}},
	{"DE", style{
		walls: hexes(0xe4dcc4, 0xcfd6cc, 0xe0c8a4, 0xd4ccc8),
		trims: hexes(0x8c8474, 0x6c7468, 0x9c7c58, 0x747478),
		woods: hexes(0x5a3a24, 0x3c4438, 0x444850, 0x6c2c24),
		road:  draw.Hex(0x6a6a6c), pavement: draw.Hex(0xaca8a4), roof: draw.Hex(0x8c4434),
		width: 1000, ground: 330, storeys: 1700, storey: 280, sign: 95, icon: 50, letters: 68, glass: 740, kerb: 80,
		european: 450, saturation: 950, awning: 300, blade: 350, trees: 350, cars: 420, walkers: 420, lamps: 300,
		cornerFlower: 350, sun: 400,
		texture: texturePlaster, top: roofPitched, front: frontMasonry, signs: signFascia, windows: windowSash, behind: behindTown,
		language: german,
	}},
	{"GB", style{
		walls: hexes(0x8c5a44, 0x9c7858, 0xc8bca4, 0x745048),
		trims: hexes(0xe0dcd0, 0xc8c0b0, 0x3c3c3c, 0xd8d0c0),
		woods: hexes(0x20303c, 0x4c1c24, 0x24442c, 0x343434),
		road:  draw.Hex(0x58585a), pavement: draw.Hex(0x9c9890), roof: draw.Hex(0x545660),
		width: 900, ground: 330, storeys: 1500, storey: 280, sign: 90, icon: 48, letters: 66, glass: 700, kerb: 85,
		european: 200, saturation: 950, awning: 260, blade: 300, trees: 150, cars: 420, walkers: 480, lamps: 350,
		cornerFlower: 350, sun: 250,
		texture: textureBrick, top: roofPitched, front: frontWood, signs: signFascia, windows: windowSash, behind: behindTown,
		language: english,
	}},
}

// styleFor mixes the reference style with a country's. Where something must be one way or the other,
// the business's own stream says at what strength it changes over.
func styleFor(code string, strength int64, flips *random.Stream) style {
	base := countries[0].style
	other := base
	for _, c := range countries {
		if c.code == code {
			other = c.style
		}
	}
	out := base
	mixColors := func(dst *[4]draw.Color, src [4]draw.Color) {
		for i := range dst {
			dst[i] = dst[i].Mix(src[i], strength)
		}
	}
	mixColors(&out.walls, other.walls)
	mixColors(&out.trims, other.trims)
	mixColors(&out.woods, other.woods)
	out.road = base.road.Mix(other.road, strength)
	out.pavement = base.pavement.Mix(other.pavement, strength)
	out.roof = base.roof.Mix(other.roof, strength)

	to := other.numbers()
	for i, v := range out.numbers() {
		*v += (*to[i] - *v) * strength / 1000
	}
	kinds := other.kinds()
	for i, v := range out.kinds() {
		if flips.Chance(strength) {
			*v = *kinds[i]
		}
	}
	return out
}

func (s *style) numbers() []*int64 {
	return []*int64{
		&s.width, &s.ground, &s.storeys, &s.storey, &s.sign, &s.icon, &s.letters, &s.glass, &s.kerb,
		&s.european, &s.saturation, &s.awning, &s.pole, &s.blade, &s.wires, &s.snow, &s.trees,
		&s.cars, &s.walkers, &s.lamps, &s.cornerFlower, &s.sun,
	}
}

func (s *style) kinds() []*int {
	return []*int{&s.texture, &s.top, &s.front, &s.signs, &s.windows, &s.behind, &s.language}
}
