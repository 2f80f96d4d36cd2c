package split

import (
	"math/big"
)

// A choice is the whole of a shift split once every row has its cell: what to
// pick from, and how much of it.
type choice struct {
	cells  [][]row  // base first; the rows of a cell in any order
	names  []string // of the cells' outputs; names[0] is not used
	strata []string // names by code; one without a name when not stratified
	mixes  []string // the same for the match columns

	train, val, iid size // kind 0: no such output
	ood             []size
	grouped         bool // several rows may share u and g
	several         bool // a row may be in several cells
	pinned          bool // rows may have pins
	balanced        bool // equal quotas for all strata
	matched         bool
	relaxed         bool // growth: relaxed
	reserve         Reserve
	seated          []role      // outputs with candidates beyond their sizes
	candidates      []candidate // of these outputs
	labels          []string    // names of classes that a row may have several of; see multilabel.go
	sets            [][]uint32  // of them, by stratum; nil when every row has one
	workers         int
	v               func(ordinal uint32) uint64 // of rows that share a group; nil when none do

	// Roles of the outputs; those of the shifts follow iid's in order.
	trainRole, valRole, iidRole role

	top       []top // of train, by stratum
	inTrain   groupSet
	got       map[role][]int // rows taken, by stratum; for matched shifts by mix
	iidMix    []int
	shortages []shortage

	pinTrain, pinTest groupSet // of the rows with pins
}

// A top is the last row of train in a stratum; with groups only its u counts.
type top struct {
	set bool
	row row
}

// run gives every row a role. It is the algorithm in full: train from the
// front of the order, val and iid from its end and only beyond train's
// threshold, then each shift from its end. When an ask cannot be met it goes
// on with the largest that can, so that all shortages are known at once;
// c.shortages then holds them and the roles are void.
func (c *choice) run() {
	c.reset()
	base := c.cells[0]
	if c.sets != nil {
		c.dealBase(base)
	} else if c.train.kind == share || c.val.kind == share || c.iid.kind == share {
		c.byThreshold(base)
	} else {
		lists := split(base, len(c.strata), func(r *row) uint32 { return r.stratum })
		isAll := func(s size) bool { return s.kind == all }
		if isAll(c.train) {
			c.pickTests(base, lists, func(s size) bool { return !isAll(s) })
			c.pickRest(base)
			c.pickTests(base, lists, isAll)
			c.freeCandidates()
		} else {
			c.pickTrain(base, lists)
			c.pickTests(base, lists, func(size) bool { return true })
		}
		c.leaveBase(base)
	}
	for i := range base {
		if r := &base[i]; r.role == c.iidRole && c.matched {
			c.iidMix[r.mix]++
		}
	}
	c.pickShifts()
}

// reset forgets an earlier run.
func (c *choice) reset() {
	for _, rows := range c.cells {
		for i := range rows {
			rows[i].role = 0
		}
	}
	c.top = make([]top, len(c.strata))
	c.inTrain = groupSet{}
	c.got = map[role][]int{}
	for _, r := range []role{c.trainRole, c.valRole, c.iidRole} {
		c.got[r] = make([]int, len(c.strata))
	}
	c.iidMix = make([]int, len(c.mixes))
	c.shortages, c.candidates = nil, nil
	if c.pinned {
		c.sides()
	}
}

// split lists the rows of a cell by a code below n.
func split(rows []row, n int, code func(*row) uint32) [][]uint32 {
	counts := make([]int, n)
	for i := range rows {
		counts[code(&rows[i])]++
	}
	flat := make([]uint32, len(rows))
	lists := make([][]uint32, n)
	at := 0
	for s, k := range counts {
		lists[s] = flat[at : at : at+k]
		at += k
	}
	for i := range rows {
		s := code(&rows[i])
		lists[s] = append(lists[s], uint32(i))
	}
	return lists
}

// filter lists the rows that pass, by stratum.
func filter(rows []row, lists [][]uint32, pass func(*row) bool) [][]uint32 {
	out := make([][]uint32, len(lists))
	for s, list := range lists {
		for _, i := range list {
			if pass(&rows[i]) {
				out[s] = append(out[s], i)
			}
		}
	}
	return out
}

func lengths(lists [][]uint32) []int {
	n := make([]int, len(lists))
	for s, l := range lists {
		n[s] = len(l)
	}
	return n
}

func sum(n []int) (total int) {
	for _, v := range n {
		total += v
	}
	return total
}

// byThreshold deals base rows by u alone: below train's share, above iid's,
// and val just under iid. Rows added or removed then move nothing.
func (c *choice) byThreshold(base []row) {
	one := big.NewRat(1, 1)
	trainTo := newBar(c.train.part())
	iidFrom := newBar(new(big.Rat).Sub(one, c.iid.part()))
	tests := new(big.Rat).Add(c.iid.part(), c.val.part())
	valFrom := newBar(tests.Sub(one, tests))
	for i := range base {
		r := &base[i]
		switch {
		case r.pin != 0:
			c.give(r, r.pin)
			if r.pin == c.trainRole {
				c.inTrain.add(r.group())
			}
		case trainTo.above(r.u) && r.pool&trainPool != 0 && c.open(r, c.trainRole):
			c.give(r, c.trainRole)
			c.inTrain.add(r.group())
		case !iidFrom.above(r.u) && r.pool&testPool != 0 && c.open(r, c.iidRole):
			c.give(r, c.iidRole)
		case !valFrom.above(r.u) && iidFrom.above(r.u) && r.pool&valPool != 0 && c.open(r, c.valRole):
			c.give(r, c.valRole)
		default:
			r.role = spare
		}
	}
}

