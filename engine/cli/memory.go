package cli

import (
	"math"
	"runtime/debug"
)

// limitMemory makes the garbage collector work harder as the program nears what
// it was allowed; a limit that the user's environment sets lower stays.
func limitMemory(bytes int64) {
	if bytes <= 0 {
		return
	}
	if now := debug.SetMemoryLimit(-1); now == math.MaxInt64 || now > bytes {
		debug.SetMemoryLimit(bytes)
	}
}
