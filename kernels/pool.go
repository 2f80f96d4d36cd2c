package kernels

import (
	"sync"
	"sync/atomic"
)

// A Pool runs the independent parts of an operation on a fixed number of workers. Results never depend on it: parts
// write apart from each other and are never combined in the order in which they end. A nil *Pool and the zero value are
// one worker, the caller itself. A Pool holds no goroutine between calls and may be used by several goroutines.
type Pool struct {
	workers int
	ended   func() // see part
}

// NewPool returns a pool of the given number of workers; less than one means one.
func NewPool(workers int) *Pool {
	return &Pool{workers: max(workers, 1)}
}

// Workers returns the number of parts that can run at the same time, at least 1.
func (p *Pool) Workers() int {
	if p == nil || p.workers < 1 {
		return 1
	}
	return p.workers
}

// part tells a benchmark that asked, by ended, that a single worker has done a part of an operation: it may look at the
// processor then.
func (p *Pool) part() {
	if p != nil && p.ended != nil {
		p.ended()
	}
}

// Run calls f(0) to f(n-1), each once, and returns when all have ended. Parts start in ascending order, and f must allow
// them at the same time. A panic in a part reaches the caller after the other workers have stopped taking parts.
func (p *Pool) Run(n int, f func(i int)) {
	workers := min(p.Workers(), n)
	if workers <= 1 {
		for i := range n {
			f(i)
			p.part()
		}
		return
	}
	r := run{n: int64(n), f: f}
	r.running.Add(workers - 1)
	for range workers - 1 {
		go func() {
			defer r.running.Done()
			r.work()
		}()
	}
	r.work()
	r.running.Wait()
	if v := r.panicked.Load(); v != nil {
		panic(*v)
	}
}

// A run is one call of Pool.Run.
type run struct {
	n        int64
	f        func(int)
	next     atomic.Int64
	running  sync.WaitGroup
	panicked atomic.Pointer[any]
}

// work takes parts until none is left or one has panicked.
func (r *run) work() {
	defer func() {
		if v := recover(); v != nil {
			r.panicked.CompareAndSwap(nil, &v)
			r.next.Store(r.n)
		}
	}()
	for i := r.next.Add(1) - 1; i < r.n; i = r.next.Add(1) - 1 {
		r.f(int(i))
	}
}
