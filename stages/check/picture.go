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

// The bars' measures in pixels.
const (
	barLeft  = 160 // for the values
	barWidth = 110
	barHigh  = 12
	barGap   = 14
)

// classBars draws each set's classes as one bar a class, as long as its share.
func (r *report) classBars() []byte {
	c := newChart(r)
	values, counts := r.shownClasses()
	c.block("", values, func(set int) []int { return counts[set] })
	return c.svg()
}

// attributeBars draws the values of each attribute likewise.
func (r *report) attributeBars() []byte {
	c := newChart(r)
	for _, m := range r.Attributes {
		values, counts := common(m.Values, m.Counts, mostValues)
		c.block(m.Name, values, func(set int) []int { return counts[set] })
	}
	return c.svg()
}

// A chart is bars under the names of the sets.
type chart struct {
	r    *report
	body strings.Builder
	y    int
}

func newChart(r *report) *chart {
	c := &chart{r: r, y: 26}
	for i, s := range r.Sets {
		name := s.Name
		if text := []rune(name); len(text) > 14 { // no longer than the bars beside the next set's
			name = string(text[:13]) + "…"
		}
		fmt.Fprintf(&c.body, `<text x="%d" y="16">%s (%d)<title>%s</title></text>`+"\n", barLeft+i*(barWidth+barGap), html.EscapeString(name), s.Rows, html.EscapeString(s.Name))
	}
	return c
}

// block draws one bar for each value and set; the longest bar of a block fills
// the width.
func (c *chart) block(title string, values []string, counts func(set int) []int) {
	if title != "" {
		c.y += 8
		fmt.Fprintf(&c.body, `<text x="%d" y="%d" text-anchor="end" font-weight="bold">%s</text>`+"\n", barLeft-6, c.y+10, html.EscapeString(title))
		c.y += barHigh + 6
	}
	most := 1
	for i, s := range c.r.Sets {
		for _, n := range counts(i) {
			if s.Rows > 0 {
				most = max(most, n*1000/s.Rows)
			}
		}
	}
	for k, v := range values {
		text := []rune(v)
		if len(text) > 26 {
			text = append(text[:25], '…')
		}
		fmt.Fprintf(&c.body, `<text x="%d" y="%d" text-anchor="end">%s<title>%s</title></text>`+"\n", barLeft-6, c.y+10, html.EscapeString(string(text)), html.EscapeString(v))
		for i, s := range c.r.Sets {
			n, long, fill := counts(i)[k], 0, "#4a7ab5"
			if s.Rows > 0 {
				long = n * 1000 * barWidth / (s.Rows * most)
			}
			if i == 0 {
				fill = "#666"
			}
			fmt.Fprintf(&c.body, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"><title>%s: %d</title></rect>`+"\n", barLeft+i*(barWidth+barGap), c.y, long, barHigh, fill, html.EscapeString(v), n)
		}
		c.y += barHigh + 4
	}
	fmt.Fprintf(&c.body, `<text x="%d" y="%d" fill="#666">share of each set's rows; the longest bar is %d.%d %%</text>`+"\n", barLeft, c.y+10, most/10, most%10)
	c.y += barHigh + 6
}

func (c *chart) svg() []byte {
	w, h := barLeft+len(c.r.Sets)*(barWidth+barGap), c.y+10
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11"><rect width="%d" height="%d" fill="#fff"/>`+"\n", w, h, w, h)
	return []byte(head + c.body.String() + "</svg>\n")
}

// The grid's measures in pixels.
const (
	tile = 96
	edge = 4
	side = 150 // for the names
	head = 18  // for those of classes
)

// grid draws some pictures of each set, one row a set; nil when there are no
// images or none are wanted. A column holds pictures of one class, as far as
// rows have one, so that the sets can be compared.
func (c *Sanity) grid(ctx context.Context, images stages.Images, sets []*set, classes []string) ([]byte, error) {
	if c.Pictures == 0 || len(sets[0].input.Schema().FieldIndices("image")) == 0 {
		return nil, nil
	}
	classes = c.columns(sets, classes)
	wide := c.Pictures
	if len(classes) > 0 {
		wide = len(classes)
	}
	page := imageio.NewPixels(head+len(sets)*(tile+edge)+edge, side+wide*(tile+edge)+edge, 3)
	for i := range page.Pix {
		page.Pix[i] = 255
	}
	for k, name := range classes {
		write(page, side+edge+k*(tile+edge), head-5, name, tile)
	}
	for k, s := range sets {
		top := head + edge + k*(tile+edge)
		write(page, edge, top+tile/2, s.name, side-2*edge)
		write(page, edge, top+tile/2+16, fmt.Sprintf("%d rows", s.rows), side-2*edge)
		var at, columns []int
		switch {
		case len(classes) > 0:
			for column, name := range classes {
				if e, ok := s.shown[name]; ok {
					at, columns = append(at, e.ordinal), append(columns, column)
				}
			}
		default: // spread evenly over the set's ids
			n := min(c.Pictures, s.rows)
			for i := range n {
				at, columns = append(at, (2*i+1)*s.rows/(2*n)), append(columns, i)
			}
		}
		if err := strip(ctx, images, s, page, top, at, columns); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return imageio.EncodePNG(page), nil
}

// columns chooses the classes that are shown: of those that most sets have,
// some that lie evenly in the order of their names.
func (c *Sanity) columns(sets []*set, classes []string) []string {
	in := func(name string) (n int) {
		for _, s := range sets {
			if _, ok := s.shown[name]; ok {
				n++
			}
		}
		return n
	}
	most := 0
	for _, name := range classes {
		most = max(most, in(name))
	}
	for ; most > 0; most-- {
		var have []string
		for _, name := range classes {
			if in(name) >= most {
				have = append(have, name)
			}
		}
		if n := min(c.Pictures, len(classes)); len(have) >= n {
			for i := range n {
				have[i] = have[(2*i+1)*len(have)/(2*n)]
			}
			return have[:n]
		}
	}
	return nil
}

// strip draws the pictures of rows, each into a column.
func strip(ctx context.Context, images stages.Images, s *set, page *imageio.Pixels, top int, at, columns []int) error {
	if len(at) == 0 {
		return nil
	}
	rec, err := s.input.Take(ctx, at)
	if err != nil {
		return err
	}
	defer rec.Release()
	ids := rec.Column(rec.Schema().FieldIndices("id")[0])
	col := rec.Column(rec.Schema().FieldIndices("image")[0])
	for i, column := range columns {
		if col.IsNull(i) {
			continue
		}
		p, err := transform.Load(ctx, images, ids.ValueStr(i), col, i)
		if err != nil {
			return err
		}
		p = imageio.CenterCrop(imageio.ResizeShorter(p, tile, imageio.Bilinear), tile, tile)
		left := side + edge + column*(tile+edge)
		for y := range tile {
			copy(page.Row(top + y)[left*3:(left+tile)*3], p.Row(y))
		}
	}
	return nil
}

// write sets text, cut to a width.
func write(page *imageio.Pixels, x, y int, text string, width int) {
	if most := width / basicfont.Face7x13.Advance; len(text) > most {
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
