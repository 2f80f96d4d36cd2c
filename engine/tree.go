package engine

import (
	"crypto/sha256"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"shiftmill/runs"
)

// treeDigest identifies a file, or a folder by the names and contents of the
// files in it. Hidden files and what Python compiles stay out: they come and go
// without anybody's program being another.
func treeDigest(root string, digest func(path string) (runs.Digest, error)) (runs.Digest, error) {
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return runs.Digest{}, err
	}
	h := sha256.New()
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if path != root && (strings.HasPrefix(name, ".") || entry.IsDir() && name == "__pycache__") {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() || strings.HasSuffix(name, ".pyc") {
			return nil
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		d, err := digest(path)
		if err != nil {
			return err
		}
		h.Write(slices.Concat(appendBytes(nil, tagText, []byte(filepath.ToSlash(relative))), d[:]))
		return nil
	})
	return runs.Digest(h.Sum(nil)), err
}
