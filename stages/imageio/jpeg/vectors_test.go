package jpeg

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"
)

type vector struct {
	name string
	h, w int
	rgb  string // SHA-256 of Pillow's pixels
	data []byte
}

// vectors reads the files and digests that testdata/vectors.py wrote.
func vectors(t testing.TB) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			Name string
			H, W int
			RGB  string
			Data []byte
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var all []vector
	for _, v := range file.Vectors {
		all = append(all, vector{v.Name, v.H, v.W, v.RGB, v.Data})
	}
	return all
}

func TestDecodeVectors(t *testing.T) {
	for _, v := range vectors(t) {
		pix, h, w, err := Decode(v.data, Options{})
		if err != nil {
			t.Errorf("%s: %v", v.name, err)
			continue
		}
		sum := sha256.Sum256(pix)
		if got := hex.EncodeToString(sum[:]); h != v.h || w != v.w || got != v.rgb {
			t.Errorf("%s: %d x %d, digest %s, want %d x %d, %s", v.name, h, w, got, v.h, v.w, v.rgb)
		}
	}
}

func TestEncodeGolden(t *testing.T) {
	data, err := Encode(picture(40, 56, 3, 7), 40, 56, 3, 75, S420)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	const want = "e9a014f03cd7f4f5ddecccbb7cb33d7ce1298eba961ce3ad161fc42ad25abfdf" // Pillow's bytes, see TestEncodeLikePillow
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

func TestDecodeErrors(t *testing.T) {
	data, err := Encode(picture(64, 48, 3, 1), 64, 48, 3, 75, S420)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(at int, b ...byte) []byte {
		d := append([]byte(nil), data...)
		copy(d[at:], b)
		return d
	}
	const frame = 2 + 18 + 2*69 // offset of the frame header's marker
	tests := []struct {
		name string
		data []byte
		want string
		is   error
	}{
		{"empty", nil, "at byte 0: not a JPEG file: it must begin with ff d8", nil},
		{"no frame", data[:2], "at byte 2: no end of image: image data end early", ErrTruncated},
		{"cut in the scan", data[:700], "at byte 700: in the scan from byte 609 on: image data end early", ErrTruncated},
		{"cut in a segment", data[:100], "at byte 89: segment db declares 67 bytes, 9 are left: image data end early", ErrTruncated},
		{"huge", edit(frame+5, 0xff, 0xff, 0xff, 0xff), "at byte 158: image is larger than the limit: 65535 x 65535 pixels (height x width) declared, at most 89478485 accepted", ErrTooLarge},
		{"large for its bytes", edit(frame+5, 0x20, 0, 0x20, 0), "at byte 158: 8192 x 8192 pixels (height x width) declared, 2079 bytes cannot hold them: image data end early", ErrTruncated},
		{"lossless", edit(frame, 0xff, 0xc3), "at byte 158: lossless coding: unsupported kind of JPEG", ErrUnsupported},
		{"arithmetic", edit(frame, 0xff, 0xc9), "at byte 158: arithmetic coding: unsupported kind of JPEG", ErrUnsupported},
		{"12 bits", edit(frame+4, 12), "at byte 158: 12 bits a sample: unsupported kind of JPEG", ErrUnsupported},
		{"sampling", edit(frame+11, 0x00), "at byte 158: component 0 is sampled 0 x 0, factors are 1 to 4", nil},
	}
	for _, tt := range tests {
		_, _, _, err := Decode(tt.data, Options{})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s:\n got %v\nwant %s", tt.name, err, tt.want)
		}
		if tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: %v is not %v", tt.name, err, tt.is)
		}
	}
}

// TestDecodePartial cuts a file anywhere: what was decoded before the cut must stay, whatever is behind it.
func TestDecodePartial(t *testing.T) {
	const h, w = 64, 48
	data, err := Encode(picture(h, w, 3, 1), h, w, 3, 75, S444)
	if err != nil {
		t.Fatal(err)
	}
	whole, _, _, err := Decode(data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for cut := 700; cut < len(data); cut += 50 {
		if _, _, _, err := Decode(data[:cut], Options{}); !errors.Is(err, ErrTruncated) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		pix, gh, gw, err := Decode(data[:cut], Options{Partial: true})
		if err != nil || gh != h || gw != w {
			t.Fatalf("cut at %d: %d x %d, %v", cut, gh, gw, err)
		}
		last := pix[len(pix)-3:]
		if cut < len(data)/2 && (last[0] != 128 || last[1] != 128 || last[2] != 128) {
			t.Fatalf("cut at %d: the last pixel is %d, want grey", cut, last)
		}
		same := 0
		for same < len(pix) && pix[same] == whole[same] {
			same++
		}
		if rows := same / (3 * w); cut > len(data)*3/4 && rows < 8 {
			t.Fatalf("cut at %d of %d: only %d rows are right", cut, len(data), rows)
		}
	}
}
