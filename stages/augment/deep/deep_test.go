package deep

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
)

// hash is h of testdata/distortions.py.
func hash(a, b uint32) float32 {
	x := a*2654435761 + b*2246822519 + 3266489917
	x = (x ^ x>>15) * 2246822519
	x = (x ^ x>>13) * 3266489917
	x ^= x >> 16
	return float32(x>>8) * 0x1p-24
}

// A fixed gives the numbers of distortions.py.
type fixed struct{}

func (fixed) Uniform(element uint32) float32 { return hash(element, 0) }
func (fixed) IntN(element uint32, n int) int { return int(float64(hash(element, 0)) * float64(n)) }
func (fixed) Ranges(dst []float32, first uint32, lo, hi float32) {
	for i := range dst {
		dst[i] = kernels.FMA32(hi-lo, hash(first+1000, uint32(i)), lo)
	}
}
func (fixed) Dirichlet(dst []float64, element uint32, _ float64) {
	sum := 0.0
	for i := range dst {
		dst[i] = float64(hash(element+2000, uint32(i))) + 0.01
		sum += dst[i]
	}
	for i := range dst {
		dst[i] /= sum
	}
}

func fillTensor(name string, v []float32) {
	code := 7 * len(name)
	for _, c := range []byte(name) {
		code += int(c)
	}
	for i := range v {
		v[i] = hash(uint32(code), uint32(i)) - 0.5
	}
}

// distorted are the values that each line of the vectors is about.
func distorted(t *testing.T) map[string][]float32 {
	t.Helper()
	p := kernels.NewPool(1)
	got := map[string][]float32{}
	for _, w := range EDSRWeightDistortions() {
		e := nn.NewEDSR()
		for _, s := range e.State {
			fillTensor(s.Name, s.Data)
		}
		w.apply(e, &Dice{source: fixed{}}, p)
		var all []float32
		for _, conv := range []func(*nn.EDSR, int) layer{convA, convB} {
			for b := range 16 {
				l := conv(e, b)
				all = append(append(all, l.weight.Data...), l.bias.Data...)
			}
		}
		got["edsr/"+w.Name] = all
	}
	for _, w := range CAEWeightDistortions() {
		c := nn.NewCAE()
		for _, s := range c.State {
			fillTensor(s.Name, s.Data)
		}
		d := &Dice{source: fixed{}}
		n := w.last - w.first + 1
		i := w.first + d.IntN(n)
		w.apply(&caeLayers{c}, i, w.first+d.IntN(n), d, false)
		var all []float32
		for k := range nn.CAELayers() {
			l := (&caeLayers{c}).layer(k)
			all = append(append(all, l.weight.Data...), l.bias.Data...)
		}
		got["cae/"+w.Name] = all
	}
	signal := func(c int) nn.Signal {
		s := nn.Signal{C: c, H: 6, W: 5, Data: make([]float32, c*30)}
		fillTensor("signal", s.Data)
		return s
	}
	before, _ := EDSRSignals()
	for _, b := range before[:3] {
		x := signal(64)
		b.before(x, &Dice{source: fixed{}}, false)
		got["signal/"+b.Name] = x.Data
	}
	for _, s := range CAESignals() {
		x := signal(nn.CAEChannels)
		if s.code != nil {
			s.code(x, &Dice{source: fixed{}}, p)
		} else {
			s.bits(x, &Dice{source: fixed{}})
		}
		got["signal/"+s.Name] = x.Data
	}
	return got
}

