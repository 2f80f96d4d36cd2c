package runs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path/filepath"
)

// Put stores the bytes that write produces and returns their digest and number.
// Nothing is kept when write fails or ctx has ended. The object can be read at once
// in this process and is durable after the next commit.
func (s *Store) Put(ctx context.Context, write func(w io.Writer) error) (Digest, int64, error) {
	if err := s.writable(); err != nil {
		return Digest{}, 0, fmt.Errorf("put an object: %w", err)
	}
	w := &objectWriter{s: s, ctx: ctx, hash: sha256.New()}
	err := write(w)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = s.charge(w.size)
	}
	if err != nil {
		return Digest{}, 0, errors.Join(fmt.Errorf("put an object: %w", err), w.discard())
	}
	var d Digest
	w.hash.Sum(d[:0])
	if w.file == nil {
		err = s.putSmall(d, w.buf)
	} else {
		err = w.finish(d)
	}
	if err != nil {
		return Digest{}, 0, fmt.Errorf("put object %s: %w", d, err)
	}
	s.wake()
	return d, w.size, nil
}

// PutBytes stores data as Put does.
func (s *Store) PutBytes(ctx context.Context, data []byte) (Digest, error) {
	d, _, err := s.Put(ctx, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	return d, err
}

// objectWriter keeps a small object in memory and spills a larger one to a file.
type objectWriter struct {
	s    *Store
	ctx  context.Context
	hash hash.Hash
	buf  []byte // what is not in file yet
	size int64
	file File
	name string
	err  error // first failure to write
}

// spillSize is how much of a large object is gathered before it is written.
const spillSize = 256 << 10

func (w *objectWriter) Write(p []byte) (int, error) {
	if w.err == nil && w.ctx.Err() != nil {
		w.err = context.Cause(w.ctx)
	}
	if w.err != nil {
		return 0, w.err
	}
	w.hash.Write(p)
	w.size += int64(len(p))
	w.buf = append(w.buf, p...)
	if w.size >= smallObject && (w.file == nil || len(w.buf) >= spillSize) {
		if w.err = w.spill(); w.err != nil {
			return 0, w.err
		}
	}
	return len(p), nil
}

func (w *objectWriter) spill() error {
	if w.file == nil {
		name, f, err := w.s.createTemp()
		if err != nil {
			return err
		}
		w.name, w.file = name, f
	}
	if _, err := w.file.WriteAt(w.buf, w.size-int64(len(w.buf))); err != nil {
		return fmt.Errorf("write %s: %w", w.name, err)
	}
	w.buf = w.buf[:0]
	return nil
}

func (w *objectWriter) discard() error {
	if w.file == nil {
		return nil
	}
	return errors.Join(w.file.Close(), w.s.fs.Remove(w.name))
}

// finish gives the file its name. A file that has it already is replaced by the one
// just hashed, so that nothing about the old one needs to be trusted.
func (w *objectWriter) finish(d Digest) error {
	err := w.err
	if err == nil {
		err = w.spill()
	}
	if err == nil {
		if err = w.file.Sync(); err != nil {
			err = fmt.Errorf("sync %s: %w", w.name, err)
		}
	}
	if err != nil {
		return errors.Join(err, w.discard())
	}
	if err := w.file.Close(); err != nil {
		return errors.Join(err, w.s.fs.Remove(w.name))
	}
	s, name := w.s, w.s.objectPath(d)
	dir := filepath.Dir(name)
	if err := s.fs.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return errors.Join(err, s.fs.Remove(w.name))
	}
	if err := s.fs.Rename(w.name, name); err != nil {
		return errors.Join(err, s.fs.Remove(w.name))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending.addDir(dir)
	// The folder may be new, made by us or by another process a moment ago.
	s.pending.addDir(filepath.Dir(dir))
	delete(s.st.damaged, d)
	return s.poison
}

// createTemp makes a file of this session under tmp. The folder may have been
// removed by a process that took this session for dead.
func (s *Store) createTemp() (string, File, error) {
	s.tempMu.Lock()
	defer s.tempMu.Unlock()
	dir := s.path("tmp", s.id.String())
	for range 2 {
		if !s.hasTmp {
			if err := s.fs.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
				return "", nil, err
			}
			s.hasTmp = true
		}
		s.temps++
		name := filepath.Join(dir, fmt.Sprint(s.temps))
		f, err := s.fs.Create(name)
		if err == nil {
			return name, f, nil
		}
		if !isGone(err) {
			return "", nil, err
		}
		s.hasTmp = false
	}
	return "", nil, fmt.Errorf("%s is removed again and again", dir)
}

func (s *Store) dropTemp() error {
	s.tempMu.Lock()
	defer s.tempMu.Unlock()
	if !s.hasTmp {
		return nil
	}
	return removeAll(s.fs, s.path("tmp", s.id.String()))
}

// putSmall packs an object, unless a packed copy is there and in order.
func (s *Store) putSmall(d Digest, data []byte) error {
	if l, ok := s.locate(d); ok {
		old, err := s.readPacked(d, l)
		if err == nil && string(old) == string(data) {
			return s.adopt(d, l)
		}
	}
	if err := s.addToPack(d, data); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.st.damaged, d)
	return nil
}

// adopt makes the copy at l count as put by this session. The frame of another
// session that speaks of it may not be durable yet, so it is stated again.
func (s *Store) adopt(d Digest, l location) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.st.damaged, d)
	if s.poison != nil {
		return s.poison
	}
	if l.pack.session == s.id {
		return nil
	}
	return s.stateLocked(entryLocation, encodeLocation(d, l))
}
