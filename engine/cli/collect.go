package cli

import (
	"os"
	"runtime"
	"runtime/debug"
)

// planGrowth is the collector's percentage until it has run once: a heap that
// starts at 4 MB is first collected near 64 MB, which a command that finds
// nothing to do in ten thousand stages does not reach.
const planGrowth = 1600

// spareCollections lets the heap grow at first, unless GOGC says otherwise, and
// returns what ends that. The first collection ends it too, so that no larger
// heap grows likewise.
func spareCollections() (end func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(planGrowth)
	runtime.AddCleanup(new([64]byte), func(int) { collectAgain() }, 0)
	return func() { debug.SetGCPercent(before) }
}

// collectAgain sets the collector back before stages run or data are read.
func collectAgain() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(100)
	}
}
