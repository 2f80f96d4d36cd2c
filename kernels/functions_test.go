package kernels

import (
	"math"
	"os"
	"testing"
)

// exact are the functions in float64, whose errors are far below half a float32 ulp; math's versions serve here, in tests,
// alone.
var exact = []struct {
	name  string
	f     func(float32) float32
	want  func(float64) float64
	bound float64 // largest error in ulp, as documented
}{
	{"Exp", Exp, math.Exp, 1.1},
	{"Log", Log, math.Log, 1},
	{"Tanh", Tanh, math.Tanh, 2},
	{"Sigmoid", Sigmoid, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, 2.5},
	{"Erf", Erf, math.Erf, 2},
	{"Sin", Sin, math.Sin, 1.6},
	{"Cos", Cos, math.Cos, 1.6},
	{"Sqrt", Sqrt, math.Sqrt, 0.5},
}

// ulps returns the distance of got from want in units of want's last place as float32.
func ulps(got float32, want float64) float64 {
	if got != got || want != want {
		if got != got && want != want {
			return 0
		}
		return math.Inf(1)
	}
	if math.Abs(want) >= 0x1.ffffffp127 || math.IsInf(float64(got), 0) {
		if float64(got) == want || math.IsInf(float64(got), 0) && math.Abs(want) >= 0x1.fffffep127 && (got > 0) == (want > 0) {
			return 0
		}
		return math.Inf(1)
	}
	unit := math.Ldexp(1, max(math.Ilogb(want), -126)-23)
	return math.Abs(float64(got)-want) / unit
}

// testFunctions compares all functions at every stride-th float32 from first on.
func testFunctions(t *testing.T, first, stride uint64) {
	for _, fn := range exact {
		t.Run(fn.name, func(t *testing.T) {
			t.Parallel()
			var worst float64
			var at float32
			for u := first; u < 1<<32; u += stride {
				x := math.Float32frombits(uint32(u))
				if e := ulps(fn.f(x), fn.want(float64(x))); e > worst {
					worst, at = e, x
				}
			}
			t.Logf("largest error %.3f ulp at %g (%x)", worst, at, math.Float32bits(at))
			if worst > fn.bound {
				t.Errorf("error %.3f ulp at %g (%x), documented %.2f", worst, at, math.Float32bits(at), fn.bound)
			}
		})
	}
}

// TestFunctions covers a fixed 1/1,024 of all inputs, 1/64 under CI=true; TestFunctionsAll, behind the tag exhaustive, covers
// all.
func TestFunctions(t *testing.T) {
	stride := uint64(1024)
	if os.Getenv("CI") == "true" {
		stride = 64
	}
	testFunctions(t, 331%stride, stride)
}

// TestGELU covers as many inputs as TestFunctions. The error of GELU is stated beside x, not beside the result: far below zero
// 1 + erf keeps few digits.
func TestGELU(t *testing.T) {
	stride := uint32(1024)
	if os.Getenv("CI") == "true" {
		stride = 64
	}
	var worst float64
	var at float32
	for u := 331 % stride; u < 0xff800000-stride; u += stride {
		x := math.Float32frombits(u)
		if x != x || math.IsInf(float64(x), 0) {
			continue
		}
		want := float64(x) * math.Erfc(-float64(x)/math.Sqrt2) / 2
		unit := max(math.Abs(float64(x))*0x1p-24, 0x1p-149)
		if e := math.Abs(float64(GELU(x))-want) / unit; !(e <= worst) {
			worst, at = e, x
		}
	}
	t.Logf("largest error %.3f at %g (%x)", worst, at, math.Float32bits(at))
	if worst > 2 {
		t.Errorf("error %.3f x 2^-24 |x| at %g (%x), documented 2", worst, at, math.Float32bits(at))
	}
}

// TestFunctionsNear covers every input of a few ranges where reductions and branches meet.
func TestFunctionsNear(t *testing.T) {
	for _, fn := range exact {
		var worst float64
		var at float32
		for _, c := range []float32{0.625, 1, 0x1.6a09e6p+0, 0x1.6a09e6p-1, 0x1.921fb6p+0, 0x1.921fb6p+1, 3.9375, 65536, 0x1.62e42ep+6, -0x1.9fe368p+6, 0x1p-126, 88, -87.4} {
			for _, sign := range []float32{1, -1} {
				u := math.Float32bits(c * sign)
				for d := uint32(0); d < 4000; d++ {
					x := math.Float32frombits(u - 2000 + d)
					if e := ulps(fn.f(x), fn.want(float64(x))); e > worst {
						worst, at = e, x
					}
				}
			}
		}
		if worst > fn.bound {
			t.Errorf("%s: error %.3f ulp at %g (%x), documented %.2f", fn.name, worst, at, math.Float32bits(at), fn.bound)
		}
	}
}

