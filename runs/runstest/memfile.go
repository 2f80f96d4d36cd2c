package runstest

import (
	"errors"
	"io"
	"io/fs"
	"slices"
)

// memFile is an open file.
type memFile struct {
	m        *MemFS
	n        *inode
	name     string
	writable bool
}

func (f *memFile) ReadAt(p []byte, offset int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.begin("read", f.name); err != nil {
		return 0, err
	}
	if offset >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.data[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(p []byte, offset int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	err := f.m.begin("write", f.name)
	if err == nil && !f.writable {
		err = fs.ErrPermission
	}
	n := len(p)
	if err != nil {
		if f.m.stopAt > 0 && f.m.ops > f.m.stopAt {
			return 0, err
		}
		n /= 2 // a failing write has often written something
	}
	if n > 0 && f.writable {
		f.n.pending = append(f.n.pending, write{offset, slices.Clone(p[:n])})
		f.n.data = grow(f.n.data, offset+int64(n))
		copy(f.n.data[offset:], p[:n])
		f.n.mtime = f.m.now()
	}
	if err != nil {
		return n, pathError("write", f.name, err)
	}
	return n, nil
}

func (f *memFile) Sync() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.begin("sync", f.name); err != nil {
		if !errors.Is(err, ErrPowerCut) {
			// As on Linux: pages that could not be written count as clean, so a
			// further sync would succeed without them.
			f.n.pending = nil
		}
		return err
	}
	n, writes := f.n, len(f.n.pending)
	f.m.sync(func() {
		for _, w := range n.pending[:writes] {
			n.synced = grow(n.synced, w.offset+int64(len(w.data)))
			copy(n.synced[w.offset:], w.data)
		}
		n.pending = n.pending[writes:]
	})
	return nil
}

func (f *memFile) Size() (int64, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.begin("size", f.name); err != nil {
		return 0, err
	}
	return int64(len(f.n.data)), nil
}

func (f *memFile) Close() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return f.m.begin("close", f.name)
}
