package check

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"shiftmill/stages"
	"shiftmill/stages/check/near"
	"shiftmill/stages/imageio"
)

// A Print is a picture's fingerprint: the digest of its file's bytes, or of
// height, width (32 bits each, little-endian) and pixels where there is no
// file, and its 64-bit perceptual hash, both as hexadecimal digits. Phash and
// Look are empty where the bytes cannot be decoded.
type Print struct {
	SHA256, Phash string
	Look          []byte // near.Look.Bytes
}

// PrintOf takes a picture's fingerprint.
func PrintOf(pic stages.Picture) Print {
	var p Print
	var pixels *imageio.Pixels
	if pic.Pix != nil {
		h := sha256.New()
		var size [8]byte
		binary.LittleEndian.PutUint32(size[:], uint32(pic.Height))
		binary.LittleEndian.PutUint32(size[4:], uint32(pic.Width))
		h.Write(size[:])
		h.Write(pic.Pix)
		p.SHA256 = hex.EncodeToString(h.Sum(nil))
		if pic.Height > 0 && pic.Width > 0 {
			pixels = &imageio.Pixels{H: pic.Height, W: pic.Width, C: 3, Pix: pic.Pix}
		}
	} else {
		d := sha256.Sum256(pic.Encoded)
		p.SHA256 = hex.EncodeToString(d[:])
		pixels, _ = imageio.Decode(pic.Encoded, imageio.DecodeOptions{}) // whoever needs the picture will say that it is none
	}
	if pixels != nil {
		look := near.NewThumb(pixels).Look()
		p.Phash, p.Look = fmt.Sprintf("%016x", look.PHash()), look.Bytes()
	}
	return p
}
