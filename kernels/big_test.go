package kernels

import (
	"math"
	"math/big"
	"os"
	"testing"
)

// bigPrec is the precision, in bits, of the reference: far more than cancellation and the 2^-149 of the least result take.
const bigPrec = 256

func bigOf(x float64) *big.Float     { return new(big.Float).SetPrec(bigPrec).SetFloat64(x) }
func bigZero() *big.Float            { return new(big.Float).SetPrec(bigPrec) }
func bigQuo(x, y *big.Float) float64 { v, _ := bigZero().Quo(x, y).Float64(); return v }

// bigReference computes the functions by their series in big floats.
type bigReference struct {
	ln2, pi, halfPi *big.Float
}

// newBigReference computes ln 2 as 2 atanh(1/3) and pi by Machin's formula, the latter with bits to spare for the reduction of
// 2^128.
func newBigReference() *bigReference {
	r := &bigReference{ln2: bigZero()}
	third := bigZero().Quo(bigOf(1), bigOf(3))
	power, ninth := third, bigZero().Quo(bigOf(1), bigOf(9))
	for n := 1; n < 200; n += 2 {
		r.ln2.Add(r.ln2, bigZero().Quo(power, bigOf(float64(n))))
		power = bigZero().Mul(power, ninth)
	}
	r.ln2.Mul(r.ln2, bigOf(2))
	const prec = 2 * bigPrec
	wide := func(x float64) *big.Float { return new(big.Float).SetPrec(prec).SetFloat64(x) }
	arctan := func(n float64) *big.Float { // of 1/n
		sum, power := wide(0), new(big.Float).SetPrec(prec).Quo(wide(1), wide(n))
		for k := 1; k < 2*prec; k += 2 {
			term := new(big.Float).SetPrec(prec).Quo(power, wide(float64(k)))
			if k%4 == 3 {
				term.Neg(term)
			}
			sum.Add(sum, term)
			power = new(big.Float).SetPrec(prec).Quo(power, wide(n*n))
		}
		return sum
	}
	r.pi = wide(0).Sub(wide(0).Mul(wide(16), arctan(5)), wide(0).Mul(wide(4), arctan(239)))
	r.halfPi = wide(0).Quo(r.pi, wide(2))
	return r
}

// exp is e^x for |x| below 1,000: e^(r/256) by its series, squared eight times.
func (b *bigReference) exp(x *big.Float) *big.Float {
	f, _ := x.Float64()
	k := math.Round(f / math.Ln2)
	r := bigZero().Sub(x, bigZero().Mul(bigOf(k), b.ln2))
	r.SetMantExp(r, -8)
	sum, term := bigOf(1), bigOf(1)
	for n := 1; n < 20; n++ { // r is below 2^-9: 20 terms are 180 bits and the factorials' 61
		term = bigZero().Quo(bigZero().Mul(term, r), bigOf(float64(n)))
		sum.Add(sum, term)
	}
	for range 8 {
		sum = bigZero().Mul(sum, sum)
	}
	return sum.SetMantExp(sum, int(k))
}

// log corrects a float64 logarithm by one step of Halley's method, which triples its digits.
func (b *bigReference) log(x float64) float64 {
	y := bigOf(math.Log(x))
	e, v := b.exp(y), bigOf(x)
	step := bigZero().Quo(bigZero().Sub(v, e), bigZero().Add(v, e))
	f, _ := bigZero().Add(y, step.Mul(step, bigOf(2))).Float64()
	return f
}

// turn reduces x to r with x = r + n pi/2 and returns r with n modulo 4.
func (b *bigReference) turn(x float64) (*big.Float, int64) {
	wide := new(big.Float).SetPrec(2 * bigPrec).SetFloat64(x)
	n, _ := new(big.Float).SetPrec(2*bigPrec).Add(new(big.Float).SetPrec(2*bigPrec).Quo(wide, b.halfPi), big.NewFloat(math.Copysign(0.5, x))).Int(nil)
	r := new(big.Float).SetPrec(2 * bigPrec).SetInt(n)
	r.Sub(wide, r.Mul(r, b.halfPi))
	return bigZero().Set(r), new(big.Int).And(n, big.NewInt(3)).Int64()
}

// series is the sum of (-1)^n r^(2n+odd) / (2n+odd)!: sine if odd is 1, cosine if 0.
func series(r *big.Float, odd int) *big.Float {
	term, square := bigOf(1), bigZero().Mul(r, r)
	if odd == 1 {
		term.Set(r)
	}
	sum := bigZero().Set(term)
	for n := 1; n < 26; n++ {
		k := float64(2*n + odd)
		term = bigZero().Quo(bigZero().Mul(term, square), bigOf(-k*(k-1)))
		sum.Add(sum, term)
	}
	return sum
}

