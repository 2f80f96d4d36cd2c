package native

import "unsafe"

// Word reads a pointer from memory of a library.
func Word(at uintptr) uintptr {
	// The address is no Go pointer, so that it may pass for one.
	return **(**uintptr)(unsafe.Pointer(&at))
}
