package augment_test

import (
	"flag"
	"image"
	"image/color"
	"os"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"shiftmill/stages"
	"shiftmill/stages/augment"
	"shiftmill/stages/imageio"
	"shiftmill/stages/source/storefronts"
	"shiftmill/stages/stagetest"
)

var update = flag.Bool("update", false, "rewrite docs/augmentations.png")

// The sheet's measures in pixels.
const (
	shown  = 6   // pictures of a line, behind the original
	tile   = 84  // side of one
	gap    = 2   // between two
	margin = 150 // for the names
)

// sheet shows draws of every augmentation on one generated shop front of 128
// pixels, made smaller.
func sheet(t *testing.T) *imageio.Pixels {
	g, err := storefronts.New()
	if err != nil {
		t.Fatal(err)
	}
	a := storefronts.Attributes{Class: storefronts.Classes()[1], Business: "b3", Country: storefronts.ReferenceCountry, Year: storefronts.ReferenceYear, Camera: storefronts.ReferenceCamera}
	const size = 128
	pix, err := g.Draw(size, 7, "photo2", a, storefronts.FullStrength())
	if err != nil {
		t.Fatal(err)
	}
	cell := stages.ImageCell{Ref: "rgb8", Data: pix, Height: size, Width: size}
	row := stagetest.Rows([]string{"photo"}, stagetest.Column{Name: "image", Values: []stages.ImageCell{cell}})
	lines := []struct {
		name string
		kind *stages.Kind
		set  func(c any, draw int)
	}{
		{"noise2net", augment.Noise2Net(), func(any, int) {}},
		{"augmix imagenet", augment.AugMix(), func(c any, k int) { c.(*augment.Mix).Copy = k }},
		{"augmix cifar", augment.AugMix(), func(c any, k int) { c.(*augment.Mix).Variant, c.(*augment.Mix).Copy = "cifar", k }},
		{"augmix deepfashion", augment.AugMix(), func(c any, k int) {
			c.(*augment.Mix).Variant, c.(*augment.Mix).Copy = "deepfashion-remixed", k
		}},
		{"speckle", augment.Speckle(), func(c any, k int) { c.(*augment.Speckles).Copy = k }},
		{"speckle per channel", augment.Speckle(), func(c any, k int) { c.(*augment.Speckles).Per, c.(*augment.Speckles).Copy = "channel", k }},
		{"random-erasing", augment.RandomErasing(), func(c any, k int) { c.(*augment.Erasing).P, c.(*augment.Erasing).Copy = 1, k }},
	}
	page := imageio.NewPixels(len(lines)*(tile+gap)+gap, margin+(shown+1)*(tile+gap), 3)
	for i := range page.Pix {
		page.Pix[i] = 255
	}
	for i, l := range lines {
		top := gap + i*(tile+gap)
		label(page, 4, top+tile/2+4, l.name)
		for k := range shown + 1 {
			p := &imageio.Pixels{H: size, W: size, C: 3, Pix: pix}
			if k > 0 {
				c := l.kind.NewConfig()
				l.set(c, k)
				got := images(t, stagetest.Case{Kind: l.kind, Config: c, Seed: uint64(k), Ports: map[string][]stages.Input{"data": {row}}})
				p = &imageio.Pixels{H: got[0].Height, W: got[0].Width, C: 3, Pix: got[0].Data}
			}
			p = imageio.Resize(p, tile, tile, imageio.Box)
			for y := range tile {
				line := p.Row(y)
				for j, v := range line {
					line[j] = v&0xF8 | v>>5 // 32 levels, for a file of bearable size
				}
				copy(page.Row(top + y)[3*(margin+k*(tile+gap)):], line)
			}
		}
	}
	return page
}

// label writes on the page; the font is a bitmap, so its pixels are exact.
func label(page *imageio.Pixels, x, y int, text string) {
	img := image.NewGray(image.Rect(0, 0, page.W, 13))
	d := font.Drawer{Dst: img, Src: image.NewUniform(color.Gray{Y: 255}), Face: basicfont.Face7x13, Dot: fixed.P(x, 10)}
	d.DrawString(text)
	for dy := range 13 {
		for dx := range page.W {
			if img.GrayAt(dx, dy).Y > 127 {
				row := page.Row(y - 10 + dy)
				row[3*dx], row[3*dx+1], row[3*dx+2] = 0, 0, 0
			}
		}
	}
}

const sheetFile = "../../docs/augmentations.png"

// TestSheet compares docs/augmentations.png with what is drawn now, pixel by
// pixel.
func TestSheet(t *testing.T) {
	page := sheet(t)
	if *update {
		data := imageio.EncodePNG(page)
		if len(data) > 500_000 {
			t.Fatalf("the sheet takes %d bytes, more than 500 kB", len(data))
		}
		if err := os.WriteFile(sheetFile, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(sheetFile)
	if err != nil {
		t.Fatal(err)
	}
	want, err := imageio.Decode(data, imageio.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want.H != page.H || want.W != page.W {
		t.Fatalf("%s has %d x %d pixels, the sheet %d x %d", sheetFile, want.H, want.W, page.H, page.W)
	}
	for i, v := range page.Pix {
		if v != want.Pix[i] {
			t.Fatalf("%s differs at row %d, column %d; look at the change, then run the test with -update", sheetFile, i/3/page.W, i/3%page.W)
		}
	}
}
