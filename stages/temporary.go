package stages

import "errors"

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

// IsTemporary says whether an error, or one that it wraps, was marked as
// temporary.
func IsTemporary(err error) bool {
	var t temporaryError
	return errors.As(err, &t)
}
