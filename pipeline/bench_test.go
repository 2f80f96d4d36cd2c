package pipeline

import (
	"fmt"
	"strings"
	"testing"
)

// explicitStages writes a spec of n stages in layers, each with one or two
// inputs.
func explicitStages(n int) []byte {
	var b strings.Builder
	b.WriteString("shiftmill: v1\nname: layers\nstages:\n")
	for i := range n {
		switch {
		case i < 100:
			fmt.Fprintf(&b, "  s%05d:\n    kind: test/source\n    with: {strength: %d, name: abc}\n", i, 1+i%5)
		case i%2 == 0:
			fmt.Fprintf(&b, "  s%05d:\n    kind: test/step\n    from: s%05d\n    with: {strength: %d, name: abc, list: [1, 2]}\n", i, i-100, 1+i%5)
		default:
			fmt.Fprintf(&b, "  s%05d:\n    kind: test/join\n    from: {left: s%05d, right: s%05d}\n    with: {strength: %d}\n", i, i-100, i-99, 1+i%5)
		}
	}
	return []byte(b.String())
}

// matrixStages writes a spec whose matrix makes about n instances in layers of
// 100 seeds.
func matrixStages(n int) []byte {
	var b strings.Builder
	b.WriteString("shiftmill: v1\nname: layers\nstages:\n  s0:\n    kind: test/source\n    matrix: {seed: [")
	for i := range 100 {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, i)
	}
	b.WriteString("]}\n    seed: $matrix.seed\n")
	for i := 1; i < n/100; i++ {
		if i%2 == 0 || i == 1 {
			fmt.Fprintf(&b, "  s%d: {kind: test/step, from: s%d, seed: $matrix.seed, with: {strength: 2}}\n", i, i-1)
		} else {
			fmt.Fprintf(&b, "  s%d: {kind: test/join, from: {left: s%d, right: s%d}}\n", i, i-1, i-2)
		}
	}
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	for _, bb := range []struct {
		name string
		spec []byte
		want int
	}{
		{"explicit=10000", explicitStages(10000), 10000},
		{"explicit=1000", explicitStages(1000), 1000},
		{"matrix=10000", matrixStages(10000), 10000},
		{"one-stage=10000", []byte("stages:\n  a: {kind: test/source, matrix: {a: $params.v, b: $params.v, c: $params.v, d: $params.v}, seed: $matrix.a, with: {strength: 2, name: $matrix.d}}\nparams: {v: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}\n"), 10000},
		{"own-config=10000", []byte("stages:\n  a: {kind: test/source, matrix: {a: $params.v, b: $params.v, c: $params.v, d: $params.v}, with: {list: [$matrix.a, $matrix.b, $matrix.c], name: $matrix.d}}\nparams: {v: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}\n"), 10000},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.spec)))
			b.ReportAllocs()
			o := Options{Vocabulary: vocabulary()}
			defer reportCPU(b)()
			for b.Loop() {
				g, err := Parse("x.yaml", bb.spec, o)
				if err != nil {
					b.Fatal(err)
				}
				if len(g.Nodes) != bb.want {
					b.Fatalf("%d nodes, want %d", len(g.Nodes), bb.want)
				}
			}
		})
	}
}
