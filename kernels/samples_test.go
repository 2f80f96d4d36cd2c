package kernels

import (
	"fmt"
	"testing"
)

// TestSamples runs every sample on every backend and compares it with plain Go: as it is, and with special values among all
// sources. Operands begin at odd places, and nothing but results may change, nor anything around them.
func TestSamples(t *testing.T) {
	defer Use(Active())
	const before, behind = 41, 40
	run := func(s Sample, backend string, workers int) [][]float32 {
		if err := Use(backend); err != nil {
			t.Fatal(err)
		}
		results, sources := s.operands()
		operands := append(results, sources...)
		whole := make([][]float32, len(operands))
		for i, v := range operands {
			whole[i] = make([]float32, before+len(v)+behind)
			for j := range whole[i] {
				whole[i][j] = guardValue
			}
			operands[i] = whole[i][before : before+len(v) : before+len(v)]
			copy(operands[i], v)
		}
		s.Op.Run(NewPool(workers), operands[:len(results)], operands[len(results):])
		return whole
	}
	for _, s := range Samples() {
		for _, special := range []bool{s.Special, true} {
			s.Special = special
			want := run(s, Backends()[0], 1)
			for i, v := range want {
				for j, x := range v {
					if (j < before || j >= len(v)-behind) && x != guardValue {
						t.Fatalf("%s: plain Go changed value %d around operand %d", s.Name, j-before, i)
					}
				}
			}
			_, sources := s.operands()
			for i, v := range sources {
				at := len(want) - len(sources) + i
				sameBits(t, fmt.Sprint(s.Name, ": source ", i), want[at][before:len(want[at])-behind], v)
			}
			for _, backend := range Backends()[1:] {
				for _, workers := range []int{1, 3} {
					for i, got := range run(s, backend, workers) {
						sameBits(t, fmt.Sprintf("%s on %s with %d workers, special: %t, operand %d", s.Name, backend, workers, special, i), got, want[i])
					}
				}
			}
			if special {
				break
			}
		}
	}
}
