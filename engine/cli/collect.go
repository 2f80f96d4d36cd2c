package cli

import (
	"os"
	"runtime/debug"
)

// planGrowth is the collector's percentage while a command parses, plans and
// looks up: a heap that starts at 4 MB is first collected near 64 MB, which a
// graph of ten thousand stages does not reach.
const planGrowth = 1600

// spareCollections lets the heap grow while a command plans, unless GOGC says
// otherwise, and returns what ends that.
func spareCollections() (end func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(planGrowth)
	return func() { debug.SetGCPercent(before) }
}

// collectAgain sets the collector back before stages run or data are read.
func collectAgain() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(100)
	}
}
