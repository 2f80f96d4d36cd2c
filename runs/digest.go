package runs

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// A Digest is the SHA-256 of some bytes: the name of an object, or a key.
type Digest [sha256.Size]byte

// Sum returns the digest of the concatenation of parts.
func Sum(parts ...[]byte) Digest {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	var d Digest
	h.Sum(d[:0])
	return d
}

// ParseDigest reads the 64 hexadecimal digits that String writes.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	if err := d.UnmarshalText([]byte(s)); err != nil {
		return Digest{}, err
	}
	return d, nil
}

// hexDigits are the digits of every byte, first in the lower half.
var hexDigits = func() (pairs [256]uint16) {
	const digits = "0123456789abcdef"
	for b := range pairs {
		pairs[b] = uint16(digits[b>>4]) | uint16(digits[b&15])<<8
	}
	return pairs
}()

// Append appends to b what String returns.
func (d *Digest) Append(b []byte) []byte {
	var text [2 * len(d)]byte
	for i, v := range d {
		binary.LittleEndian.PutUint16(text[2*i:], hexDigits[v])
	}
	return append(b, text[:]...)
}

// String returns d as 64 lower-case hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// IsZero reports whether d is the zero value, which names nothing.
func (d Digest) IsZero() bool { return d == Digest{} }

// Compare orders digests by their bytes.
func (d Digest) Compare(e Digest) int { return bytes.Compare(d[:], e[:]) }

// MarshalText writes d as String does.
func (d Digest) MarshalText() ([]byte, error) {
	return d.Append(make([]byte, 0, 2*len(d))), nil
}

// UnmarshalText reads 64 hexadecimal digits.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != 2*len(d) {
		return fmt.Errorf("digest %q: has %d characters, want %d hexadecimal digits", text, len(text), 2*len(d))
	}
	if _, err := hex.Decode(d[:], text); err != nil {
		return fmt.Errorf("digest %q: %w", text, err)
	}
	return nil
}
