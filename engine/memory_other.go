//go:build !linux

package engine

// peakMemory is not known here.
func peakMemory() int64 { return 0 }

// usableMemory is a guess here.
func usableMemory() int64 { return guessedMemory }
