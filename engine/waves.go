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
		for to < len(e.nodes) && e.nodes[to].newest < from {
			to++
		}
		e.resolveWave(ctx, e.nodes[from:to], errs[from:to])
		from = to
	}
	return errs
}

// waveShare is how many nodes are worth a goroutine's start.
const waveShare = 64

func (e *Engine) resolveWave(ctx context.Context, nodes []*node, errs []error) {
	workers := min(runtime.GOMAXPROCS(0), (len(nodes)+waveShare-1)/waveShare)
	if workers < 2 {
		for i, n := range nodes {
			errs[i] = e.resolve(ctx, n)
		}
		return
	}
	var wg sync.WaitGroup
	var next atomic.Int64
	for range workers {
		wg.Go(func() {
			for {
				to := int(next.Add(waveShare))
				for i := to - waveShare; i < min(to, len(nodes)); i++ {
					errs[i] = e.resolve(ctx, nodes[i])
				}
				if to >= len(nodes) {
					return
				}
			}
		})
	}
	wg.Wait()
}
