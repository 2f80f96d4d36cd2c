package storefronts

import (
	"fmt"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gobolditalic"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gosmallcaps"

	"shiftmill/stages/source/draw"
)

// The sizes of a photo, in pixels a side.
const (
	MinSize = 16
	MaxSize = 2048
)

// Generator draws photos. It holds the typefaces of the signs, never changes, and may be used by
// any number of goroutines at once.
type Generator struct{ fonts typefaces }

// New reads the typefaces built into the program.
func New() (*Generator, error) {
	g := &Generator{}
	for _, f := range []struct {
		to  **draw.Font
		ttf []byte
	}{{&g.fonts.bold, gobold.TTF}, {&g.fonts.regular, gomedium.TTF}, {&g.fonts.hand, gobolditalic.TTF}, {&g.fonts.serif, gosmallcaps.TTF}} {
		font, err := draw.ParseFont(f.ttf)
		if err != nil {
			return nil, fmt.Errorf("storefronts: built-in typeface: %w", err)
		}
		*f.to = font
	}
	return g, nil
}

// Draw returns the photo with the given id: size*size pixels of 3 bytes (R, G, B), row by row from the
// top. The business's look comes from (seed, a.Business, a.Class), the photo's viewpoint, light and
// passers-by from (seed, id), and the attributes act as far as their strengths say.
//
// It returns an error, naming the value and what was expected, if an attribute, a strength or the size is
// out of its range; never otherwise.
func (g *Generator) Draw(size int, seed uint64, id string, a Attributes, s Strength) ([]byte, error) {
	if size < MinSize || size > MaxSize {
		return nil, fmt.Errorf("draw photo %s: size: expected %d to %d pixels, got %d", id, MinSize, MaxSize, size)
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("draw photo %s: %w", id, err)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("draw photo %s: %w", id, err)
	}
	// A small picture is drawn larger and averaged, so that thin things blend as on a sensor instead of adding up.
	factor := 1
	if size <= 128 {
		factor = 2
	}
	old := int64(0)
	if a.Camera == "old" {
		old = int64(s.Camera)
	}
	sc := &scene{
		pen:   pen{c: draw.NewCanvas(size*factor, size*factor), path: &draw.Path{}, sx: 100 * grain, sy: 100 * grain},
		fonts: &g.fonts, seed: seed, id: id, business: a.Business,
		age: int64(ReferenceYear-a.Year) * int64(s.Year),
	}
	for i := range trades {
		if trades[i].name == a.Class {
			sc.trade = &trades[i]
		}
	}
	sc.style = styleFor(a.Country, int64(s.Country), sc.shop("style"))
	sc.compose()
	sc.paint()
	return sc.develop(sc.c.Image, factor, old).Pix, nil
}
