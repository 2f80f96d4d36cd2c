package source

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestFirsts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	f := newFirsts()
	want := map[string]place{}
	number := map[string]int{}
	line := int64(0)
	for i := range 100_000 {
		line += 1 + int64(rng.IntN(20)/19) // mostly consecutive, as rows are
		p := place{int32(i / 40_000), line}
		text := fmt.Sprint(rng.IntN(60_000))
		n, had := f.add(text, p)
		was, known := want[text]
		if had != known || known && (n != number[text] || f.place(n) != was) {
			t.Fatalf("%q: number %d, before %v at %v; want %d, %v at %v", text, n, had, f.place(n), number[text], known, was)
		}
		if !known {
			want[text], number[text] = p, len(number)
			if n != number[text] {
				t.Fatalf("%q got number %d, want %d", text, n, number[text])
			}
		}
	}
}
