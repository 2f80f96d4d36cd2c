package engine

import (
	"io/fs"
	"syscall"
)

// statTimes returns the inode and the change time in nanoseconds.
func statTimes(info fs.FileInfo) (inode uint64, ctime int64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ino, s.Ctimespec.Nano()
	}
	return 0, 0
}
