package imageio

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"shiftmill/stages/imageio/internal/pillow"
)

func comparePillow(t *testing.T, peer *pillow.Server, name string, data []byte) {
	t.Helper()
	want := peer.MustAsk(t, pillow.Request{Op: "decode", Orient: true}, data)
	got, err := Decode(data, DecodeOptions{})
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if got.H != want.H || got.W != want.W {
		t.Errorf("%s: %d x %d, want %d x %d", name, got.H, got.W, want.H, want.W)
		return
	}
	if diff := pillow.Compare(got.Pix, want.Data, got.W, 3); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

func TestFormatsLikePillow(t *testing.T) {
	peer := pillow.Start(t)
	type options = map[string]any
	variants := []struct {
		format, from, to string
		channels         int
		options          options
	}{
		{"PNG", "RGB", "", 3, nil}, {"PNG", "RGBA", "", 4, nil}, {"PNG", "L", "", 1, nil}, {"PNG", "LA", "", 2, nil}, {"PNG", "RGB", "P", 3, nil},
		{"PNG", "RGB", "1", 3, nil}, {"PNG", "RGB", "P", 3, options{"bits": 4}}, {"PNG", "RGB", "P", 3, options{"transparency": 3}},
		{"PNG", "RGB", "", 3, options{"transparency": []int{1, 2, 3}}}, {"PNG", "RGB", "", 3, options{"compress_level": 0}},
		{"WEBP", "RGB", "", 3, options{"quality": 80}}, {"WEBP", "RGB", "", 3, options{"quality": 10}}, {"WEBP", "RGB", "", 3, options{"lossless": true}},
		{"WEBP", "RGBA", "", 4, options{"quality": 70}}, {"WEBP", "RGBA", "", 4, options{"lossless": true, "exact": true}},
		{"BMP", "RGB", "", 3, nil}, {"BMP", "L", "", 1, nil}, {"BMP", "RGB", "P", 3, nil}, {"BMP", "RGB", "1", 3, nil},
		{"GIF", "RGB", "P", 3, nil}, {"GIF", "L", "", 1, nil}, {"GIF", "RGB", "P", 3, options{"transparency": 5}},
		{"JPEG", "RGB", "", 3, nil}, {"JPEG", "RGB", "CMYK", 3, nil},
	}
	for _, size := range [][2]int{{1, 1}, {1, 2}, {2, 1}, {3, 5}, {8, 8}, {17, 33}, {40, 41}} {
		for _, v := range variants {
			src := picture(size[0], size[1], v.channels, 3)
			r := pillow.Request{Op: "encode", H: src.H, W: src.W, Mode: v.from, To: v.to, Format: v.format, Options: v.options}
			data := peer.MustAsk(t, r, src.Pix).Data
			comparePillow(t, peer, fmt.Sprintf("%s %s>%s %v %v", v.format, v.from, v.to, v.options, size), data)
		}
	}
}

func TestOrientationLikePillow(t *testing.T) {
	peer := pillow.Start(t)
	src := picture(17, 33, 3, 5)
	for _, format := range []string{"JPEG", "PNG", "WEBP"} {
		for orientation := range 10 {
			data := peer.MustAsk(t, pillow.Request{Op: "encode", H: src.H, W: src.W, Format: format, Orientation: orientation, Options: map[string]any{}}, src.Pix).Data
			comparePillow(t, peer, fmt.Sprintf("%s orientation %d", format, orientation), data)
		}
	}
}

func TestPhotosLikePillow(t *testing.T) {
	peer := pillow.Start(t)
	files := pillow.Photos(t, "../..", "camera-photos/*/*.jpg")
	for _, pattern := range []string{"pacs/sketch/*/*.png", "photo-doodle/*/*/*.png", "cifar10/*/*/*.jpg"} {
		more := pillow.Photos(t, "../..", pattern)
		for i := 0; i < len(more); i += 1 + len(more)/200 {
			files = append(files, more[i])
		}
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		comparePillow(t, peer, filepath.Base(name), data)
	}
}

func TestEncodePNGComesBack(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {3, 5}, {40, 41}} {
		for _, c := range []int{1, 3} {
			src := picture(size[0], size[1], c, 9)
			data := EncodePNG(src)
			if !bytes.Equal(data, EncodePNG(src)) {
				t.Errorf("%v: two encodings differ", size)
			}
			got, err := Decode(data, DecodeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range got.Pix {
				if want := src.Pix[i/3*c+i%3*(c/3)]; v != want {
					t.Fatalf("%v: value %d is %d, want %d", size, i, v, want)
				}
			}
		}
	}
}

// TestEncodePNGGolden fails where a new compressor would change the bytes of stored pictures.
func TestEncodePNGGolden(t *testing.T) {
	sum := sha256.Sum256(EncodePNG(picture(40, 41, 3, 9)))
	const want = "4c21ba2d05ea8bbb055c93089ad86ecc46af0aaad190e60c92ca3f5f1aa32e10"
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

func TestDecodeErrors(t *testing.T) {
	pngFile := EncodePNG(picture(40, 41, 3, 1))
	huge := bytes.Clone(pngFile)
	copy(huge[16:], "\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x02\x00\x00\x00\xad\x1d\xfb\x2d")
	tests := []struct {
		name string
		data []byte
		want string
		is   error
	}{
		{"empty", nil, "not a JPEG, PNG, WebP, GIF or BMP image: it begins with ", ErrFormat},
		{"text", []byte("hello, world!"), "not a JPEG, PNG, WebP, GIF or BMP image: it begins with 68 65 6c 6c 6f 2c 20 77 6f 72 6c 64", ErrFormat},
		{"short PNG", pngFile[:20], "read png header: at byte 20: the header has 33 bytes: image data end early", ErrTruncated},
		{"cut PNG", pngFile[:200], "decode png: at byte 200: image data end early", ErrTruncated},
	}
	for _, tt := range tests {
		_, err := Decode(tt.data, DecodeOptions{})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s:\n got %v\nwant %s", tt.name, err, tt.want)
		}
		if tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: %v is not %v", tt.name, err, tt.is)
		}
	}
	for _, data := range [][]byte{pngFile, EncodeJPEG(picture(40, 41, 3, 1), 75)} {
		_, err := Decode(data, DecodeOptions{Limits: Limits{MaxPixels: 40*41 - 1}})
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("above the limit: %v", err)
		}
		if _, err := Decode(data, DecodeOptions{Limits: Limits{MaxPixels: 40 * 41}}); err != nil {
			t.Errorf("at the limit: %v", err)
		}
		p, err := Decode(data[:len(data)*2/3], DecodeOptions{Partial: true})
		if err != nil || p.H != 40 || p.W != 41 || p.Pix[0] == 0 && p.Pix[1] == 0 && p.Pix[2] == 0 {
			t.Errorf("partial: %v", err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	src := picture(9, 7, 3, 1)
	f.Add(EncodePNG(src))
	f.Add(EncodeJPEG(src, 75))
	for _, name := range []string{"small.webp", "lossless.webp", "alpha.webp", "animated.webp", "animated-alpha.webp", "small.gif", "small.bmp", "adam7.png", "palette.png", "deep.png", "orientation.jpg"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 16
		p, err := Decode(data, DecodeOptions{Limits: Limits{MaxPixels: limit}})
		if err == nil && (p.Check() != nil || p.H*p.W > limit || p.C != 3) {
			t.Fatalf("%d x %d x %d: %v", p.H, p.W, p.C, p.Check())
		}
		lenient, lerr := Decode(data, DecodeOptions{Limits: Limits{MaxPixels: limit}, Partial: true})
		if err == nil && (lerr != nil || !bytes.Equal(lenient.Pix, p.Pix)) {
			t.Fatalf("strict and lenient decoding differ: %v", lerr)
		}
	})
}
