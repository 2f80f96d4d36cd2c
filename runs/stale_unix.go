//go:build unix

package runs

import (
	"errors"
	"syscall"
)

func isStale(err error) bool { return errors.Is(err, syscall.ESTALE) }
