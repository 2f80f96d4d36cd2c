package runs

import (
	"errors"
	"fmt"
)

// ErrFull is what Put returns, wrapped, once a store has reached its limit.
var ErrFull = errors.New("the store has reached its limit")

// A spacer is an FS that knows how much room is left.
type spacer interface {
	Space(dir string) (bytes int64, err error)
}

// Space implements spacer.
func (OS) Space(dir string) (int64, error) { return space(dir) }

// Space returns how many bytes can still be written to the store's file system, or
// an error where nobody can tell.
func (s *Store) Space() (int64, error) {
	if sp, ok := s.fs.(spacer); ok {
		return sp.Space(s.dir)
	}
	return 0, errors.ErrUnsupported
}

// Left returns how many bytes Limit leaves, or false when there is no limit.
func (s *Store) Left() (int64, bool) { return max(0, s.left.Load()), s.limited.Load() }

// Limit lets this session put so many bytes more; then Put returns ErrFull.
func (s *Store) Limit(bytes int64) {
	s.limited.Store(true)
	s.left.Store(bytes)
}

// charge counts an object that is about to be kept.
func (s *Store) charge(size int64) error {
	if s.limited.Load() && s.left.Add(-size) < 0 {
		return fmt.Errorf("%w: %d bytes more do not fit", ErrFull, size)
	}
	return nil
}
