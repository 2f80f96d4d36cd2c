//go:build (linux || darwin || freebsd || windows) && (amd64 || arm64)

package native

import (
	"runtime"

	"github.com/ebitengine/purego"
)

// Supported says whether libraries can be opened on this system.
const Supported = true

// Call calls a C function of integers and pointers and returns its result. A
// pointer to Go memory is given as uintptr(unsafe.Pointer(p)) within the call
// itself.
//
//go:uintptrescapes
func Call(function uintptr, args ...uintptr) uintptr {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := control()
	r, _, _ := purego.SyscallN(function, args...)
	setControl(before)
	return r
}

// Open opens the first of the libraries that is there. The error is that of
// the last.
func Open(names ...string) (Library, string, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := control()
	defer setControl(before)
	var err error
	for _, name := range names {
		var handle uintptr
		if handle, err = open(name); err == nil {
			return Library(handle), name, nil
		}
	}
	return 0, "", err
}

// A Library is an open library. It stays open as long as the process lives:
// drivers do not survive being closed.
type Library uintptr

// Function returns the address of a function.
func (l Library) Function(name string) (uintptr, error) { return symbol(uintptr(l), name) }
