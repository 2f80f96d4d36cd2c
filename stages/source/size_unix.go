//go:build unix

package source

import (
	"os"
	"syscall"
)

// fileSize is the size of a file, behind a link that of what it leads to. A folder
// of a million pictures is asked for as many sizes: os.Stat would make an object
// for each.
func fileSize(path string) (int64, error) {
	var s syscall.Stat_t
	for {
		switch err := syscall.Stat(path, &s); err {
		case nil:
			return s.Size, nil
		case syscall.EINTR:
		default:
			return 0, &os.PathError{Op: "stat", Path: path, Err: err}
		}
	}
}
