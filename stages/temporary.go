package stages

import (
	"errors"
	"syscall"
)

// A temporaryError is an error that may pass.
type temporaryError struct{ error }

func (t temporaryError) Unwrap() error { return t.error }

// Temporary marks an error whose cause may pass by itself, such as a server that
// does not answer: the engine tries the work again. Others are final.
func Temporary(err error) error {
	if err == nil {
		return nil
	}
	return temporaryError{err}
}

// passing are the errors of network file systems, and of connections, that a
// second try may not meet.
var passing = []error{syscall.ESTALE, syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ECONNRESET, syscall.ECONNREFUSED}

// IsTemporary says whether an error, or one that it wraps, was marked as
// temporary or is a network file system's that may pass.
func IsTemporary(err error) bool {
	var t temporaryError
	if errors.As(err, &t) {
		return true
	}
	for _, p := range passing {
		if errors.Is(err, p) {
			return true
		}
	}
	return false
}
