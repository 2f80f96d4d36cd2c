package garments

import (
	"fmt"

	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// The categories, as DeepFashion2 numbers them.
const (
	shortTop = iota + 1
	longTop
	shortOutwear
	longOutwear
	vest
	sling
	shorts
	trousers
	skirt
	shortDress
	longDress
	vestDress
	slingDress
)

// outfit says what the figures of a pair wear: one or two figures with one or two items each.
// Categories come about equally often.
func outfit(seed uint64, pair int) [][]int {
	r := random.New(seed, "pair/outfit", fmt.Sprint(pair))
	figures := make([][]int, 1)
	if r.Chance(350) {
		figures = make([][]int, 2)
	}
	for i := range figures {
		top := []int{shortTop, longTop, vest, sling, shortOutwear, longOutwear}
		bottom := []int{shorts, trousers, skirt}
		dress := []int{shortDress, longDress, vestDress, slingDress}
		switch kind := r.Below(100); {
		case kind < 34:
			figures[i] = []int{random.Pick(r, dress)}
		case kind < 80:
			figures[i] = []int{random.Pick(r, top), random.Pick(r, bottom)}
		case kind < 95:
			figures[i] = []int{random.Pick(r, top)}
		default:
			figures[i] = []int{random.Pick(r, bottom)}
		}
	}
	return figures
}

// The patterns of cloth.
const (
	plain = iota
	stripes
	bars
	dots
	checks
	flowers
	logo
	patterns
)

// A cloth is what an item is made of; all pictures of a pair show the same.
type cloth struct {
	base, second draw.Color
	pattern      int64
	fine         int64 // size of the pattern, body units
	cut          int64 // 0 to 999: how wide and how long, within the category
	neck         int64 // 0 to 999: form of the neckline
}

var dyes = []uint32{
	0x1f2a44, 0x2f4f8f, 0x5b8fd0, 0xa8c8e8, 0x20232a, 0x5a5f68, 0xa9adb3, 0xe9e6df, 0xf7f5f0, 0x7a1f2b, 0xc0392b, 0xe8836b,
	0xf2b5a7, 0xd98f2b, 0xf0d060, 0x3f6b3a, 0x7fa86b, 0x2f7f7a, 0x6b4a8f, 0xb58fc8, 0x8a5a3a, 0xc8a57a, 0xd85f94,
}

func clothOf(seed uint64, pair, figure, item, category int) cloth {
	r := random.New(seed, "pair/cloth", fmt.Sprint(pair, figure, item))
	c := cloth{base: draw.Hex(random.Pick(r, dyes)), second: draw.Hex(random.Pick(r, dyes)), cut: r.Below(1000), neck: r.Below(1000)}
	d := c.base.Luma() - c.second.Luma()
	if d < 60 && d > -60 { // a pattern must show
		c.second = draw.Hex(0xf4f1ea)
		if c.base.Luma() > 150 {
			c.second = draw.Hex(0x2a2f3a)
		}
	}
	c.pattern = r.Below(patterns)
	c.fine = r.Between(16, 34)
	switch {
	case (category == trousers || category == shorts) && r.Chance(750), c.pattern == logo && (category > sling || category == shortOutwear || category == longOutwear):
		c.pattern = plain
	}
	if (category == trousers || category == shorts) && r.Chance(450) {
		c.base = draw.Hex(random.Pick(r, []uint32{0x27406b, 0x3d5f94, 0x7f9cc0, 0x1d2230})) // denim
	}
	return c
}
