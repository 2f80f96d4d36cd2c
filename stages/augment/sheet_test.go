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
	"shiftmill/stages/source/storefronts"
	"shiftmill/stages/stagetest"
	"shiftmill/stages/transform"
)

var update = flag.Bool("update", false, "rewrite docs/augmentations.png and docs/deepaugment.png")

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

const shopSize = 128

// shop draws the shop front that all lines show.
func shop(t *testing.T) []byte {
	t.Helper()
	g, err := storefronts.New()
	if err != nil {
		t.Fatal(err)
	}
	a := storefronts.Attributes{Class: storefronts.Classes()[1], Business: "b3", Country: storefronts.ReferenceCountry, Year: storefronts.ReferenceYear, Camera: storefronts.ReferenceCamera}
	pix, err := g.Draw(shopSize, 7, "photo2", a, storefronts.FullStrength())
	if err != nil {
		t.Fatal(err)
	}
	return pix
}

// drawLines shows draws of every augmentation on one generated shop front of
// 128 pixels, made smaller.
func drawLines(t *testing.T, lines []sheetLine) *imageio.Pixels {
	t.Helper()
	pix := shop(t)
	cell := stages.ImageCell{Ref: "rgb8", Data: pix, Height: shopSize, Width: shopSize}
	page := imageio.NewPixels(len(lines)*(tile+gap)+gap, margin+(shown+1)*(tile+gap), 3)
	for i := range page.Pix {
		page.Pix[i] = 255
	}
	for i, l := range lines {
		top := gap + i*(tile+gap)
		label(page, 4, top+tile/2+4, l.name)
		for k := range shown + 1 {
			p := &imageio.Pixels{H: shopSize, W: shopSize, C: 3, Pix: pix}
			if k > 0 {
				row := stagetest.Rows([]string{"photo"},
					stagetest.Column{Name: "image", Values: []stages.ImageCell{cell}},
					stagetest.Column{Name: "label", Values: []string{"shop"}},
					stagetest.Column{Name: "draw", Values: []string{string(rune('a' + k))}})
				c := l.kind.NewConfig()
				l.set(c, k)
				ports := map[string][]stages.Input{"data": {row}}
				maps.Copy(ports, l.ports)
				got := images(t, stagetest.Case{Kind: l.kind, Config: c, Seed: uint64(k), Ports: ports})
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

const sheetFile, deepSheetFile = "../../docs/augmentations.png", "../../docs/deepaugment.png"

// TestSheet compares docs/augmentations.png with what is drawn now, pixel by
// pixel, and docs/deepaugment.png where SHIFTMILL_NETS names the folder in
// which a run of specs/deepaugment.yaml left its networks.
func TestSheet(t *testing.T) {
	compareSheet(t, sheetFile, sheet(t))
	if nets := os.Getenv("SHIFTMILL_NETS"); nets != "" {
		compareSheet(t, deepSheetFile, deepSheet(t, nets))
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
