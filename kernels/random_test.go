package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"shiftmill/kernels/internal/simd"
)

// The known answers published with Random123 (kat_vectors, philox4x32 10 rounds).
func TestPhiloxPublished(t *testing.T) {
	for _, tt := range []struct{ ctr, key, want string }{
		{"00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"},
		{"ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"},
		{"243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"},
	} {
		var c [4]uint32
		var k [2]uint32
		fmt.Sscanf(tt.ctr, "%x %x %x %x", &c[0], &c[1], &c[2], &c[3])
		fmt.Sscanf(tt.key, "%x %x", &k[0], &k[1])
		w := simd.Philox(c, k[0], k[1])
		if got := fmt.Sprintf("%08x %08x %08x %08x", w[0], w[1], w[2], w[3]); got != tt.want {
			t.Errorf("Philox(%s, %s): got %s, want %s", tt.ctr, tt.key, got, tt.want)
		}
	}
}

func TestSourceIsKeyed(t *testing.T) {
	seen := map[[4]uint32]string{}
	for _, kind := range []string{"a", "ab"} {
		for _, purpose := range []string{"", "b", "c"} {
			for n := range uint64(3) {
				for _, id := range []string{"", "x"} {
					for _, k := range []Key{NewKey(kind, 1, n, purpose, 7), NewKey(kind, 2, 5, purpose, n)} {
						w := k.Row(id).Uint32x4(3, 0)
						name := fmt.Sprint(kind, purpose, n, id, k)
						if other, ok := seen[w]; ok {
							t.Errorf("%s and %s draw the same", name, other)
						}
						seen[w] = name
					}
				}
			}
		}
	}
}

// moment compares the mean and variance of n draws with theory, within five standard errors.
func moment(t *testing.T, name string, n int, draw func(i uint32) float64, mean, variance float64) {
	t.Helper()
	var s, q, q2 float64
	for i := range n {
		x := draw(uint32(i))
		s += x
		d := (x - mean) * (x - mean)
		q += d
		q2 += d * d
	}
	if got := s / float64(n); math.Abs(got-mean) > 5*math.Sqrt(variance/float64(n)) {
		t.Errorf("%s: mean %g, want %g", name, got, mean)
	}
	if got := q / float64(n); math.Abs(got-variance) > 5*math.Sqrt((q2/float64(n)-got*got)/float64(n)) {
		t.Errorf("%s: variance %g, want %g", name, got, variance)
	}
}

func TestDistributions(t *testing.T) {
	s := NewKey("test", 1, 42, "moments", 0).Row("row")
	const n = 20000
	moment(t, "Uniform", n, func(i uint32) float64 { return float64(s.Uniform(i)) }, 0.5, 1.0/12)
	moment(t, "UniformOpen", n, func(i uint32) float64 { return float64(s.UniformOpen(i)) }, 0.5, 1.0/12)
	moment(t, "Range", n, func(i uint32) float64 { return float64(s.Range(i, -1, 5)) }, 2, 3)
	moment(t, "Normal", n, func(i uint32) float64 { return float64(s.Normal(i)) }, 0, 1)
	moment(t, "IntN", n, func(i uint32) float64 { return float64(s.IntN(i, 7)) }, 3, 4)
	for _, shape := range []float64{0.1, 0.5, 1, 3.5, 40} {
		moment(t, fmt.Sprint("Gamma ", shape), n, func(i uint32) float64 { return s.Gamma(i, shape) }, shape, shape)
	}
	for _, p := range [][2]float64{{1, 1}, {0.2, 0.7}, {5, 2}} {
		a, b := p[0], p[1]
		moment(t, fmt.Sprint("Beta ", p), n, func(i uint32) float64 { return s.Beta(i, a, b) }, a/(a+b), a*b/((a+b)*(a+b)*(a+b+1)))
	}
	for _, l := range []float64{0, 0.3, 4, 9.99, 10, 35, 1e4} {
		moment(t, fmt.Sprint("Poisson ", l), n, func(i uint32) float64 { return float64(s.Poisson(i, l)) }, l, l)
	}
	for _, alpha := range []float64{0.01, 1, 8} {
		d := make([]float64, 9)
		moment(t, fmt.Sprint("Dirichlet ", alpha), n, func(i uint32) float64 { s.Dirichlet(d, i, alpha); return d[4] }, 1.0/9, 8.0/81/(9*alpha+1))
	}
	// The normal tail and the shape of Poisson, by counts.
	z := make([]float32, 1<<20)
	s.Normals(z, 0)
	for _, c := range []struct{ x, p float64 }{{-2, 0.0227501}, {-1, 0.158655}, {0.5, 0.691462}, {3, 0.998650}} {
		k := 0
		for _, v := range z {
			if float64(v) < c.x {
				k++
			}
		}
		if got := float64(k) / float64(len(z)); math.Abs(got-c.p) > 5*math.Sqrt(c.p*(1-c.p)/float64(len(z))) {
			t.Errorf("Normals: share below %g is %g, want %g", c.x, got, c.p)
		}
	}
	hist := make([]float64, 60)
	for i := range uint32(100000) {
		hist[min(s.Poisson(i, 20), 59)]++
	}
	p := math.Exp(-20)
	var chi float64
	for k := range 45 {
		if e := 100000 * p; e > 8 {
			chi += (hist[k] - e) * (hist[k] - e) / e
		}
		p *= 20 / float64(k+1)
	}
	if chi > 75 { // about 35 degrees of freedom: beyond 1 in 10,000
		t.Errorf("Poisson 20: chi-square %g", chi)
	}
}

func TestUniformsFourABlock(t *testing.T) {
	s := NewKey("test", 1, 0, "bulk", 0).Row("r")
	got := make([]float32, 11)
	s.Uniforms(got, 5)
	for i, v := range got {
		if want := uniform24(s.Uint32x4(uint32(5+i/4), 0)[i%4]); v != want {
			t.Errorf("value %d: got %g, want %g", i, v, want)
		}
	}
	s.Normals(got[:5], 2)
	if want := s.Normal(2); got[0] != want {
		t.Errorf("first of Normals: got %g, want %g", got[0], want)
	}
}

func TestPermutation(t *testing.T) {
	ids := make([]string, 500)
	for i := range ids {
		ids[i] = fmt.Sprint("id", i)
	}
	k := NewKey("train", 1, 9, "order", 0)
	order := Permutation(k, ids)
	sorted := slices.Sorted(slices.Values(order))
	for i, v := range sorted {
		if v != i {
			t.Fatalf("no permutation: %d at %d", v, i)
		}
	}
	// Fewer rows keep their order.
	few := Permutation(k, ids[:250])
	want := slices.DeleteFunc(slices.Clone(order), func(i int) bool { return i >= 250 })
	if !slices.Equal(few, want) {
		t.Error("removing rows moved others past each other")
	}
	if slices.Equal(order, Permutation(NewKey("train", 1, 9, "order", 1), ids)) {
		t.Error("two epochs have one order")
	}
}
