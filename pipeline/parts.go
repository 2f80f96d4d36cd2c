package pipeline

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// partSize is how many settings or instances are worth a change of hands.
const partSize = 64

// inParts calls f for consecutive parts of n things, on all processors: whoever is
// free takes the next part. The parts are the same whatever the processors.
func inParts(n int, f func(part, from, to int)) {
	parts := partsOf(n)
	var next atomic.Int64
	work := func() {
		for part := int(next.Add(1)) - 1; part < parts; part = int(next.Add(1)) - 1 {
			f(part, part*partSize, min((part+1)*partSize, n))
		}
	}
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), parts) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
}

func partsOf(n int) int { return (n + partSize - 1) / partSize }
