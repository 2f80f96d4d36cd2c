package runs

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"
)

// FS is every way in which the store, and whoever writes a lock file, touches a
// disk. Names are full paths. Errors satisfy errors.Is with fs.ErrNotExist,
// fs.ErrExist and fs.ErrPermission where these apply.
type FS interface {
	// Open opens a file for reading.
	Open(name string) (File, error)
	// Create makes a new file for reading and writing; an existing name is fs.ErrExist.
	Create(name string) (File, error)
	// Mkdir makes one folder; an existing name is fs.ErrExist.
	Mkdir(name string) error
	// Rename replaces the name to, in one step, by the file or folder called from.
	Rename(from, to string) error
	// Link gives a file a further name; an existing name is fs.ErrExist. Where there
	// are no such links the error is another one.
	Link(from, to string) error
	// Remove deletes a file or an empty folder.
	Remove(name string) error
	// Stat describes a file or folder.
	Stat(name string) (Info, error)
	// List returns the entries of a folder in ascending order of their names.
	List(name string) ([]Info, error)
	// SyncDir makes the entries of a folder durable.
	SyncDir(name string) error
	// Touch sets a file's modification time.
	Touch(name string, t time.Time) error
	// TryLock takes an advisory lock on an existing file, without waiting, and
	// reports whether it got it. The lock ends with release or with the process.
	// A shared lock can be held by many and excludes an exclusive one. An error
	// that is errors.ErrUnsupported means that the file system has no locks.
	TryLock(name string, shared bool) (release func() error, ok bool, err error)
}

// A File is an open file of an FS.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Sync makes the file's bytes and length durable, but not its name.
	Sync() error
	// Size returns the file's length in bytes.
	Size() (int64, error)
}

// Info describes a file or folder.
type Info struct {
	Name    string // last element of the path
	Size    int64  // bytes; 0 for a folder
	ModTime time.Time
	Dir     bool
}

// ReadFile returns the whole content of a file.
func ReadFile(fsys FS, name string) (data []byte, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	data = make([]byte, size)
	if err := readFull(f, data, 0); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}

// readFull fills p from offset; a file that ends before is io.ErrUnexpectedEOF.
func readFull(f io.ReaderAt, p []byte, offset int64) error {
	n, err := f.ReadAt(p, offset)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// WriteFile replaces name by a file that holds data, durably and in one step: after a
// power cut name holds the old content or the new one. The temporary file must be on
// the same file system and unused by others.
func WriteFile(fsys FS, name, temp string, data []byte) error {
	if err := replaceFile(fsys, name, temp, data); err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(name))
}

// replaceFile is WriteFile without the certainty that the new content has come to stay.
func replaceFile(fsys FS, name, temp string, data []byte) error {
	if err := createFile(fsys, temp, data, true); err != nil {
		return err
	}
	return giveName(fsys, temp, name)
}

// giveName renames a temporary file, or removes it if that fails.
func giveName(fsys FS, temp, name string) error {
	if err := fsys.Rename(temp, name); err != nil {
		return errors.Join(err, fsys.Remove(temp))
	}
	return nil
}

// createFile writes a new file, and syncs it if asked to; on failure it leaves none.
func createFile(fsys FS, name string, data []byte, sync bool) error {
	f, err := fsys.Create(name)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(data, 0)
	if err == nil && sync {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err != nil {
		return errors.Join(err, fsys.Remove(name))
	}
	return nil
}
