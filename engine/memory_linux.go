package engine

import "syscall"

// peakMemory is the largest resident size of this process in bytes.
func peakMemory() int64 {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return int64(r.Maxrss) * 1024
}
