package augment_test

import (
	"flag"
	"image"
	"image/color"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/augment"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
	"shiftmill/stages/source/renditions"
	"shiftmill/stages/source/storefronts"
	"shiftmill/stages/stagetest"
	"shiftmill/stages/transform"
)

var update = flag.Bool("update", false, "rewrite docs/augmentations.png, docs/deepaugment.png and docs/style.png")

// The sheet's measures in pixels.
const (
	shown  = 6   // pictures of a line, behind the original
	tile   = 72  // side of one
	gap    = 2   // between two
	margin = 150 // for the names
)

// A sheetLine shows draws of one kind.
type sheetLine struct {
	name  string
	kind  *stages.Kind
	set   func(c any, draw int)
	ports map[string][]stages.Input // besides data
}

// Sides of the pictures before they are made smaller for the page.
const shopSize, styleSize = 128, 256

// shop draws the shop front that all lines show.
func shop(t *testing.T, size int) []byte {
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
	return pix
}

// drawLines shows draws of every augmentation on one generated shop front of
// 128 pixels, made smaller.
func drawLines(t *testing.T, lines []sheetLine) *imageio.Pixels {
	t.Helper()
	pix := shop(t, shopSize)
	var names []string
	for _, l := range lines {
		names = append(names, l.name)
	}
	return drawPage(names, func(line, k int) *imageio.Pixels {
		if k == 0 {
			return &imageio.Pixels{H: shopSize, W: shopSize, C: 3, Pix: pix}
		}
		l := lines[line]
		row := stagetest.Rows([]string{"photo"},
			stagetest.Column{Name: "image", Values: []stages.ImageCell{squareCell(pix, shopSize)}},
			stagetest.Column{Name: "label", Values: []string{"shop"}},
			stagetest.Column{Name: "draw", Values: []string{string(rune('a' + k))}})
		c := l.kind.NewConfig()
		l.set(c, k)
		ports := map[string][]stages.Input{"data": {row}}
		maps.Copy(ports, l.ports)
		got := images(t, stagetest.Case{Kind: l.kind, Config: c, Seed: uint64(k), Ports: ports})
		return &imageio.Pixels{H: got[0].Height, W: got[0].Width, C: 3, Pix: got[0].Data}
	})
}

// squareCell is a picture of side x side pixels as a stage reads it.
func squareCell(pix []byte, side int) stages.ImageCell {
	return stages.ImageCell{Ref: "rgb8", Data: pix, Height: side, Width: side}
}

