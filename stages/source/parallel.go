package source

import (
	"context"
	"sort"
	"sync"
	"sync/atomic"

	"shiftmill/stages"
)

// parallel calls f(0) to f(n-1) on so many goroutines and returns the error of
// the lowest call that failed, so that the same run fails the same way however
// many there are.
func parallel(ctx context.Context, workers, n int, f func(i int) error) error {
	var (
		next   atomic.Int64
		failed atomic.Int64
		mu     sync.Mutex
		first  error
		wg     sync.WaitGroup
	)
	failed.Store(int64(n))
	for range max(1, min(workers, n)) {
		wg.Go(func() {
			for {
				i := next.Add(1) - 1
				if i >= failed.Load() || ctx.Err() != nil {
					return
				}
				if err := f(int(i)); err != nil {
					mu.Lock()
					if i < failed.Load() {
						failed.Store(i)
						first = err
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return first
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// A progress counts work done on several goroutines.
type progress struct{ done atomic.Int64 }

// step reports one more of total, now and then.
func (p *progress) step(out stages.Sink, total int, show bool) {
	if n := p.done.Add(1); show && (n%256 == 0 || n == int64(total)) {
		out.Progress(n, int64(total), "images")
	}
}
