package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// put links a row's picture into a folder, which exists, or writes it where it
// is no file of its own. One that is there already is of an earlier set, or of an
// export that was interrupted behind it.
func (r *sample) put(ctx context.Context, dir string) (name string, err error) {
	if path, ok := r.place(ctx); ok {
		name := r.fileName(filepath.Ext(path))
		path, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		return name, link(path, filepath.Join(dir, name))
	}
	data, extension, err := r.encoded(ctx)
	if err != nil {
		return "", err
	}
	name = r.fileName(extension)
	return name, writeWhole(filepath.Join(dir, name), data)
}

// link makes a link that may be there already.
func link(path, name string) error {
	err := os.Symlink(path, name)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if had, other := os.Readlink(name); other != nil || had != path {
		return fmt.Errorf("%s and %s would both be %s: give one of the rows another id", had, path, filepath.Base(name))
	}
	return nil
}

// writing is the name of a file that is not whole.
const writing = ".writing"

// writeWhole writes a file that has its name only when it is whole.
func writeWhole(name string, data []byte) error {
	part := filepath.Join(filepath.Dir(name), writing)
	if err := os.WriteFile(part, data, 0o666); err != nil {
		return err
	}
	return os.Rename(part, name)
}

// behind opens a file to go on behind its first bytes; at 0 it is made.
func behind(name string, size int64) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() < size {
		err = fmt.Errorf("go on with %s: it has %d bytes, want %d; remove its folder, and the export begins anew", name, info.Size(), size)
	}
	if err == nil {
		err = f.Truncate(size)
	}
	if err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