func (c *choice) give(r *row, to role) {
	r.role = to
	c.got[to][r.stratum]++
}

// pickTrain takes the first rows of each stratum and remembers where it ended.
func (c *choice) pickTrain(base []row, lists [][]uint32) {
	own := filter(base, lists, func(r *row) bool { return r.pool&trainPool != 0 && c.open(r, c.trainRole) })
	caps := lengths(own)
	a := ask{name: "train", cell: 0, role: c.trainRole, size: c.train, weights: c.mix(caps), caps: caps, lists: own}
	take := taker{rows: base, v: c.v}
	quotas, short := c.settle(&a)
	c.shortages = append(c.shortages, short...)
	for s, n := range quotas {
		for _, k := range c.take(&take, own[s], n, false) {
			r := &base[k.i]
			c.give(r, c.trainRole)
			c.inTrain.add(r.group())
			if t := &c.top[s]; !t.set || t.row.before(r, c.v) {
				*t = top{true, *r}
			}
		}
	}
	if !c.grouped {
		return
	}
	// With groups one threshold holds for all strata: a group may have rows in
	// several.
	var last top
	for _, t := range c.top {
		if t.set && (!last.set || t.row.u > last.row.u) {
			last = t
		}
	}
	for s := range c.top {
		c.top[s] = last
	}
}

// pickTests takes val and iid from the end of the order. Each has candidates
// of its own, so that neither pushes the other's rows.
func (c *choice) pickTests(base []row, lists [][]uint32, which func(size) bool) {
	valTo := c.valShare()
	side := func(r *row) pool {
		switch both := valPool | testPool; {
		case c.val.kind == 0 || c.iid.kind == 0 || r.pool&both != both:
			return r.pool & both
		case valTo.above(r.w):
			return valPool
		}
		return testPool
	}
	for _, o := range []struct {
		name string
		to   role
		size size
		pool pool
	}{{"val", c.valRole, c.val, valPool}, {"iid", c.iidRole, c.iid, testPool}} {
		if o.size.kind == 0 || !which(o.size) {
			continue
		}
		left := filter(base, lists, func(r *row) bool { return r.role == 0 && c.open(r, o.to) && (r.pin != 0 || side(r)&o.pool != 0) })
		own := filter(base, left, func(r *row) bool { return r.pin != 0 || !c.tooClose(r) })
		a := ask{name: o.name, cell: 0, role: o.to, size: o.size, weights: c.baseMix(lists, base, o.pool), caps: lengths(left), lists: own}
		a.lost(c, base, lists, left, o.pool)
		take := taker{rows: base, v: c.v}
		quotas, short := c.settle(&a)
		c.shortages = append(c.shortages, short...)
		for s, n := range quotas {
			c.candidates = append(c.candidates, c.seat(&take, o.to, own[s], n, c.strata[s])...)
			for _, k := range c.take(&take, own[s], n, true) {
				c.give(&base[k.i], o.to)
			}
		}
	}
}

// valShare is val's part of what val and iid ask for together.
func (c *choice) valShare() bar {
	v, i := int64(c.val.n), int64(c.iid.n)
	if v == 0 || i == 0 { // one of them asks for all: half the candidates each
		v, i = 1, 1
	}
	return newBar(big.NewRat(v, v+i))
}

// baseMix is the ratio of strata that val and iid follow: train's own when its
// strata were set one by one, else that of the pool's base rows.
func (c *choice) baseMix(lists [][]uint32, base []row, from pool) []int {
	if c.train.kind == each {
		return c.got[c.trainRole]
	}
	return c.mix(lengths(filter(base, lists, func(r *row) bool { return r.pool&from != 0 })))
}

// fewest is the least number that is not 0, or 0.
func fewest(n []int) (least int) {
	for _, v := range n {
		if v > 0 && (least == 0 || v < least) {
			least = v
		}
	}
	return least
}

// mix is the ratio of strata to follow where there are so many rows of each.
func (c *choice) mix(rows []int) []int {
	if !c.balanced {
		return rows
	}
	even := make([]int, len(rows))
	for s, n := range rows {
		even[s] = b2i(n > 0)
	}
	return even
}

// tooClose says whether a base row is barred from val and iid. A row that
// train could draw must lie beyond the threshold; another one must only not
// share its group with train.
func (c *choice) tooClose(r *row) bool {
	if c.inTrain.has(r.group()) {
		return true
	}
	t := &c.top[r.stratum]
	if c.relaxed || c.pinned || r.pool&trainPool == 0 || !t.set {
		return false
	}
	if c.grouped {
		return r.u <= t.row.u
	}
	return r.before(&t.row, nil)
}

// pickRest gives train all base rows whose group val and iid did not take.
func (c *choice) pickRest(base []row) {
	var taken groupSet
	for i := range base {
		if base[i].role != 0 {
			taken.add(base[i].group())
		}
	}
	for i := range base {
		switch r := &base[i]; {
		case r.role != 0 || r.pool&trainPool == 0 || !c.open(r, c.trainRole):
		case r.pin == 0 && taken.has(r.group()):
			r.role = groupInTest
		default:
			c.give(r, c.trainRole)
			c.inTrain.add(r.group())
		}
	}
}

// leaveBase says why the other base rows are unused.
func (c *choice) leaveBase(base []row) {
	for i := range base {
		r := &base[i]
		switch {
		case r.role != 0:
		case c.torn(r):
			r.role = pinnedApart
		case c.inTrain.has(r.group()):
			r.role = groupInTrain
			if r.pool&trainPool != 0 {
				r.role = trimmed
			}
		case c.tooClose(r):
			r.role = belowThreshold
		default:
			r.role = spare
		}
	}
}
