package near

import "math"

// levels are 64 x 64 grey levels in 1/256, row-major.
type levels [side * side]int64

const (
	reach = 3 // of a window beyond its middle
	area  = (2*reach + 1) * (2*reach + 1)
	block = 8
)

// noise is (0.03 * 255)^2 (Wang, Bovik, Sheikh and Simoncelli 2004, the second
// constant): where both windows vary less than this, they count as the same. It
// is in the units of 49 times a sum of squares of levels less a squared sum.
const noise = 58.5225 * 256 * 256 * area * area

// compare says how well two aligned thumbs agree in detail, which is what a mean
// over 7 x 7 takes away, and in the structure of the block of 8 x 8 where they
// do so least. Structure is the part of the structural similarity index that
// does not look at brightness: twice the covariance over the sum of the
// variances, of 7 x 7 around each pixel, and its mean over the block. Sums are
// of integers, so that their order does not matter.
func compare(a, b *levels) (detail, structure float64) {
	sa, sb := windows7(a), windows7(b)
	var products levels
	sum := func(x, y *levels) *levels {
		for i := range products {
			products[i] = x[i] * y[i]
		}
		return windows7(&products)
	}
	aa, bb, ab := sum(a, a), sum(b, b), sum(a, b)
	structure = 1
	for top := 0; top < side; top += block {
		for left := 0; left < side; left += block {
			total := 0.0
			for y := top; y < top+block; y++ {
				for i := y*side + left; i < y*side+left+block; i++ {
					both := 2 * (area*ab[i] - sa[i]*sb[i])
					each := area*aa[i] - sa[i]*sa[i] + area*bb[i] - sb[i]*sb[i]
					total += (float64(both) + noise) / (float64(each) + noise)
				}
			}
			structure = min(structure, total/(block*block))
		}
	}
	for i := range a {
		sa[i] = a[i] - sa[i]/area
		sb[i] = b[i] - sb[i]/area
	}
	return correlation(sa, sb), structure
}

// windows7 sums 7 x 7 levels around each; the edge is repeated.
func windows7(l *levels) *levels {
	rows, out := new(levels), new(levels)
	sumAlong(rows, l, 1, side)
	sumAlong(out, rows, side, 1)
	return out
}

// sumAlong sums 7 values around each of a line whose values lie step apart, for
// all lines, which lie next apart.
func sumAlong(out, in *levels, step, next int) {
	for line := range side {
		at := func(i int) int { return line*next + min(max(i, 0), side-1)*step }
		sum := int64(0)
		for i := -reach; i <= reach; i++ {
			sum += in[at(i)]
		}
		for i := range side {
			out[at(i)] = sum
			sum += in[at(i+reach+1)] - in[at(i-reach)]
		}
	}
}

// correlation is Pearson's, 0 where one of the pictures is flat.
func correlation(a, b *levels) float64 {
	var sa, sb, aa, bb, ab int64
	for i, x := range a {
		y := b[i]
		sa += x
		sb += y
		aa += x * x
		bb += y * y
		ab += x * y
	}
	const n = side * side
	va, vb := n*aa-sa*sa, n*bb-sb*sb
	if va <= 0 || vb <= 0 {
		return 0
	}
	return float64(n*ab-sa*sb) / math.Sqrt(float64(float64(va)*float64(vb)))
}