func TestFunctionsSpecial(t *testing.T) {
	negZero := float32(math.Copysign(0, -1))
	for _, tt := range []struct {
		name      string
		got, want float32
	}{
		{"Exp(-Inf)", Exp(-inf32), 0}, {"Exp(Inf)", Exp(inf32), inf32}, {"Exp(NaN)", Exp(nan32), nan32}, {"Exp(0)", Exp(0), 1},
		{"Log(0)", Log(0), -inf32}, {"Log(-0)", Log(negZero), -inf32}, {"Log(-1)", Log(-1), nan32}, {"Log(Inf)", Log(inf32), inf32}, {"Log(1)", Log(1), 0},
		{"Tanh(-0)", Tanh(negZero), negZero}, {"Tanh(Inf)", Tanh(inf32), 1}, {"Tanh(-Inf)", Tanh(-inf32), -1}, {"Tanh(NaN)", Tanh(nan32), nan32},
		{"Sigmoid(Inf)", Sigmoid(inf32), 1}, {"Sigmoid(-Inf)", Sigmoid(-inf32), 0}, {"Sigmoid(NaN)", Sigmoid(nan32), nan32},
		{"Erf(-0)", Erf(negZero), negZero}, {"Erf(Inf)", Erf(inf32), 1}, {"Erf(-Inf)", Erf(-inf32), -1}, {"Erf(NaN)", Erf(nan32), nan32},
		{"Sin(-0)", Sin(negZero), negZero}, {"Sin(Inf)", Sin(inf32), nan32}, {"Cos(-Inf)", Cos(-inf32), nan32}, {"Cos(0)", Cos(0), 1}, {"Sin(NaN)", Sin(nan32), nan32},
		{"Sqrt(-0)", Sqrt(negZero), negZero}, {"Sqrt(-1)", Sqrt(-1), nan32},
		{"GELU(0)", GELU(0), 0}, {"GELU(Inf)", GELU(inf32), inf32},
	} {
		sameBits(t, tt.name, []float32{tt.got}, []float32{tt.want})
	}
}

// TestFMA32 holds the hard cases, worked out by hand: midpoints, subnormals, cancellation, signs of zero.
func TestFMA32(t *testing.T) {
	for _, tt := range []struct{ a, b, c, want uint32 }{
		{0x3f800800, 0x3f800800, 0xbf801000, 0x33800000}, // (1+2^-12)^2 - (1+2^-11) = 2^-24, zero when unfused
		{0x00800000, 0x3f000000, 0x00000000, 0x00400000}, // the least normal halved
		{0x8da24260, 0x0da24260, 0x00000000, 0x80000000}, // -1e-30 * 1e-30 + 0 rounds to -0
		{0x3f800001, 0x3f800001, 0x4b800000, 0x4b800001}, // 2^24 + 1 + a little: above the midpoint
		{0x3f800000, 0x3f800000, 0x4b800000, 0x4b800000}, // 2^24 + 1: the midpoint, to even
		{0x7f800000, 0x00000000, 0x3f800000, 0x7fc00000}, // Inf * 0
		{0x80000000, 0x3f800000, 0x00000000, 0x00000000}, // -0 + 0
		{0x80000000, 0x3f800000, 0x80000000, 0x80000000}, // -0 - 0
		{0x7f7fffff, 0x40000000, 0xff7fffff, 0x7f7fffff}, // no overflow in between
		{0x00000001, 0x3f000000, 0x00000000, 0x00000000}, // half the least subnormal, to even
		{0x00000003, 0x3f000000, 0x00000000, 0x00000002}, // 1.5 of it, to even
		{0x1a000001, 0x1a000001, 0x00000001, 0x00000002}, // half of it and a little, on top of one
	} {
		got := FMA32(math.Float32frombits(tt.a), math.Float32frombits(tt.b), math.Float32frombits(tt.c))
		sameBits(t, "FMA32", []float32{got}, []float32{math.Float32frombits(tt.want)})
	}
}

