package source

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"sort"
	"strings"
	"testing"
)

// TestBadImages: what is in a file decides, not its name; files that are none are left out with the
// reason, and every file is a row or is named.
func TestBadImages(t *testing.T) {
	encode := func(f func(b *bytes.Buffer) error) string {
		var b bytes.Buffer
		if err := f(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	deep := image.NewGray16(image.Rect(0, 0, 3, 3))
	deep.SetGray16(1, 1, color.Gray16{Y: 40000})
	frame := func(c uint8) *image.Paletted {
		p := image.NewPaletted(image.Rect(0, 0, 3, 3), color.Palette{color.Black, color.White})
		for i := range p.Pix {
			p.Pix[i] = c
		}
		return p
	}
	photo := encode(func(b *bytes.Buffer) error { return jpeg.Encode(b, image.NewRGBA(image.Rect(0, 0, 16, 16)), nil) })
	cmyk, err := os.ReadFile("testdata/cmyk.jpg") // Pillow: Image.new("CMYK", (8, 8), (10, 200, 30, 40))
	if err != nil {
		t.Fatal(err)
	}
	root := files(t, map[string]string{
		"x/png-named.jpg":  "png",
		"x/jpeg-named.png": photo,
		"x/cmyk.jpg":       string(cmyk),
		"x/16-bit.png":     encode(func(b *bytes.Buffer) error { return png.Encode(b, deep) }),
		"x/animated.gif": encode(func(b *bytes.Buffer) error {
			return gif.EncodeAll(b, &gif.GIF{Image: []*image.Paletted{frame(0), frame(1)}, Delay: []int{1, 1}})
		}),
		"x/cut.jpg":      photo[:len(photo)/2],
		"x/empty.jpg":    "",
		"x/text.jpg":     "this is no picture",
		"x/huge.png":     "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x0f\xff\xff\x00\x0f\xff\xff\x08\x02\x00\x00\x00" + "\x00\x00\x00\x00",
		"x/\xff\xfe.jpg": photo,
		"x/html.jpg":     "<html><body>404</body></html>",
	})
	got, sink, err := read(t, ImagesKind(), root, "{root: ., on_error: skip}")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, row := range got {
		ids = append(ids, strings.SplitN(row, "|", 2)[0])
	}
	check(t, ids, []string{"x/16-bit.png", "x/animated.gif", "x/cmyk.jpg", "x/jpeg-named.png", "x/png-named.jpg"})
	want := map[string]string{
		"x/cut.jpg":      "end early",
		"x/empty.jpg":    "the file is empty",
		"x/text.jpg":     "not a JPEG, PNG, WebP, GIF or BMP image",
		"x/html.jpg":     "not a JPEG, PNG, WebP, GIF or BMP image",
		"x/huge.png":     "",
		"x/\xff\xfe.jpg": "its name is not UTF-8",
	}
	var named []string
	for id, why := range sink.Skipped {
		named = append(named, id)
		if w, ok := want[id]; !ok || !strings.Contains(why, w) {
			t.Errorf("%q is left out because %s, want %s", id, why, w)
		}
	}
	sort.Strings(named)
	if len(got)+len(named) != 11 {
		t.Errorf("11 files: rows %q, left out %q", ids, named)
	}
	// With "fail" only what needs no reading is seen here: decoding stops whoever opens the picture.
	_, _, err = read(t, ImagesKind(), root, "{root: .}")
	if w := `"x/empty.jpg": the file is empty; on_error: skip would leave it out`; err == nil || err.Error() != w {
		t.Errorf("error:\n got %v\nwant %s", err, w)
	}
}
