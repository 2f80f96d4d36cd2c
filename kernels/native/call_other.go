//go:build !((linux || darwin || freebsd || windows) && (amd64 || arm64))

package native

import (
	"errors"
	"fmt"
	"runtime"
)

// Supported says whether libraries can be opened on this system.
const Supported = false

// A Library is an open library; there is none here.
type Library uintptr

// Call is never reached: there is no function to call.
func Call(uintptr, ...uintptr) uintptr { panic("native: no library is open") }

// Open returns an error that says that libraries cannot be opened here.
func Open(...string) (Library, string, error) {
	return 0, "", fmt.Errorf("libraries cannot be opened on %s/%s: %w", runtime.GOOS, runtime.GOARCH, errors.ErrUnsupported)
}

// Function is never reached.
func (l Library) Function(string) (uintptr, error) { return 0, errors.ErrUnsupported }
