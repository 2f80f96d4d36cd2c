package corrupt_test

import (
	"flag"
	"os"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"image"
	"image/color"

	"shiftmill/kernels"
	"shiftmill/stages/corrupt"
	"shiftmill/stages/imageio"
	"shiftmill/stages/source/storefronts"
)

var update = flag.Bool("update", false, "rewrite docs/corruptions.png")

// shopFront draws one generated shop front.
func shopFront(t testing.TB, size int) *imageio.Pixels {
	t.Helper()
	g, err := storefronts.New()
	if err != nil {
		t.Fatal(err)
	}
	a := storefronts.Attributes{Class: storefronts.Classes()[1], Business: "b3", Country: storefronts.ReferenceCountry, Year: storefronts.ReferenceYear, Camera: storefronts.ReferenceCamera}
	pix, err := g.Draw(size, 7, "photo2", a, storefronts.FullStrength())
	if err != nil {
		t.Fatal(err)
	}
	return &imageio.Pixels{H: size, W: size, C: 3, Pix: pix}
}

// The sheet's measures in pixels.
const (
	tile   = 54
	gap    = 2
	margin = 126 // for the names
)

// sheet shows every corruption by severity on a picture of 224 pixels, made
// smaller.
func sheet(t testing.TB, size, shown int) *imageio.Pixels {
	p := shopFront(t, size)
	names := corrupt.Names()
	page := imageio.NewPixels(len(names)*(shown+gap)+gap, margin+6*(shown+gap), 3)
	for i := range page.Pix {
		page.Pix[i] = 255
	}
	for k, name := range names {
		top := gap + k*(shown+gap)
		label(page, 4, top+shown/2+4, name)
		for severity := range 6 {
			out := p
			if severity > 0 {
				var err error
				src := kernels.NewKey("sheet", 1, 0, name, uint64(severity)).Row("photo")
				if out, err = corrupt.Apply(name, severity, p, 224, src); err != nil {
					t.Fatal(err)
				}
			}
			out = imageio.Resize(out, shown, shown, imageio.Box)
			for i, v := range out.Pix {
				out.Pix[i] = v&0xF8 | v>>5 // 32 levels, for a file of bearable size
			}
			for y := range shown {
				copy(page.Row(top + y)[3*(margin+severity*(shown+gap)):], out.Row(y))
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

const sheetFile = "../../docs/corruptions.png"

// TestSheet compares docs/corruptions.png with what is drawn now, pixel by
// pixel.
func TestSheet(t *testing.T) {
	page := sheet(t, 224, tile)
	if *update {
		data := imageio.EncodePNG(page)
		if len(data) > 400_000 {
			t.Fatalf("the sheet takes %d bytes, more than 400 kB", len(data))
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
