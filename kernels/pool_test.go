package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
)

func TestPoolRunsEachOnce(t *testing.T) {
	for _, p := range []*Pool{nil, {}, NewPool(-1), NewPool(2), NewPool(9)} {
		for _, n := range []int{0, 1, 2, 100} {
			var count [100]atomic.Int32
			p.Run(n, func(i int) { count[i].Add(1) })
			for i := range count {
				if got, want := count[i].Load(), int32(1); i < n && got != want || i >= n && got != 0 {
					t.Errorf("%d workers, part %d of %d ran %d times", p.Workers(), i, n, got)
				}
			}
		}
	}
}

func TestPoolPanics(t *testing.T) {
	for _, workers := range []int{1, 4} {
		func() {
			defer func() {
				if v := recover(); v != "part 5" {
					t.Errorf("%d workers: recovered %v, want the panic of the part", workers, v)
				}
			}()
			NewPool(workers).Run(20, func(i int) {
				if i == 5 {
					panic("part 5")
				}
			})
		}()
	}
}

func TestUseUnknown(t *testing.T) {
	before := Active()
	err := Use("cuda")
	if err == nil || Active() != before {
		t.Errorf("Use(cuda): error %v, active %s", err, Active())
	}
}

// TestShapeErrors checks that a bug of the caller is named with the operation, and a user's shape by its field.
func TestShapeErrors(t *testing.T) {
	for _, tt := range []struct {
		s    ConvShape
		want string
	}{
		{ConvShape{N: 1, Ci: 3, H: 4, W: 4, Co: 2, KH: 3, KW: 3}, "<nil>"},
		{ConvShape{N: 1, Ci: 3, H: 4, W: 4, Co: 0, KH: 3, KW: 3}, "convolution: Co is 0, must be at least 1"},
		{ConvShape{N: 1, Ci: 3, H: 2, W: 4, Co: 2, KH: 3, KW: 3}, "convolution: the kernel 3x3 with dilation 1x1 is larger than the padded input 2x4"},
	} {
		if got := fmt.Sprint(tt.s.Validate()); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
	defer func() {
		if v := recover(); v != "kernels: Add: slice 1 has 2 elements, the shape asks for 3" {
			t.Errorf("recovered %v", v)
		}
	}()
	Add(make([]float32, 3), make([]float32, 3), make([]float32, 2))
}

// TestMaxPoolPositions compares maxima and their positions with a search of each window, on values of which many are
// equal, infinite, NaN or zeros of either sign.
func TestMaxPoolPositions(t *testing.T) {
	special := []float32{0, float32(math.Copysign(0, -1)), 1, 2, 2, -3, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}
	rng := rand.New(rand.NewPCG(1, 2))
	shapes := []PoolShape{
		{KH: 2, KW: 2}, {KH: 3, KW: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1}, {KH: 3, KW: 3, StrideH: 1, StrideW: 1, PadH: 1, PadW: 1},
		{KH: 2, KW: 5, StrideH: 3, StrideW: 3, PadW: 2}, {KH: 1, KW: 2, StrideH: 2, StrideW: 5},
	}
	eachBackend(t, func(t *testing.T, p *Pool) {
		for round := range 60 {
			s := shapes[round%len(shapes)]
			s.Planes, s.H, s.W = 2, s.KH+rng.IntN(9), s.KW+rng.IntN(200)
			x := make([]float32, s.Planes*s.H*s.W)
			for i := range x {
				x[i] = special[rng.IntN(min(3+round/6, len(special)))]
			}
			f := s.filled()
			n := s.OutH() * s.OutW()
			y, index := make([]float32, s.Planes*n), make([]int32, s.Planes*n)
			MaxPool(y, index, x, s, p)
			for i := range y {
				plane := x[i/n*s.H*s.W:][:s.H*s.W]
				oy, ox := i%n/s.OutW(), i%n%s.OutW()
				best := -1
				for r := oy*f.StrideH - s.PadH; r < oy*f.StrideH-s.PadH+s.KH; r++ {
					for c := ox*f.StrideW - s.PadW; c < ox*f.StrideW-s.PadW+s.KW; c++ {
						if r < 0 || r >= s.H || c < 0 || c >= s.W {
							continue
						}
						at := r*s.W + c
						if best < 0 || plane[at] > plane[best] || plane[at] != plane[at] && plane[best] == plane[best] {
							best = at
						}
					}
				}
				if int(index[i]) != best || math.Float32bits(y[i]) != math.Float32bits(plane[best]) {
					t.Fatalf("%+v, output %d of row %d: %v at %d, want %v at %d", s, ox, oy, y[i], index[i], plane[best], best)
				}
			}
		}
	})
}

func TestMaxPoolOrder(t *testing.T) {
	nan := float32(math.NaN())
	s := PoolShape{Planes: 1, H: 1, W: 3, KH: 1, KW: 3}
	for _, tt := range []struct {
		x    []float32
		want int32
	}{
		{[]float32{1, 1, 0}, 0}, {[]float32{0, 2, 2}, 1}, {[]float32{3, nan, 4}, 1}, {[]float32{nan, nan, 9}, 0},
		{[]float32{float32(math.Copysign(0, -1)), 0, 0}, 0}, {[]float32{-inf32, -inf32, -inf32}, 0},
	} {
		y, index := make([]float32, 1), make([]int32, 1)
		MaxPool(y, index, tt.x, s, nil)
		if index[0] != tt.want {
			t.Errorf("MaxPool(%v): index %d, want %d", tt.x, index[0], tt.want)
		}
		sameBits(t, "MaxPool", y, tt.x[tt.want:tt.want+1])
	}
}

func TestSumOrder(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 1023, 1024, 1025, 5000} {
		v := testValues("sum", n, false)
		var parts []float32
		for at := 0; at < n; at += 1024 {
			var s [64]float32
			for i, x := range v[at:min(at+1024, n)] {
				s[i%64] += x
			}
			parts = append(parts, pairwise(s))
		}
		want := float32(0)
		if len(parts) == 1 {
			want = parts[0]
		} else if n > 0 {
			want = Sum(parts)
		}
		sameBits(t, fmt.Sprint("Sum of ", n), []float32{Sum(v)}, []float32{want})
	}
}

func TestCosineRate(t *testing.T) {
	for _, tt := range []struct {
		step int
		want float64
	}{{0, 0.1}, {50, 0.055}, {100, 0.01}} {
		if got := CosineRate(0.1, 0.01, tt.step, 100); math.Abs(got-tt.want) > 1e-15 {
			t.Errorf("step %d: got %g, want %g", tt.step, got, tt.want)
		}
	}
}

func TestCanonical(t *testing.T) {
	v := []float32{math.Float32frombits(0xffc01234), 1, math.Float32frombits(0x7f800001)}
	Canonical(v)
	for i, want := range []uint32{0x7FC00000, 0x3f800000, 0x7FC00000} {
		if got := math.Float32bits(v[i]); got != want {
			t.Errorf("element %d: got %x, want %x", i, got, want)
		}
	}
}
