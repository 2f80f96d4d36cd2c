package split

import (
	"math/big"
	"sync"
)

// pickShifts lets each shift choose on a goroutine of its own, since no two
// share rows.
func (c *choice) pickShifts() {
	strata := c.strata
	if c.matched {
		strata = c.mixes
	}
	for k := range c.ood {
		c.got[c.shiftRole(k)] = make([]int, len(strata))
	}
	short, seats := make([][]shortage, len(c.ood)), make([][]candidate, len(c.ood))
	busy := make(chan struct{}, max(1, c.workers))
	var wg sync.WaitGroup
	for k := range c.ood {
		busy <- struct{}{}
		wg.Go(func() {
			short[k], seats[k] = c.pickShift(k, strata, c.got[c.shiftRole(k)])
			<-busy
		})
	}
	wg.Wait()
	for k, s := range short {
		c.shortages, c.candidates = append(c.shortages, s...), append(c.candidates, seats[k]...)
	}
}

func (c *choice) shiftRole(k int) role { return c.iidRole + 1 + role(k) }

// pickShift takes a shift's rows from the end of the order, and counts them.
// None of them can be in another output, so it is enough that their groups are
// not in train.
func (c *choice) pickShift(k int, strata []string, counts []int) (short []shortage, seats []candidate) {
	rows, to := c.cells[k+1], c.shiftRole(k)
	for i := range rows {
		r := &rows[i]
		switch {
		case r.pool&testPool == 0:
			r.role = otherPool
		case r.pin != 0:
		case c.torn(r):
			r.role = pinnedApart
		case (c.grouped || c.several) && c.inTrain.has(r.group()):
			r.role = groupInTrain
		}
	}
	if c.sets != nil && !c.matched {
		want := c.ood[k]
		if want.kind == likeIID {
			want = size{kind: count, n: sum(c.got[c.iidRole])}
		}
		short := c.dealShift(k, rows, want)
		seats := c.seatDealt(rows, to, func(i uint32) bool { return rows[i].role == 0 })
		leaveSpare(rows)
		return short, seats
	}
	code := func(r *row) uint32 { return r.stratum }
	if c.matched {
		code = func(r *row) uint32 { return r.mix }
	}
	lists := split(rows, len(strata), code)
	own := filter(rows, lists, func(r *row) bool { return r.role == 0 })
	want := c.ood[k]
	if want.kind == likeIID {
		want = size{kind: count, n: sum(c.got[c.iidRole])}
	}
	caps := lengths(own)
	a := ask{name: c.names[k+1], cell: k + 1, role: to, size: want, weights: c.mix(caps), caps: caps, lists: own, strata: strata}
	if c.matched {
		a.weights = c.iidMix
	}
	switch {
	case want.kind == all && c.matched:
		a.size = size{kind: count, n: largest(sum(caps), a.weights, caps)}
	case want.kind == all && c.balanced:
		a.size = size{kind: each, n: fewest(caps)}
	}
	a.lost(c, rows, lists, own, testPool)
	if want.kind == each {
		a.weights = a.pool
	}
	if want.kind == share {
		from := newBar(new(big.Rat).Sub(big.NewRat(1, 1), want.share))
		for s, list := range own {
			for _, i := range list {
				if r := &rows[i]; r.pin != 0 || !from.above(r.u) {
					r.role = to
					counts[s]++
				}
			}
		}
	} else {
		take := taker{rows: rows, v: c.v}
		var quotas []int
		quotas, short = c.settle(&a)
		for s, n := range quotas {
			seats = append(seats, c.seat(&take, to, own[s], n, strata[s])...)
			for _, key := range c.take(&take, own[s], n, true) {
				rows[key.i].role = to
			}
			counts[s] = n
		}
	}
	leaveSpare(rows)
	return short, seats
}

func leaveSpare(rows []row) {
	for i := range rows {
		if rows[i].role == 0 {
			rows[i].role = spare
		}
	}
}
