package kernels

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// torchLines reads a vector file: one case a line, blank-separated.
func torchLines(t *testing.T, name string) [][]string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var lines [][]string
	for l := range strings.Lines(string(b)) {
		lines = append(lines, strings.Fields(l))
	}
	return lines
}

func floatsOf(t *testing.T, fields []string) []float32 {
	t.Helper()
	v := make([]float32, len(fields))
	for i, s := range fields {
		x, err := strconv.ParseFloat(s, 32)
		if err != nil {
			t.Fatal(err)
		}
		v[i] = float32(x)
	}
	return v
}

// closeTo compares with a foreign result, within tol absolutely or relatively.
func closeTo(t *testing.T, what string, got, want []float32, tol float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if d := abs(got[i] - want[i]); !(d <= tol*max(1, abs(want[i]))) {
			t.Errorf("%s: value %d: got %g, want %g", what, i, got[i], want[i])
			return
		}
	}
}

// TestNoise2NetTorch compares with the published construction in PyTorch, images collapsed into channels; see
// testdata/noise2net.py.
func TestNoise2NetTorch(t *testing.T) {
	for _, f := range torchLines(t, "testdata/noise2net.txt") {
		n := floatsOf(t, f[:4])
		h, w, draw, row := int(n[0]), int(n[1]), uint64(n[3]), f[4]
		st := DrawNoise2NetStructure(NewKey("noise2net", 1, 3, "structure", draw).Row(""))
		net := DrawNoise2Net(st, NewKey("noise2net", 1, 3, "weights", draw).Row(row))
		got := make([]float32, 3*h*w)
		Noise2Net(got, testValues(row, len(got), false), h, w, net, n[2], new(Scratch))
		closeTo(t, "Noise2Net "+row, got, floatsOf(t, f[5:]), 1e-4)
	}
}