func (b *bigReference) sin(x float64) float64 { return b.sinOf(x, 0) }
func (b *bigReference) cos(x float64) float64 { return b.sinOf(x, 1) }

// sinOf is the sine of x and so many quarter turns.
func (b *bigReference) sinOf(x float64, quarters int64) float64 {
	r, q := b.turn(x)
	q = (q + quarters) & 3
	v, _ := series(r, 1-int(q&1)).Float64()
	if q&2 != 0 {
		return -v
	}
	return v
}

func (b *bigReference) tanh(x float64) float64 {
	if math.Abs(x) < 0x1p-40 { // x^3/3 is below 2^-81 of it
		return x
	}
	if math.Abs(x) > 100 {
		return math.Copysign(1, x)
	}
	e := b.exp(bigOf(2 * x))
	return bigQuo(bigZero().Sub(e, bigOf(1)), bigZero().Add(e, bigOf(1)))
}

func (b *bigReference) sigmoid(x float64) float64 {
	return bigQuo(bigOf(1), bigZero().Add(bigOf(1), b.exp(bigOf(-x))))
}

// erf is its Maclaurin series, whose terms grow to e^36 at the most.
func (b *bigReference) erf(x float64) float64 {
	if math.Abs(x) > 6 { // 1 - 2e-17
		return math.Copysign(1, x)
	}
	square := bigZero().Mul(bigOf(x), bigOf(x))
	power, sum := bigOf(x), bigOf(x)
	for n := 1; n < 250; n++ {
		power = bigZero().Quo(bigZero().Mul(power, square), bigOf(-float64(n)))
		sum.Add(sum, bigZero().Quo(power, bigOf(float64(2*n+1))))
		if p, s := power.MantExp(nil), sum.MantExp(nil); power.Sign() == 0 || p < s-90 && n > 40 {
			break
		}
	}
	root := bigZero().Sqrt(bigZero().Set(b.pi))
	return bigQuo(sum.Mul(sum, bigOf(2)), root)
}

// TestFunctionsBig compares the functions with big floats, at drawn inputs over all exponents and at those whose exact result
// lies nearest to the middle between two float32, where a reference in float64 might err itself: 1,000 of the one and 100 of
// the other a function, with SHIFTMILL_SWEEP=1 1,000,000 and 20,000. The square root is rounded right at all of them.
func TestFunctionsBig(t *testing.T) {
	count, ties := 1000, 100
	if os.Getenv("SHIFTMILL_SWEEP") != "" {
		count, ties = 1_000_000, 20_000
	}
	ref := newBigReference()
	for _, fn := range exact {
		var want func(float64) float64
		lo, hi := float32(0x1p-149), float32(0x1.fffffep127) // magnitudes that matter
		switch fn.name {
		case "Exp":
			want, lo, hi = func(x float64) float64 { f, _ := ref.exp(bigOf(x)).Float64(); return f }, 0x1p-30, 104
		case "Log":
			want = ref.log
		case "Tanh":
			want, hi = ref.tanh, 20
		case "Sigmoid":
			want, lo, hi = ref.sigmoid, 0x1p-30, 104
		case "Erf":
			want, hi = ref.erf, 6
		case "Sin":
			want = ref.sin
		case "Cos":
			want, lo = ref.cos, 0x1p-14
		case "Sqrt":
			want = func(x float64) float64 { f, _ := bigZero().Sqrt(bigOf(x)).Float64(); return f }
		}
		t.Run(fn.name, func(t *testing.T) {
			t.Parallel()
			s := NewKey("test", 1, 7, fn.name, 0).Row("big")
			draw := func(i uint32, attempt uint32) float32 {
				w := s.Uint32x4(i, attempt)
				from, to := math.Float32bits(lo), math.Float32bits(hi)
				x := math.Float32frombits(from + uint32(uint64(w[0])*uint64(to-from)>>32))
				if w[1]&1 != 0 && fn.name != "Log" && fn.name != "Sqrt" {
					x = -x
				}
				return x
			}
			var worst float64
			check := func(x float32) {
				if e := ulps(fn.f(x), want(float64(x))); e > worst {
					worst = e
					if e > fn.bound {
						t.Errorf("error %.3f ulp at %g (%x), documented %.2f", e, x, math.Float32bits(x), fn.bound)
					}
				}
			}
			for i := range count {
				check(draw(uint32(i), 0))
			}
			for i := range ties {
				var nearest float32
				least := 1.0
				for try := range uint32(100) { // the nearest of a hundred
					x := draw(uint32(i), 1+try)
					y := fn.want(float64(x))
					unit := math.Ldexp(1, max(math.Ilogb(y), -126)-23)
					_, part := math.Modf(math.Abs(y) / unit)
					if d := math.Abs(part - 0.5); d < least {
						nearest, least = x, d
					}
				}
				check(nearest)
			}
			t.Logf("largest error %.4f ulp", worst)
		})
	}
}
