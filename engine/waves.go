package engine

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"shiftmill/runs"
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
	inShares(len(nodes), func(from, to int) { e.resolveTogether(ctx, nodes[from:to], errs[from:to]) })
}

// resolve finds a node's key and, where the store has it, its result.
func (e *Engine) resolve(ctx context.Context, n *node) error {
	var errs [1]error
	e.resolveTogether(ctx, []*node{n}, errs[:])
	return errs[0]
}

// resolveTogether is resolve of up to waveShare nodes that do not read each other: the
// store finds many results in less time than one after another.
func (e *Engine) resolveTogether(ctx context.Context, nodes []*node, errs []error) {
	var keyed [waveShare]int
	var keys [waveShare]runs.Digest
	var found [waveShare]runs.Result
	count := 0
	for i, n := range nodes {
		ok, err := e.findKey(ctx, n)
		if errs[i] = err; ok {
			keyed[count], keys[count] = i, n.key.Digest
			count++
		}
	}
	e.store.Results(keys[:count], found[:count])
	for k, i := range keyed[:count] {
		if errs[i] = e.take(ctx, nodes[i], found[k]); errs[i] == nil {
			errs[i] = nodes[i].asLocked()
		}
	}
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
