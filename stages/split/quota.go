package split

import (
	"math/big"
	"math/bits"
	"sort"
)

// apportion divides n among strata in the ratio of the weights, by largest
// remainder (equal remainders: the lower stratum first). A stratum gets no
// more than its cap; what rounding would give it beyond that goes to the next
// remainders. It reports false when the caps hold less than n, or when a cap
// lies below a stratum's share rounded down: then the mix itself cannot be
// had. All numbers are counts; nothing is rounded as a float.
func apportion(n int, weights, caps []int) ([]int, bool) {
	var total uint64
	for _, w := range weights {
		total += uint64(w)
	}
	q := make([]int, len(weights))
	if n == 0 {
		return q, true
	}
	if total == 0 {
		return q, false
	}
	rest := make([]uint64, len(weights))
	order := make([]int, 0, len(weights))
	left := n
	ok := true
	for s, w := range weights {
		if w == 0 {
			continue
		}
		hi, lo := bits.Mul64(uint64(n), uint64(w))
		share, r := bits.Div64(hi%total, lo, total)
		q[s], rest[s] = int(share), r
		left -= int(share)
		ok = ok && q[s] <= caps[s]
		order = append(order, s)
	}
	sort.SliceStable(order, func(i, j int) bool { return rest[order[i]] > rest[order[j]] })
	for ok && left > 0 {
		gave := false
		for _, s := range order {
			if left > 0 && q[s] < caps[s] {
				q[s]++
				left--
				gave = true
			}
		}
		ok = gave
	}
	for _, s := range order { // a refusal still shows the shares asked for
		if !ok && left > 0 {
			q[s]++
			left--
		}
	}
	return q, ok
}

// largest returns the greatest n, at most limit, that can be apportioned.
func largest(limit int, weights, caps []int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	n := limit
	for s, w := range weights {
		if w == 0 {
			continue
		}
		// n*w/total must stay below cap+1.
		hi, lo := bits.Mul64(uint64(caps[s])+1, uint64(total))
		if hi < uint64(w) {
			bound, r := bits.Div64(hi, lo, uint64(w))
			if r == 0 {
				bound--
			}
			n = int(min(uint64(n), bound))
		}
	}
	for ; n > 0; n-- {
		if _, ok := apportion(n, weights, caps); ok {
			return n
		}
	}
	return 0
}

// A bar divides digests: a share of them lies below it.
type bar struct {
	u    uint64
	over bool // above every digest
}

// newBar puts the bar at floor(share * 2^64); share is in [0, 1].
func newBar(share *big.Rat) bar {
	n := new(big.Int).Lsh(share.Num(), 64)
	n.Quo(n, share.Denom())
	if n.BitLen() > 64 {
		return bar{over: true}
	}
	return bar{u: n.Uint64()}
}

// above says whether u lies below the bar.
func (b bar) above(u uint64) bool { return b.over || u < b.u }
