package draw

import (
	"fmt"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Font holds the outlines of the Latin letters, digits and signs of one typeface. It never
// changes after [ParseFont] and may be shared between goroutines.
type Font struct {
	glyphs [384]glyph // by code point; Basic Latin, Latin-1 and Latin Extended-A
	euro   glyph
	em     int64
}

type glyph struct {
	path    Path // in font units, y upwards
	advance int64
}

// ParseFont reads a TrueType or OpenType font. Outlines are taken at a size of one em of font
// units, where sfnt's 26.6 arithmetic has nothing to round. The error says which letter or table was bad.
func ParseFont(data []byte) (*Font, error) {
	f, err := sfnt.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("parse font: %w", err)
	}
	out := &Font{em: int64(f.UnitsPerEm())}
	var buf sfnt.Buffer
	for r := range out.glyphs {
		if out.glyphs[r], err = loadGlyph(f, &buf, rune(r)); err != nil {
			return nil, fmt.Errorf("font outline of %q: %w", rune(r), err)
		}
	}
	if out.euro, err = loadGlyph(f, &buf, '€'); err != nil {
		return nil, fmt.Errorf("font outline of %q: %w", '€', err)
	}
	return out, nil
}

func loadGlyph(f *sfnt.Font, buf *sfnt.Buffer, r rune) (glyph, error) {
	index, err := f.GlyphIndex(buf, r)
	if err != nil {
		return glyph{}, err
	}
	ppem := fixed.I(int(f.UnitsPerEm()))
	advance, err := f.GlyphAdvance(buf, index, ppem, font.HintingNone)
	if err != nil {
		return glyph{}, err
	}
	segments, err := f.LoadGlyph(buf, index, ppem, nil)
	if err != nil {
		return glyph{}, err
	}
	g := glyph{advance: int64(advance.Round())}
	at := func(p fixed.Point26_6) (x, y int64) { return int64(p.X.Round()), -int64(p.Y.Round()) }
	for _, s := range segments {
		ax, ay := at(s.Args[0])
		bx, by := at(s.Args[1])
		cx, cy := at(s.Args[2])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			g.path.Move(ax, ay)
		case sfnt.SegmentOpLineTo:
			g.path.Line(ax, ay)
		case sfnt.SegmentOpQuadTo:
			g.path.Quad(ax, ay, bx, by)
		case sfnt.SegmentOpCubeTo:
			g.path.Cubic(ax, ay, bx, by, cx, cy)
		}
	}
	return g, nil
}

func (f *Font) glyph(r rune) *glyph {
	if r == '€' {
		return &f.euro
	}
	if int(r) >= len(f.glyphs) {
		r = '?'
	}
	return &f.glyphs[r]
}

// Width returns how far a line of text reaches, in path units, at size units an em. Letters the
// font lacks are drawn as its empty box, those outside Latin as a question mark.
func (f *Font) Width(text string, size int64) int64 {
	w := int64(0)
	for _, r := range text {
		w += f.glyph(r).advance
	}
	return w * size / f.em
}

// Text adds a line of text to the path: its base line starts at (x, y), an em is size units, and
// up is the sign of the direction in which y grows upwards: -1 on a [PixelView], 1 where y points up.
func (f *Font) Text(p *Path, text string, x, y, size, up int64) {
	pen := int64(0)
	for _, r := range text {
		g := f.glyph(r)
		p.verbs = append(p.verbs, g.path.verbs...)
		for _, q := range g.path.pts {
			p.pts = append(p.pts, Point{x + (pen+q.X)*size/f.em, y + up*q.Y*size/f.em})
		}
		pen += g.advance
	}
}
