package corrupt

import "shiftmill/kernels"

// bell returns 2*radius+1 Gaussian weights that add up to 1.
func bell(sigma float64, radius int) []float64 {
	w := make([]float64, 2*radius+1)
	sum := 0.0
	for i := range w {
		d := float64(i - radius)
		w[i] = kernels.Exp64(-float64(d*d) / float64(2*sigma*sigma))
		sum += w[i]
	}
	for i := range w {
		w[i] /= sum
	}
	return w
}

func narrow(v []float64) []float32 {
	w := make([]float32, len(v))
	for i := range v {
		w[i] = float32(v[i])
	}
	return w
}

// gaussian blurs every channel; sigma in pixels, cut off at truncate*sigma.
// It is scipy's gaussian_filter, columns first. The result may be f.
func gaussian(f *field, sigma, truncate float64, b border) *field {
	radius := int(float64(truncate*sigma) + 0.5)
	if radius == 0 {
		return f
	}
	weights := bell(sigma, radius)
	return blurRows(blurColumns(f, weights, b), weights, b)
}

// fold turns weights centred on each of n positions into an n x n matrix, for
// filters so wide that they go round the border's pattern more than once.
func fold(weights []float64, n int, b border) []float32 {
	m := make([]float64, n*n)
	r := len(weights) / 2
	for i := range n {
		for k, w := range weights {
			m[i*n+b.at(i+k-r, n)] += w
		}
	}
	return narrow(m)
}

// multiples returns n offsets, step apart.
func multiples(n, step int) []int32 {
	o := make([]int32, n)
	for i := range o {
		o[i] = int32(i * step)
	}
	return o
}

// blurColumns applies symmetric weights down every column.
func blurColumns(f *field, weights []float64, b border) *field {
	out := newField(f.h, f.w, f.c)
	size := f.w * f.c
	if len(weights) > f.h {
		m, offsets := fold(weights, f.h, b), multiples(f.h, size)
		for y := range f.h {
			weigh(out.row(y), f.v, offsets, m[y*f.h:][:f.h])
		}
		return out
	}
	r, w := len(weights)/2, narrow(weights)
	offsets := make([]int32, len(w))
	for y := range f.h {
		for k := range offsets {
			offsets[k] = int32(b.at(y+k-r, f.h) * size)
		}
		weigh(out.row(y), f.v, offsets, w)
	}
	return out
}

// blurRows applies symmetric weights along every row.
func blurRows(f *field, weights []float64, b border) *field {
	out := newField(f.h, f.w, f.c)
	if len(weights) > f.w {
		// Row by row a product with the matrix, channels apart.
		m, offsets := fold(weights, f.w, b), multiples(f.w, f.w)
		turned := make([]float32, len(m)) // its columns as rows
		for i := range f.w {
			for j := range f.w {
				turned[j*f.w+i] = m[i*f.w+j]
			}
		}
		one, sum := make([]float32, f.w), make([]float32, f.w)
		for y := range f.h {
			src, dst := f.row(y), out.row(y)
			for k := range f.c {
				for x := range one {
					one[x] = src[x*f.c+k]
				}
				weigh(sum, turned, offsets, one)
				for x, v := range sum {
					dst[x*f.c+k] = v
				}
			}
		}
		return out
	}
	r, w := len(weights)/2, narrow(weights)
	offsets := multiples(len(w), f.c)
	wide := make([]float32, (f.w+2*r)*f.c)
	for y := range f.h {
		widen(wide, f.row(y), r, f.w, f.c, b)
		weigh(out.row(y), wide, offsets, w)
	}
	return out
}

// widen copies a row of w pixels into dst with r border pixels on either side.
func widen(dst, row []float32, r, w, c int, b border) {
	copy(dst[r*c:], row)
	for i := range r {
		copy(dst[i*c:(i+1)*c], row[b.at(i-r, w)*c:][:c])
		copy(dst[(r+w+i)*c:][:c], row[b.at(w+i, w)*c:][:c])
	}
}

// widened is f with r border pixels on either side of every row.
func widened(f *field, r int, b border) *field {
	wide := newField(f.h, f.w+2*r, f.c)
	for y := range f.h {
		widen(wide.row(y), f.row(y), r, f.w, f.c, b)
	}
	return wide
}

// negligible is a weight that can't move an 8-bit result.
const negligible = 1e-9

// A tap is a neighbour that counts, dy rows and dx pixels away.
type tap struct {
	dy, dx int
	weight float64
}

// gather adds up neighbours at most r pixels to a side.
func gather(f *field, taps []tap, r int, b border) *field {
	wide := widened(f, r, b)
	out := newField(f.h, f.w, f.c)
	size := wide.w * wide.c
	offsets, weights := make([]int32, len(taps)), make([]float32, len(taps))
	for k, t := range taps {
		weights[k] = float32(t.weight)
	}
	for y := range f.h {
		for k, t := range taps {
			offsets[k] = int32(b.at(y+t.dy, f.h)*size + (r+t.dx)*f.c)
		}
		weigh(out.row(y), wide.v, offsets, weights)
	}
	return out
}

// correlate applies a square kernel of odd side to every channel, border
// reflect-101.
func correlate(f *field, kernel []float64, side int) *field {
	var taps []tap
	r := side / 2
	for i, w := range kernel {
		if w > negligible {
			taps = append(taps, tap{i/side - r, i%side - r, w})
		}
	}
	return gather(f, taps, r, reflect101)
}
