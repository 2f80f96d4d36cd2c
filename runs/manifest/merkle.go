package manifest

import (
	"crypto/sha256"
	"encoding/hex"
)

// A Tree takes the root over lines: a leaf is sha256(0, line), a node
// sha256(1, left, right), and a last one without a partner moves up as it is. It
// holds one digest a level.
type Tree struct {
	levels []*[sha256.Size]byte
}

// Add takes the next line, without its line feed.
func (t *Tree) Add(line []byte) {
	d := sha256.Sum256(append([]byte{0}, line...))
	for i := 0; ; i++ {
		if i == len(t.levels) {
			t.levels = append(t.levels, nil)
		}
		if t.levels[i] == nil {
			t.levels[i] = &d
			return
		}
		d = join(*t.levels[i], d)
		t.levels[i] = nil
	}
}

func join(left, right [sha256.Size]byte) [sha256.Size]byte {
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// Root is the tree's root in hexadecimal; of no line, the digest of nothing.
func (t *Tree) Root() string {
	var root *[sha256.Size]byte
	for _, d := range t.levels {
		switch {
		case d == nil:
		case root == nil:
			root = d
		default:
			j := join(*d, *root)
			root = &j
		}
	}
	if root == nil {
		empty := sha256.Sum256(nil)
		root = &empty
	}
	return hex.EncodeToString(root[:])
}
