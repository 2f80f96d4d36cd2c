package kernels

import (
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the digest file")

// digest hashes values with every NaN made the same.
func digest(v []float32) string {
	v = slices.Clone(v)
	Canonical(v)
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	d := sha256.Sum256(b)
	return fmt.Sprintf("%x", d[:12])
}

// digestCases computes every operation on ordinary values, and the basic ones on special values and awkward sizes.
func digestCases(p *Pool) map[string][]float32 {
	got := torchCases(p)
	for i, s := range convShapes {
		f := s.filled()
		x := testValues("x", s.N*s.Ci*s.H*s.W, i%2 == 0)
		w := testValues("w", s.Co*s.Ci/f.Groups*s.KH*s.KW, false)
		dy := testValues("dy", s.N*s.Co*s.OutH()*s.OutW(), i%2 == 0)
		y, dx, dw := make([]float32, len(dy)), make([]float32, len(x)), make([]float32, len(w))
		Conv2D(y, x, w, nil, s, p)
		Conv2DBackData(dx, dy, w, s, p)
		Conv2DBackWeight(dw, dy, x, s, p)
		got[fmt.Sprint("special-conv-", i)] = slices.Concat(y, dx, dw)
	}
	for i, s := range winogradShapes {
		x := testValues("x", s.N*s.Ci*s.H*s.W, i%2 == 0)
		w, b := testValues("w", s.Co*s.Ci*9, false), testValues("b", s.Co, false)
		y := make([]float32, s.N*s.Co*s.OutH()*s.OutW())
		Conv2DWinograd(y, x, w, b, s, p)
		got[fmt.Sprint("winograd-", i)] = y
	}
	s := NewKey("test", 1, 4, "bits", 0).Row("digest")
	bits := make([]float32, 20000)
	for i := range bits {
		bits[i] = math.Float32frombits(s.Uint32x4(uint32(i), 0)[0])
	}
	copy(bits, special)
	for name, f := range map[string]func(dst, x []float32){
		"exp": ExpSlice, "log": LogSlice, "tanh": TanhSlice, "sigmoid": SigmoidSlice, "erf": ErfSlice, "gelu": GELUSlice,
		"sin": SinSlice, "cos": CosSlice, "sqrt": SqrtSlice, "relu": ReLU,
	} {
		got["any-"+name] = make([]float32, len(bits))
		f(got["any-"+name], bits)
	}
	got["normals"] = make([]float32, 5000)
	s.Normals(got["normals"], 0)
	var draws []float32
	for i := range uint32(300) {
		d := make([]float64, 3)
		s.Dirichlet(d, i, 0.3)
		for _, x := range []float64{s.Gamma(i, 0.7), s.Beta(i, 2, 0.4), d[1], float64(s.Poisson(i, 3)), float64(s.Poisson(i, 55)), float64(s.IntN(i, 1000)),
			Exp64(float64(i) - 150), Log64(float64(i)), Cos64(float64(i)), Sin64(float64(i)), Pow64(float64(i), 0.3), CosineRate(0.1, 1e-6, int(i), 300)} {
			u := math.Float64bits(x) // both halves, so that the last bit of a float64 counts
			draws = append(draws, math.Float32frombits(uint32(u>>32)), math.Float32frombits(uint32(u)&0x7f7fffff))
		}
	}
	got["draws"] = draws
	for _, n := range []int{0, 1, 63, 64, 65, 1023, 1024, 1025, 50176} {
		x := testValues("sum", n, false)
		got[fmt.Sprint("sum-", n)] = []float32{Sum(x)}
	}
	var noise []float32
	for i := range uint64(12) {
		h, w := 8+int(i), 32-int(i)
		x := testValues("image", 3*h*w, false)
		Noise2Net(x, x, h, w, noiseNet(i), 0.5, new(Scratch))
		noise = append(noise, x...)
	}
	got["noise2net"] = noise
	return got
}

// TestDigest holds the bits of every operation over backends, workers, instruction sets and processors: the same file is
// read by plain builds, GOAMD64=v3 builds, purego builds and on arm64.
func TestDigest(t *testing.T) {
	const file = "testdata/digests.txt"
	eachBackend(t, func(t *testing.T, p *Pool) {
		got := digestCases(p)
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(got)) {
			fmt.Fprintln(&b, name, digest(got[name]))
		}
		if *update {
			if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(want), "\n")
		for i, l := range strings.Split(b.String(), "\n") {
			if i >= len(lines) || l != lines[i] {
				t.Errorf("line %d: got %q, want another; if an operation was meant to change, its kinds need a new version", i+1, l)
			}
		}
	})
}
