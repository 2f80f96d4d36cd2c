package source

import (
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// expanded is the configuration with the tables of each pattern, such as data/*.parquet, in the order of
// their names. A file that is named as the pattern reads is meant itself.
func (c *Table) expanded() (*Table, error) {
	if !slices.ContainsFunc(c.Table, isGlob) {
		return c, nil
	}
	made := *c
	made.Table = nil
	for _, name := range c.Table {
		found := []string{name}
		if isGlob(name) && !isFile(string(c.Root), name) {
			var err error
			if found, err = globbed(string(c.Root), name); err != nil {
				return nil, err
			}
			if len(found) == 0 {
				return nil, fmt.Errorf("the root holds no file of the form %s", name)
			}
		}
		for _, f := range found {
			if !slices.Contains(made.Table, f) {
				made.Table = append(made.Table, f)
			}
		}
	}
	return &made, nil
}

func isGlob(name string) bool { return strings.ContainsAny(name, "*?[") }

// globbed lists the files of a form below the root, sorted; hidden ones are passed over.
func globbed(root, glob string) (names []string, err error) {
	base := glob
	for isGlob(base) {
		base = path.Dir(base)
	}
	err = filepath.WalkDir(filepath.Join(root, filepath.FromSlash(base)), func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return relativeTo(root, err)
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case name != base && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
		case !e.IsDir() && matchGlob(glob, name):
			names = append(names, name)
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

// A textFile is a table of text, which may be packed with gzip.
type textFile struct {
	file *os.File
	zip  *gzip.Reader // nil: not packed
}

func openText(f *os.File, name string) (*textFile, error) {
	t := &textFile{file: f}
	if !packed(name) {
		return t, nil
	}
	var err error
	if t.zip, err = gzip.NewReader(f); err != nil {
		return nil, fmt.Errorf("it is not packed with gzip: %w", err)
	}
	return t, nil
}

func packed(name string) bool { return strings.EqualFold(path.Ext(name), ".gz") }

func (t *textFile) Read(p []byte) (int, error) {
	if t.zip != nil {
		return t.zip.Read(p)
	}
	return t.file.Read(p)
}

// rewind goes back to the beginning.
func (t *textFile) rewind() error {
	_, err := t.file.Seek(0, io.SeekStart)
	if err == nil && t.zip != nil {
		err = t.zip.Reset(t.file)
	}
	return err
}

// Close closes the file.
func (t *textFile) Close() error { return t.file.Close() }
