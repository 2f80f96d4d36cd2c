package cli

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// planHeap is what a plan of ten thousand stages may touch: with pages of 4 KB,
// the kernel hands it over in nine thousand faults, a fifth of the time of a
// command that finds nothing to do.
const planHeap = 30 << 20

// largePages lets the kernel back the heap's first planHeap bytes by large
// pages, where it has any. The heap cannot be told to, but a goroutine's stack is
// cut from it and goes back to it at once when the goroutine ends: this one
// advises the kernel about a stack that it does not use.
func largePages() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		adviseStack(false)
	}()
	<-done
}

//go:noinline
func adviseStack(use bool) {
	if use { // never: but the frame has room for it
		_ = wide()
	}
	const large = 2 << 20
	var top byte
	end := uintptr(unsafe.Pointer(&top)) &^ (large - 1)
	start := (end - planHeap + large) &^ (large - 1)
	// Where the kernel has no large pages, small ones do.
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, start, end-start, unix.MADV_HUGEPAGE)
}

//go:noinline
func wide() (a [planHeap]byte) { return a }
