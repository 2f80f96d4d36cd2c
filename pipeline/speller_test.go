package pipeline

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// The index finds what Nearest finds, and Nearest what it finds without a look
// at the letters first.
func TestSpeller(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, random.IntN(9))
		for i := range b {
			b[i] = "abAB/-"[random.IntN(6)]
		}
		return string(b)
	}
	for range 300 {
		var known []string
		for range random.IntN(30) {
			known = append(known, word())
		}
		s := newSpeller(known)
		for range 50 {
			name := word()
			got, want := Nearest(name, known), nearestOfAll(name, known)
			if got != want {
				t.Fatalf("Nearest(%q, %q) = %q, want %q", name, known, got, want)
			}
			if got := s.nearest(name); got != want {
				t.Fatalf("the speller of %q gives %q for %q, want %q", known, got, name, want)
			}
		}
	}
}

// nearestOfAll compares with all names in full.
func nearestOfAll(name string, known []string) string {
	if name == "" {
		return ""
	}
	low := strings.ToLower(name)
	best, at := len(low)/3+1, ""
	for _, k := range known {
		if k == name {
			continue
		}
		if d := distance(low, strings.ToLower(k), longestName); d < best || d == best && at != "" && k < at {
			best, at = d, k
		}
	}
	var ends []string
	for _, k := range known {
		if strings.HasSuffix(strings.ToLower(k), "/"+low) {
			ends = append(ends, k)
		}
	}
	if at == "" && len(ends) == 1 {
		return ends[0]
	}
	return at
}

// BenchmarkMisspelt checks a spec of 10,000 stages of which half are misspelt
// where they are read: by one swap, or by two letters.
func BenchmarkMisspelt(b *testing.B) {
	for _, by := range []string{"stgae", "stxxe"} {
		b.Run(by, func(b *testing.B) {
			var text strings.Builder
			text.WriteString("stages:\n")
			for i := range 5000 {
				fmt.Fprintf(&text, "  stage%04d: {kind: test/source}\n  next%04d: {kind: test/step, from: %s%04d}\n", i, i, by, i)
			}
			v := vocabulary()
			for b.Loop() {
				_, err := Parse("x.yaml", []byte(text.String()), Options{Vocabulary: v})
				if errs, ok := err.(Errors); !ok || len(errs) != 5000 {
					b.Fatalf("%d mistakes, want 5000: %v", len(errs), err)
				}
			}
		})
	}
}
