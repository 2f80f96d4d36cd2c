package engine

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// resolveAll looks up every node, in waves of nodes that do not read each
// other, each wave by all processors.
func (e *Engine) resolveAll(ctx context.Context) []error {
	errs := make([]error, len(e.nodes))
	for from := 0; from < len(e.nodes); {
		to := from + 1
		for to < len(e.nodes) && e.newest[to] < from {
			to++
		}
		e.resolveWave(ctx, e.nodes[from:to], errs[from:to])
		from = to
	}
	return errs
}

func (e *Engine) resolveWave(ctx context.Context, nodes []*node, errs []error) {
	inShares(len(nodes), func(from, to int) {
		for i := from; i < to; i++ {
			errs[i] = e.resolve(ctx, nodes[i])
		}
	})
}

// waveShare is how many nodes are worth a goroutine's start.
const waveShare = 64

// inShares calls do for waveShare items after another, by all processors where that is
// worth it.
func inShares(n int, do func(from, to int)) {
	shares := (n + waveShare - 1) / waveShare
	var taken atomic.Int64
	work := func() {
		for k := int(taken.Add(1)) - 1; k < shares; k = int(taken.Add(1)) - 1 {
			do(k*waveShare, min((k+1)*waveShare, n))
		}
	}
	workers := min(runtime.GOMAXPROCS(0), shares)
	if workers < 2 {
		work()
		return
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(work)
	}
	wg.Wait()
}