// TestFMA32Hardware compares with the processor's instruction, through Axpy, on random bits.
func TestFMA32Hardware(t *testing.T) {
	if len(Backends()) == 1 {
		t.Skip("no backend with a fused multiply-add here")
	}
	defer Use(Active())
	s := NewKey("test", 1, 2, "bits", 0).Row("")
	const n = 1 << 12
	x, y, got, want := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	for round := range uint32(200) {
		var w float32
		for i := range x {
			b := s.Uint32x4(uint32(i), round)
			x[i], w = math.Float32frombits(b[0]), math.Float32frombits(b[2])
			switch i % 3 {
			case 0: // any bits
				y[i] = math.Float32frombits(b[1])
			case 1: // near the negated product: cancellation
				y[i] = math.Float32frombits(math.Float32bits(-w*x[i]) + b[1]%5 - 2)
			case 2: // 24 to 26 binades from the product: midpoints
				y[i] = float32(math.Ldexp(float64(w)*float64(x[i]), int(b[1]%54)-27))
			}
		}
		for name, out := range map[string][]float32{"generic": want, "avx2": got} {
			if err := Use(name); err != nil {
				t.Fatal(err)
			}
			copy(out, y)
			Axpy(w, x, out)
		}
		sameBits(t, "fma", got, want)
	}
}

func TestFloat64(t *testing.T) {
	s := NewKey("test", 1, 3, "float64", 0).Row("")
	check := func(name string, x, got, want, tol float64) {
		t.Helper()
		if math.Abs(got-want) > tol*math.Abs(want) && !(got != got && want != want) {
			t.Errorf("%s(%g): got %g, want %g", name, x, got, want)
		}
	}
	for i := range uint32(100000) {
		w := s.Uint32x4(i, 0)
		u, v := uniform53(w[0], w[1]), uniform53(w[2], w[3])
		x := (u - 0.5) * 1490
		check("Exp64", x, Exp64(x), math.Exp(x), 4e-16)
		y := math.Exp((u - 0.5) * 1400)
		check("Log64", y, Log64(y), math.Log(y), 4e-16)
		check("Log64", 1+(u-0.5)*1e-3, Log64(1+(u-0.5)*1e-3), math.Log(1+(u-0.5)*1e-3), 4e-16)
		z := (u - 0.5) * 2e6
		check("Sin64", z, Sin64(z), math.Sin(z), 1e-9) // math.Sin reduces less exactly
		check("Cos64", u*7, Cos64(u*7), math.Cos(u*7), 1e-14)
		check("Pow64", y, Pow64(y, v), math.Pow(y, v), 2e-13)
	}
	check("Pow64", 0.999, Pow64(0.999, 10), math.Pow(0.999, 10), 1e-15)
	check("Exp64", -744, Exp64(-744), math.Exp(-744), 1e-300)
}

// TestTurns compares sines and cosines of slices with those of single values: small and large angles, special values, every
// length past two pieces' vectors, in place.
func TestTurns(t *testing.T) {
	key := NewKey("test", 1, 6, "turns", 0)
	eachBackend(t, func(t *testing.T, _ *Pool) {
		for name, f := range map[string]struct {
			slice func(dst, x []float32)
			one   func(float32) float32
		}{"sin": {SinSlice, Sin}, "cos": {CosSlice, Cos}} {
			for _, n := range []int{0, 1, 15, 16, 17, 33, 255, 256, 257, 300, 20000} {
				got, check := guarded(n)
				bound := []float32{1, 100, 0x1.1p16, 1e30}[n%4]
				key.Row(name).Ranges(got, 0, -bound, bound)
				for i, v := range append(special, 0x1p16, -0x1p16, 0x1.fffffep15, -0x1.fffffep15, 0x1.921fb6p+0, 0x1.921fb6p+1) {
					if j := i * 17 % max(n, 1); n > 0 && i < n {
						got[j] = v
					}
				}
				want := make([]float32, n)
				for i, v := range got {
					want[i] = f.one(v)
				}
				f.slice(got, got)
				check(t, name)
				sameBits(t, name, got, want)
			}
		}
	})
}
