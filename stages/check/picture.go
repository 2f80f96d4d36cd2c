package check

import (
	"context"
	"fmt"
	"html"
	"image"
	"image/color"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/transform"
)

// bars draws each set's classes as one bar a class, as long as its share.
func (r *report) bars() []byte {
	const left, width, high, gap = 160, 110, 12, 14
	most := 1
	for _, s := range r.Sets {
		for _, n := range s.PerClass {
			if s.Rows > 0 {
				most = max(most, n*1000/s.Rows)
			}
		}
	}
	w := left + len(r.Sets)*(width+gap)
	h := 54 + len(r.Classes)*(high+4)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11"><rect width="%d" height="%d" fill="#fff"/>`+"\n", w, h, w, h)
	for i, s := range r.Sets {
		x := left + i*(width+gap)
		name := s.Name
		if text := []rune(name); len(text) > 14 { // no longer than the bars beside the next set's
			name = string(text[:13]) + "…"
		}
		fmt.Fprintf(&b, `<text x="%d" y="16">%s (%d)<title>%s</title></text>`+"\n", x, html.EscapeString(name), s.Rows, html.EscapeString(s.Name))
		for k, n := range s.PerClass {
			y := 26 + k*(high+4)
			if i == 0 {
				fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", left-6, y+10, html.EscapeString(r.Classes[k]))
			}
			long := 0
			if s.Rows > 0 {
				long = n * 1000 * width / (s.Rows * most)
			}
			fill := "#4a7ab5"
			if i == 0 {
				fill = "#666"
			}
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"><title>%s: %d</title></rect>`+"\n", x, y, long, high, fill, html.EscapeString(r.Classes[k]), n)
		}
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d">Share of each set's rows; the longest bar is %d.%d %%.</text>`+"\n</svg>\n", left, h-10, most/10, most%10)
	return []byte(b.String())
}

// The grid's measures in pixels.
const (
	tile = 96
	edge = 4
	side = 150 // for the names
)

// grid draws some pictures of each set, one row a set; nil when there are no
// images or none are wanted.
func (c *Sanity) grid(ctx context.Context, images stages.Images, sets []*set) ([]byte, error) {
	if c.Pictures == 0 || len(sets[0].input.Schema().FieldIndices("image")) == 0 {
		return nil, nil
	}
	page := imageio.NewPixels(len(sets)*(tile+edge)+edge, side+c.Pictures*(tile+edge)+edge, 3)
	for i := range page.Pix {
		page.Pix[i] = 255
	}
	for k, s := range sets {
		top := edge + k*(tile+edge)
		write(page, edge, top+tile/2, s.name)
		write(page, edge, top+tile/2+16, fmt.Sprintf("%d rows", s.rows))
		if err := c.strip(ctx, images, s, page, top); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return imageio.EncodePNG(page), nil
}

// strip draws pictures spread evenly over a set's ids.
func (c *Sanity) strip(ctx context.Context, images stages.Images, s *set, page *imageio.Pixels, top int) error {
	n := min(c.Pictures, s.rows)
	at := make([]int, n)
	for i := range at {
		at[i] = (2*i + 1) * s.rows / (2 * n)
	}
	if n == 0 {
		return nil
	}
	rec, err := s.input.Take(ctx, at)
	if err != nil {
		return err
	}
	defer rec.Release()
	ids := rec.Column(rec.Schema().FieldIndices("id")[0])
	col := rec.Column(rec.Schema().FieldIndices("image")[0])
	for i := range n {
		p, err := transform.Load(ctx, images, ids.ValueStr(i), col, i)
		if err != nil {
			return err
		}
		p = imageio.CenterCrop(imageio.ResizeShorter(p, tile, imageio.Bilinear), tile, tile)
		left := side + edge + i*(tile+edge)
		for y := range tile {
			copy(page.Row(top + y)[left*3:(left+tile)*3], p.Row(y))
		}
	}
	return nil
}

// write sets text, cut to the margin.
func write(page *imageio.Pixels, x, y int, text string) {
	if most := (side - 2*edge) / basicfont.Face7x13.Advance; len(text) > most {
		text = text[:most-1] + "~"
	}
	letters(page, x, y, text)
}

// caption sets text of which the end says most, such as a file's name.
func caption(page *imageio.Pixels, x, y int, text string, width int) {
	if most := width / basicfont.Face7x13.Advance; len(text) > most {
		text = "~" + text[len(text)-most+1:]
	}
	letters(page, x, y, text)
}

func letters(page *imageio.Pixels, x, y int, text string) {
	d := font.Drawer{Dst: canvas{page}, Src: image.NewUniform(color.Black), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
	d.DrawString(text)
}

// A canvas is a picture that a font can draw on.
type canvas struct{ *imageio.Pixels }

func (c canvas) ColorModel() color.Model { return color.RGBAModel }
func (c canvas) Bounds() image.Rectangle { return image.Rect(0, 0, c.W, c.H) }
func (c canvas) At(x, y int) color.Color {
	i := (y*c.W + x) * 3
	return color.RGBA{c.Pix[i], c.Pix[i+1], c.Pix[i+2], 255}
}

// Set stores the colour over white, which the page is.
func (c canvas) Set(x, y int, to color.Color) {
	r, g, b, _ := to.RGBA()
	i := (y*c.W + x) * 3
	c.Pix[i], c.Pix[i+1], c.Pix[i+2] = byte(r>>8), byte(g>>8), byte(b>>8)
}
