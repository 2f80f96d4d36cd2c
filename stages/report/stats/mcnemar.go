package stats

import "shiftmill/kernels"

// McNemar is the exact two-sided p value of "both are wrong equally often", of
// the rows on which only the first or only the second of two models is wrong: the
// binomial test of the smaller number at one half. It holds for single pairs of
// weights on rows that are independent.
// Source: McNemar, Psychometrika 12, 1947, in its exact form.
func McNemar(first, second int) float64 {
	n, k := first+second, min(first, second)
	if 2*k == n {
		return 1
	}
	// The largest term, C(n, k) / 2^n, then the smaller ones as shares of it.
	term := -float64(float64(n) * kernels.Log64(2))
	for i := 1; i <= k; i++ {
		term += kernels.Log64(float64(n-k+i)) - kernels.Log64(float64(i))
	}
	sum, share := 1.0, 1.0
	for i := k; i > 0; i-- {
		if share = float64(share*float64(i)) / float64(n-i+1); share < 1e-18 {
			break
		}
		sum += share
	}
	return min(2*float64(kernels.Exp64(term)*sum), 1)
}