// drawPage writes the names below each other, and behind each the pictures 0 to
// shown of its line; where there is none, it stays white.
func drawPage(names []string, picture func(line, k int) *imageio.Pixels) *imageio.Pixels {
	page := imageio.NewPixels(len(names)*(tile+gap)+gap, margin+(shown+1)*(tile+gap), 3)
	for i := range page.Pix {
		page.Pix[i] = 255
	}
	for i, name := range names {
		top := gap + i*(tile+gap)
		label(page, 4, top+tile/2+4, name)
		for k := range shown + 1 {
			p := picture(i, k)
			if p == nil {
				continue
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

// sheet are the augmentations that need no trained weights. The adversarial
// changes lead away from what a network with random ones says.
func sheet(t *testing.T) *imageio.Pixels {
	net, err := nn.New(nn.Arch{Name: "convnet", Classes: 2, Size: shopSize})
	if err != nil {
		t.Fatal(err)
	}
	net.Init(kernels.NewKey("sheet", 1, 1, "weights", 0))
	c := &model.Classifier{Net: net, Classes: []string{"shop", "other"}, Test: transform.Fit(shopSize), Mean: [3]float32{.5, .5, .5}, Std: [3]float32{.25, .25, .25}}
	data, err := c.Save()
	if err != nil {
		t.Fatal(err)
	}
	attacked := map[string][]stages.Input{"model": {&stagetest.Files{StageName: "net", Data: map[string][]byte{"weights.safetensors": data}}}}
	return drawLines(t, []sheetLine{
		{"noise2net", augment.Noise2Net(), func(any, int) {}, nil},
		{"augmix imagenet", augment.AugMix(), func(c any, k int) { c.(*augment.Mix).Copy = k }, nil},
		{"augmix cifar", augment.AugMix(), func(c any, k int) { c.(*augment.Mix).Variant, c.(*augment.Mix).Copy = "cifar", k }, nil},
		{"augmix deepfashion", augment.AugMix(), func(c any, k int) {
			c.(*augment.Mix).Variant, c.(*augment.Mix).Copy = "deepfashion-remixed", k
		}, nil},
		{"speckle", augment.Speckle(), func(c any, k int) { c.(*augment.Speckles).Copy = k }, nil},
		{"speckle per channel", augment.Speckle(), func(c any, k int) { c.(*augment.Speckles).Per, c.(*augment.Speckles).Copy = "channel", k }, nil},
		{"random-erasing", augment.RandomErasing(), func(c any, k int) { c.(*augment.Erasing).P, c.(*augment.Erasing).Copy = 1, k }, nil},
		{"adversarial 2 to 64", augment.Adversarial(), func(c any, k int) { c.(*augment.Attack).Epsilon = float64(int(1) << k) }, attacked},
	})
}

// deepSheet are both kinds of DeepAugment with networks trained here, whose
// files a folder holds.
func deepSheet(t *testing.T, nets string) *imageio.Pixels {
	set := func(name string) func(any, int) {
		return func(c any, k int) {
			d := c.(*augment.Deep)
			d.Weights, d.Copy = pipeline.File(filepath.Join(nets, name, "weights.safetensors")), k
			if d.Size = 128; name == "edsr" {
				d.Size = 32
			}
		}
	}
	draws := func(name string, shift int) func(any, int) {
		return func(c any, k int) { set(name)(c, k+shift*shown) }
	}
	plain := func(name string) func(any, int) {
		return func(c any, k int) {
			set(name)(c, k)
			c.(*augment.Deep).Distort, c.(*augment.Deep).Signals = nil, nil
		}
	}
	return drawLines(t, []sheetLine{
		{"edsr, undistorted", augment.EDSR(), plain("edsr"), nil},
		{"deepaugment-edsr", augment.EDSR(), draws("edsr", 0), nil},
		{"", augment.EDSR(), draws("edsr", 1), nil},
		{"cae, undistorted", augment.CAE(), plain("cae"), nil},
		{"deepaugment-cae", augment.CAE(), draws("cae", 0), nil},
		{"", augment.CAE(), draws("cae", 1), nil},
	})
}

// styleSheet are six drawn renditions and the shop front in the style of each,
// at three strengths, by networks that _gen/adain.py trained into a folder.
func styleSheet(t *testing.T, nets string) *imageio.Pixels {
	looks := []struct{ class, manner string }{
		{"strawberry", "painting"}, {"jellyfish", "video game"}, {"pizza", "mosaic"}, {"strawberry", "graphic"}, {"schooner", "embroidery"}, {"castle", "sketch"},
	}
	shopPix := shop(t, styleSize)
	data := stagetest.Rows([]string{"photo"}, stagetest.Column{Name: "image", Values: []stages.ImageCell{squareCell(shopPix, styleSize)}})
	alphas := []float64{0, 0, 0.5, 1}
	return drawPage([]string{"style", "alpha 0", "alpha 0.5", "alpha 1"}, func(line, k int) *imageio.Pixels {
		if k == 0 {
			if line == 0 {
				return nil
			}
			return &imageio.Pixels{H: styleSize, W: styleSize, C: 3, Pix: shopPix}
		}
		look := looks[k-1]
		pix, err := renditions.Draw(7, "style", look.class, look.manner, styleSize, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if line == 0 {
			return &imageio.Pixels{H: styleSize, W: styleSize, C: 3, Pix: pix}
		}
		c := augment.StyleTransfer().NewConfig().(*augment.Style)
		c.Encoder, c.Decoder = pipeline.File(filepath.Join(nets, "encoder.pth")), pipeline.File(filepath.Join(nets, "decoder.pth"))
		c.Alpha, c.StyleSize = alphas[line], styleSize
		style := stagetest.Rows([]string{look.manner}, stagetest.Column{Name: "image", Values: []stages.ImageCell{squareCell(pix, styleSize)}})
		got := images(t, stagetest.Case{Kind: augment.StyleTransfer(), Config: c,
			Ports: map[string][]stages.Input{"data": {data}, "styles": {style}}})
		return &imageio.Pixels{H: got[0].Height, W: got[0].Width, C: 3, Pix: got[0].Data}
	})
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

const sheetFile, deepSheetFile, styleSheetFile = "../../docs/augmentations.png", "../../docs/deepaugment.png", "../../docs/style.png"

// TestSheet compares docs/augmentations.png with what is drawn now, pixel by
// pixel; docs/deepaugment.png and docs/style.png where the networks are that
// drew them, which the repository does not hold.
func TestSheet(t *testing.T) {
	t.Run("augmentations", func(t *testing.T) { compareSheet(t, sheetFile, sheet(t)) })
	for _, s := range []struct {
		name, variable, maker, file string
		draw                        func(*testing.T, string) *imageio.Pixels
	}{
		{"deepaugment", "SHIFTMILL_NETS", "a run of specs/deepaugment.yaml", deepSheetFile, deepSheet},
		{"style", "SHIFTMILL_STYLE", "stages/augment/_gen/adain.py", styleSheetFile, styleSheet},
	} {
		t.Run(s.name, func(t *testing.T) {
			nets := os.Getenv(s.variable)
			if nets == "" {
				t.Skipf("%s names no folder with the networks of %s", s.variable, s.maker)
			}
			compareSheet(t, s.file, s.draw(t, nets))
		})
	}
}

func compareSheet(t *testing.T, file string, page *imageio.Pixels) {
	t.Helper()
	if *update {
		data := imageio.EncodePNG(page)
		if len(data) > 400_000 {
			t.Fatalf("%s takes %d bytes, more than 400 kB", file, len(data))
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := imageio.Decode(data, imageio.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want.H != page.H || want.W != page.W {
		t.Fatalf("%s has %d x %d pixels, the sheet %d x %d", file, want.H, want.W, page.H, page.W)
	}
	for i, v := range page.Pix {
		if v != want.Pix[i] {
			t.Fatalf("%s differs at row %d, column %d; look at the change, then run the test with -update", file, i/3/page.W, i/3%page.W)
		}
	}
}