// TestDistortions compares with an independent version in NumPy.
func TestDistortions(t *testing.T) {
	f, err := os.Open("testdata/distortions.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := distorted(t)
	lines := 0
	for s := bufio.NewScanner(f); s.Scan(); lines++ {
		var name string
		var n int
		var sum float64
		var want [8]float64
		in := []any{&name, &n, &sum}
		for i := range want {
			in = append(in, &want[i])
		}
		if _, err := fmt.Sscan(s.Text(), in...); err != nil {
			t.Fatalf("%s: %v", s.Text(), err)
		}
		v := got[name]
		if len(v) != n {
			t.Errorf("%s: %d values, want %d", name, len(v), n)
			continue
		}
		total := 0.0
		for _, x := range v {
			total += math.Abs(float64(x))
		}
		if math.Abs(total-sum) > 1e-6*sum {
			t.Errorf("%s: magnitudes add up to %v, want %v", name, total, sum)
		}
		for i, w := range want {
			if x := float64(v[i*(n-1)/7]); math.Abs(x-w) > 1e-5*(1+math.Abs(w)) {
				t.Errorf("%s: value %d is %v, want %v", name, i*(n-1)/7, x, w)
			}
		}
	}
	if lines != len(got) {
		t.Errorf("%d lines for %d distortions", lines, len(got))
	}
}

// TestEDSRBody compares distortions of the body with what they should amount
// to.
func TestEDSRBody(t *testing.T) {
	p := kernels.NewPool(1)
	e := nn.NewEDSR()
	e.Init(kernels.NewKey("deep-test", 1, 1, "weights", 0))
	head := nn.Signal{C: 64, H: 5, W: 4, Data: make([]float32, 64*20)}
	fillTensor("head", head.Data)
	_, body := EDSRSignals()
	run := func(name string, reference bool) []float32 {
		for _, b := range body {
			if b.Name == name {
				var out nn.Signal
				b.body(e, &out, head, &Dice{source: fixed{}}, reference, p)
				return out.Data
			}
		}
		t.Fatalf("no distortion %q", name)
		return nil
	}
	through := func(x nn.Signal, from, to int) nn.Signal {
		var out nn.Signal
		e.Body(&out, x, from, to, p)
		return out
	}
	equal := func(name string, got []float32, want nn.Signal) {
		t.Helper()
		for i := range got {
			if got[i] != want.Data[i] {
				t.Fatalf("%s: value %d is %v, want %v", name, i, got[i], want.Data[i])
			}
		}
	}
	equal("plain", run("plain-body", false), through(head, 0, 17))
	middle := through(head, 0, 5)
	negate(middle.Data)
	equal("negate", run("negate-body", false), through(middle, 5, 17))

	d := &Dice{source: fixed{}}
	skip := map[int]bool{}
	for range 3 {
		skip[2+d.IntN(15)] = true
	}
	x, last := head, 0
	for m := range 17 {
		if !skip[m] {
			x, last = through(x, m, m+1), m
		}
	}
	equal("skip", run("skip-blocks", false), x)
	equal("skip, as released", run("skip-blocks", true), through(head, last, last+1))

	flip := through(head, 0, 5)
	want := nn.Signal{C: 64, H: 5, W: 4, Data: make([]float32, len(flip.Data))}
	rows := (&Dice{source: fixed{}}).IntN(3) == 0
	for c := range 64 {
		for y := range 5 {
			for i := range 4 {
				fy, fi := y, 3-i
				if rows {
					fy, fi = 4-y, i
				}
				want.Data[(c*5+y)*4+i] = flip.Data[((63-c)*5+fy)*4+fi]
			}
		}
	}
	equal("flip", run("flip-body", false), through(want, 5, 17))
}

// TestNames are the words of specs: changing one breaks somebody's spec.
func TestNames(t *testing.T) {
	var names []string
	for _, w := range EDSRWeightDistortions() {
		names = append(names, w.Name)
	}
	for _, w := range CAEWeightDistortions() {
		names = append(names, w.Name)
	}
	want := "flip-filters negate zero gelu laplacian-4 laplacian-8 grow mirror convolve-taps convolve-noise convolve-dirichlet noise rotate signs mask negate-filters largest " +
		"flip-filters negate-filters zero-filters gelu-filters grow mask rotate negate-some largest"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("names %s\nwant %s", got, want)
	}
}
