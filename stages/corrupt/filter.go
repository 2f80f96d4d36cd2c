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

// gaussian blurs every channel; sigma in pixels, cut off at truncate*sigma.
// It is scipy's gaussian_filter, columns first.
func gaussian(f *field, sigma, truncate float64, b border) *field {
	radius := int(float64(truncate*sigma) + 0.5)
	if radius == 0 {
		return f
	}
	return blurRows(blurColumns(f, bell(sigma, radius), b), bell(sigma, radius), b)
}

// fold turns weights centred on each of n positions into an n x n matrix, for
// filters so wide that they go round the border's pattern more than once.
func fold(weights []float64, n int, b border) []float64 {
	m := make([]float64, n*n)
	r := len(weights) / 2
	for i := range n {
		for k, w := range weights {
			m[i*n+b.at(i+k-r, n)] += w
		}
	}
	return m
}

// axpy adds w*src to dst.
func axpy(dst []float64, w float64, src []float64) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] += float64(w * src[i])
	}
}

// pair adds w*(a+b) to dst.
func pair(dst []float64, w float64, a, b []float64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] += float64(w * (a[i] + b[i]))
	}
}

// blurColumns applies symmetric weights down every column.
func blurColumns(f *field, weights []float64, b border) *field {
	out := newField(f.h, f.w, f.c)
	r := len(weights) / 2
	if len(weights) > f.h {
		m := fold(weights, f.h, b)
		for y := range f.h {
			for j := range f.h {
				axpy(out.row(y), m[y*f.h+j], f.row(j))
			}
		}
		return out
	}
	for y := range f.h {
		dst := out.row(y)
		axpy(dst, weights[r], f.row(y))
		for k := 1; k <= r; k++ {
			pair(dst, weights[r+k], f.row(b.at(y-k, f.h)), f.row(b.at(y+k, f.h)))
		}
	}
	return out
}

// blurRows applies symmetric weights along every row.
func blurRows(f *field, weights []float64, b border) *field {
	out := newField(f.h, f.w, f.c)
	r := len(weights) / 2
	if len(weights) > f.w {
		m := fold(weights, f.w, b)
		for y := range f.h {
			src, dst := f.row(y), out.row(y)
			for x := range f.w {
				for k := range f.c {
					sum := 0.0
					for j, w := range m[x*f.w : (x+1)*f.w] {
						sum += float64(w * src[j*f.c+k])
					}
					dst[x*f.c+k] = sum
				}
			}
		}
		return out
	}
	n := f.w * f.c
	wide := make([]float64, n+2*r*f.c)
	for y := range f.h {
		widen(wide, f.row(y), r, f.w, f.c, b)
		dst := out.row(y)
		axpy(dst, weights[r], wide[r*f.c:])
		for k := 1; k <= r; k++ {
			pair(dst, weights[r+k], wide[(r-k)*f.c:], wide[(r+k)*f.c:])
		}
	}
	return out
}

// widen copies a row of w pixels into dst with r border pixels on either side.
func widen(dst, row []float64, r, w, c int, b border) {
	copy(dst[r*c:], row)
	for i := range r {
		copy(dst[i*c:(i+1)*c], row[b.at(i-r, w)*c:][:c])
		copy(dst[(r+w+i)*c:][:c], row[b.at(w+i, w)*c:][:c])
	}
}

// negligible is a weight that can't move an 8-bit result.
const negligible = 1e-9

// correlate applies a square kernel of odd side to every channel, border
// reflect-101. The kernel must be symmetric both ways: only its upper left
// quarter is read, and rows as far above as below are added first.
func correlate(f *field, kernel []float64, side int) *field {
	r := side / 2
	wide := newField(f.h, f.w+2*r, f.c)
	for y := range f.h {
		widen(wide.row(y), f.row(y), r, f.w, f.c, reflect101)
	}
	out := newField(f.h, f.w, f.c)
	sum := make([]float64, wide.w*wide.c)
	for y := range f.h {
		dst := out.row(y)
		for ky := range r + 1 {
			row := wide.row(y)
			if ky < r {
				clear(sum)
				pair(sum, 1, wide.row(reflect101.at(y+ky-r, f.h)), wide.row(reflect101.at(y+r-ky, f.h)))
				row = sum
			}
			weights := kernel[ky*side:]
			for kx, w := range weights[:r] {
				if w > negligible {
					pair(dst, w, row[kx*f.c:], row[(side-1-kx)*f.c:])
				}
			}
			if w := weights[r]; w > negligible {
				axpy(dst, w, row[r*f.c:])
			}
		}
	}
	return out
}
