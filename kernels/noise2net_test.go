package kernels

import (
	"fmt"
	"testing"
)

// pairwise adds 64 lanes as the definition says.
func pairwise(s [64]float32) float32 {
	for _, h := range []int{32, 16, 8, 4, 2, 1} {
		for j := range h {
			s[j] = s[j] + s[j+h]
		}
	}
	return s[0]
}

// oracleMoments is the definition of mean and variance, plane by plane.
func oracleMoments(v []float32) (mean, variance float32) {
	lane := func(v []float32, f func(x, acc float32) float32) float32 {
		var s [64]float32
		for i, x := range v {
			s[i%64] = f(x, s[i%64])
		}
		return pairwise(s)
	}
	var sum func(v []float32) float32
	sum = func(v []float32) float32 {
		if len(v) <= 1024 {
			return lane(v, func(x, acc float32) float32 { return acc + x })
		}
		var parts []float32
		for len(v) > 0 {
			n := min(1024, len(v))
			parts = append(parts, sum(v[:n]))
			v = v[n:]
		}
		return sum(parts)
	}
	var s, q, m []float32
	for i := 0; i < len(v); i += 1024 {
		b := v[i:min(i+1024, len(v))]
		s, m = append(s, sum(b)), append(m, float32(len(b)))
		mu := sum(b) / float32(len(b))
		q = append(q, lane(b, func(x, acc float32) float32 { return FMA32(x-mu, x-mu, acc) }))
	}
	mean = sum(s) / float32(len(v))
	for i := range q {
		d := s[i]/m[i] - mean
		q[i] = FMA32(m[i]*d, d, q[i])
	}
	return mean, sum(q) / float32(len(v))
}

// oracleNoise2Net is the definition of Noise2Net in scalar loops over whole planes.
func oracleNoise2Net(x []float32, h, w int, net *Noise2NetNet, epsilon float32) []float32 {
	n := h * w
	x = append([]float32(nil), x...)
	plane := func(v []float32, c int) []float32 { return v[c*n : (c+1)*n] }
	norm := func(v []float32) (a, b float32) {
		mean, variance := oracleMoments(v)
		a = 1 / Sqrt(variance+1e-5)
		return a, FMA32(-mean, a, 0)
	}
	for _, blk := range net.Blocks {
		var mu [3]float32
		var cov [3][3]float32
		for j := range mu {
			mu[j], _ = oracleMoments(plane(x, j))
		}
		for i := range cov {
			for j := range cov {
				var parts []float32
				for at := 0; at < n; at += 1024 {
					var s [64]float32
					for p := at; p < min(at+1024, n); p++ {
						s[(p-at)%64] = FMA32(plane(x, i)[p]-mu[i], plane(x, j)[p]-mu[j], s[(p-at)%64])
					}
					parts = append(parts, pairwise(s))
				}
				cov[i][j] = Sum(parts) / float32(n)
			}
		}
		hidden := make([]float32, 64*n)
		for c := range 64 {
			k := blk.Entry[3*c:]
			var mean, variance float32
			for j := range 3 {
				mean = FMA32(k[j], mu[j], mean)
			}
			for j := range 3 {
				var r float32
				for i := range 3 {
					r = FMA32(k[i], cov[j][i], r)
				}
				variance = FMA32(k[j], r, variance)
			}
			if variance < 0 {
				variance = 0
			}
			a := 1 / Sqrt(variance+1e-5)
			b := FMA32(-mean, a, 0)
			for p := range n {
				v := FMA32(k[0]*a, x[p], b)
				v = FMA32(k[1]*a, x[n+p], v)
				v = FMA32(k[2]*a, x[2*n+p], v)
				if v < 0 {
					v = 0
				}
				hidden[c*n+p] = v
			}
		}
		for s, c := range blk.Conv {
			u := hidden[s*16*n : (s+1)*16*n]
			if s > 0 {
				for i, y := range hidden[(s-1)*16*n : s*16*n] {
					u[i] = y + u[i]
				}
			}
			pad := c.K / 2 * c.D
			z := oracleConv(u, blk.Slice[s], nil, ConvShape{N: 1, Ci: 16, H: h, W: w, Co: 16, KH: c.K, KW: c.K, PadH: pad, PadW: pad, DilH: c.D, DilW: c.D})
			for ch := range 16 {
				a, b := norm(plane(z, ch))
				for p, v := range plane(z, ch) {
					v = FMA32(v, a, b)
					if v < 0 {
						v = 0
					}
					u[ch*n+p] = v
				}
			}
		}
		for c := range 3 {
			o := make([]float32, n)
			for p := range o {
				for ch := range 64 {
					o[p] = FMA32(blk.Exit[c*64+ch], hidden[ch*n+p], o[p])
				}
			}
			a, b := norm(o)
			for p := range o {
				x[c*n+p] += FMA32(o[p], epsilon*a, epsilon*b)
			}
		}
	}
	return x
}

