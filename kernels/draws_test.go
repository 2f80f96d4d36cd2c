package kernels

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestNoise2NetDraws holds the bits of Noise2Net over draws of structure and weights, on every backend and with 1, 2 and 8
// workers, whichever the processor: testdata/draws.txt names the digest over so many draws. The first line alone is
// checked in ordinary runs, all of them with SHIFTMILL_SWEEP=1: 1,000 draws at 32x32 and one at 224x224.
func TestNoise2NetDraws(t *testing.T) {
	cases := []struct{ draws, size int }{{6, 32}}
	if os.Getenv("SHIFTMILL_SWEEP") != "" {
		cases = append(cases, struct{ draws, size int }{1000, 32}, struct{ draws, size int }{1, 224})
	}
	known, err := os.ReadFile("testdata/draws.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer Use(Active())
	for _, c := range cases {
		for _, name := range Backends() {
			if err := Use(name); err != nil {
				t.Fatal(err)
			}
			for _, workers := range []int{1, 2, 8} {
				all := make([]string, c.draws)
				NewPool(workers).Run(c.draws, func(i int) {
					x := testValues(fmt.Sprint("image", i), 3*c.size*c.size, false)
					Noise2Net(x, x, c.size, c.size, noiseNet(uint64(i)), 0.5, new(Scratch))
					all[i] = digest(x)
				})
				line := fmt.Sprintf("%d at %dx%d %s\n", c.draws, c.size, c.size, digest(floatsFrom(strings.Join(all, ""))))
				if !strings.Contains(string(known), line) {
					t.Errorf("%s with %d workers: not in testdata/draws.txt:\n%s", name, workers, line)
				}
			}
		}
	}
	for _, name := range []string{"avx2", "avx512"} {
		if Use(name) != nil {
			t.Logf("backend %s is absent on this machine or in this build", name)
		}
	}
}

// floatsFrom makes a text something that digest hashes.
func floatsFrom(text string) []float32 {
	v := make([]float32, len(text))
	for i, c := range []byte(text) {
		v[i] = float32(c)
	}
	return v
}
