package kernels

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"shiftmill/kernels/internal/simd"
)

// chosen is one more than the place in available of the backend set by Use; zero means the fastest. It changes speed only, so it is the one setting of the
// package that is no parameter.
var chosen atomic.Int32

// available lists the backends that can run here, the slowest first.
var available = sync.OnceValue(simd.All)

// Backends returns the names of the backends that can run on this processor, the slowest first: "generic" always,
// "avx2" where the processor has AVX2 and FMA, "avx512" where it has AVX-512 too (F, DQ, BW and VL).
func Backends() []string {
	names := make([]string, 0, 3)
	for _, k := range available() {
		names = append(names, k.String())
	}
	return names
}

// Use makes every later operation run on the named backend. Results are the same on all. The error names the backends
// there are.
func Use(name string) error {
	for i, k := range available() {
		if k.String() == name {
			chosen.Store(int32(i + 1))
			return nil
		}
	}
	return fmt.Errorf("backend %q cannot run here: use one of %s", name, strings.Join(Backends(), ", "))
}

// Active returns the name of the backend in use: the one named to Use, else the fastest.
func Active() string { return backend().String() }

func backend() simd.Backend {
	all := available()
	if i := chosen.Load(); i > 0 {
		return all[i-1]
	}
	return all[len(all)-1]
}

// PeakFMAs makes rounds of fused multiply-adds of registers alone with every worker, and returns how many single ones these
// were: over the time that they took, the most that the processor can do. Plain Go makes none.
func PeakFMAs(rounds int, p *Pool) int {
	be := backend()
	var made atomic.Int64
	p.Run(p.Workers(), func(int) { made.Add(int64(be.Peak(rounds))) })
	return int(made.Load())
}
