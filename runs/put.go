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

// Put stores the bytes that write produces and returns their digest and number. Bytes
// beyond MaxObject are kept as chunks. Nothing is kept when write fails or ctx has
// ended, but for chunks that are complete, which a collection finds in no use. The
// object can be read at once in this process and is durable after the next commit.
func (s *Store) Put(ctx context.Context, write func(w io.Writer) error) (Digest, int64, error) {
	if err := s.writable(); err != nil {
		return Digest{}, 0, fmt.Errorf("put an object: %w", err)
	}
	w := &objectWriter{s: s, ctx: ctx, hash: sha256.New()}
	err := write(w)
	if err == nil {
		err = w.err // the writer may not have passed it on
	}
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return Digest{}, 0, errors.Join(fmt.Errorf("put an object: %w", err), w.discard())
	}
	d := w.digest()
	if err = w.endChunk(); err == nil && len(w.chunks) > 1 {
		err = s.listChunks(d, w.size, w.chunks)
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

// objectWriter keeps a small object in memory, spills a larger one to a file, and makes
// chunks of one that is larger than a file may be.
type objectWriter struct {
	s    *Store
	ctx  context.Context
	hash hash.Hash // of all bytes
	size int64
	err  error // first failure to write

	chunks []Digest  // those that are complete
	chunk  hash.Hash // of the bytes of the one at work; nil in the first, where hash will do
	part   int64     // bytes of the one at work
	buf    []byte    // those that are not in file yet
	file   File
	name   string
}

func (w *objectWriter) digest() (d Digest) {
	w.hash.Sum(d[:0])
	return d
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
	for rest := p; len(rest) > 0; {
		if w.part == w.s.maxObject {
			if w.err = w.endChunk(); w.err != nil {
				return 0, w.err
			}
			w.chunk = sha256.New()
		}
		n := min(int64(len(rest)), w.s.maxObject-w.part)
		w.hash.Write(rest[:n])
		if w.chunk != nil {
			w.chunk.Write(rest[:n])
		}
		w.size += n
		w.part += n
		w.buf = append(w.buf, rest[:n]...)
		if w.part >= smallObject && (w.file == nil || len(w.buf) >= spillSize) {
			if w.err = w.spill(); w.err != nil {
				return 0, w.err
			}
		}
		rest = rest[n:]
	}
	return len(p), nil
}

// endChunk keeps the chunk at work, or the whole where it is the only one.
func (w *objectWriter) endChunk() error {
	d := w.digest()
	if w.chunk != nil {
		w.chunk.Sum(d[:0])
	}
	err := w.s.charge(w.part)
	switch {
	case err != nil:
		err = errors.Join(err, w.discard())
	case w.file == nil:
		err = w.s.putSmall(d, w.buf)
	default:
		err = w.finish(d)
	}
	w.chunks = append(w.chunks, d)
	w.part, w.buf, w.file = 0, w.buf[:0], nil
	return err
}

func (w *objectWriter) spill() error {
	if w.file == nil {
		name, f, err := w.s.createTemp()
		if err != nil {
			return err
		}
		w.name, w.file = name, f
	}
	if _, err := w.file.WriteAt(w.buf, w.part-int64(len(w.buf))); err != nil {
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
	err := w.spill()
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
