package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"shiftmill/runs/manifest"
)

// verifyManifest compares the files below root with what a manifest says of
// them, and the manifest with its own header.
func (s *session) verifyManifest(ctx context.Context, file, root string) error {
	var tree manifest.Tree
	counts := map[string]int{}
	rows, checked, unchecked, wrong := 0, 0, 0, 0
	seen := map[string]string{} // digests of whole files, which several rows may name
	complain := func(format string, args ...any) {
		if wrong++; wrong <= 20 {
			s.printf(format+"\n", args...)
		}
	}
	h, err := manifest.Read(file, func(r manifest.Row) error {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		tree.Add(r.Line)
		counts[r.Output]++
		rows++
		if r.Path == "" || r.SHA256 == "" || root == "" {
			unchecked++
			return nil
		}
		name := fmt.Sprint(r.Path, r.Offset != nil && r.Size != nil)
		got, known := seen[name]
		if !known || r.Offset != nil {
			var err error
			if got, err = digestBelow(root, r); err != nil {
				complain("%s (%s): %s", r.ID, r.Output, err)
				return nil
			}
			seen[name] = got
		}
		checked++
		if got != r.SHA256 {
			complain("%s (%s): %s has other bytes: sha256 %s, the manifest has %s", r.ID, r.Output, r.Path, got, r.SHA256)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if tree.Root() != h.Root {
		complain("the rows are not those that the header was made of: root %s, the header has %s", tree.Root(), h.Root)
	}
	for _, set := range h.Sets {
		if counts[set.Output] != set.Rows {
			complain("%s has %d rows, the header says %d", set.Output, counts[set.Output], set.Rows)
		}
	}
	if wrong > 0 {
		return errDiffers{fmt.Errorf("%s: %d of %d rows or figures are not as the manifest says", file, wrong, rows)}
	}
	s.printf("%s: %d rows agree with the header's root; %d files compared", file, rows, checked)
	if unchecked > 0 {
		s.printf(", %d pictures are no files or no --root was given", unchecked)
	}
	s.printf("\n")
	return nil
}

// digestBelow hashes the bytes that a row names.
func digestBelow(root string, r manifest.Row) (string, error) {
	local, err := filepath.Localize(r.Path)
	if err != nil {
		return "", fmt.Errorf("%s leads out of the folder", r.Path)
	}
	f, err := os.Open(filepath.Join(root, local))
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s is not there", r.Path)
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	var from io.Reader = f
	if r.Offset != nil && r.Size != nil {
		from = io.NewSectionReader(f, *r.Offset, *r.Size)
	}
	d := sha256.New()
	if n, err := io.Copy(d, from); err != nil || r.Size != nil && n != *r.Size {
		return "", fmt.Errorf("%s cannot be read whole: %w", r.Path, errors.Join(err, io.ErrUnexpectedEOF))
	}
	return hex.EncodeToString(d.Sum(nil)), nil
}
