package split

import "fmt"

// An ask is what one output wants of its cell, and what the cell can give.
type ask struct {
	name    string
	cell    int
	role    role
	size    size
	weights []int      // the mix to follow, by stratum
	caps    []int      // rows that no other output took
	lists   [][]uint32 // those of them that may be taken
	strata  []string   // names, when not the choice's

	pool, far, groups []int // rows of the pool in the cell; lost to the threshold; lost to groups
	relaxed           []int // what growth: relaxed would leave to take
}

// lost counts where the pool's rows went.
func (a *ask) lost(c *choice, rows []row, lists, left [][]uint32, from pool) {
	a.pool = lengths(filter(rows, lists, func(r *row) bool { return r.pool&from != 0 }))
	a.groups = make([]int, len(lists))
	a.far = make([]int, len(lists))
	a.relaxed = lengths(a.lists)
	if a.cell > 0 {
		for s, list := range lists {
			for _, i := range list {
				if rows[i].role == groupInTrain {
					a.groups[s]++
				}
			}
		}
		return
	}
	for s, list := range left {
		for _, i := range list {
			switch r := &rows[i]; {
			case c.inTrain.has(r.group()):
				a.groups[s]++
			case c.tooClose(r):
				a.far[s]++
				a.relaxed[s]++
			}
		}
	}
}

// quotas divides n rows among the strata, and says whether each has them.
func (a *ask) quotas(n int, have []int) ([]int, bool) {
	q, ok := apportion(n, a.weights, a.caps)
	for s := range q {
		ok = ok && q[s] <= have[s]
	}
	return q, ok
}

// settle returns how many rows to take from each stratum. When the ask cannot
// be met it returns why, and the largest one that can be stands in for it.
func (c *choice) settle(a *ask) ([]int, []shortage) {
	have := lengths(a.lists)
	switch a.size.kind {
	case all:
		return have, nil
	case each:
		q, least, short := make([]int, len(have)), a.size.n, false
		for s, w := range a.weights {
			if w > 0 {
				q[s] = a.size.n
				least = min(least, have[s])
				short = short || have[s] < a.size.n
			}
		}
		if !short && sum(q) > 0 {
			return q, nil
		}
		fall := a.shortage(c, q, have, size{kind: each, n: least})
		for s := range q {
			q[s] = min(q[s], least)
		}
		return q, []shortage{fall}
	case count:
		q, ok := a.quotas(a.size.n, have)
		if ok {
			return q, nil
		}
		n := largest(min(a.size.n-1, sum(have)), a.weights, have)
		for ; n > 0; n-- { // what rounding gives follows caps, so that growth moves nothing
			if _, ok := a.quotas(n, have); ok {
				break
			}
		}
		fall := a.shortage(c, q, have, size{kind: count, n: n})
		q, _ = a.quotas(n, have)
		return q, []shortage{fall}
	}
	panic(fmt.Sprintf("split: size %v of %s has no quota", a.size, a.name))
}
