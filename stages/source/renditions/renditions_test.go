package renditions

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"image/png"
	"os"
	"strings"
	"testing"

	"golang.org/x/image/font/gofont/gomedium"

	"shiftmill/stages/source/draw"
)

var update = flag.Bool("update", false, "rewrite the golden file and docs/renditions.png")

func picture(t testing.TB, seed uint64, id, class, rendition string, size, strength int) []byte {
	t.Helper()
	pix, err := Draw(seed, id, class, rendition, size, strength)
	if err != nil {
		t.Fatal(err)
	}
	return pix
}

// sheetOf draws the docs' picture: a rendition in each column, classes in rows.
func sheetOf(t *testing.T, names []string, size int) *draw.Image {
	const gap, head = 2, 18
	font, err := draw.ParseFont(gomedium.TTF)
	if err != nil {
		t.Fatal(err)
	}
	c := draw.NewCanvas(len(manners)*(size+gap), head+len(names)*(size+gap))
	c.Clear(255)
	for i, m := range Renditions() {
		var p draw.Path
		const u = draw.PixelUnits
		font.Text(&p, m, int64(i*(size+gap))*u+3*u, 13*u, 12*u, -1)
		c.Fill(&p, draw.Flat(draw.Hex(0x202428)))
		for j, class := range names {
			c.Paste(&draw.Image{W: size, H: size, Pix: picture(t, 2, fmt.Sprint(class, m), class, m, size, 1000)}, i*(size+gap), head+j*(size+gap))
		}
	}
	return c.Image
}

const sheetFile = "../../../docs/renditions.png"

// TestContactSheet keeps the picture in the documentation the one that the code draws. With -update it writes it.
func TestContactSheet(t *testing.T) {
	m := sheetOf(t, []string{"acoustic guitar", "butterfly", "castle", "goldfish", "lighthouse", "mug", "penguin", "strawberry"}, 72)
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
	if b := stored.Bounds(); b.Dx() != m.W || b.Dy() != m.H {
		t.Fatalf("%s is %v, want %d by %d: rewrite it with -update", sheetFile, b, m.W, m.H)
	}
	for i := range m.W * m.H {
		r, g, b, _ := stored.At(i%m.W, i/m.W).RGBA()
		if byte(r>>8) != m.Pix[3*i] || byte(g>>8) != m.Pix[3*i+1] || byte(b>>8) != m.Pix[3*i+2] {
			t.Fatalf("%s differs from the drawing at (%d, %d): rewrite it with -update", sheetFile, i%m.W, i/m.W)
		}
	}
}

// TestGolden compares pictures with stored digests, which hold on every processor. When they change
// on purpose, Version must go up with them.
func TestGolden(t *testing.T) {
	var got strings.Builder
	fmt.Fprintf(&got, "version %d\n", Version)
	for i, class := range Classes() {
		m := Renditions()[i%len(manners)]
		size, strength := [...]int{16, 33, 64, 130}[i%4], [...]int{1000, 1000, 350}[i%3]
		fmt.Fprintf(&got, "%s %s: %x\n", class, m, sha256.Sum256(picture(t, 5, fmt.Sprint(i), class, m, size, strength)))
	}
	const file = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("%s: pictures changed:\n%s", file, got.String())
	}
}

// TestStrength: at 0 all renditions are the photo; at full strength no two are alike, nor two classes.
func TestStrength(t *testing.T) {
	photo := picture(t, 1, "a", "duck", "photo", 32, 1000)
	seen := map[string]string{}
	for _, m := range Renditions() {
		if !bytes.Equal(picture(t, 1, "a", "duck", m, 32, 0), photo) {
			t.Errorf("%s at strength 0 is not the photo", m)
		}
		full := string(picture(t, 1, "a", "duck", m, 32, 1000))
		if had, ok := seen[full]; ok {
			t.Errorf("%s and %s are the same picture", had, m)
		}
		seen[full] = m
	}
	seen = map[string]string{}
	for _, c := range Classes() {
		full := string(picture(t, 1, "a", c, "graphic", 32, 1000))
		if had, ok := seen[full]; ok {
			t.Errorf("%s and %s are the same picture", had, c)
		}
		seen[full] = c
	}
}

func TestErrors(t *testing.T) {
	for want, draw := range map[string]func() ([]byte, error){
		"draw picture x: size: expected 16 to 2048 pixels, got 15": func() ([]byte, error) { return Draw(1, "x", "duck", "photo", 15, 0) },
		"draw picture x: strength: expected 0 to 1000, got -1":     func() ([]byte, error) { return Draw(1, "x", "duck", "photo", 16, -1) },
		`draw picture x: no class "dog"`:                           func() ([]byte, error) { return Draw(1, "x", "dog", "photo", 16, 0) },
		`draw picture x: no rendition "etching"`:                   func() ([]byte, error) { return Draw(1, "x", "duck", "etching", 16, 0) },
	} {
		if _, err := draw(); err == nil || err.Error() != want {
			t.Errorf("error:\n got %v\nwant %s", err, want)
		}
	}
}
