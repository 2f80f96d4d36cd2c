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

// ErrAbsent is what Get returns, wrapped with the reason, for an object that is not
// there or is damaged. It means: compute it again.
var ErrAbsent = errors.New("object is absent")

// An AbsentError says which object is absent and why; it is an ErrAbsent.
type AbsentError struct {
	Object Digest
	Reason string
}

func (e *AbsentError) Error() string {
	return fmt.Sprintf("object %s is absent: %s", e.Object, e.Reason)
}

// Is reports whether target is ErrAbsent.
func (e *AbsentError) Is(target error) bool { return target == ErrAbsent }

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

func (s *Store) objectPath(d Digest) string {
	name := d.String()
	return s.path("objects", name[:2], name)
}

func (s *Store) packPath(id packID) string { return s.path("packs", id.String()) }

// locate returns where a packed object lies, as far as this process has read.
func (s *Store) locate(d Digest) (location, bool) {
	s.mu.RLock()
	l, ok, err := s.st.location(d)
	s.mu.RUnlock()
	if err != nil {
		s.dropIndex(err)
		s.mu.RLock()
		l, ok, _ = s.st.location(d)
		s.mu.RUnlock()
	}
	return l, ok
}

// Get returns an object's bytes, whose digest it has just computed, or an error
// that is ErrAbsent. A damaged object is moved to quarantine. The caller owns the
// bytes.
func (s *Store) Get(d Digest) ([]byte, error) {
	reason := ""
	if l, ok := s.locate(d); ok {
		data, err := s.readPacked(d, l)
		if err == nil {
			return data, nil
		}
		if !isGone(err) {
			reason = err.Error()
		}
	}
	data, err := s.readObject(d)
	if err == nil {
		return data, nil
	}
	if reason == "" || !isGone(err) {
		reason = err.Error()
		if isGone(err) {
			reason = s.whyGone(d)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.st.damaged[d]; ok && old != "" {
		reason = old
	}
	s.st.damaged[d] = reason
	return nil, &AbsentError{d, reason}
}

// whyGone explains a missing object.
func (s *Store) whyGone(d Digest) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t, ok := s.st.tombstone(d); ok {
		return t.reason
	}
	return "the store does not hold it"
}

// readPacked reads and checks a packed object; a pack that has gone to the trash is
// fetched back.
func (s *Store) readPacked(d Digest, l location) ([]byte, error) {
	name := s.packPath(l.pack)
	f, err := s.openOrRescue(name)
	if err != nil {
		return nil, err
	}
	data := make([]byte, l.length)
	err = readFull(f, data, l.offset)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("damaged: %s at byte %d: %w", name, l.offset, err)
	}
	if Sum(data) != d {
		return nil, fmt.Errorf("damaged: the bytes at %d of %s have another SHA-256", l.offset, name)
	}
	s.used(name)
	return data, nil
}

// readObject reads and checks an object with a file of its own.
func (s *Store) readObject(d Digest) ([]byte, error) {
	name := s.objectPath(d)
	f, err := s.openOrRescue(name)
	if err != nil {
		return nil, err
	}
	size, err := f.Size()
	var data []byte
	if err == nil {
		data = make([]byte, size)
		err = readFull(f, data, 0)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %s: %w", name, err)
	}
	if Sum(data) != d {
		return nil, s.quarantine(d, name)
	}
	s.used(name)
	return data, nil
}

// quarantine moves a damaged object's file out of the way and returns the reason
// for its absence.
func (s *Store) quarantine(d Digest, name string) error {
	reason := fmt.Errorf("damaged: %s has another SHA-256", name)
	if s.readOnly {
		return reason
	}
	s.tempMu.Lock()
	s.temps++
	to := s.path("quarantine", fmt.Sprintf("%s.%s.%d", d, s.id.short(), s.temps))
	s.tempMu.Unlock()
	if err := s.fs.Rename(name, to); err != nil {
		return fmt.Errorf("%w; moving it to quarantine: %w", reason, err)
	}
	reason = fmt.Errorf("%w; moved to %s", reason, to)
	// A session that may not write any more leaves no reason behind.
	_ = s.state(entryTombstone, encodeTombstone(d, reason.Error()))
	s.wake()
	return reason
}

// Has reports whether the store holds an object, without reading it.
func (s *Store) Has(d Digest) bool {
	_, ok := s.Size(d)
	return ok
}

// Size returns an object's length in bytes, without reading it.
func (s *Store) Size(d Digest) (int64, bool) {
	s.mu.RLock()
	_, damaged := s.st.damaged[d]
	s.mu.RUnlock()
	if damaged {
		return 0, false
	}
	if l, ok := s.locate(d); ok {
		if s.packHolds(l) {
			return int64(l.length), true
		}
	}
	info, err := s.fs.Stat(s.objectPath(d))
	if isGone(err) && s.rescue(s.objectPath(d)) {
		info, err = s.fs.Stat(s.objectPath(d))
	}
	return info.Size, err == nil
}

// packHolds reports whether a pack is there; the answer for a pack that was there
// once is kept for the life of the process, since a miss later costs a recompute.
func (s *Store) packHolds(l location) bool {
	s.sightMu.Lock()
	known := s.knownPacks[l.pack]
	s.sightMu.Unlock()
	if known {
		return true
	}
	name := s.packPath(l.pack)
	_, err := s.fs.Stat(name)
	if isGone(err) && s.rescue(name) {
		err = nil
	}
	if err != nil {
		return false
	}
	s.sightMu.Lock()
	s.knownPacks[l.pack] = true
	s.sightMu.Unlock()
	return true
}
