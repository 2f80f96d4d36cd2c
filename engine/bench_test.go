package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
)

// layered is a spec whose matrix expands to 4*n+1 instances with one or two
// inputs each.
func layered(n int) string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprint(i)
	}
	return `stages:
  n: {kind: source/numbers, with: {n: 20}}
  a:
    kind: map/scale
    matrix: {by: [` + strings.Join(values, ", ") + `]}
    from: n
    with: {by: $matrix.by}
  b: {kind: map/scale, from: a}
  c: {kind: map/scale, from: [a, b]}
  d: {kind: map/scale, from: c}
`
}

// BenchmarkNoop measures how long it takes to find that nothing is to be done:
// parse, expand, open the store, look everything up.
func BenchmarkNoop(b *testing.B) {
	for _, n := range []int{250, 2500} {
		b.Run(fmt.Sprintf("instances=%d", 4*n+1), func(b *testing.B) {
			c := &calls{n: map[string]int{}}
			kinds := fakes(c)
			dir := b.TempDir()
			text := []byte("shiftmill: v1\nname: x\n" + layered(n))
			run := func() int {
				g, err := pipeline.Parse("x.yaml", text, pipeline.Options{Vocabulary: kinds})
				if err != nil {
					b.Fatal(err)
				}
				store, err := runs.Open(dir, runs.Options{})
				if err != nil {
					b.Fatal(err)
				}
				ran := 0
				e, err := engine.New(g, kinds, store, engine.Options{Listen: func(ev engine.Event) {
					if ev.Type == engine.NodeDone && ev.State == engine.Ran {
						ran++
					}
				}})
				if err != nil {
					b.Fatal(err)
				}
				if err := e.Run(context.Background()); err != nil {
					b.Fatal(err)
				}
				if err := store.Close(); err != nil {
					b.Fatal(err)
				}
				return ran
			}
			run()
			b.ResetTimer()
			for b.Loop() {
				if ran := run(); ran != 0 {
					b.Fatalf("ran %d stages, want 0", ran)
				}
			}
		})
	}
}

// BenchmarkHash is the first pass over large files, which are in the system's cache:
// one after the other on one processor, and side by side on all.
func BenchmarkHash(b *testing.B) {
	const size = 128 << 20
	files := make([]string, runtime.GOMAXPROCS(0))
	random := rand.NewChaCha8([32]byte{1})
	data := make([]byte, size)
	for i := range files {
		files[i] = filepath.Join(b.TempDir(), "large.bin")
		random.Read(data)
		if err := os.WriteFile(files[i], data, 0o666); err != nil {
			b.Fatal(err)
		}
	}
	for _, side := range []int{1, len(files)} {
		b.Run(fmt.Sprintf("processors=%d", side), func(b *testing.B) {
			b.SetBytes(int64(size * side))
			used := processorTime()
			for b.Loop() {
				var wg sync.WaitGroup
				for _, f := range files[:side] {
					wg.Go(func() {
						if err := engine.HashFile(f); err != nil {
							b.Error(err)
						}
					})
				}
				wg.Wait()
			}
			used = processorTime() - used
			b.ReportMetric(float64(size*side)*float64(b.N)/1e9/used.Seconds(), "GB/processor-s")
		})
	}
}

// Ten thousand stages, each with a key of its own, run and are recorded durably.
func BenchmarkStages(b *testing.B) {
	const n = 10000
	var text strings.Builder
	text.WriteString("shiftmill: v1\nname: x\nstages:\n  n: {kind: source/numbers, with: {n: 4}}\n")
	fmt.Fprintf(&text, "  m:\n    kind: map/scale\n    matrix: {by: [")
	for i := range n - 1 {
		fmt.Fprintf(&text, "%d, ", i+2)
	}
	text.WriteString("1]}\n    from: n\n    with: {by: $matrix.by}\n")
	c := &calls{n: map[string]int{}}
	kinds := fakes(c)
	for b.Loop() {
		g, err := pipeline.Parse("x.yaml", []byte(text.String()), pipeline.Options{Vocabulary: kinds})
		if err != nil {
			b.Fatal(err)
		}
		store, err := runs.Open(b.TempDir(), runs.Options{})
		if err != nil {
			b.Fatal(err)
		}
		ran := 0
		e, err := engine.New(g, kinds, store, engine.Options{Listen: func(ev engine.Event) {
			if ev.Type == engine.NodeDone && ev.State == engine.Ran {
				ran++
			}
		}})
		if err != nil {
			b.Fatal(err)
		}
		if err := e.Run(context.Background()); err != nil {
			b.Fatal(err)
		}
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(ran), "stages")
	}
}