func noiseNet(draw uint64) *Noise2NetNet {
	st := DrawNoise2NetStructure(NewKey("noise2net", 1, 3, "structure", draw).Row(""))
	return DrawNoise2Net(st, NewKey("noise2net", 1, 3, "weights", draw).Row("image"))
}

func TestNoise2Net(t *testing.T) {
	for i, d := range [][2]int{{1, 1}, {2, 3}, {7, 5}, {9, 16}, {32, 32}, {33, 41}, {5, 300}} {
		h, w := d[0], d[1]
		net := noiseNet(uint64(i))
		x := testValues("image", 3*h*w, false)
		if i == 3 {
			x[20] = inf32
		}
		want := oracleNoise2Net(x, h, w, net, 0.5)
		eachBackend(t, func(t *testing.T, p *Pool) {
			if p.Workers() > 1 {
				return // a network runs on one goroutine
			}
			var scratch Scratch
			for range 2 { // the second time with used buffers
				got, check := guarded(3 * h * w)
				Noise2Net(got, x, h, w, net, 0.5, &scratch)
				check(t, "Noise2Net")
				sameBits(t, fmt.Sprintf("Noise2Net %dx%d", h, w), got, want)
				if Active() == "generic" {
					break // slow
				}
			}
			got := make([]float32, len(x))
			Noise2Net(got, x, h, w, net, 0, &scratch)
			sameBits(t, "epsilon 0", got, x)
		})
	}
}

// TestNoise2NetRange checks what the method promises: each block adds mean 0 and variance 1 a channel, times epsilon, so
// the root mean square of the change is about twice epsilon.
func TestNoise2NetRange(t *testing.T) {
	const h, w, eps = 24, 24, 0.5
	var scratch Scratch
	for draw := range uint64(50) {
		x := make([]float32, 3*h*w)
		for i := range x { // a smooth image
			x[i] = Sin(float32(i%w)*0.21 + float32(i/w)*0.13)
		}
		y := make([]float32, len(x))
		Noise2Net(y, x, h, w, noiseNet(draw), eps, &scratch)
		var q float64
		for i := range y {
			d := float64(y[i] - x[i])
			q += d * d
		}
		if r := Sqrt(float32(q/float64(len(y)))) / eps; r < 1.2 || r > 2.8 {
			t.Errorf("draw %d: RMS of the change is %g epsilon, expected about 2", draw, r)
		}
	}
}

func TestNoise2NetStructure(t *testing.T) {
	count := map[SliceConv]int{}
	for draw := range uint64(1000) {
		st := DrawNoise2NetStructure(NewKey("noise2net", 1, 1, "structure", draw).Row(""))
		for _, b := range st {
			for _, c := range b {
				count[c]++
			}
		}
	}
	for _, k := range []int{1, 3} {
		for d := 1; d <= 3; d++ {
			if n := count[SliceConv{k, d}]; n < 1800 || n > 2200 {
				t.Errorf("K=%d D=%d drawn %d times of 12000, expected about 2000", k, d, n)
			}
		}
	}
}
