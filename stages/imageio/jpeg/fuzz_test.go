package jpeg

import (
	"bytes"
	"testing"
)

// FuzzDecode looks for panics, for results of the wrong size, and for strict decoding that differs from lenient.
func FuzzDecode(f *testing.F) {
	for _, size := range [][2]int{{1, 1}, {8, 8}, {17, 33}, {40, 24}} {
		for _, sub := range []Subsampling{S420, S422, S444, S440, S411} {
			data, err := Encode(picture(size[0], size[1], 3, 1), size[0], size[1], 3, 60, sub)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
			f.Add(data[:len(data)*2/3])
		}
	}
	for _, v := range vectors(f) {
		f.Add(v.data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 16
		pix, h, w, err := Decode(data, Options{MaxPixels: limit})
		if err == nil && (h < 1 || w < 1 || h*w > limit || len(pix) != 3*h*w) {
			t.Fatalf("%d x %d with %d bytes", h, w, len(pix))
		}
		lenient, lh, lw, lerr := Decode(data, Options{MaxPixels: limit, Partial: true})
		if err == nil && (lerr != nil || lh != h || lw != w || !bytes.Equal(pix, lenient)) {
			t.Fatalf("strict and lenient decoding differ: %v", lerr)
		}
	})
}

// FuzzEncode looks for pictures that don't come back as RoundTrip says.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("some pixels, more pixels, other pixels"), uint8(3), uint8(75), uint8(0))
	f.Fuzz(func(t *testing.T, pix []byte, width, quality, sub uint8) {
		w, q, s := 1+int(width)%64, 1+int(quality)%100, Subsampling(sub%5)
		h := len(pix) / 3 / w
		if h == 0 {
			return
		}
		pix = pix[:3*h*w]
		data, err := Encode(pix, h, w, 3, q, s)
		if err != nil {
			t.Fatal(err)
		}
		got, gh, gw, err := Decode(data, Options{})
		if err != nil || gh != h || gw != w {
			t.Fatalf("%d x %d came back as %d x %d: %v", h, w, gh, gw, err)
		}
		if s != S420 {
			return
		}
		if want, err := RoundTrip(pix, h, w, q); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("round trip of %d x %d at quality %d differs: %v", h, w, q, err)
		}
	})
}
