package garments

import (
	"bytes"
	"flag"
	"fmt"
	"image/png"
	"os"
	"testing"

	"golang.org/x/image/font/gofont/gomedium"

	"shiftmill/stages/source/draw"
)

var update = flag.Bool("update", false, "rewrite the golden files and docs/garments.png")

const sheetFile = "../../../docs/garments.png"

// alike gives every figure and item of a pair the same values.
func alike(seed uint64, pair, scale, occlusion, viewpoint, zoom int) Attributes {
	var a Attributes
	for _, items := range outfit(seed, pair) {
		a.Scale, a.Viewpoint, a.Zoom = append(a.Scale, scale), append(a.Viewpoint, viewpoint), append(a.Zoom, zoom)
		for range items {
			a.Occlusion = append(a.Occlusion, occlusion)
		}
	}
	return a
}

// sheet draws the docs' picture: pairs in columns, one attribute altered in each row.
func sheet(t *testing.T) *draw.Image {
	const (
		size, gap, margin, seed = 72, 2, 92, 21
		columns                 = 9
	)
	font, err := draw.ParseFont(gomedium.TTF)
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		label                             string
		scale, occlusion, viewpoint, zoom int
	}{
		{"base", 2, 2, 2, 1}, {"scale 1", 1, 2, 2, 1}, {"scale 3", 3, 2, 2, 1}, {"occlusion 1", 2, 1, 2, 1}, {"occlusion 3", 2, 3, 2, 1},
		{"viewpoint 1", 2, 2, 1, 1}, {"viewpoint 3", 2, 2, 3, 1}, {"zoom_in 2", 2, 2, 2, 2}, {"zoom_in 3", 2, 2, 2, 3},
	}
	c := draw.NewCanvas(margin+columns*(size+gap), len(rows)*(size+gap))
	c.Clear(255)
	for j, row := range rows {
		for i := range columns {
			pair := i + 1
			pix, err := Draw(seed, pair, pair, size, i%2 == 0, alike(seed, pair, row.scale, row.occlusion, row.viewpoint, row.zoom), FullStrength())
			if err != nil {
				t.Fatal(err)
			}
			c.Paste(&draw.Image{W: size, H: size, Pix: pix}, margin+i*(size+gap), j*(size+gap))
		}
		var p draw.Path
		const u = draw.PixelUnits
		font.Text(&p, row.label, 4*u, int64(j*(size+gap)+size/2)*u, 13*u, -1)
		c.Fill(&p, draw.Flat(draw.Hex(0x202428)))
	}
	return c.Image
}

// TestContactSheet keeps the picture in the documentation the one that the code draws. With -update it writes it.
func TestContactSheet(t *testing.T) {
	m := sheet(t)
	if *update {
		var b bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, m.RGBA()); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(sheetFile, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(sheetFile)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(stored.Bounds().Size()); got != fmt.Sprintf("(%d,%d)", m.W, m.H) {
		t.Fatalf("%s has the size %s, want %d by %d: rewrite it with -update", sheetFile, got, m.W, m.H)
	}
	for i := range m.W * m.H {
		r, g, b, _ := stored.At(i%m.W, i/m.W).RGBA()
		if byte(r>>8) != m.Pix[3*i] || byte(g>>8) != m.Pix[3*i+1] || byte(b>>8) != m.Pix[3*i+2] {
			t.Fatalf("%s differs from the drawing at (%d, %d): rewrite it with -update", sheetFile, i%m.W, i/m.W)
		}
	}
}
