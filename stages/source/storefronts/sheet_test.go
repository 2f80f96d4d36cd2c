package storefronts

import (
	"bytes"
	"image/png"
	"os"
	"testing"

	"shiftmill/stages/source/draw"
)

const sheetFile = "../../../docs/storefronts.png"

// sheet draws the README's grid: shops in columns, one attribute altered in each row.
func sheet(t *testing.T, g *Generator) *draw.Image {
	const (
		size, gap = 104, 3
		margin    = 104 // for the labels at the left
		head      = 22
	)
	shops := []struct{ class, business string }{
		{"bakery", "b03"}, {"gas station", "b12"}, {"pharmacy", "b05"}, {"bank", "b02"},
		{"hotel", "b04"}, {"auto shop", "b01"}, {"religious institution", "b09"},
	}
	rows := []struct {
		label, value string
		change       func(a *Attributes)
	}{
		{"base", "US, 2019, new", func(a *Attributes) {}},
		{"year", "2017", func(a *Attributes) { a.Year = 2017 }},
		{"year", "2018", func(a *Attributes) { a.Year = 2018 }},
		{"country", "FR", func(a *Attributes) { a.Country = "FR" }},
		{"camera", "old", func(a *Attributes) { a.Camera = "old" }},
	}
	c := draw.NewCanvas(margin+len(shops)*(size+gap), head+len(rows)*(size+gap))
	for i := range c.Pix {
		c.Pix[i] = 255
	}
	const u = draw.PixelUnits
	var p draw.Path
	write := func(f *draw.Font, text string, x, y, em int64) {
		f.Text(&p, text, x*u, y*u, em*u, -1)
		c.Fill(&p, draw.Flat(draw.Hex(0x202428)))
		p.Reset()
	}
	for i, shop := range shops {
		x := int64(margin + i*(size+gap))
		em := int64(13)
		if w := g.fonts.regular.Width(shop.class, em*u) / u; w > size {
			em = em * size / w
		}
		write(g.fonts.regular, shop.class, x+(size-g.fonts.regular.Width(shop.class, em*u)/u)/2, 15, em)
		for j, row := range rows {
			a := Attributes{shop.class, ReferenceCountry, ReferenceYear, ReferenceCamera, shop.business}
			row.change(&a)
			pix := photo(t, g, size, shop.business+"-p00", a, FullStrength())
			c.Paste(&draw.Image{W: size, H: size, Pix: pix}, int(x), head+j*(size+gap))
		}
	}
	for j, row := range rows {
		y := int64(head + j*(size+gap) + size/2)
		write(g.fonts.bold, row.label, 6, y-2, 15)
		write(g.fonts.regular, row.value, 6, y+15, 13)
	}
	return c.Image
}

// TestContactSheet keeps the README's picture the one that the code draws. With -update it writes it.
func TestContactSheet(t *testing.T) {
	m := sheet(t, generator(t))
	if *update {
		var buf bytes.Buffer
		enc := png.Encoder{CompressionLevel: png.BestCompression}
		if err := enc.Encode(&buf, m.RGBA()); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(sheetFile, buf.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(sheetFile)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 600_000 {
		t.Errorf("%s has %d bytes, want at most 600000", sheetFile, len(data))
	}
	stored, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", sheetFile, err)
	}
	if b := stored.Bounds(); b.Dx() != m.W || b.Dy() != m.H {
		t.Fatalf("%s is %d by %d pixels, want %d by %d: rewrite it with -update", sheetFile, b.Dx(), b.Dy(), m.W, m.H)
	}
	for i := 0; i < m.W*m.H; i++ {
		r, g, b, _ := stored.At(i%m.W, i/m.W).RGBA()
		if byte(r>>8) != m.Pix[3*i] || byte(g>>8) != m.Pix[3*i+1] || byte(b>>8) != m.Pix[3*i+2] {
			t.Fatalf("%s differs from the drawing at (%d, %d): rewrite it with -update", sheetFile, i%m.W, i/m.W)
		}
	}
}
