package check

import "math"

// variation is the total variation between two mixes: half the sum of the
// absolute differences of their shares, 0 to 1. An empty mix differs from none.
func variation(a, b []int) float64 {
	na, nb := total(a), total(b)
	if na == 0 || nb == 0 {
		return 0
	}
	// |x/na - y/nb| = |x*nb - y*na| / (na*nb), summed exactly.
	sum := uint64(0)
	for i := range a {
		x, y := uint64(a[i])*uint64(nb), uint64(b[i])*uint64(na)
		sum += max(x, y) - min(x, y)
	}
	return float64(sum) / (2 * float64(na) * float64(nb))
}

// chiSquare is Pearson's statistic of independence for a table of counts, its
// degrees of freedom and the number of counts. Empty rows and columns do not
// count.
func chiSquare(table [][]int) (statistic float64, freedom, n int) {
	if len(table) == 0 {
		return 0, 0, 0
	}
	rows, cols := make([]int, len(table)), make([]int, len(table[0]))
	for i, r := range table {
		for j, x := range r {
			rows[i] += x
			cols[j] += x
			n += x
		}
	}
	used := func(sums []int) (k int) {
		for _, s := range sums {
			if s > 0 {
				k++
			}
		}
		return k
	}
	freedom = (used(rows) - 1) * (used(cols) - 1)
	if n == 0 || freedom <= 0 {
		return 0, max(freedom, 0), n
	}
	for i, r := range table {
		for j, x := range r {
			if rows[i] == 0 || cols[j] == 0 {
				continue
			}
			expected := float64(rows[i]) * float64(cols[j]) / float64(n)
			d := float64(x) - expected
			statistic += float64(d*d) / expected
		}
	}
	return statistic, freedom, n
}

// cramer is Cramer's V: the strength of association of two columns, 0 to 1;
// -1 where it has no meaning since one of them does not vary. chance is what the
// mean of chi-square under independence, its degrees of freedom, would give:
// small tables of many values show that much without any association.
func cramer(table [][]int) (v, chance float64) {
	statistic, freedom, n := chiSquare(table)
	if freedom == 0 {
		return -1, 0
	}
	rows, cols := 0, 0
	seen := make([]bool, len(table[0]))
	for _, r := range table {
		if total(r) > 0 {
			rows++
		}
		for j, x := range r {
			if x > 0 && !seen[j] {
				seen[j] = true
				cols++
			}
		}
	}
	most := float64(n) * float64(min(rows, cols)-1) // of chi-square
	return math.Sqrt(statistic / most), math.Min(1, math.Sqrt(float64(freedom)/most))
}

// Quantiles of the standard normal distribution: of a two-sided test at 5 %,
// and of a power of 80 %.
const (
	twoSided5 = 1.959963984540054
	power80   = 0.8416212335729143
)

// detectable is the smallest difference of two error rates that sets of n and
// m images show with a power of 80 % at the 5 % level, for rates near 50 %,
// where it is largest.
func detectable(n, m int) float64 {
	if n == 0 || m == 0 {
		return 1
	}
	return math.Min(1, (twoSided5+power80)*math.Sqrt(0.25/float64(n)+0.25/float64(m)))
}

func total(counts []int) (n int) {
	for _, x := range counts {
		n += x
	}
	return n
}
