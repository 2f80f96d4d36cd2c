package runs

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
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
	if _, packed := s.locate(d); packed {
		return s.getFile(d)
	}
	c, ok := s.chunksOf(d)
	if !ok {
		return s.getFile(d)
	}
	b := bytes.NewBuffer(make([]byte, 0, c.Size))
	_, lost, _ := s.copyChunks(c, b) // a buffer does not fail
	if lost == nil {
		return b.Bytes(), nil
	}
	// A store that was told of larger files may have it in one.
	if data, err := s.getFile(d); err == nil {
		return data, nil
	}
	return nil, s.lost(d, lost.Error())
}

// getFile is Get for an object that is kept as it is.
func (s *Store) getFile(d Digest) ([]byte, error) {
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
	return nil, s.lost(d, reason)
}

// lost notes that an object cannot be had, and why; the first reason stands.
func (s *Store) lost(d Digest, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.st.damaged[d]; ok && old != "" {
		reason = old
	}
	s.st.damaged[d] = reason
	return &AbsentError{d, reason}
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
		if s.packHolds(l.pack) {
			return int64(l.length), true
		}
	}
	if c, ok := s.chunksOf(d); ok && !slices.ContainsFunc(c.chunks, func(d Digest) bool { return !s.Has(d) }) {
		return c.Size, true
	}
	info, err := s.fs.Stat(s.objectPath(d))
	if isGone(err) && s.rescue(s.objectPath(d)) {
		info, err = s.fs.Stat(s.objectPath(d))
	}
	return info.Size, err == nil
}

// packHolds reports whether a pack is there; the answer for a pack that was there
// once is kept for the life of the process, since a miss later costs a recompute.
func (s *Store) packHolds(pack packID) bool {
	if last := s.lastPack.Load(); last != nil && *last == pack { // as thousands of records ask
		return true
	}
	s.sightMu.Lock()
	known := s.knownPacks[pack]
	if known {
		last := pack
		s.lastPack.Store(&last)
	}
	s.sightMu.Unlock()
	if known {
		return true
	}
	name := s.packPath(pack)
	_, err := s.fs.Stat(name)
	if isGone(err) && s.rescue(name) {
		err = nil
	}
	if err != nil {
		return false
	}
	s.sightMu.Lock()
	s.knownPacks[pack] = true
	s.sightMu.Unlock()
	return true
}
