package imageio

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestDecodeFiles compares with the digests of Pillow's pixels that testdata/files.py wrote.
func TestDecodeFiles(t *testing.T) {
	text, err := os.ReadFile("testdata/digests.json")
	if err != nil {
		t.Fatal(err)
	}
	var digests map[string]struct {
		H, W int
		RGB  string
	}
	if err := json.Unmarshal(text, &digests); err != nil {
		t.Fatal(err)
	}
	for name, want := range digests {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		p, err := Decode(data, DecodeOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sum := sha256.Sum256(p.Pix)
		if got := hex.EncodeToString(sum[:]); p.H != want.H || p.W != want.W || got != want.RGB {
			t.Errorf("%s: %d x %d, digest %s, want %d x %d, %s", name, p.H, p.W, got, want.H, want.W, want.RGB)
		}
	}
}
